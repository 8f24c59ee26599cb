#include "app/dns_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "codec/dns_answer.hpp"
#include "codec/dns_name.hpp"
#include "net/dns.hpp"
#include "net/group.hpp"
#include "reach/diagnose.hpp"
#include "reach/dns_record.hpp"
#include "reach/resolve.hpp"
#include "reach/resolve_system.hpp"
#include "zone/limits.hpp"

namespace causeway::app {
namespace {

constexpr std::uint16_t kHttpsPort = 443;
constexpr std::uint16_t kHttpPort = 80;

// How the edge speaks to the origins of this zone; visitors of names that are not proxied check
// certificates themselves.
model::SslMode ssl_of(const zone::Snapshot& snapshot, const std::string& host) {
  const bool proxied = std::ranges::any_of(snapshot.records, [&](const zone::Record& record) {
    return record.name == host && record.proxied.value_or(false);
  });
  if (!snapshot.provider || !proxied) return model::SslMode::full;
  const auto found = snapshot.provider->settings.find("ssl");
  const std::string mode = found == snapshot.provider->settings.end() ? "full" : found->second;
  return mode == "off" || mode == "flexible" ? model::SslMode::flexible : model::SslMode::full;
}

// A wildcard's addresses are asked for a name that only it can answer.
std::string asked_name(const std::string& host) {
  return host.starts_with("*.") ? "causeway-probe" + host.substr(1) : host;
}

reach::Request request_for(const HostsQuestion& question, const std::string& host) {
  reach::Request out;
  out.target.host = asked_name(host);
  out.target.url = fmt::format("https://{}/", out.target.host);
  out.resolver = question.servers.resolver;
  out.source = question.servers.source;
  out.edge = question.edge;
  out.ca_file = question.ca_file;
  // Certificates are looked at here, not refused: a wrong one tells where an address leads.
  out.ssl = ssl_of(question.snapshot, host);
  out.mode = model::Mode::quick;
  out.deadline = limits::kDriftHostWait;
  return out;
}

void take_observation(const model::Observation& seen, zone::AddressView& into) {
  if (seen.text("variant") != "main") return;
  if (seen.kind == model::Kind::certificate) {
    into.has_certificate = true;
    into.certificate_fits = seen.boolean("name_matches");
    into.fingerprint = seen.text("fingerprint");
  } else if (seen.kind == model::Kind::http) {
    into.page = seen.text("page");
    into.title = seen.text("title");
    into.body_hash = seen.text("body_hash");
  }
}

net::Task<std::vector<zone::AddressView>> probe(const HostsQuestion& question, std::string host,
                                                std::vector<IpAddress> addresses,
                                                std::uint16_t port) {
  std::vector<zone::AddressView> out;
  if (addresses.empty()) co_return out;
  reach::Request request = request_for(question, host);
  if (port == kHttpPort) {
    request.target.scheme = "http";
    request.target.port = kHttpPort;
    request.target.url = fmt::format("http://{}/", request.target.host);
  }
  for (const auto& address : addresses) request.origins.push_back({address, port});
  reach::Record record;
  const auto run = co_await reach::diagnose(request, record);
  for (const auto& attempt : run.attempts) {
    if (!attempt.address || attempt.via != model::Via::direct) continue;
    if (std::ranges::count(addresses, *attempt.address) == 0) continue;
    zone::AddressView view{.address = *attempt.address};
    const auto* failed = attempt.failed_stage();
    view.answers = failed == nullptr && attempt.status != 0;
    view.status = attempt.status;
    if (failed != nullptr) {
      view.failure = failed->failure;
      view.because = failed->because;
    } else if (attempt.status == 0) {
      view.failure = model::FailureId::cancelled;
    }
    for (const auto& seen : record.observations()) {
      if (seen.text("address") == attempt.address->text()) take_observation(seen, view);
    }
    out.push_back(std::move(view));
  }
  co_return out;
}

// As the edge would, and, where nothing listens for TLS, over plain HTTP: a name may have only
// that.
net::Task<std::vector<zone::AddressView>> probe_both(const HostsQuestion& question,
                                                     std::string host,
                                                     std::vector<IpAddress> addresses) {
  auto out = co_await probe(question, host, addresses, kHttpsPort);
  std::vector<IpAddress> again;
  for (const auto& view : out) {
    const bool worth = view.failure == model::FailureId::connect_refused ||
                       view.failure == model::FailureId::tls_not_spoken;
    if (worth) again.push_back(view.address);
  }
  for (auto& view : co_await probe(question, host, again, kHttpPort)) {
    if (!view.answers) continue;
    std::ranges::replace_if(
        out, [&](const zone::AddressView& old) { return old.address == view.address; }, view);
  }
  co_return out;
}

// As far as the zone's own records lead: a resolver may still have kept what was there before. True
// when that is the whole way.
bool follow_in_zone(const zone::Snapshot& snapshot, zone::AliasView& alias,
                    std::vector<IpAddress>& addresses) {
  while (alias.chain.size() <= static_cast<std::size_t>(limits::kDnsAliasDepth)) {
    const std::string name = alias.chain.back();
    if (!snapshot.complete || !codec::dns_within(name, snapshot.zone)) return false;
    bool exists = false;
    std::string next;
    for (const auto& record : snapshot.records) {
      exists = exists || record.name == name || record.name.starts_with("*.");
      if (record.name != name) continue;
      if (record.type == "CNAME") next = zone::canonical_content("CNAME", record.content);
      if (const auto address = record.address()) addresses.push_back(*address);
    }
    if (!addresses.empty()) return true;
    if (next.empty() && exists) return false;  // other types, or a wildcard: let DNS say it
    if (next.empty()) {
      alias.failure = model::FailureId::resolve_not_found;
      alias.because = fmt::format("the zone has no record of {}", name);
      return true;
    }
    alias.chain.push_back(std::move(next));
  }
  return false;
}

net::Task<zone::AliasView> follow_alias(const HostsQuestion& question, std::string target,
                                        std::vector<IpAddress>& addresses) {
  zone::AliasView own{.target = target, .chain = {target}, .failure = {}, .because = {}};
  if (follow_in_zone(question.snapshot, own, addresses)) co_return own;
  reach::Request request = request_for(question, target);
  reach::Record record;
  reach::Survey survey{request, record, Clock::now() + limits::kDriftHostWait};
  const auto found = co_await reach::resolve(survey);
  zone::AliasView out{
      .target = target, .chain = {target}, .failure = found.failure, .because = found.because};
  for (const auto& seen : record.observations()) {
    const auto& aliases = seen.texts("aliases");
    if (seen.kind == model::Kind::dns && aliases.size() > out.chain.size()) out.chain = aliases;
  }
  addresses = found.addresses;
  co_return out;
}

net::Task<void> probe_host(const HostsQuestion& question, zone::HostView& host) {
  std::vector<IpAddress> addresses;
  std::string target;
  for (const auto& record : question.snapshot.records) {
    if (record.name != host.name) continue;
    if (record.type == "CNAME") target = record.content;
    if (const auto address = record.address()) addresses.push_back(*address);
  }
  if (!target.empty()) host.alias = co_await follow_alias(question, target, addresses);
  std::vector<IpAddress> known;
  for (const auto& each : question.known) {
    if (each.host.empty() || each.host == host.name) known.push_back(each.address);
  }
  std::vector<IpAddress> worth;
  for (const auto& address : addresses) {
    const bool odd = refused_by_public_edge(classify(address)) || question.edge.contains(address);
    const bool twice =
        std::ranges::count(known, address) > 0 || std::ranges::count(worth, address) > 0;
    if (!odd && !twice) worth.push_back(address);
  }
  host.addresses = co_await probe_both(question, host.name, std::move(worth));
  host.known = co_await probe_both(question, host.name, std::move(known));
  for (const auto& address : addresses) {
    const auto same = [&](const zone::AddressView& view) { return view.address == address; };
    if (std::ranges::any_of(host.addresses, same)) continue;
    const auto match = std::ranges::find_if(host.known, same);
    host.addresses.push_back(match != host.known.end() ? *match
                                                       : zone::AddressView{.address = address});
  }
}

net::Task<void> work(const HostsQuestion& question, std::vector<zone::HostView>& hosts,
                     std::size_t& next) {
  while (next < hosts.size() && !net::Loop::current().interrupted()) {
    co_await probe_host(question, hosts[next++]);
  }
}

net::Task<std::optional<codec::DnsMessage>> ask(Endpoint server, std::string name,
                                                codec::DnsType type, bool unchecked,
                                                bool recursive) {
  codec::DnsQuery query = recursive ? reach::resolver_query(std::move(name), type)
                                    : reach::authority_query(std::move(name), type);
  query.checking_disabled = unchecked;
  query.dnssec = true;
  net::DnsAsk question{.server = server, .query = std::move(query), .source = {}};
  auto reply = co_await net::ask_dns(std::move(question));
  if (reply.outcome != net::DnsOutcome::answered) co_return std::nullopt;
  co_return std::move(reply.message);
}

bool holds(const std::optional<codec::DnsMessage>& message, codec::DnsType type) {
  return message && std::ranges::any_of(message->answers,
                                        [&](const auto& record) { return record.type == type; });
}

}  // namespace

net::Task<std::vector<zone::HostView>> probe_hosts(HostsQuestion question) {
  std::vector<zone::HostView> hosts;
  for (auto& name : zone::web_hosts(question.snapshot)) {
    if (hosts.size() >= limits::kDriftHosts) break;
    hosts.push_back({.name = std::move(name), .alias = {}, .addresses = {}, .known = {}});
  }
  std::size_t next = 0;
  net::Group group;
  for (int i = 0; i < limits::kDriftHostsAtOnce; ++i) group.start(work(question, hosts, next));
  co_await group.finished();
  co_return hosts;
}

net::Task<zone::DnssecView> look_at_dnssec(const zone::ServersQuestion& servers,
                                           const zone::Snapshot& snapshot) {
  zone::DnssecView out;
  for (const auto& server : snapshot.servers) {
    if (!server.address || server.outcome != "answered") continue;
    constexpr std::uint16_t kDnsPort = 53;
    std::uint16_t port = kDnsPort;
    for (const auto& given : servers.authorities) {
      if (given.address == *server.address) port = given.port;
    }
    const auto keys =
        co_await ask({*server.address, port}, snapshot.zone, codec::DnsType::dnskey, false, false);
    out.has_key = holds(keys, codec::DnsType::dnskey);
    for (const auto& record : keys ? keys->answers : std::vector<codec::DnsRecord>{}) {
      if (!record.signature_ends) continue;
      const WallTime ends{std::chrono::seconds{*record.signature_ends}};
      if (!out.signatures_end || ends < *out.signatures_end) out.signatures_end = ends;
    }
    break;
  }
  reach::Request request;
  request.resolver = servers.resolver;
  const auto resolvers = reach::resolvers_of(request);
  if (resolvers.empty()) co_return out;
  const auto ds = co_await ask(resolvers.front(), snapshot.zone, codec::DnsType::ds, true, true);
  out.has_ds = holds(ds, codec::DnsType::ds);
  const auto checked =
      co_await ask(resolvers.front(), snapshot.zone, codec::DnsType::soa, false, true);
  const auto unchecked =
      co_await ask(resolvers.front(), snapshot.zone, codec::DnsType::soa, true, true);
  out.bogus = checked && unchecked && checked->rcode == codec::rcode::kServFail &&
              unchecked->rcode == codec::rcode::kNoError;
  co_return out;
}

}  // namespace causeway::app
