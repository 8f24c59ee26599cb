// How much of a time a target was up: from incidents, not from single probes. Time that nobody
// could see (the vantage was blind or off, it was not watched yet) and maintenance count neither
// way.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "calendar/availability.hpp"
#include "store/database.hpp"
#include "store/records.hpp"

namespace causeway::console {

// When something was not to be counted, for all targets: read once.
struct NotCounted {
  struct Planned {
    store::MaintenanceWindow window;
    std::vector<calendar::Interval> times;
  };
  std::vector<calendar::Interval> blind;
  std::vector<Planned> planned;
};
Parsed<NotCounted> read_not_counted(store::Database& database, WallTime from, WallTime to);
NotCounted not_counted(const std::vector<store::Blind>& blinds,
                       const std::vector<store::MaintenanceWindow>& windows, WallTime from,
                       WallTime to);

// One target's past; times as calendar::united() leaves them.
class Past {
 public:
  // `downs`: times in which it was a member of an incident. Open ends reach to `to`.
  Past(const store::Target& target, const std::vector<store::Member>& downs,
       const NotCounted& aside, WallTime to);
  calendar::Availability over(WallTime from, WallTime to) const;

 private:
  WallTime watched_since_;
  std::vector<calendar::Interval> down_;
  std::vector<calendar::Interval> aside_;
};

}  // namespace causeway::console
