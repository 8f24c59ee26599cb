// Which origins of a pool a request tries, and which of several failures is told. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http1.hpp"
#include "edge/runtime.hpp"
#include "edge/story.hpp"

namespace causeway::edge {

// The origins one request tries, one after another. Those that rest, and those whose circuit is
// open, come only when nothing else is left: better a backup than a wait, and better a try than no
// answer at all.
class OriginWalk {
 public:
  OriginWalk(PoolState& pool, const Ask& ask) : pool_(pool), ask_(ask) {}

  OriginState* next(Instant now);  // null when there is none left

 private:
  std::optional<std::size_t> pick(Instant now, bool any);

  PoolState& pool_;
  Ask ask_;
  std::uint64_t tried_ = 0;  // a bit an origin; limits::kPoolOrigins
};

// What the policy of a pool asks of a request.
struct Asking {
  std::string_view peer;  // address of the visitor
  std::string_view host;
  std::string_view path;
  std::span<const codec::HeaderField> fields;
};
Ask ask_of(const Pool& pool, const Asking& asking, std::uint64_t chance);

// The value of a cookie; empty when there is none.
std::string_view cookie(std::span<const codec::HeaderField> fields, std::string_view name);

// "NAME=0123456789abcdef; ..." for a visitor who has no affinity to this origin yet; else empty.
std::string affinity_field(const Pool& pool, const OriginState& origin, const Ask& ask,
                           bool secure);

struct Headline {
  model::FailureId failure;
  std::string_view because;
};

// The deepest stage reached wins, then an answer over silence; no attempt at all: nobody was there.
Headline headline_of(std::span<const Attempt> attempts);

}  // namespace causeway::edge
