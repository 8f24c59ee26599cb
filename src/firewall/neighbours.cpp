#include "firewall/neighbours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace causeway::firewall {
namespace {

constexpr Key kIcmpV6 = 58;
constexpr Key kIpv6Family = 10;  // NFPROTO_IPV6

bool admits(const Compare& step, Key value) {
  if (step.any_bit) return true;
  return step.values.contains(value) != step.negated;
}

// Solicitations come from a link-local address or from one of the local network, from the
// unspecified one when somebody looks for a duplicate.
bool admits_neighbours(const Compare& step) {
  static const IntervalSet link_local{interval_of(Prefix::parse("fe80::/10").value())};
  return step.negated ? !step.values.covers(link_local) : step.values.overlaps(link_local);
}

// They are never tracked (nf_conntrack_icmpv6.c).
bool admits_untracked(const Compare& step) {
  if (!step.any_bit) return admits(step, kCtUntracked);
  const bool asked = std::ranges::any_of(
      step.values.parts(), [](const Interval& bits) { return (bits.first & kCtUntracked) != 0; });
  return asked != step.negated;
}

// Whether a solicitation or an advertisement may pass the step.
bool may_pass(const Step& step) {
  if (const auto* compare = std::get_if<Compare>(&step)) {
    switch (compare->term.field) {
      case Field::protocol: return admits(*compare, kIcmpV6);
      case Field::nf_family: return admits(*compare, kIpv6Family);
      case Field::source4: return false;
      case Field::source:
      case Field::source6: return admits_neighbours(*compare);
      case Field::incoming:
        return !(compare->values == IntervalSet{name_key("lo")}) || compare->negated;
      case Field::source_port:
      case Field::target_port:
      case Field::tcp_flags: return false;
      case Field::ct_state: return admits_untracked(*compare);
      default: return true;
    }
  }
  if (const auto* conntrack = std::get_if<ConntrackMatch>(&step)) {
    if (!conntrack->has_state) return false;
    return ((conntrack->states & kCtUntracked) != 0) != conntrack->negated_state;
  }
  return !std::holds_alternative<Never>(step);
}

bool may_let_in(const Rule& rule) {
  bool lets = false;
  for (const auto& step : rule.steps) {
    const auto* decide = std::get_if<Decide>(&step);
    if (decide == nullptr && !std::holds_alternative<Choose>(step)) {
      if (!may_pass(step)) return false;
      continue;
    }
    const bool passes = decide == nullptr || decide->verdict.kind == Verdict::Kind::accept ||
                        decide->verdict.kind == Verdict::Kind::queue ||
                        decide->verdict.kind == Verdict::Kind::foreign;
    lets = lets || passes;
  }
  return lets;
}

// The chains that packets of this one may reach, itself included.
std::set<std::uint32_t> reach(const Ruleset& rules, std::uint32_t from) {
  std::set<std::uint32_t> out{from};
  std::vector<std::uint32_t> open{from};
  while (!open.empty()) {
    const auto chain = open.back();
    open.pop_back();
    for (const auto rule : rules.chains[chain].rules) {
      for (const auto& step : rules.rules[rule].steps) {
        const auto* decide = std::get_if<Decide>(&step);
        const bool jumps = decide != nullptr && (decide->verdict.kind == Verdict::Kind::jump ||
                                                 decide->verdict.kind == Verdict::Kind::go_to);
        if (jumps && out.insert(decide->verdict.chain).second)
          open.push_back(decide->verdict.chain);
      }
    }
  }
  return out;
}

}  // namespace

std::string neighbour_warning(const Ruleset& rules) {
  for (std::uint32_t number = 0; number < rules.chains.size(); ++number) {
    const auto& chain = rules.chains[number];
    const auto& table = rules.tables[chain.table];
    if (chain.hook != Hook::input || !chain.drops || !table.holds(Family::ipv6)) continue;
    const auto chains = reach(rules, number);
    const bool lets = std::ranges::any_of(chains, [&](std::uint32_t each) {
      return std::ranges::any_of(rules.chains[each].rules,
                                 [&](std::uint32_t rule) { return may_let_in(rules.rules[rule]); });
    });
    if (lets) continue;
    return fmt::format(
        "IPv6: {} {} {} drops by default, and no rule lets neighbour discovery in (ICMPv6 135 and "
        "136): once what the router knows of this host is forgotten, nothing arrives over IPv6, "
        "whatever is said above. Accept ICMPv6 in this chain",
        table.family, table.name, chain.name);
  }
  return {};
}

}  // namespace causeway::firewall
