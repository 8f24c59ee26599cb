// Maintenance windows: local wall time in an IANA zone, so that "02:00 every Sunday in Berlin"
// stays that when the clocks change. Pure but for the system's zone files (tzdata), read by cctz.
//
// repeats: ""                    once, at `starts`
//          "daily"               at the time of `starts`, from its day on
//          "weekly:mon,thu"      on these days
//          "monthly:1" "monthly:last"   on this day of the month; 31 means the last where there is
//                                no 31st
// A local time that the clocks skip begins when they jump (02:30 is 03:00 then); one that comes
// twice begins the first time. The length counts real minutes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fault.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "store/records.hpp"

namespace causeway::calendar {

// Each says which key is wrong, and what is expected.
std::vector<Fault> faults(const store::MaintenanceWindow& window);
Parsed<bool> validate(const store::MaintenanceWindow& window);  // the first of them

// Why the window never comes, or never again: "until: ..."; empty: it does.
std::string past(const store::MaintenanceWindow& window, WallTime now);

struct Times {
  WallTime from;
  WallTime to;
};
// The occurrences that touch [from, to), in order, at most limits::kOccurrences.
Parsed<std::vector<Times>> occurrences(const store::MaintenanceWindow& window, WallTime from,
                                       WallTime to);

// Whether it is about the target `id` of this team with these tags.
bool covers(const store::MaintenanceWindow& window, const std::string& id, const std::string& team,
            const std::vector<std::string>& tags);

}  // namespace causeway::calendar
