// Whether a remedy may run now. Pure: the running is the watcher's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/failure.hpp"
#include "store/records.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

enum class RemedyAnswer : std::uint8_t {
  run,
  dry_run,     // configured to say only what it would do
  not_for_it,  // not for this failure
  cooling,     // it ran a short while ago
  spent,       // as often as it may today
  same_run,    // it was tried in this incident already
};

// `runs`: of this target, newest first, at least of the last day.
RemedyAnswer may_run(const Remedy& remedy, const std::string& failure, const std::string& incident,
                     const std::vector<store::RemedyRun>& runs, WallTime now);
std::string sentence_of(RemedyAnswer answer, const Remedy& remedy);

// It helps, and is needed again and again: then it hides what lies under it. The sentence for a
// finding; nothing when it is not so. `runs`: of the last 7 days.
std::optional<std::string> keeps_being_needed(const Remedy& remedy,
                                              const std::vector<store::RemedyRun>& runs,
                                              WallTime now);

}  // namespace causeway::watch
