#include "firewall/shared_writes.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace causeway::firewall {
namespace {

// What a packet at this hook has of the client's is its source; anywhere else it may be either
// side: before routing also a machine behind, as the source of each answer to everybody.
bool looks_at_client(Hook hook, const Recent& step) {
  return hook == Hook::input && !step.by_target;
}

void mark_shared_lists(Ruleset& rules) {
  std::set<std::string> of_ipv4;
  std::set<std::string> with_others;
  const auto each = [&rules](auto&& visit) {
    for (auto& rule : rules.rules) {
      const auto& chain = rules.chains[rule.chain];
      const bool v6 = rules.tables[chain.table].family == "ip6";
      for (auto& step : rule.steps) {
        if (auto* recent = std::get_if<Recent>(&step)) visit(*recent, v6, chain.hook);
      }
    }
  };
  each([&](const Recent& one, bool v6, Hook hook) {
    if (!v6) of_ipv4.insert(one.list);
    if (one.op == Recent::Op::set && !looks_at_client(hook, one)) with_others.insert(one.list);
  });
  each([&](Recent& one, bool v6, Hook) {
    one.shared = v6 && of_ipv4.contains(one.list);
    one.holds_others = with_others.contains(one.list);
  });
}

using Hooks = unsigned;  // one bit each

Hooks bit(Hook hook) { return 1U << static_cast<unsigned>(hook); }

std::vector<std::uint32_t> jumps_of(const Ruleset& rules, const Chain& chain) {
  std::vector<std::uint32_t> out;
  const auto note = [&](const Verdict& verdict) {
    if (verdict.kind == Verdict::Kind::jump || verdict.kind == Verdict::Kind::go_to) {
      out.push_back(verdict.chain);
    }
  };
  for (const auto rule : chain.rules) {
    for (const auto& step : rules.rules[rule].steps) {
      if (const auto* decide = std::get_if<Decide>(&step)) note(decide->verdict);
      const auto* choose = std::get_if<Choose>(&step);
      if (choose == nullptr) continue;
      for (const auto& value : rules.sets[choose->set].values) {
        if (value.verdict) note(*value.verdict);
      }
    }
  }
  return out;
}

// From which hooks a packet comes to each chain.
std::vector<Hooks> hooks_of(const Ruleset& rules) {
  std::vector<Hooks> out(rules.chains.size());
  std::vector<std::uint32_t> changed;
  for (std::uint32_t i = 0; i < rules.chains.size(); ++i) {
    if (rules.chains[i].hook == Hook::none) continue;
    out[i] = bit(rules.chains[i].hook);
    changed.push_back(i);
  }
  while (!changed.empty()) {
    const auto from = changed.back();
    changed.pop_back();
    for (const auto to : jumps_of(rules, rules.chains[from])) {
      if ((out[to] | out[from]) == out[to]) continue;
      out[to] |= out[from];
      changed.push_back(to);
    }
  }
  return out;
}

// On its way in a packet has the client's address as its source, on its way out as its target; what
// is forwarded goes either way.
bool holds_client(Hooks hooks, const std::vector<Term>& key) {
  constexpr std::array kSources{Field::source4, Field::source6};
  constexpr std::array kTargets{Field::target4, Field::target6};
  constexpr std::array kAlways{Field::ct_original_source, Field::ct_reply_target};
  const auto among = [&key](const auto& fields) {
    return std::ranges::any_of(key, [&](const Term& term) {
      return std::ranges::find(fields, term.field) != fields.end();
    });
  };
  if (among(kAlways)) return true;
  const bool out = (hooks & bit(Hook::output)) != 0;
  const bool in = (hooks & (bit(Hook::input) | bit(Hook::prerouting) | bit(Hook::ingress))) != 0;
  const bool either = (hooks & ~(bit(Hook::output) | bit(Hook::input) | bit(Hook::prerouting) |
                                 bit(Hook::ingress))) != 0;
  return (!in || among(kSources)) && (!out || among(kTargets)) &&
         (!either || among(kSources) || among(kTargets));
}

bool writes_sets(const Rule& rule) {
  return std::ranges::any_of(rule.steps, [](const Step& step) {
    const auto* remember = std::get_if<Remember>(&step);
    return remember != nullptr && !remember->forget;
  });
}

void mark_shared_sets(Ruleset& rules) {
  if (std::ranges::none_of(rules.rules, writes_sets)) return;  // as on most hosts
  const auto hooks = hooks_of(rules);
  for (const auto& rule : rules.rules) {
    for (const auto& step : rule.steps) {
      const auto* remember = std::get_if<Remember>(&step);
      if (remember == nullptr || remember->forget) continue;
      if (hooks[rule.chain] == 0 || holds_client(hooks[rule.chain], remember->key)) continue;
      auto& set = rules.sets[remember->set];
      set.partial = true;
      set.why = "a rule fills it with what other clients' packets bring";
    }
  }
}

}  // namespace

void mark_shared_writes(Ruleset& rules) {
  mark_shared_lists(rules);
  mark_shared_sets(rules);
}

}  // namespace causeway::firewall
