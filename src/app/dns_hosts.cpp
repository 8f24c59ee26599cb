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

bool is_proxied(const zone::Snapshot& snapshot, const std::string& host) {
  return std::ranges::any_of(snapshot.records, [&](const zone::Record& record) {
    return record.name == host && record.proxied.value_or(false);
  });
}

// How the edge speaks to the origins of this zone; visitors of names that are not proxied check
// certificates themselves.
model::SslMode ssl_of(const zone::Snapshot& snapshot, const std::string& host) {
  if (!snapshot.provider || !is_proxied(snapshot, host)) return model::SslMode::full;
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
  if (seen.text("variant") != "main" || seen.text("via") == "edge") return;
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

std::optional<zone::EdgeView> edge_view(const reach::Record& record) {
  std::optional<zone::EdgeView> out;
  for (const auto& seen : record.observations()) {
    if (seen.kind != model::Kind::edge_answer || seen.integer("status") == 0) continue;
    const auto address = IpAddress::parse(seen.text("address"));
    if (!address) continue;
    out = zone::EdgeView{.address = *address,
                         .cache = std::string{seen.text("cache")},
                         .status = static_cast<int>(seen.integer("status")),
                         .title = {},
                         .body_hash = {}};
  }
  if (!out) return out;
  for (const auto& seen : record.observations()) {
    if (seen.kind != model::Kind::http || seen.text("via") != "edge") continue;
    out->title = seen.text("title");
    out->body_hash = seen.text("body_hash");
  }
  return out;
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

// As a visitor of a proxied name: where DNS leads to the edge, what does it serve?
net::Task<std::optional<zone::EdgeView>> look_at_edge(const HostsQuestion& question,
                                                      std::string host) {
  reach::Request request = request_for(question, host);
  reach::Record record;
  co_await reach::diagnose(request, record);
  co_return edge_view(record);
}

// A page that is made anew each time says nothing about whose copy is old.
net::Task<void> ask_again(const HostsQuestion& question, const std::string& host,
                          std::vector<zone::AddressView>& views) {
  for (auto& view : views) {
    if (!view.serves_host() || !view.has_certificate || view.body_hash.empty()) continue;
    const auto again = co_await probe(question, host, {view.address}, kHttpsPort);
    view.steady = !again.empty() && again.front().body_hash == view.body_hash;
    co_return;
  }
}

bool servers_disagree(const zone::Snapshot& snapshot, const std::string& name,
                      const std::string& type) {
  return std::ranges::any_of(snapshot.servers, [&](const zone::ServerState& server) {
    return std::ranges::any_of(server.differs, [&](const zone::Answers& answers) {
      return answers.name == name && answers.type == type;
    });
  });
}

// What a resolver's answer says of one type; nothing when it does not say.
std::optional<zone::KeptView> kept_in(const codec::DnsMessage& message, const Endpoint& resolver,
                                      const std::string& name, const std::string& type) {
  if (message.rcode != codec::rcode::kNoError && message.rcode != codec::rcode::kNxDomain)
    return std::nullopt;
  zone::KeptView out{.resolver = resolver, .type = type, .contents = {}, .right = {}};
  std::vector<zone::Record> answers;
  for (const auto& answer : message.answers) {
    auto record = zone::record_of(answer);
    if (record.type != type || record.name != name) continue;
    out.ttl = answers.empty() ? record.ttl : std::min(out.ttl, record.ttl);
    answers.push_back(std::move(record));
  }
  out.contents = zone::contents_of(answers, name, type);
  return out;
}

// Where the resolver says something else than the zone does, and the zone's servers agree.
net::Task<void> ask_resolver(const HostsQuestion& question, zone::HostView& host) {
  const zone::Snapshot& snapshot = question.snapshot;
  reach::Request request;
  request.resolver = question.servers.resolver;
  const auto resolvers = reach::resolvers_of(request);
  if (resolvers.empty() || host.name.starts_with("*.") || !snapshot.complete) co_return;
  std::vector<std::pair<std::string, codec::DnsType>> types{{"A", codec::DnsType::a},
                                                            {"AAAA", codec::DnsType::aaaa}};
  if (host.alias) types = {{"CNAME", codec::DnsType::cname}};
  const bool proxied = is_proxied(snapshot, host.name);
  for (const auto& [type, code] : types) {
    if (servers_disagree(snapshot, host.name, type)) continue;
    const auto message = co_await ask(resolvers.front(), host.name, code, false, true);
    if (!message) continue;
    auto kept = kept_in(*message, resolvers.front(), host.name, type);
    if (!kept) continue;
    kept->right = zone::contents_of(snapshot.records, host.name, type);
    // Where the edge answers, only an origin's address is known to be wrong.
    const bool wrong =
        proxied ? std::ranges::any_of(kept->contents,
                                      [&](const std::string& content) {
                                        return std::ranges::count(kept->right, content) > 0;
                                      })
                : kept->contents != kept->right;
    if (!wrong) continue;
    if (proxied) kept->right = {"addresses of the edge"};
    host.kept.push_back(std::move(*kept));
  }
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
  if (is_proxied(question.snapshot, host.name))
    host.edge = co_await look_at_edge(question, host.name);
  if (host.edge && host.edge->stored()) {
    co_await ask_again(question, host.name, host.known.empty() ? host.addresses : host.known);
  }
  co_await ask_resolver(question, host);
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
