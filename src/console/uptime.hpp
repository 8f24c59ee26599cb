// How much of a time a target was up: from incidents, not from single probes. Time that nobody
// could see (the vantage was blind, or it was not watched yet) is unknown and counts neither way.
#pragma once

#include <vector>

#include "base/time.hpp"
#include "store/records.hpp"

namespace causeway::console {

struct Uptime {
  Duration seen{};  // of the time asked for
  Duration down{};  // of `seen`
  int incidents = 0;

  // 0 to 1; 1 when nothing was down, negative when nothing was seen.
  double share() const {
    if (seen <= Duration::zero()) return -1;
    return 1 - static_cast<double>(down.count()) / static_cast<double>(seen.count());
  }
};

// `downs`: times in which the target was a member of an incident. Open ends reach to `to`.
Uptime uptime(WallTime from, WallTime to, WallTime watched_since,
              const std::vector<store::Member>& downs, const std::vector<store::Blind>& blinds);

}  // namespace causeway::console
