// How much of a time a target was up: from incidents, not from single checks. Times in which this
// watch could not see, and maintenance, are taken out: they are neither up nor down. Pure.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/time.hpp"

namespace causeway::calendar {

struct Interval {
  WallTime from;
  WallTime to;
};

// Sorted, without overlaps.
std::vector<Interval> united(std::vector<Interval> intervals);

// What of `list`, as united() made it, touches `over`.
std::span<const Interval> touching(const std::vector<Interval>& list, const Interval& over);

struct Availability {
  Duration observed{};  // of the whole time, what counts
  Duration down{};
  int outages = 0;
  std::optional<double> share;  // up, 0 to 1; nothing when nothing was observed
};

// Over [from, to): `watched` is when the target was watched at all.
Availability availability(Interval over, const std::vector<Interval>& watched,
                          std::vector<Interval> down, std::vector<Interval> not_counted);

}  // namespace causeway::calendar
