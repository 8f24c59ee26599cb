#include "guard/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "guard/limits.hpp"
#include "guard/nft_script.hpp"

namespace causeway::guard {
namespace {

using firewall::Chain;
using firewall::Collection;
using firewall::Compare;
using firewall::Field;
using firewall::Hook;
using firewall::IntervalSet;
using firewall::Key;
using firewall::ProofRow;
using firewall::Result;
using firewall::Rule;
using firewall::Ruleset;

constexpr Key kTcp = 6;

struct HookName {
  Hook hook;
  const char* name;
};
constexpr std::array kHooks{HookName{Hook::ingress, "ingress"},
                            HookName{Hook::egress, "egress"},
                            HookName{Hook::input, "input"},
                            HookName{Hook::forward, "forward"},
                            HookName{Hook::output, "output"},
                            HookName{Hook::prerouting, "prerouting"},
                            HookName{Hook::postrouting, "postrouting"}};

std::string hook_name(Hook hook) {
  for (const auto& each : kHooks) {
    if (each.hook == hook) return each.name;
  }
  return "";
}

template <class T>
void add_once(std::vector<T>& to, const T& what) {
  if (std::ranges::find(to, what) == to.end()) to.push_back(what);
}

bool accepts(const ProofRow& row) {
  return row.certain && row.causes.front().ending.result == Result::accept;
}

const Chain* find_chain(const Ruleset& rules, std::string_view stack, std::string_view table,
                        std::string_view chain) {
  for (const auto& each : rules.chains) {
    const auto& of = rules.tables[each.table];
    if (each.name == chain && name(of.stack) == stack &&
        fmt::format("{} {}", of.family, of.name) == table) {
      return &each;
    }
  }
  return nullptr;
}

// Docker puts its own jumps in front of FORWARD again and again, and DOCKER-USER before them.
std::string entrance(const Ruleset& rules, const Chain& chain) {
  if (chain.hook != Hook::forward) return chain.name;
  const auto& table = rules.tables[chain.table];
  const auto own = fmt::format("{} {}", table.family, table.name);
  return find_chain(rules, name(table.stack), own, "DOCKER-USER") == nullptr ? chain.name
                                                                             : "DOCKER-USER";
}

class Planner {
 public:
  Planner(const Collection& now, const firewall::ProofRequest& request, const Tools& tools)
      : now_(now), request_(request), tools_(tools) {}

  Plan plan(const Grant& kept) {
    Plan out;
    out.before = firewall::prove(now_, request_);
    grant_ = kept;
    grant_.edge = request_.edge.name;
    grant_.ranges = request_.edge.prefixes;
    grant_.ports = request_.ports;
    grant_.addresses = addresses(kept);
    Collection trial = with_grant(now_, grant_);
    out.after = firewall::prove(trial, request_);
    // Behind the rule that stops a packet there may be another one.
    for (int round = 0; round < limits::kRounds && add_places(out.after); ++round) {
      trial = with_grant(now_, grant_);
      out.after = firewall::prove(trial, request_);
    }
    for (const auto& row : out.after.rows) {
      if (out.after.concerns(row) && !accepts(row)) add_once(out.left, in_words(row));
    }
    out.changes = compare(now_, trial, request_.ports);
    if (grant_.csf && !kept.csf) {
      out.notes.emplace_back(
          "csf.allow names no address of this host: the edge reaches the ports on all of them");
    }
    out.grant = grant_;
    return out;
  }

 private:
  // The one that was asked for, and those of before that this host still has.
  std::vector<IpAddress> addresses(const Grant& kept) const {
    std::vector<IpAddress> out;
    for (const auto& one : kept.addresses) {
      if (now_.host.local_type(one.family(), firewall::key_of(one)) == firewall::kLocal) {
        add_once(out, one);
      }
    }
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      if (const auto& asked = now_.arrival.address(family)) add_once(out, *asked);
    }
    std::ranges::sort(out);
    return out;
  }

  // True when something new has to let the edge in.
  bool add_places(const firewall::Proof& proof) {
    const Grant before = grant_;
    for (const auto& row : proof.rows) {
      if (accepts(row)) continue;
      for (const auto& cause : row.causes) {
        if (cause.ending.result != Result::accept) add_place(cause.rule);
      }
    }
    return !(grant_ == before);
  }

  void add_place(const firewall::RuleShown& rule) {
    if (rule.path.empty()) return;
    const auto* chain = find_chain(now_.rules, rule.stack, rule.table, rule.path.front());
    if (chain == nullptr || chain->type != firewall::ChainType::filter) return;
    const auto& table = now_.rules.tables[chain->table];
    const std::string_view owner = rule.owner;
    if (tools_.ufw && owner == "ufw" && chain->hook == Hook::input) grant_.ufw = true;
    if (tools_.firewalld && owner.starts_with("firewalld zone ") && chain->hook == Hook::input) {
      add_once(grant_.zones, std::string{owner.substr(15)});
    }
    if (tools_.fail2ban && owner.starts_with("fail2ban jail ")) {
      add_once(grant_.jails, std::string{owner.substr(14)});
    }
    const bool csf = tools_.csf && owner == "CSF";
    if (csf && chain->hook == Hook::input) grant_.csf = true;
    if (tools_.crowdsec && owner == "CrowdSec") grant_.crowdsec = true;
    const bool own_way = csf || (tools_.ufw && owner == "ufw") ||
                         (tools_.firewalld && owner.starts_with("firewalld zone "));
    if (own_way && chain->hook == Hook::input) return;
    const auto hook = hook_name(chain->hook);
    if (hook.empty() || table.family == "bridge") return;
    add_once(grant_.places, {std::string{name(table.stack)}, table.family, table.name,
                             entrance(now_.rules, *chain), hook});
  }

  static std::string in_words(const ProofRow& row) {
    const auto& cause = row.causes.front();
    return fmt::format("{} to port {}: {}: {}", row.range.text(), row.port, text(cause.ending),
                       cause.rule.text);
  }

  const Collection& now_;
  const firewall::ProofRequest& request_;
  const Tools& tools_;
  Grant grant_;
};

IntervalSet intervals(const std::vector<Prefix>& prefixes, Family family) {
  std::vector<firewall::Interval> out;
  for (const auto& prefix : prefixes) {
    if (prefix.address().family() == family) out.push_back(firewall::interval_of(prefix));
  }
  return IntervalSet::of(std::move(out));
}

// Who may come when only the edge may.
IntervalSet welcome(const Grant& grant, Family family) {
  return intervals(grant.ranges, family).unite(intervals(grant.also, family));
}

// --- the grant as rules of the model ---

enum class Reach : std::uint8_t { addresses, whole_host };

class Granting {
 public:
  Granting(Collection& to, const Grant& grant) : to_(to), grant_(grant) {}

  void grant() {
    for (const auto& place : grant_.places) {
      const auto index = chain_index(place.stack, place.family, place.table, place.chain);
      if (index) add(*index, place.hook);
    }
    // A layer's own rules stand in chains of its own; in front of its base chain they mean the same
    // to a new connection of the edge.
    for (std::uint32_t i = 0; i < to_.rules.chains.size(); ++i) {
      const auto& chain = to_.rules.chains[i];
      if (chain.hook != Hook::input || chain.type != firewall::ChainType::filter) continue;
      const auto& table = to_.rules.tables[chain.table];
      const bool firewalld = table.name == "firewalld" && !grant_.zones.empty();
      const bool iptables = table.name == "filter" && chain.name == "INPUT";
      if (firewalld || (grant_.ufw && iptables)) add(i, "input");
      // csf.allow names a source and a port, and no address of this host.
      if (grant_.csf && iptables) add(i, "input", Reach::whole_host);
    }
    only_the_edge();
  }

 private:
  std::optional<std::uint32_t> chain_index(std::string_view stack, std::string_view family,
                                           std::string_view table, std::string_view chain) const {
    for (std::uint32_t i = 0; i < to_.rules.chains.size(); ++i) {
      const auto& of = to_.rules.tables[to_.rules.chains[i].table];
      if (to_.rules.chains[i].name == chain && name(of.stack) == stack && of.family == family &&
          of.name == table) {
        return i;
      }
    }
    return std::nullopt;
  }

  // The table of nft_script.cpp: what it was goes, what it will be comes.
  void only_the_edge() {
    auto& rules = to_.rules;
    for (auto& chain : rules.chains) {
      const auto& table = rules.tables[chain.table];
      if (table.family == "inet" && table.name == kOwnTable) chain.rules.clear();
    }
    if (!grant_.only) return;
    std::uint32_t order = 0;
    for (const auto& table : rules.tables) order = std::max(order, table.order + 1);
    rules.tables.push_back({firewall::Stack::nft, "inet", std::string{kOwnTable}, order});
    Chain chain;
    chain.name = kOnlyChain;
    chain.table = static_cast<std::uint32_t>(rules.tables.size() - 1);
    chain.hook = Hook::prerouting;
    chain.priority = kOnlyPriority;
    rules.chains.push_back(std::move(chain));
    const auto index = static_cast<std::uint32_t>(rules.chains.size() - 1);
    shut(index, Family::ipv4);
    shut(index, Family::ipv6);
  }

  void shut(std::uint32_t chain, Family family) {
    Rule rule;
    rule.chain = chain;
    rule.text = "only the edge (causeway guard)";
    Compare source;
    source.term.field = family == Family::ipv4 ? Field::source4 : Field::source6;
    source.values = IntervalSet{0, firewall::highest(family)}.subtract(welcome(grant_, family));
    Compare here;
    here.term.field = Field::route_type;
    here.values = IntervalSet{firewall::kLocal};
    Compare protocol;
    protocol.term.field = Field::protocol;
    protocol.values = IntervalSet{kTcp};
    rule.steps = {std::move(here), std::move(protocol), ports_of(Field::target_port),
                  std::move(source), firewall::Decide{{.kind = firewall::Verdict::Kind::drop}}};
    const auto index = static_cast<std::uint32_t>(to_.rules.rules.size());
    to_.rules.rules.push_back(std::move(rule));
    to_.rules.chains[chain].rules.push_back(index);
  }

  Compare ports_of(Field field) const {
    std::vector<firewall::Interval> ports;
    ports.reserve(grant_.ports.size());
    for (const auto port : grant_.ports) ports.push_back({port, port});
    Compare out;
    out.term.field = field;
    out.values = IntervalSet::of(std::move(ports));
    return out;
  }

  // As nft_script.cpp and programs.cpp write them.
  void add(std::uint32_t chain, std::string_view hook, Reach reach = Reach::addresses) {
    const auto& table = to_.rules.tables[to_.rules.chains[chain].table];
    const bool outgoing = is_outgoing(hook);
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      if (!table.holds(family) || !grant_.reaches(family)) continue;
      accept(chain, family, !outgoing, reach, outgoing ? Field::source_port : Field::target_port);
      const bool forward = hook == "forward";
      if (!forward && (!to_.rules.tracks(family) || at_device(hook))) continue;
      if (forward || !outgoing) accept(chain, family, true, reach, Field::ct_original_target_port);
      if (forward || outgoing) accept(chain, family, false, reach, Field::ct_original_target_port);
    }
  }

  // The address that the edge asked for, as the packet or its connection has it.
  std::optional<Compare> own_address(Family family, bool from_edge, bool by_connection) const {
    const bool v4 = family == Family::ipv4;
    std::vector<firewall::Interval> own;
    for (const auto& one : grant_.addresses_of(family)) {
      own.push_back({firewall::key_of(one), firewall::key_of(one)});
    }
    if (own.empty()) return std::nullopt;
    Compare out;
    out.values = IntervalSet::of(std::move(own));
    if (by_connection) {
      out.term.field = Field::ct_original_target;
      out.term.argument = v4 ? 4 : 6;
    } else if (from_edge) {
      out.term.field = v4 ? Field::target4 : Field::target6;
    } else {
      out.term.field = v4 ? Field::source4 : Field::source6;
    }
    return out;
  }

  void accept(std::uint32_t chain, Family family, bool from_edge, Reach reach, Field port_field) {
    const bool v4 = family == Family::ipv4;
    Rule rule;
    rule.chain = chain;
    rule.text = "let the edge in (causeway guard)";
    Compare address;
    address.term.field =
        from_edge ? (v4 ? Field::source4 : Field::source6) : (v4 ? Field::target4 : Field::target6);
    address.values = intervals(grant_.ranges, family);
    Compare protocol;
    protocol.term.field = Field::protocol;
    protocol.values = IntervalSet{kTcp};
    rule.steps = {std::move(address), std::move(protocol), ports_of(port_field)};
    const bool by_connection = port_field == Field::ct_original_target_port;
    if (auto own = own_address(family, from_edge, by_connection); own && reach != Reach::whole_host)
      rule.steps.emplace_back(std::move(*own));
    rule.steps.emplace_back(firewall::Decide{{.kind = firewall::Verdict::Kind::accept}});
    const auto index = static_cast<std::uint32_t>(to_.rules.rules.size());
    to_.rules.rules.push_back(std::move(rule));
    auto& rules = to_.rules.chains[chain].rules;
    rules.insert(rules.begin(), index);
  }

  Collection& to_;
  const Grant& grant_;
};

// --- who gets in ---

using Open = std::map<std::pair<Family, std::uint16_t>, IntervalSet>;

Open open_sources(const Collection& collection, const std::vector<std::uint16_t>& ports) {
  firewall::ProofRequest everybody;
  everybody.edge.name = "everybody";
  everybody.edge.prefixes = {Prefix::parse("0.0.0.0/0").value(), Prefix::parse("::/0").value()};
  everybody.ports = ports;
  Open out;
  for (const auto& row : firewall::prove(collection, everybody).rows) {
    // "may" counts as open before and as closed after only when nothing accepts.
    const bool possible = std::ranges::any_of(row.causes, [](const firewall::Cause& cause) {
      return cause.ending.result == Result::accept;
    });
    auto& sources = out[{row.range.address().family(), row.port}];
    if (possible) sources = sources.unite(row.clients);
  }
  return out;
}

std::vector<std::uint16_t> listening(const Collection& collection,
                                     const std::vector<std::uint16_t>& asked) {
  std::set<std::uint16_t> out(asked.begin(), asked.end());
  for (const auto& listener : collection.host.listeners) {
    if (out.size() < causeway::limits::kProofPorts) out.insert(listener.port);
  }
  return {out.begin(), out.end()};
}

std::set<std::pair<Prefix, std::uint16_t>> doubtful(const firewall::Proof& proof) {
  std::set<std::pair<Prefix, std::uint16_t>> out;
  for (const auto& row : proof.rows) {
    if (proof.concerns(row) && !accepts(row)) out.emplace(row.range, row.port);
  }
  return out;
}

}  // namespace

bool Plan::surer() const {
  const auto still = doubtful(after);
  return std::ranges::any_of(doubtful(before),
                             [&still](const auto& one) { return !still.contains(one); });
}

Plan make_plan(const Collection& now, const firewall::ProofRequest& request, const Grant& kept,
               const Tools& tools) {
  return Planner{now, request, tools}.plan(kept);
}

Collection with_grant(const Collection& now, const Grant& grant) {
  Collection out = now;
  out.host.finish();  // its tables point into its own routes
  Granting{out, grant}.grant();
  return out;
}

std::vector<Change> compare(const Collection& before, const Collection& after,
                            const std::vector<std::uint16_t>& ports) {
  const auto all = listening(before, ports);
  const auto was = open_sources(before, all);
  auto is = open_sources(after, all);
  std::vector<Change> out;
  for (const auto& [key, sources] : was) {
    Change change{key.first, key.second, is[key].subtract(sources), sources.subtract(is[key])};
    if (!change.gain.empty() || !change.lose.empty()) out.push_back(std::move(change));
  }
  return out;
}

std::vector<Change> still_open(const Collection& collection, const Grant& grant) {
  std::vector<Change> out;
  if (!grant.only) return out;
  for (auto& [key, sources] : open_sources(collection, grant.ports)) {
    auto others = sources.subtract(welcome(grant, key.first));
    if (!others.empty()) out.push_back({key.first, key.second, std::move(others), {}});
  }
  return out;
}

bool somebody_loses(const std::vector<Change>& changes, const Grant& before, const Grant& after) {
  return std::ranges::any_of(changes, [&](const Change& one) {
    const auto withdrawn =
        intervals(before.ranges, one.family).subtract(intervals(after.ranges, one.family));
    const bool shut = after.only && std::ranges::find(after.ports, one.port) != after.ports.end();
    auto loses = one.lose.subtract(withdrawn);
    if (shut) loses = loses.intersect(welcome(after, one.family));
    return !loses.empty();
  });
}

}  // namespace causeway::guard
