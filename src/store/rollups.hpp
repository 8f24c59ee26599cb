// Figures of the past: minutes, folded into hours, folded into days; and what is forgotten when.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "store/database.hpp"
#include "store/records.hpp"

namespace causeway::store {

// Adds to the row of the same target, vantage, span and start.
Parsed<bool> add_rollup(Database& database, const Rollup& rollup);

// Of one target, all vantages, start within [from, to), oldest first.
Parsed<std::vector<Rollup>> rollups(Database& database, const std::string& target, Span span,
                                    WallTime from, WallTime to);

// Makes the hours and days that ended before `now` from what lies below them; what was folded
// already stays as it is. Returns how many rows were made.
Parsed<std::int64_t> fold_rollups(Database& database, WallTime now);

struct Retention {  // each counted back from now
  std::chrono::hours minutes{48};
  std::chrono::hours hours{24 * 90};
  std::chrono::hours days{24 * 366 * 5};
  std::chrono::hours transitions{24 * 366};
  std::chrono::hours deliveries{24 * 90};
  std::chrono::hours documents{24 * 366};
};

// Deletes what is older, at most limits::kStoreForget rows a table: true = there is more.
// Incidents, their members and events stay for ever: SLA figures come from them.
Parsed<bool> forget(Database& database, const Retention& retention, WallTime now);

}  // namespace causeway::store
