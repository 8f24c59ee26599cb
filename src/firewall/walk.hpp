// One base chain at a time: flows in, flows accepted out, refusals with the rule that decided.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "firewall/bytes.hpp"
#include "firewall/evaluate.hpp"
#include "firewall/flow.hpp"

namespace causeway::firewall {

// The rule (or policy) that decided, with the way into it.
struct Decision {
  std::uint32_t chain = kNoRule;    // where the rule stands; kNoRule: not a chain (see `other`)
  std::uint32_t rule = kNoRule;     // kNoRule: the chain's policy
  std::vector<std::uint32_t> path;  // chains from the base chain to it
  std::string other;                // a route, a socket, a sysctl ... in words

  bool operator==(const Decision&) const = default;
};

struct Refusal {
  Flow flow;
  Decision decision;
  bool rejects = false;  // and says so
  Reject reject;
};

struct Accepted {
  IntervalSet clients;
  Decision decision;
};

// A limit met below its threshold.
struct LimitSeen {
  std::uint32_t rule = 0;
  std::uint32_t step = 0;
  Shape shape = Shape::syn;
  IntervalSet clients;
  std::vector<std::uint32_t> path;
};

// The count of `what`, from 0.
std::uint32_t& counter(std::vector<Counted>& list, std::uint32_t what);
// Whether a limit lets the packet match; its token is spent from `what`'s.
bool within_limit(const Limit& step, std::uint32_t what, Flow& flow);

// Whether a quota still lets this connection's packets match.
Tri quota_left(const Limit& step);

class Walk {
 public:
  explicit Walk(const Scene& scene);

  std::vector<Flow> run(std::uint32_t base_chain, std::vector<Flow> flows,
                        std::vector<Refusal>& refused);

  const std::vector<LimitSeen>& limits() const { return limits_; }
  const std::vector<Accepted>& accepts() const { return accepts_; }
  // Who meets a SYNPROXY, which answers in the server's place: not simulated.
  const IntervalSet& synproxied() const { return synproxied_; }
  // True when the work was cut short; what was left then counts as "may be anything".
  bool exhausted() const { return exhausted_; }

 private:
  // One run of a base chain.
  struct Frame {
    std::uint32_t base = 0;
    std::vector<std::uint32_t> path;
    std::vector<Flow>& accepted;
    std::vector<Refusal>& refused;
  };

  std::vector<Flow> run_chain(std::uint32_t chain, std::vector<Flow> flows, Frame& frame);
  void apply(std::uint32_t rule, Flow flow, std::vector<Flow>& next, std::vector<Flow>& returned,
             Frame& frame);
  bool quick(const Rule& rule, Flow& flow, std::size_t& step) const;
  void decide(std::uint32_t rule, const Verdict& verdict, Flow flow, std::vector<Flow>& next,
              std::vector<Flow>& returned, Frame& frame);
  void choose(std::uint32_t rule, const Choose& step, Flow flow, std::vector<Flow>& next,
              std::vector<Flow>& returned, Frame& frame);
  Decision decision(std::uint32_t rule, const Frame& frame) const;
  void refuse(Flow flow, Decision decision, const Reject* reject, Frame& frame);
  void accept(Flow flow, Decision decision, Frame& frame);
  void give_up(Flow flow, Frame& frame);

  // Steps. Each gets a flow, puts those that go on into `on` and those that miss into `missed`.
  void take(std::uint32_t rule, std::uint32_t index, const Step& step, Flow flow,
            std::vector<Flow>& on, std::vector<Flow>& missed, Frame& frame);
  void divide(std::uint32_t rule, Split split, Flow flow, std::vector<Flow>& on,
              std::vector<Flow>& missed) const;
  void limit(std::uint32_t rule, std::uint32_t index, const Limit& step, Flow flow,
             std::vector<Flow>& on, std::vector<Flow>& missed, const Frame& frame);
  void choose_limit(std::uint32_t rule, std::uint32_t index, const Objects& step, Flow flow,
                    std::vector<Flow>& on, std::vector<Flow>& missed, const Frame& frame);
  void remember(std::uint32_t rule, std::uint32_t index, const Remember& step, Flow flow,
                std::vector<Flow>& on, std::vector<Flow>& missed, Frame& frame);
  void look_up(std::uint32_t rule, const Lookup& step, Flow flow, std::vector<Flow>& on,
               std::vector<Flow>& missed);
  // An element's own limits; `maker` counts them.
  void count(const std::vector<Limit>& limits, std::uint32_t maker, Flow flow,
             std::vector<Flow>& on, std::vector<Flow>& missed) const;
  const std::vector<Limit>* counted(std::uint32_t set, const Flow& flow,
                                    std::uint32_t& maker) const;
  void recent(const Recent& step, std::uint32_t rule, Flow flow, std::vector<Flow>& on,
              std::vector<Flow>& missed);
  // Goes both ways, and says why.
  void unsettled(std::uint32_t rule, const char* why, Flow flow, std::vector<Flow>& on,
                 std::vector<Flow>& missed);
  // Its condition is met or not, and what that does to the list.
  // `there`: the address has an entry.
  void recent_settled(const Recent& step, bool met, bool there, Flow flow, std::vector<Flow>& on,
                      std::vector<Flow>& missed);
  void recent_perhaps(const Recent& step, std::uint32_t rule, const char* why, bool there,
                      Flow flow, std::vector<Flow>& on, std::vector<Flow>& missed);
  void recent_of_others(const Recent& step, std::uint32_t rule, Flow flow, std::vector<Flow>& on,
                        std::vector<Flow>& missed);
  void assign(const Assign& step, std::uint32_t rule, Flow flow, std::vector<Flow>& on,
              std::vector<Flow>& missed) const;
  void translate(const Nat& step, std::uint32_t rule, Flow flow, std::vector<Flow>& next,
                 Frame& frame);
  void translate_by_map(const Nat& step, std::uint32_t rule, Flow flow, std::vector<Flow>& next,
                        Frame& frame);
  void proxy(const Tproxy& step, std::uint32_t rule, Flow flow, std::vector<Flow>& on,
             std::vector<Flow>& missed, Frame& frame);

  void note_limit(std::uint32_t rule, std::uint32_t step, const Flow& flow, const Frame& frame);
  std::uint32_t list_index(const std::string& name);

  const Scene& scene_;
  std::vector<std::string> lists_;
  std::vector<LimitSeen> limits_;
  std::unordered_map<std::uint64_t, std::size_t> limit_places_;
  std::vector<Accepted> accepts_;
  IntervalSet synproxied_;
  std::uint64_t steps_ = 0;
  bool exhausted_ = false;
};

}  // namespace causeway::firewall
