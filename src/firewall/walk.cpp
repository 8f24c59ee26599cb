#include "firewall/walk.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace causeway::firewall {
namespace {

// What entering a chain costs beside looking at a rule, which is what a limit on steps is about:
// chains that jump twice into the next one double the work at each.
constexpr std::uint64_t kEntrySteps = 32;
constexpr const char* kTooMuch = "the ruleset is larger or deeper than what is simulated";
constexpr const char* kProgram = "a program in user space decides (NFQUEUE)";
constexpr const char* kForeign = "a target or statement that is not understood";

std::vector<Doubt> joined(const std::vector<Doubt>& a, const std::vector<Doubt>& b) {
  std::vector<Doubt> out = a;
  for (const auto& one : b) {
    if (std::ranges::find(out, one) == out.end()) out.push_back(one);
  }
  return out;
}

void doubt(Flow& flow, std::uint32_t rule, const char* why) {
  constexpr std::size_t kMost = 8;  // reasons shown to a person
  const Doubt one{rule, why};
  if (flow.doubts.size() < kMost && std::ranges::find(flow.doubts, one) == flow.doubts.end()) {
    flow.doubts.push_back(one);
  }
}

}  // namespace

// A flow reached by "either way" and one reached by "perhaps" are one flow that is certain.
void merge_into(std::vector<Flow>& flows, Flow flow) {
  if (flow.clients.empty()) return;
  for (auto& one : flows) {
    if (!one.same_but_clients(flow)) continue;
    if (flow.doubts != one.doubts) {
      if (flow.clients.covers(one.clients)) {
        one.doubts = flow.doubts;
      } else if (!one.clients.covers(flow.clients)) {
        one.doubts = joined(one.doubts, flow.doubts);
      }
    }
    if (one.clients.parts().size() < flow.clients.parts().size()) {
      std::swap(one.clients, flow.clients);
    }
    one.clients.add_all(flow.clients);
    return;
  }
  flows.push_back(std::move(flow));
}

Walk::Walk(const Scene& scene) : scene_(scene) {}

std::vector<Flow> Walk::run(std::uint32_t base_chain, std::vector<Flow> flows,
                            std::vector<Refusal>& refused) {
  std::vector<Flow> accepted;
  Frame frame{base_chain, {}, accepted, refused};
  auto left = run_chain(base_chain, std::move(flows), frame);
  frame.path = {base_chain};
  const bool drops = scene_.rules.chains[base_chain].drops;
  for (auto& flow : left) {
    Decision policy = decision(kNoRule, frame);
    if (drops) {
      refuse(std::move(flow), std::move(policy), nullptr, frame);
    } else {
      accept(std::move(flow), std::move(policy), frame);
    }
  }
  return accepted;
}

// Returns the flows that reach the chain's end or return from it.
std::vector<Flow> Walk::run_chain(std::uint32_t chain, std::vector<Flow> flows, Frame& frame) {
  std::vector<Flow> returned;
  if (frame.path.size() >= static_cast<std::size_t>(limits::kRulesetJumps)) {
    for (auto& flow : flows) give_up(std::move(flow), frame);
    return returned;
  }
  frame.path.push_back(chain);
  steps_ += kEntrySteps;
  std::vector<Flow> next;
  for (const auto index : scene_.rules.chains[chain].rules) {
    if (flows.empty()) break;
    const Rule& rule = scene_.rules.rules[index];
    if (rule.inert) continue;
    steps_ += flows.size();
    if (steps_ > limits::kRulesetSteps || flows.size() > limits::kRulesetFlows) {
      exhausted_ = true;
      for (auto& flow : flows) give_up(std::move(flow), frame);
      flows.clear();
      break;
    }
    const bool all_miss = std::ranges::all_of(flows, [&](Flow& flow) {
      std::size_t step = 0;
      return !quick(rule, flow, step);
    });
    if (all_miss) continue;
    next.clear();
    for (auto& flow : flows) apply(index, std::move(flow), next, returned, frame);
    flows.swap(next);
  }
  for (auto& flow : flows) merge_into(returned, std::move(flow));
  frame.path.pop_back();
  return returned;
}

// False: the rule surely misses. Else `step` is the first step that needs more than a look.
bool Walk::quick(const Rule& rule, Flow& flow, std::size_t& step) const {
  for (; step < rule.steps.size(); ++step) {
    Split split;
    if (const auto* compare = std::get_if<Compare>(&rule.steps[step])) {
      split = ask(*compare, flow, scene_);
    } else if (std::holds_alternative<Never>(rule.steps[step])) {
      return false;
    } else if (const auto* conntrack = std::get_if<ConntrackMatch>(&rule.steps[step])) {
      split = ask(*conntrack, flow, scene_);
    } else if (const auto* lookup = std::get_if<Lookup>(&rule.steps[step])) {
      split = ask(*lookup, flow, scene_);
    } else {
      return true;
    }
    if (split.kind == Split::Kind::none) return false;
    if (split.kind == Split::Kind::parts) return true;
    const auto* lookup = std::get_if<Lookup>(&rule.steps[step]);
    std::uint32_t maker = kNoRule;
    if (lookup != nullptr && counted(lookup->set, flow, maker) != nullptr) return true;
  }
  return true;
}

void Walk::apply(std::uint32_t rule, Flow flow, std::vector<Flow>& next,
                 std::vector<Flow>& returned, Frame& frame) {
  const auto& steps = scene_.rules.rules[rule].steps;
  std::size_t index = 0;
  if (!quick(scene_.rules.rules[rule], flow, index)) {
    merge_into(next, std::move(flow));
    return;
  }
  std::vector<Flow> on;
  on.push_back(std::move(flow));
  for (; index < steps.size() && !on.empty(); ++index) {
    const Step& step = steps[index];
    if (const auto* last = std::get_if<Decide>(&step)) {
      for (auto& one : on) decide(rule, last->verdict, std::move(one), next, returned, frame);
      return;
    }
    if (const auto* last = std::get_if<Choose>(&step)) {
      for (auto& one : on) choose(rule, *last, std::move(one), next, returned, frame);
      return;
    }
    if (const auto* last = std::get_if<Nat>(&step)) {
      for (auto& one : on) translate(*last, rule, std::move(one), next, frame);
      return;
    }
    std::vector<Flow> further;
    for (auto& one : on) {
      take(rule, static_cast<std::uint32_t>(index), step, std::move(one), further, next, frame);
    }
    on = std::move(further);
  }
  for (auto& one : on) merge_into(next, std::move(one));
}

void Walk::decide(std::uint32_t rule, const Verdict& verdict, Flow flow, std::vector<Flow>& next,
                  std::vector<Flow>& returned, Frame& frame) {
  using Kind = Verdict::Kind;
  switch (verdict.kind) {
    case Kind::accept: accept(std::move(flow), decision(rule, frame), frame); return;
    case Kind::drop: refuse(std::move(flow), decision(rule, frame), nullptr, frame); return;
    case Kind::reject:
      refuse(std::move(flow), decision(rule, frame), &verdict.reject, frame);
      return;
    case Kind::give_back: merge_into(returned, std::move(flow)); return;
    case Kind::next: merge_into(next, std::move(flow)); return;
    case Kind::jump:
    case Kind::go_to: {
      std::vector<Flow> in;
      in.push_back(std::move(flow));
      auto back = run_chain(verdict.chain, std::move(in), frame);
      for (auto& one : back) {
        merge_into(verdict.kind == Kind::jump ? next : returned, std::move(one));
      }
      return;
    }
    case Kind::queue:
      // Without a listening program the kernel drops, or goes on with --queue-bypass.
      doubt(flow, rule, kProgram);
      refuse(flow, decision(rule, frame), nullptr, frame);
      accept(std::move(flow), decision(rule, frame), frame);
      return;
    case Kind::foreign:
      doubt(flow, rule, kForeign);
      refuse(flow, decision(rule, frame), nullptr, frame);
      accept(flow, decision(rule, frame), frame);
      merge_into(next, std::move(flow));
      return;
  }
}

void Walk::choose(std::uint32_t rule, const Choose& step, Flow flow, std::vector<Flow>& next,
                  std::vector<Flow>& returned, Frame& frame) {
  const Set& set = scene_.rules.sets[step.set];
  IntervalSet missed = flow.clients;
  auto found = find(set, step.key, flow, scene_);
  // Of values that are a matter of chance, one is taken: together they leave nobody over when they
  // hold every number that can come up.
  bool chance_covers = false;
  if (step.key.size() == 1 && step.key[0].field == Field::hash && set.width == 1) {
    IntervalSet all;
    for (const auto& one : set.by_value) all = all.unite(one);
    chance_covers =
        step.key[0].argument > 0 && all.covers(Interval{0, Key{step.key[0].argument} - 1});
  }
  for (auto& one : found) {
    const auto& value = set.values[one.value];
    const Verdict verdict = value.verdict.value_or(Verdict{.kind = Verdict::Kind::foreign});
    if (one.split.kind == Split::Kind::all) missed = {};
    if (!one.split.hit.empty()) missed = missed.subtract(one.split.hit);
    std::vector<Flow> on;
    std::vector<Flow> rest;
    divide(rule, std::move(one.split), flow, on, rest);
    for (auto& hit : on) decide(rule, verdict, std::move(hit), next, returned, frame);
  }
  if (missed.empty() || chance_covers) return;
  flow.clients = std::move(missed);
  if (set.partial) {  // whatever the element that is not understood says
    doubt(flow, rule, set.why);
    refuse(flow, decision(rule, frame), nullptr, frame);
    accept(flow, decision(rule, frame), frame);
  }
  merge_into(next, std::move(flow));
}

Decision Walk::decision(std::uint32_t rule, const Frame& frame) const {
  return {frame.path.empty() ? frame.base : frame.path.back(), rule, frame.path, {}};
}

void Walk::refuse(Flow flow, Decision decision, const Reject* reject, Frame& frame) {
  if (frame.refused.size() >= limits::kRulesetOutcomes) {
    exhausted_ = true;
    auto& last = frame.refused.back().flow;
    last.clients = last.clients.unite(flow.clients);
    doubt(last, kNoRule, kTooMuch);
    return;
  }
  Refusal out{std::move(flow), std::move(decision), reject != nullptr, {}};
  if (reject != nullptr) out.reject = *reject;
  frame.refused.push_back(std::move(out));
}

void Walk::accept(Flow flow, Decision decision, Frame& frame) {
  if (flow.packet.shape == Shape::syn && accepts_.size() < limits::kRulesetOutcomes) {
    accepts_.push_back({flow.clients, std::move(decision)});
  }
  merge_into(frame.accepted, std::move(flow));
}

void Walk::give_up(Flow flow, Frame& frame) {
  exhausted_ = true;
  doubt(flow, kNoRule, kTooMuch);
  refuse(flow, decision(kNoRule, frame), nullptr, frame);
  merge_into(frame.accepted, std::move(flow));
}

void Walk::divide(std::uint32_t rule, Split split, Flow flow, std::vector<Flow>& on,
                  std::vector<Flow>& missed) const {
  if (split.kind == Split::Kind::none) {
    merge_into(missed, std::move(flow));
    return;
  }
  if (split.kind == Split::Kind::all) {
    on.push_back(std::move(flow));
    return;
  }
  if (!split.maybe.empty()) {
    Flow perhaps = flow;
    perhaps.clients = std::move(split.maybe);
    doubt(perhaps, rule, split.why);
    on.push_back(std::move(perhaps));
  }
  if (!split.hit.empty()) {  // of a large set, without writing it anew
    IntervalSet rest = std::move(flow.clients);
    rest.remove_all(split.hit);
    flow.clients = std::move(split.hit);
    on.push_back(flow);
    flow.clients = std::move(rest);
  }
  merge_into(missed, std::move(flow));
}

}  // namespace causeway::firewall
