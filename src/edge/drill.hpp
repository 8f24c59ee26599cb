// Faults on purpose, to see what visitors and alerts do: asked for through the admin address, for a
// share of one route's requests, and never for ever.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "model/failure.hpp"

namespace causeway::edge {

struct Drill {
  model::FailureId failure = model::FailureId::connect_refused;
  std::string host;        // exactly; empty: any
  std::string path = "/";  // prefix
  int percent = 100;
  Duration delay{};  // before the failure is told
  Instant until{};
};

// The first drill that takes this request; `chance` is evenly spread.
const Drill* drill_for(std::span<const Drill> drills, std::string_view host, std::string_view path,
                       std::uint64_t chance, Instant now);

}  // namespace causeway::edge
