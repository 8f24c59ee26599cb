#include <fmt/format.h>

#include <cstdlib>

#include "app/command.hpp"
#include "app/dns.hpp"
#include "app/read_file.hpp"
#include "app/screen.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "model/json.hpp"

namespace causeway::app {
namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::size_t kTokenBytes = 4096;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{trim(value)};
}

Parsed<std::string> token_in(const std::string& path) {
  const auto text = read_file(path, kTokenBytes);
  if (!text) return std::unexpected(text.error());
  std::string token{trim(*text)};
  if (token.empty()) return error(fmt::format("'{}' is empty; expected an API token", path));
  return token;
}

Parsed<bool> read_endpoints(const DnsFlags& flags, zone::ServersQuestion& into) {
  for (const auto& text : flags.authorities) {
    const auto endpoint = Endpoint::parse(text, kDnsPort);
    if (!endpoint) return error("--authority: " + endpoint.error().text);
    into.authorities.push_back(*endpoint);
  }
  if (!flags.resolver.empty()) {
    const auto endpoint = Endpoint::parse(flags.resolver, kDnsPort);
    if (!endpoint) return error("--resolver: " + endpoint.error().text);
    into.resolver = *endpoint;
  }
  if (!flags.source.empty()) {
    const auto address = IpAddress::parse(flags.source);
    if (!address) return error("--source: " + address.error().text);
    into.source = *address;
  }
  for (const auto& text : flags.names) {
    const auto name = codec::dns_name(text);
    if (!name) return error("--name: " + name.error().text);
    into.names.push_back(*name);
  }
  return true;
}

}  // namespace

Parsed<std::string> read_token(const DnsFlags& flags) {
  if (!flags.token_file.empty()) {
    auto token = token_in(flags.token_file);
    if (!token) return error("--token-file: " + token.error().text);
    return token;
  }
  for (const char* name : {"CLOUDFLARE_API_TOKEN", "CF_API_TOKEN"}) {
    if (auto token = environment(name); !token.empty()) return token;
  }
  // systemd.exec(5), LoadCredential=
  const std::string credentials = environment("CREDENTIALS_DIRECTORY");
  if (credentials.empty()) return std::string{};
  const auto token = token_in(credentials + "/cloudflare-token");
  return token ? *token : std::string{};
}

Parsed<std::vector<KnownAddress>> known_addresses(const DnsFlags& flags) {
  std::vector<KnownAddress> out;
  for (const auto& text : flags.known) {
    const std::size_t equal = text.find('=');
    KnownAddress known;
    if (equal != std::string::npos) {
      const auto host = codec::dns_name(text.substr(0, equal));
      if (!host) return error("--known-address: " + host.error().text);
      known.host = *host;
    }
    const auto address =
        IpAddress::parse(equal == std::string::npos ? text : text.substr(equal + 1));
    if (!address) return error("--known-address: " + address.error().text);
    known.address = *address;
    out.push_back(std::move(known));
  }
  for (const auto& path : flags.with) {
    const auto text = read_file(path, limits::kDocumentBytes);
    if (!text) return error("--with: " + text.error().text);
    const auto document = model::parse_document(*text, path);
    if (!document) return error("--with: " + document.error().text);
    for (const auto& each : document->vantage.addresses) {
      const auto address = IpAddress::parse(each);
      if (!address || document->schema != model::kFactsSchema) continue;
      if (!refused_by_public_edge(classify(*address))) out.push_back({"", *address});
    }
  }
  return out;
}

int dns_failed(std::string_view what) {
  fmt::print(stderr, "causeway dns: {}\n", what);
  return kCouldNotTell;
}

Parsed<std::unique_ptr<DnsSession>> DnsSession::open(const DnsFlags& flags) {
  std::unique_ptr<DnsSession> out{new DnsSession{flags}};
  const auto name = codec::dns_name(flags.zone);
  if (!name) return std::unexpected(name.error());
  out->servers_.zone = *name;
  out->servers_.transfer = !flags.no_transfer;
  if (const auto read = read_endpoints(flags, out->servers_); !read) {
    return std::unexpected(read.error());
  }
  std::string folder = flags.store;
  if (folder.empty()) {
    const auto usual = zone::default_store();
    if (!usual) return std::unexpected(usual.error());
    folder = *usual + "/dns";
  }
  out->store_ = std::make_unique<zone::Store>(folder);
  const auto token = flags.no_provider ? std::string{} : read_token(flags);
  if (!token) return std::unexpected(token.error());
  if (!token->empty()) {
    out->provider_ = std::make_unique<zone::Cloudflare>(
        out->outbound_, zone::ApiAccess{.base = flags.api, .token = *token, .ca_file = flags.ca},
        [](const std::string& said) { fmt::print(stderr, "causeway dns: {}\n", said); });
  }
  return out;
}

Parsed<std::unique_ptr<DnsSession>> DnsSession::open_for_change(const DnsFlags& flags) {
  auto out = open(flags);
  if (out && (*out)->provider() == nullptr) {
    return error(
        "a change needs the provider: give a token that may edit the zone's DNS (--token-file, "
        "$CLOUDFLARE_API_TOKEN)");
  }
  return out;
}

Parsed<zone::Snapshot> DnsSession::take(bool ask_servers) {
  if (stderr_is_terminal()) {
    fmt::print(stderr, "reading {} {}...\n", zone(),
               provider_ ? "from the provider and its name servers" : "from its name servers");
  }
  return run_on_loop(zone::take_snapshot(
      provider_.get(), {.servers = servers_, .ask_servers = ask_servers && !flags_.no_servers}));
}

}  // namespace causeway::app
