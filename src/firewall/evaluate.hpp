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
struct Value {
  enum class Kind : std::uint8_t {
    known,
    client,  // the client's address, under a mask
    within,  // some number of [low, high]
    bits,    // `low` where `mask` has ones, unknown elsewhere
    pieces,  // depends on the client
    absent,
    unknown,
  };
  struct Piece {
    IntervalSet clients;
    Key value = 0;
  };

  Kind kind = Kind::absent;
  Key low = 0;
  Key high = 0;
  Key mask = kAllBits;
  unsigned shift = 0;
  std::vector<Piece> pieces;
  const char* why = "";
};

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

// A map's answers: for each value found, for whom. What is left over misses.
struct Found {
  std::uint32_t value = 0;  // index into the set's values
  Split split;
};
std::vector<Found> find(const Set& set, const std::vector<Term>& key, const Flow& flow,
                        const Scene& scene);

}  // namespace causeway::firewall
