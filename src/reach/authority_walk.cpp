#include "reach/authority_walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "base/limits.hpp"
#include "codec/dns_answer.hpp"
#include "codec/dns_name.hpp"
#include "net/event.hpp"
#include "net/group.hpp"
#include "reach/dns_record.hpp"

namespace causeway::reach {
namespace {

using codec::DnsType;

// A zone of this many labels is a person's or a company's: or one like co.uk, whose servers will
// say so.
constexpr std::size_t kOwnLabels = 2;
constexpr std::size_t kAskedOfFamily = 2;  // addresses of each family at one step
constexpr std::size_t kZoneServers = 26;   // taken from one referral: all thirteen, both families

// The root servers (named.root of 2025); a walk begins with the first ones.
constexpr std::array<std::string_view, 8> kRoots{
    "198.41.0.4",           // a.root-servers.net
    "193.0.14.129",         // k
    "2001:500:2f::f",       // f
    "192.58.128.30",        // j
    "199.7.83.42",          // l
    "2001:503:ba3e::2:30",  // a
    "192.36.148.17",        // i
    "202.12.27.33",         // m
};

// --- the first useful answer of several servers ---

struct StepAnswer {
  Endpoint server;
  codec::DnsQuery query;
  net::DnsReply reply;
};

class Step {
 public:
  explicit Step(std::size_t questions) : left_(questions) {}

  void took(StepAnswer answer, bool useful) {
    if (useful && !answer_) answer_ = std::move(answer);
    if (--left_ == 0 || answer_) decided.set();
  }
  std::optional<StepAnswer> answer() { return std::move(answer_); }

  net::Event decided;

 private:
  std::size_t left_;
  std::optional<StepAnswer> answer_;
};

// An answer that leads on: further down, or to "this zone is mine".
bool leads_on(const net::DnsReply& reply, const codec::DnsQuestion& question,
              std::string_view zone) {
  if (reply.outcome != net::DnsOutcome::answered) return false;
  const auto& message = *reply.message;
  if (message.authoritative) {
    return message.rcode == codec::rcode::kNoError || message.rcode == codec::rcode::kNxDomain;
  }
  const auto further = codec::referral(message, question);
  return further && further->zone != zone && codec::dns_within(further->zone, zone);
}

net::Task<void> ask_step(StepAnswer asking, std::string zone, Instant deadline,
                         std::shared_ptr<Step> step) {
  net::DnsAsk ask{.server = asking.server, .query = asking.query, .source = {}};
  ask.deadline = deadline;
  asking.reply = co_await net::ask_dns(std::move(ask));
  const bool useful = leads_on(asking.reply, asking.query.question, zone);
  step->took(std::move(asking), useful);
}

struct Zone {
  std::string name;
  std::vector<NameServer> servers;
};

// Some of both families: which of them works from here is not known yet.
std::vector<Endpoint> some_endpoints(const Zone& zone, std::uint16_t port) {
  std::vector<Endpoint> out;
  for (const bool v4 : {true, false}) {
    std::size_t taken = 0;
    for (const auto& server : zone.servers) {
      for (const auto& address : server.addresses) {
        if (address.is_v4() != v4 || taken >= kAskedOfFamily) continue;
        out.push_back({address, port});
        ++taken;
      }
    }
  }
  return out;
}

net::Task<std::optional<StepAnswer>> ask_zone(const Zone& zone, const WalkPlan& plan,
                                              Instant deadline) {
  const auto servers = some_endpoints(zone, plan.port);
  if (servers.empty()) co_return std::nullopt;
  const auto step = std::make_shared<Step>(servers.size());
  const Instant end = std::min(deadline, net::Loop::current().now() + limits::kDnsStepWait);
  net::Group asking;
  for (const auto& server : servers) {
    StepAnswer question{server, authority_query(plan.name, DnsType::a), {}};
    asking.start(ask_step(std::move(question), zone.name, end, step));
  }
  co_await step->decided.wait(end);
  co_return step->answer();
}

// Root servers one after the other, and none of a family that is unreachable: each ICMP error of a
// router is one less for the questions that matter (a router sends 2 to 6 at once, then one a
// second).
net::Task<std::optional<StepAnswer>> ask_root(const WalkPlan& plan, Instant deadline) {
  bool v4_works = true;
  bool v6_works = true;
  for (const auto& server : some_endpoints(Zone{".", {{"", plan.roots}}}, plan.port)) {
    bool& works = server.address.is_v4() ? v4_works : v6_works;
    if (!works) continue;
    StepAnswer asking{server, authority_query(plan.name, DnsType::a), {}};
    net::DnsAsk ask{.server = server, .query = asking.query, .source = {}};
    ask.wait = limits::kDnsRootWait;
    ask.deadline = deadline;
    asking.reply = co_await net::ask_dns(std::move(ask));
    if (leads_on(asking.reply, asking.query.question, ".")) co_return asking;
    works = asking.reply.outcome == net::DnsOutcome::timeout ||
            asking.reply.outcome == net::DnsOutcome::answered;
  }
  co_return std::nullopt;
}

// --- addresses of servers that came without glue ---

net::Task<void> find_addresses(const WalkPlan& plan, NameServer& server, Instant deadline) {
  for (const DnsType type : {DnsType::a, DnsType::aaaa}) {
    for (const auto& resolver : plan.resolvers) {
      net::DnsAsk ask{.server = resolver, .query = resolver_query(server.name, type), .source = {}};
      ask.deadline = deadline;
      const auto reply = co_await net::ask_dns(std::move(ask));
      if (reply.outcome != net::DnsOutcome::answered) continue;
      const auto aliases = codec::follow_aliases(*reply.message, {server.name, type});
      server.addresses.insert(server.addresses.end(), aliases.addresses.begin(),
                              aliases.addresses.end());
      break;
    }
    if (!server.addresses.empty()) co_return;
  }
}

net::Task<void> complete(Zone& zone, const WalkPlan& plan, Instant deadline) {
  const Instant end = std::min(deadline, net::Loop::current().now() + limits::kDnsStepWait);
  net::Group asking;
  for (auto& server : zone.servers) {
    if (server.addresses.empty()) asking.start(find_addresses(plan, server, end));
  }
  co_await asking.finished();
}

Zone zone_of(const codec::DnsReferral& referral) {
  Zone zone{referral.zone, {}};
  for (const auto& name : referral.servers) {
    if (zone.servers.size() >= kZoneServers) break;
    NameServer server{name, {}};
    for (const auto& glue : referral.glue) {
      if (glue.owner == name && glue.address) server.addresses.push_back(*glue.address);
    }
    zone.servers.push_back(std::move(server));
  }
  return zone;
}

// --- what a resolver knows ---

// Servers a resolver names for `zone`, without addresses yet.
net::Task<void> ask_ancestor(const WalkPlan& plan, std::string zone, Instant deadline, Zone& out) {
  for (const auto& resolver : plan.resolvers) {
    net::DnsAsk ask{.server = resolver, .query = resolver_query(zone, DnsType::ns), .source = {}};
    ask.deadline = deadline;
    const auto reply = co_await net::ask_dns(std::move(ask));
    if (reply.outcome != net::DnsOutcome::answered) continue;
    for (const auto& record : reply.message->answers) {
      const bool ours = record.type == DnsType::ns && record.owner == zone;
      if (ours && out.servers.size() < kZoneServers) out.servers.push_back({record.target, {}});
    }
    if (!out.servers.empty()) {
      out.name = zone;
      co_return;
    }
  }
}

struct Known {
  std::optional<Zone> zone;  // the deepest at or above the name of which a resolver knows servers
  bool public_root = false;  // the resolver's root is the root
};

bool is_public_root(const Zone& zone) {
  return zone.name == "." && std::ranges::any_of(zone.servers, [](const NameServer& server) {
           return codec::dns_within(server.name, "root-servers.net");
         });
}

net::Task<Known> ask_ancestors(const WalkPlan& plan, Instant deadline) {
  std::vector<std::string> names{plan.name};
  while (names.back() != "." &&
         names.size() < static_cast<std::size_t>(limits::kDnsDelegationDepth)) {
    names.push_back(codec::dns_parent(names.back()));
  }
  const Instant end = std::min(deadline, net::Loop::current().now() + limits::kDnsStepWait);
  std::vector<Zone> zones(names.size());
  net::Group asking;
  for (std::size_t i = 0; i < names.size(); ++i) {
    asking.start(ask_ancestor(plan, names[i], end, zones[i]));
  }
  co_await asking.finished();
  Known out;
  out.public_root = is_public_root(zones.back());
  const auto known =
      std::ranges::find_if(zones, [](const Zone& zone) { return !zone.name.empty(); });
  if (known == zones.end()) co_return out;
  co_await complete(*known, plan, deadline);
  out.zone = std::move(*known);
  co_return out;
}

// --- the walk ---

Delegation delegation_of(const Zone& zone, std::string detail) {
  Delegation out;
  out.zone = zone.name;
  out.servers = zone.servers;
  out.detail = std::move(detail);
  const auto with_address = static_cast<std::size_t>(std::ranges::count_if(
      zone.servers, [](const NameServer& server) { return !server.addresses.empty(); }));
  if (with_address == 0) {
    if (out.detail.empty()) out.detail = "no address is known of any of its servers";
    return out;
  }
  out.outcome = with_address == zone.servers.size() ? "found" : "partial";
  if (out.outcome == "partial" && out.detail.empty()) {
    out.detail = "the address of some of its servers is not known";
  }
  return out;
}

class Walk {
 public:
  Walk(Survey& survey, const WalkPlan& plan, Instant deadline)
      : survey_(survey), plan_(plan), deadline_(deadline) {}

  // From `zone` down. False when its servers say nothing of use and it is not even sure that the
  // name belongs to it.
  net::Task<bool> descend(Zone zone);
  Delegation result() const { return delegation_of(zone_, detail_); }

 private:
  net::Task<void> settle_apex(const StepAnswer& answer);
  void record_parent(const StepAnswer& answer) {
    record_dns(survey_, {"parent", answer.server, {}, answer.query}, answer.reply);
  }

  Survey& survey_;
  const WalkPlan& plan_;
  Instant deadline_;
  Zone zone_;
  std::string detail_;
};

net::Task<bool> Walk::descend(Zone zone) {
  zone_ = std::move(zone);
  detail_.clear();
  for (int depth = 0; depth < limits::kDnsDelegationDepth; ++depth) {
    const bool may_be_own =
        zone_.name == plan_.name || codec::dns_labels(zone_.name).size() >= kOwnLabels;
    if (may_be_own) co_return true;
    auto answer = zone_.name == "." && !plan_.roots.empty()
                      ? co_await ask_root(plan_, deadline_)
                      : co_await ask_zone(zone_, plan_, deadline_);
    if (!answer) {
      detail_ = fmt::format("no server of {} answers for its zone", zone_.name);
      co_return depth > 0;
    }
    const auto further = codec::referral(*answer->reply.message, answer->query.question);
    if (!further) {
      co_await settle_apex(*answer);
      co_return true;
    }
    record_parent(*answer);
    zone_ = zone_of(*further);
    co_await complete(zone_, plan_, deadline_);
  }
  detail_ = "the delegation is deeper than any real one";
  co_return false;
}

// One server may hold the parent's zone and the name's own: then no referral led to the latter, and
// its apex is where its SOA is.
net::Task<void> Walk::settle_apex(const StepAnswer& answer) {
  for (std::string name = plan_.name; name != zone_.name && name != ".";
       name = codec::dns_parent(name)) {
    net::DnsAsk ask{
        .server = answer.server, .query = authority_query(name, DnsType::ns), .source = {}};
    ask.deadline = std::min(deadline_, net::Loop::current().now() + limits::kDnsStepWait);
    const auto reply = co_await net::ask_dns(std::move(ask));
    if (reply.outcome != net::DnsOutcome::answered || !reply.message->authoritative) co_return;
    Zone own{name, {}};
    for (const auto& record : reply.message->answers) {
      if (record.type != DnsType::ns || record.owner != name) continue;
      if (own.servers.size() >= kZoneServers) break;
      own.servers.push_back({record.target, {}});
      for (const auto& glue : reply.message->additionals) {
        if (glue.owner == record.target && glue.address) {
          own.servers.back().addresses.push_back(*glue.address);
        }
      }
    }
    if (own.servers.empty()) continue;
    zone_ = std::move(own);
    co_await complete(zone_, plan_, deadline_);
    co_return;
  }
}

}  // namespace

std::vector<IpAddress> root_addresses() {
  std::vector<IpAddress> out;
  out.reserve(std::size(kRoots));
  for (const auto root : kRoots) out.push_back(IpAddress::parse(root).value());
  return out;
}

net::Task<Delegation> walk_delegation(Survey& survey, WalkPlan plan, Instant deadline) {
  Walk walk{survey, plan, deadline};
  // The resolver first: in a closed network, or one with a root of its own, nothing must be asked
  // of root servers that are not there.
  Known known = co_await ask_ancestors(plan, deadline);
  if (!plan.roots.empty() && (known.public_root || !known.zone)) {
    if (co_await walk.descend(Zone{".", {{"", plan.roots}}})) co_return walk.result();
  }
  if (!known.zone) {
    Delegation none;
    none.source = "resolver";
    none.detail = "neither the resolver nor a root server tells who serves the name's zone";
    co_return none;
  }
  co_await walk.descend(std::move(*known.zone));
  Delegation out = walk.result();
  out.source = "resolver";
  co_return out;
}

net::Task<Delegation> follow_referral(WalkPlan plan, codec::DnsReferral referral,
                                      Instant deadline) {
  Zone zone = zone_of(referral);
  co_await complete(zone, plan, deadline);
  co_return delegation_of(zone, {});
}

}  // namespace causeway::reach
