// Sets that packets write to, and what their elements count.
#include <algorithm>

#include "firewall/bytes.hpp"
#include "firewall/walk.hpp"

namespace causeway::firewall {

std::uint32_t& counter(std::vector<Counted>& list, std::uint32_t what) {
  for (auto& one : list) {
    if (one.what == what) return one.count;
  }
  list.push_back({what, 0});
  return list.back().count;
}

// nft_overquota() counts the packet first; a SYN has 40 bytes at least, and this connection's
// packets towards a rule a few thousand at most.
Tri quota_left(const Limit& step) {
  constexpr std::uint64_t kLeast = 40;
  constexpr std::uint64_t kConnection = 8192;
  if (step.used + kLeast > step.rate) return Tri::no;
  return step.used + kConnection <= step.rate ? Tri::yes : Tri::unknown;
}

bool within_limit(const Limit& step, std::uint32_t what, Flow& flow) {
  switch (step.kind) {
    case Limit::Kind::rate: {
      auto& spent = counter(flow.spent, what);
      const bool bytes = step.unit != "packets";
      const bool below = bytes || spent < std::max<std::uint64_t>(step.burst, 1);
      ++spent;
      return below;
    }
    case Limit::Kind::connections: return step.rate >= 1;  // the connection itself is one
    case Limit::Kind::quota: return quota_left(step) != Tri::no;
  }
  return true;
}

// Of the newest element that counts something, or of those in the dump.
const std::vector<Limit>* Walk::counted(std::uint32_t set, const Flow& flow,
                                        std::uint32_t& maker) const {
  for (std::size_t i = flow.memories.size(); i-- > 0;) {
    const Memory& one = flow.memories[i];
    if (one.set != set || one.gone) continue;
    maker = one.rule;
    return one.limits.empty() ? nullptr : &one.limits;
  }
  const auto& limits = scene_.rules.sets[set].limits;
  maker = kNoRule - 1 - set;  // no rule has this number
  return limits.empty() ? nullptr : &limits;
}

// nft_set_elem_update_expr(): the first that does not match ends the rule.
void Walk::count(const std::vector<Limit>& limits, std::uint32_t maker, Flow flow,
                 std::vector<Flow>& on, std::vector<Flow>& missed) const {
  for (const auto& one : limits) {
    const bool below = within_limit(one, maker, flow) && scene_.exceeded != maker;
    if (below == one.over) {
      merge_into(missed, std::move(flow));
      return;
    }
  }
  on.push_back(std::move(flow));
}

// Finding an element counts as well (nft_lookup.c, nft_lookup_eval()).
void Walk::look_up(std::uint32_t rule, const Lookup& step, Flow flow, std::vector<Flow>& on,
                   std::vector<Flow>& missed) {
  std::uint32_t maker = kNoRule;
  const auto* found = step.negated ? nullptr : counted(step.set, flow, maker);
  if (found == nullptr) {
    Split split = ask(step, flow, scene_);
    divide(rule, std::move(split), std::move(flow), on, missed);
    return;
  }
  const std::vector<Limit> limits = *found;  // the flow that holds them moves on
  std::vector<Flow> hits;
  Split split = ask(step, flow, scene_);
  divide(rule, std::move(split), std::move(flow), hits, missed);
  for (auto& hit : hits) count(limits, maker, std::move(hit), on, missed);
}

// nft_dynset.c: an element that is there already keeps its own limits, and those decide whether the
// rule goes on.
void Walk::remember(std::uint32_t rule, std::uint32_t index, const Remember& step, Flow flow,
                    std::vector<Flow>& on, std::vector<Flow>& missed, Frame& frame) {
  const Set& set = scene_.rules.sets[step.set];
  auto key = load_all(step.key, flow, scene_);
  if (std::ranges::any_of(key, [](const Value& one) { return one.kind == Value::Kind::absent; })) {
    if (set.of_ipset) {
      on.push_back(std::move(flow));
    } else {
      merge_into(missed, std::move(flow));
    }
    return;
  }
  if (!step.limits.empty()) note_limit(rule, index, flow, frame);
  Memory fresh{step.set, step.forget, std::move(key), rule, step.limits};
  if (fresh.limits.empty() && set.declares_limits) fresh.limits = set.limits;
  if (step.forget || set.of_ipset) {
    flow.memories.push_back(std::move(fresh));
    on.push_back(std::move(flow));
    return;
  }
  for (std::size_t i = flow.memories.size(); i-- > 0;) {
    const Memory one = flow.memories[i];
    if (one.set != step.set) continue;
    if (same_element(one.key, fresh.key, flow).kind != Split::Kind::all) continue;
    if (one.gone) break;
    count(one.limits, one.rule, std::move(flow), on, missed);
    return;
  }
  std::vector<Flow> there;
  std::vector<Flow> absent;
  Split split = in_dump(Lookup{step.key, step.set, false}, flow, scene_);
  divide(rule, std::move(split), std::move(flow), there, absent);
  for (auto& one : there) {
    count(set.limits, kNoRule - 1 - step.set, std::move(one), on, missed);
  }
  for (auto& one : absent) {
    one.memories.push_back(fresh);
    count(fresh.limits, rule, std::move(one), on, missed);
  }
}

}  // namespace causeway::firewall
