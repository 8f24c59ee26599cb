// `causeway edge`: the reverse proxy, from a file or from a few flags.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/config_sections.hpp"
#include "app/read_file.hpp"
#include "app/target_url.hpp"
#include "base/text.hpp"
#include "config/limits.hpp"
#include "config/section.hpp"
#include "edge/config_file.hpp"
#include "edge/server.hpp"

namespace causeway::app {
namespace {

constexpr const char* kFooter = R"(Examples:
  causeway edge --listen 8080 --origin http://127.0.0.1:3000
  causeway edge --tls-listen 443 --cert site.pem --key site.key --origin https://10.0.0.2 --origin https://10.0.0.3
  causeway edge -c causeway.toml
  causeway edge --tls-listen 443 --cert site.pem --key site.key --origin h2c://127.0.0.1:50051    (gRPC)
  causeway edge --listen 127.0.0.1:8080 --origin https://www.example.net --ssl strict --access-log edge.log

Visitors get the exact code of what failed (520 to 526, 530), a page or JSON by what they accept, and
the standard Proxy-Status header. Signals: TERM drains and stops, HUP reads certificates and
configuration again, USR2 starts a new program with the same sockets.)";

struct Flags {
  std::string file;
  std::vector<std::string> listen;
  std::vector<std::string> tls_listen;
  std::string certificate;
  std::string key;
  std::vector<std::string> origins;
  std::string ca;
  std::string ssl = "strict";
  std::string admin;
  std::string resolver;
  int workers = 0;
  std::string access_log;
  std::string connect_timeout;
  std::string first_byte_timeout;
  std::string between_bytes_timeout;
};

// "8080", "127.0.0.1:8080", "[::1]:8080".
Parsed<Endpoint> listen_address(std::string_view text) {
  if (const auto port = parse_port(text)) return Endpoint{IpAddress::v6({}), *port};
  if (text == "0") return Endpoint{IpAddress::v4(0x7f000001), 0};
  if (text.ends_with(":0")) {
    const auto address = IpAddress::parse(text.substr(0, text.size() - 2));
    if (address) return Endpoint{*address, 0};
  }
  auto endpoint = Endpoint::parse(text, 0);
  if (endpoint && endpoint->port != 0) return endpoint;
  return error(
      fmt::format("'{}' is no address to listen on; expected PORT or ADDRESS:PORT, such as "
                  "8080 or 127.0.0.1:8080",
                  printable(text, 60)));
}

Parsed<edge::Origin> origin_of(std::string_view text, const Flags& flags, edge::TlsMode mode) {
  // "h2://" and "h2c://" (RFC 9113 3.1 once named them so): HTTP/2 alone, with TLS and without.
  const bool http2 = text.starts_with("h2://") || text.starts_with("h2c://");
  std::string url{text};
  if (http2) url.replace(0, url.find(':'), text.starts_with("h2c") ? "http" : "https");
  if (!text.contains("://")) url.insert(0, "http://");
  auto target = parse_target(url);
  if (!target) return std::unexpected{target.error()};
  if (target->path != "/") {
    return error(
        fmt::format("'{}' has a path; expected scheme, host and port alone: an edge asks for "
                    "what the visitor asks for",
                    printable(text, 100)));
  }
  edge::Origin out;
  out.host = target->host;
  // The usual port stays open: with --ssl flexible, "https://" is asked on port 80.
  if (target->port != (target->scheme == "https" ? 443 : 80)) out.port = target->port;
  out.name = text;
  out.scheme = target->scheme == "https" ? edge::OriginScheme::https : edge::OriginScheme::http;
  out.tls = mode;
  out.ca_file = flags.ca;
  if (http2) out.http = edge::OriginHttp::http2;
  return out;
}

Parsed<edge::TlsMode> ssl_of(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, edge::TlsMode>, 3> kModes{
      {{"strict", edge::TlsMode::strict},
       {"full", edge::TlsMode::full},
       {"flexible", edge::TlsMode::flexible}}};
  for (const auto& [name, mode] : kModes) {
    if (name == text) return mode;
  }
  return error(
      fmt::format("'{}' is no mode; expected strict, full or flexible", printable(text, 40)));
}

Parsed<edge::ConfigPtr> config_of(const Flags& flags) {
  auto config = std::make_shared<edge::Config>();
  for (const auto* list : {&flags.listen, &flags.tls_listen}) {
    for (const auto& text : *list) {
      const auto address = listen_address(text);
      if (!address) return std::unexpected{address.error()};
      config->listeners.push_back({.address = *address, .tls = list == &flags.tls_listen});
    }
  }
  if (config->listeners.empty()) return error("nothing to listen on; expected --listen PORT");
  if (!flags.tls_listen.empty()) {
    if (flags.certificate.empty() || flags.key.empty()) {
      return error("--tls-listen needs --cert FILE and --key FILE");
    }
    config->certificates.push_back({flags.certificate, flags.key, ""});
  }
  const auto mode = ssl_of(flags.ssl);
  if (!mode) return error("--ssl: " + mode.error().text);
  edge::Pool pool;
  pool.name = "origins";
  for (const auto& text : flags.origins) {
    auto origin = origin_of(text, flags, *mode);
    if (!origin) return error("--origin: " + origin.error().text);
    pool.origins.push_back(std::move(*origin));
  }
  if (pool.origins.empty()) return error("no origin given; expected --origin http://HOST:PORT");
  config->pools.push_back(std::move(pool));
  config->routes.push_back({.hosts = {}, .pool = "origins"});
  for (const auto& [flag, text, field] :
       {std::tuple{"--connect-timeout", &flags.connect_timeout, &config->timeouts.connect},
        std::tuple{"--first-byte-timeout", &flags.first_byte_timeout, &config->timeouts.first_byte},
        std::tuple{"--between-bytes-timeout", &flags.between_bytes_timeout,
                   &config->timeouts.between_bytes}}) {
    if (text->empty()) continue;
    const auto duration = parse_duration(*text);
    if (!duration || *duration <= Duration{}) {
      return error(fmt::format("{}: '{}' is no time; expected one like 19s or 500ms", flag,
                               printable(*text, 40)));
    }
    *field = *duration;
  }
  if (!flags.admin.empty()) {
    const auto address = listen_address(flags.admin);
    if (!address) return error("--admin: " + address.error().text);
    config->admin.address = *address;
  }
  if (!flags.resolver.empty()) {
    const auto resolver = Endpoint::parse(flags.resolver, 53);
    if (!resolver) return error("--resolver: " + resolver.error().text);
    config->dns_resolver = resolver->text();
  }
  config->workers = flags.workers;
  config->access_log.on = flags.access_log != "off";
  if (config->access_log.on) config->access_log.file = flags.access_log;
  return edge::ConfigPtr{std::move(config)};
}

// All or nothing: with one error in the file there is no configuration.
Parsed<edge::ConfigPtr> config_in(const std::string& file) {
  const auto text = read_file(file, limits::kConfigBytes);
  if (!text) return std::unexpected{text.error()};
  config::Findings findings;
  const auto root = config::parse(*text);
  if (!root) {
    findings.add(root.error());
    return error(config::text(findings, file));
  }
  config::check(*root, config_sections(), {.now = wall_now(), .files = true}, findings);
  const config::Node* table = root->find("edge");
  if (table == nullptr) findings.error("missing-key", {}, "the file has no table [edge]");
  if (findings.any_error()) return error(config::text(findings, file));
  config::Findings again;  // the same as above
  return std::make_shared<const edge::Config>(edge::read_config(*table, again));
}

Parsed<edge::ConfigPtr> load(const Flags& flags) {
  return flags.file.empty() ? config_of(flags) : config_in(flags.file);
}

void tell(const std::string& line) { fmt::print(stderr, "causeway edge: {}\n", line); }

void warn(const edge::Config& config) {
  if (config.timeouts.connect < limits::kConnectWaitQuick) {
    tell(
        "a connect time-out under 3.4 s: a router needs 3.1 s to say that a machine is gone, so a "
        "dead host (523) may look like silence (522)");
  }
}

int serve(const Flags& flags) {
  const auto config = load(flags);
  if (!config && !flags.file.empty()) {
    fmt::print(stderr, "{}", config.error().text);
    return kWrongUse;
  }
  if (!config) return wrong_use("edge", config.error().text);
  auto server = edge::Server::open([&flags] { return load(flags); }, tell);
  if (!server) return wrong_use("edge", server.error().text);
  warn(**config);
  const auto endpoints = (*server)->endpoints();
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    tell(fmt::format("listening on {}://{}", (*config)->listeners.at(i).tls ? "https" : "http",
                     endpoints[i].text()));
  }
  if (const auto admin = (*server)->admin_endpoint()) {
    tell(fmt::format("metrics at http://{}/metrics", admin->text()));
  }
  (*server)->run();
  return kFine;
}

}  // namespace

Command add_edge(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  auto* app = root.add_subcommand("edge", "Reverse proxy that says exactly what failed");
  app->footer(kFooter);
  auto* file = app->add_option("-c,--config", flags->file,
                               "configuration file; 'causeway config schema' shows its keys")
                   ->option_text("FILE");
  app->add_option("--listen", flags->listen, "where visitors come by http")
      ->option_text("[ADDR:]PORT");
  app->add_option("--tls-listen", flags->tls_listen, "where visitors come by https")
      ->option_text("[ADDR:]PORT");
  app->add_option("--cert", flags->certificate, "certificate for visitors, PEM, leaf first")
      ->option_text("FILE");
  app->add_option("--key", flags->key, "its key, PEM")->option_text("FILE");
  app->add_option(
         "--origin", flags->origins,
         "where answers come from, http://, https://, h2:// or h2c://; may be given several times")
      ->option_text("URL");
  app->add_option("--ca", flags->ca, "trust only these issuers at the origin, PEM")
      ->option_text("FILE");
  app->add_option("--ssl", flags->ssl, "towards the origin: strict, full or flexible")
      ->option_text("strict|full|flexible");
  app->add_option("--admin", flags->admin, "metrics, for this machine alone")
      ->option_text("[ADDR:]PORT");
  app->add_option("--resolver", flags->resolver, "DNS server for origins' names; the system's")
      ->option_text("ADDR[:PORT]");
  app->add_option("--workers", flags->workers, "threads; one a core when not given")
      ->option_text("N")
      ->check(CLI::Range(1, 1024));
  app->add_option("--access-log", flags->access_log, "a JSON line a request; stdout when not given")
      ->option_text("FILE|off");
  app->add_option("--connect-timeout", flags->connect_timeout, "19s when not given")
      ->option_text("TIME");
  app->add_option("--first-byte-timeout", flags->first_byte_timeout, "125s when not given")
      ->option_text("TIME");
  app->add_option("--between-bytes-timeout", flags->between_bytes_timeout, "125s when not given")
      ->option_text("TIME");
  for (auto* option : app->get_options()) {
    if (option != file && !option->check_lname("help")) option->excludes(file);
  }
  return {app, [flags] { return serve(*flags); }};
}

}  // namespace causeway::app
