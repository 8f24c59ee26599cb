// Which origins of a pool a request tries, and which of several failures is told. Pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "edge/runtime.hpp"
#include "edge/story.hpp"

namespace causeway::edge {

// The origins in the order they are to be tried.
std::vector<OriginState*> order_of(PoolState& pool, Instant now);

struct Headline {
  model::FailureId failure;
  std::string_view because;
};

// The deepest stage reached wins, then an answer over silence; no attempt at all: nobody was there.
Headline headline_of(std::span<const Attempt> attempts);

}  // namespace causeway::edge
