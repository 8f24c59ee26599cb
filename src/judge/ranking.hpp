// Which causes could stand behind one failure, how probable each is, and why.
#pragma once

#include <vector>

#include "judge/examine.hpp"

namespace causeway::judge {

struct Ranking {
  std::vector<model::RankedCause> causes;  // most probable first; `settles` and `fixes` not filled
  std::vector<model::RuledOut> ruled_out;
};

// Without a sign that proves it, no cause gets more than this: something else may look the same.
constexpr double kUnprovenCap = 0.85;
constexpr double kProvenCap = 0.99;
constexpr double kLeast = 0.01;  // less probable candidates are not worth a line

Ranking rank(const Chapter& chapter, Examination& examination);

}  // namespace causeway::judge
