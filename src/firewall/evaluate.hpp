// What a step's question answers for a flow: for which of its clients yes, for which perhaps.
#pragma once

#include <vector>

#include "firewall/flow.hpp"
#include "firewall/host.hpp"
#include "firewall/model.hpp"

namespace causeway::firewall {

struct Scene {
  const Ruleset& rules;
  const Host& host;
  // The rule whose limit is taken as exceeded, or kNoRule: what a flood meets.
  std::uint32_t exceeded = kNoRule;
};

// The answer of a term.
Value load(const Term& term, const Flow& flow, const Scene& scene);

struct Split {
  enum class Kind : std::uint8_t { none, all, parts };
  Kind kind = Kind::none;
  IntervalSet hit;
  IntervalSet maybe;
  const char* why = "";

  static Split no() { return {}; }
  static Split yes() { return {.kind = Kind::all}; }
  static Split unsure(const Flow& flow, const char* why) {
    return {.kind = Kind::parts, .maybe = flow.clients, .why = why};
  }
  static Split only(const Flow& flow, IntervalSet hit);
};

Split ask(const Compare& step, const Flow& flow, const Scene& scene);
Split ask(const Lookup& step, const Flow& flow, const Scene& scene);
Split ask(const ConntrackMatch& step, const Flow& flow, const Scene& scene);

// For whom an element, as it was remembered, is the one that is asked for.
Split same_element(const std::vector<Value>& element, const std::vector<Value>& asked,
                   const Flow& flow);
std::vector<Value> load_all(const std::vector<Term>& key, const Flow& flow, const Scene& scene);
// As the set has it, whatever this connection's packets did to it.
Split in_dump(const Lookup& step, const Flow& flow, const Scene& scene);

// A map's answers: for each value found, for whom. What is left over misses.
struct Found {
  std::uint32_t value = 0;  // index into the set's values
  Split split;
};
std::vector<Found> find(const Set& set, const std::vector<Term>& key, const Flow& flow,
                        const Scene& scene);

}  // namespace causeway::firewall
