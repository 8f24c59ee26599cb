#include <algorithm>
#include <tuple>

#include "firewall/journey.hpp"

namespace causeway::firewall {
namespace {

constexpr int kTracking = -200;   // NF_IP_PRI_CONNTRACK
constexpr int kTargetNat = -100;  // NF_IP_PRI_NAT_DST
constexpr int kSourceNat = 100;   // NF_IP_PRI_NAT_SRC

std::size_t index(Hook hook) { return static_cast<std::size_t>(hook); }

// All nat chains of a hook, of whatever priority, run inside the kernel's one nat hook
// (nf_nat_core.c, nf_nat_register_fn()).
int translation_priority(Hook hook) {
  return hook == Hook::prerouting || hook == Hook::output ? kTargetNat : kSourceNat;
}

bool translates(Hook hook) {
  return hook == Hook::prerouting || hook == Hook::output || hook == Hook::input ||
         hook == Hook::postrouting;
}

bool tracks(Hook hook) { return hook == Hook::prerouting || hook == Hook::output; }

// Of chains with equal priority, the one registered last runs first (nf_hook_entries_grow()).
void sort_chains(const Ruleset& rules, HookOrder::Stop& stop) {
  std::ranges::sort(stop.chains, [&](std::uint32_t a, std::uint32_t b) {
    const auto& one = rules.chains[a];
    const auto& other = rules.chains[b];
    if (one.priority != other.priority) return one.priority < other.priority;
    const auto age = [&](const Chain& chain) {
      return std::tuple{rules.tables[chain.table].order, chain.handle, &chain};
    };
    return age(one) > age(other);
  });
  bool legacy = false;
  bool nft = false;
  for (const auto chain : stop.chains) {
    const auto& one = rules.chains[chain];
    (rules.tables[one.table].stack == Stack::legacy ? legacy : nft) = true;
    const bool alone = std::ranges::all_of(
        stop.chains, [&](std::uint32_t other) { return rules.chains[other].table == one.table; });
    if (!one.made_first && !alone) stop.order_known = false;
  }
  if (legacy && nft) stop.order_known = false;
}

}  // namespace

HookOrder::HookOrder(const Ruleset& rules) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    for (std::size_t at = 0; at < index(Hook::none); ++at) {
      const auto hook = static_cast<Hook>(at);
      auto& stops = stops_[static_cast<std::size_t>(family)][at];
      if (tracks(hook)) stops.push_back({Stop::Kind::tracking, kTracking, {}, true});
      Stop translation{Stop::Kind::translation, translation_priority(hook), {}, true};
      for (std::uint32_t i = 0; i < rules.chains.size(); ++i) {
        const auto& chain = rules.chains[i];
        if (chain.hook != hook || !rules.tables[chain.table].holds(family)) continue;
        if (chain.type == ChainType::nat && translates(hook)) {
          translation.chains.push_back(i);
          continue;
        }
        const auto same = std::ranges::find_if(stops, [&](const Stop& stop) {
          return stop.kind == Stop::Kind::chains && stop.priority == chain.priority;
        });
        if (same != stops.end()) {
          same->chains.push_back(i);
        } else {
          stops.push_back({Stop::Kind::chains, chain.priority, {i}, true});
        }
      }
      if (translates(hook)) stops.push_back(std::move(translation));
      for (auto& stop : stops) sort_chains(rules, stop);
      std::ranges::sort(stops, {}, [](const Stop& stop) {
        return std::pair{stop.priority, stop.kind == Stop::Kind::chains};
      });
    }
  }
}

const std::vector<HookOrder::Stop>& HookOrder::of(Family family, Hook hook) const {
  return stops_[static_cast<std::size_t>(family)][index(hook)];
}

}  // namespace causeway::firewall
