#include "reach/authority.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/limits.hpp"
#include "codec/dns_answer.hpp"
#include "codec/dns_name.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "reach/authority_walk.hpp"
#include "reach/dns_record.hpp"
#include "reach/resolve_system.hpp"

namespace causeway::reach {
namespace {

using codec::DnsType;

constexpr std::size_t kAliasTargetsFollowed = 2;
constexpr std::uint16_t kDnsPort = 53;
constexpr int kApexSteps = 4;  // upwards, in search of the zone's SOA

struct Server {
  std::string name;
  Endpoint endpoint;
};

// What the questions to all servers share.
struct Asking {
  Survey& survey;
  std::string name;
  std::string zone;  // the root until a server names it, when servers were given
  Instant deadline;
  std::vector<IpAddress> addresses;           // of authoritative answers
  std::vector<std::string> targets;           // where aliases without an address lead
  std::optional<codec::DnsReferral> further;  // the name is in a zone below this one
};

template <class T>
void add_once(std::vector<T>& all, const T& one) {
  if (std::ranges::find(all, one) == all.end()) all.push_back(one);
}

void take_answer(Asking& asking, const codec::DnsQuestion& question, const net::DnsReply& reply) {
  if (reply.outcome != net::DnsOutcome::answered || !reply.message->authoritative) return;
  const auto aliases = codec::follow_aliases(*reply.message, question);
  for (const auto& address : aliases.addresses) add_once(asking.addresses, address);
  const bool open_alias = aliases.names.size() > 1 && !aliases.loop && aliases.addresses.empty();
  if (open_alias && asking.targets.size() < kAliasTargetsFollowed) {
    add_once(asking.targets, aliases.last());
  }
}

bool leads_further(const Asking& asking, const codec::DnsQuestion& question,
                   const net::DnsReply& reply) {
  if (reply.outcome != net::DnsOutcome::answered) return false;
  const auto further = codec::referral(*reply.message, question);
  return further && further->zone != asking.zone && codec::dns_within(further->zone, asking.zone);
}

// The answer; for a machine without IPv6, which cannot say anything about a server's IPv6 address,
// nothing is recorded.
net::Task<net::DnsReply> ask_server(Asking& asking, const Server& server,
                                    codec::DnsQuestion question) {
  DnsQuestionAsked asked{.role = "authority",
                         .server = server.endpoint,
                         .server_name = server.name,
                         .query = authority_query(question.name, question.type)};
  net::DnsAsk ask{.server = asked.server, .query = asked.query, .source = {}};
  ask.deadline = asking.deadline;
  const auto reply = co_await net::ask_dns(std::move(ask));
  if (leads_further(asking, question, reply)) asked.role = "parent";
  const bool no_family =
      reply.outcome == net::DnsOutcome::local && !server.endpoint.address.is_v4();
  if (!no_family) record_dns(asking.survey, asked, reply);
  co_return reply;
}

// The zone's SOA: also in the answer "no such data" to a name below its apex. A name that is an
// alias hides it, so its parents are asked in turn.
net::Task<void> ask_serial(Asking& asking, const Server& server) {
  std::string at = asking.name;
  for (int depth = 0; at != "." && depth < kApexSteps; ++depth) {
    const auto reply = co_await ask_server(asking, server, {at, DnsType::soa});
    if (reply.outcome != net::DnsOutcome::answered || !reply.message->authoritative) co_return;
    for (const auto* section : {&reply.message->answers, &reply.message->authorities}) {
      for (const auto& record : *section) {
        if (!record.serial || !codec::dns_within(asking.name, record.owner)) continue;
        // One server may hold the parent's zone too: the deeper of the two is the name's own.
        if (codec::dns_within(record.owner, asking.zone)) asking.zone = record.owner;
        co_return;
      }
    }
    at = codec::dns_parent(at);
  }
}

net::Task<void> ask_ipv6(Asking& asking, const Server& server) {
  const codec::DnsQuestion question{asking.name, DnsType::aaaa};
  const auto reply = co_await ask_server(asking, server, question);
  take_answer(asking, question, reply);
}

// Its A record first: a server that does not answer is not asked three times over, its ICMP errors
// are few.
net::Task<void> ask_all(Asking& asking, const Server& server) {
  const codec::DnsQuestion question{asking.name, DnsType::a};
  const auto reply = co_await ask_server(asking, server, question);
  if (reply.outcome != net::DnsOutcome::answered) co_return;
  if (leads_further(asking, question, reply)) {
    if (!asking.further) asking.further = codec::referral(*reply.message, question);
    co_return;
  }
  take_answer(asking, question, reply);
  net::Group group;
  group.start(ask_serial(asking, server));
  group.start(ask_ipv6(asking, server));
  co_await group.finished();
}

net::Task<void> ask_each(Asking& asking, const std::vector<Server>& servers) {
  net::Group group;
  for (const auto& server : servers) group.start(ask_all(asking, server));
  co_await group.finished();
}

// Whether a resolver already said something about `name`, alone or at the end of a chain.
bool already_asked(const Survey& survey, const std::string& name) {
  return std::ranges::any_of(survey.record.observations(), [&](const model::Observation& seen) {
    if (seen.kind != model::Kind::dns || seen.text("role") != "resolver") return false;
    const auto& chain = seen.texts("aliases");
    return seen.text("name") == name || (!chain.empty() && chain.back() == name);
  });
}

// Where an alias leads is another zone's affair: does it exist there?
net::Task<void> ask_targets(Asking& asking) {
  const auto resolvers = resolvers_of(asking.survey.request);
  net::Group group;
  for (const auto& target : asking.targets) {
    const bool same_zone = asking.zone != "." && codec::dns_within(target, asking.zone);
    if (same_zone || already_asked(asking.survey, target) || resolvers.empty()) continue;
    const auto ask_target = [](Asking& all, Endpoint resolver,
                               std::string name) -> net::Task<void> {
      DnsQuestionAsked asked{.role = "resolver",
                             .server = resolver,
                             .server_name = {},
                             .query = resolver_query(std::move(name), DnsType::a)};
      co_await ask_and_record(all.survey, std::move(asked), all.deadline);
    };
    group.start(ask_target(asking, resolvers.front(), target));
  }
  co_await group.finished();
}

// --- what all have in common ---

// One address of every server before the second of any, IPv4 first.
std::vector<Server> servers_of(const Delegation& delegation) {
  std::vector<Server> out;
  for (const bool v4 : {true, false}) {
    for (const auto& server : delegation.servers) {
      for (const auto& address : server.addresses) {
        const bool room = out.size() < static_cast<std::size_t>(limits::kDnsServersAsked);
        if (address.is_v4() == v4 && room) out.push_back({server.name, {address, kDnsPort}});
      }
    }
  }
  return out;
}

void record_delegation(Survey& survey, const Delegation& delegation,
                       const std::vector<Server>& servers, const std::string& name) {
  model::Observation seen{model::Kind::delegation, "resolve", name};
  if (!delegation.zone.empty()) seen.set("zone", delegation.zone);
  std::vector<std::string> names;
  for (const auto& server : delegation.servers) {
    if (!server.name.empty()) names.push_back(server.name);
  }
  std::vector<std::string> addresses;
  addresses.reserve(servers.size());
  for (const auto& server : servers) addresses.push_back(server.endpoint.address.text());
  if (!names.empty()) seen.set("servers", std::move(names));
  if (!addresses.empty()) seen.set("addresses", std::move(addresses));
  seen.set("source", delegation.source).set("outcome", delegation.outcome);
  if (!delegation.detail.empty()) seen.set("detail", delegation.detail);
  survey.record.add(std::move(seen));
}

}  // namespace

net::Task<Authorities> ask_authorities(Survey& survey) {
  const Request& request = survey.request;
  const auto name = codec::dns_name(request.target.host);
  if (!name || IpAddress::parse(request.target.host)) co_return Authorities{};
  const Instant deadline = survey.until(net::Loop::current().now(), limits::kDnsAuthorityWait);
  const WalkPlan plan{.name = *name, .roots = root_addresses(), .resolvers = resolvers_of(request)};
  Delegation delegation{.zone = {}, .source = "given", .outcome = "found"};
  std::vector<Server> servers;
  if (request.authorities.empty()) {
    delegation = co_await walk_delegation(survey, plan, deadline);
    servers = servers_of(delegation);
  } else {
    for (const auto& endpoint : request.authorities) {
      const bool room = servers.size() < static_cast<std::size_t>(limits::kDnsServersAsked);
      if (room) servers.push_back({"", endpoint});
    }
  }
  Asking asking{.survey = survey,
                .name = *name,
                .zone = delegation.zone.empty() ? "." : delegation.zone,
                .deadline = deadline,
                .addresses = {},
                .targets = {},
                .further = {}};
  co_await ask_each(asking, servers);
  for (int depth = 0; asking.further && depth < limits::kDnsDelegationDepth; ++depth) {
    const std::string_view source = delegation.source;
    delegation = co_await follow_referral(plan, *asking.further, deadline);
    delegation.source = source;
    servers = servers_of(delegation);
    asking.zone = delegation.zone;
    asking.further.reset();
    co_await ask_each(asking, servers);
  }
  if (asking.zone != ".") delegation.zone = asking.zone;
  if (delegation.zone.empty() && delegation.source == "given") {
    delegation.outcome = "partial";
    delegation.detail = "none of the given servers names the zone it serves";
  }
  record_delegation(survey, delegation, servers, *name);
  co_await ask_targets(asking);
  Authorities out{.zone = delegation.zone, .servers = {}, .addresses = asking.addresses};
  for (const auto& server : servers) out.servers.push_back(server.endpoint);
  co_return out;
}

}  // namespace causeway::reach
