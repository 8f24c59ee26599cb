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

struct Retention {  // each counted back from now
  std::chrono::hours minutes{48};
  std::chrono::hours hours{24 * 90};
  std::chrono::hours days{24 * 366 * 5};
  std::chrono::hours transitions{24 * 366};
  std::chrono::hours deliveries{24 * 90};
  std::chrono::hours documents{24 * 366};
};

// Once an hour has ended: hours and days are made of what lies below them, and sums that are too
// old are deleted. True: that was a portion (limits::kStoreKept targets), more is left; a process
// that dies goes on where it was. What was folded already stays as it is.
Parsed<bool> keep_rollups(Database& database, const Retention& retention, WallTime now);

// Deletes what is older of all else, at most limits::kStoreForget rows a table: true = there is
// more. Incidents, their members and events stay for ever: SLA figures come from them.
Parsed<bool> forget(Database& database, const Retention& retention, WallTime now);

}  // namespace causeway::store
