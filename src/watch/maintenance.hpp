// Maintenance windows (calendar/maintenance.hpp) of a watch's own targets.
#pragma once

#include "calendar/maintenance.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

using calendar::faults;
using calendar::occurrences;
using calendar::past;
using calendar::Times;
using calendar::validate;

inline bool covers(const store::MaintenanceWindow& window, const Target& target) {
  return calendar::covers(window, target.id, target.team, target.tags);
}

}  // namespace causeway::watch
