// Limits of guard's own, with their reasons; the house's are in base/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>

namespace causeway::guard::limits {

constexpr int kRounds = 8;  // places that stop the edge one behind the other
constexpr auto kConfirm = std::chrono::seconds{120};
constexpr auto kConfirmLeast = std::chrono::seconds{5};
constexpr auto kConfirmMost = std::chrono::seconds{3600};
constexpr auto kPoll = std::chrono::milliseconds{200};  // the guardian looks for a confirmation
// For another command to end: the guardian of an apply that was not confirmed is undoing it.
constexpr auto kLockWait = std::chrono::seconds{10};
// A replay: questions at once (one client port each), and when no more answers are waited for.
constexpr std::size_t kReplayQuestions = 4000;
constexpr int kReplayBacklog = 4096;
constexpr auto kReplayQuiet = std::chrono::milliseconds{1500};
constexpr std::size_t kReplayAlone = 64;  // asked again one by one
constexpr auto kReplayQuietAlone = std::chrono::milliseconds{400};
constexpr auto kReplayWait = std::chrono::milliseconds{20'000};
constexpr std::size_t kJournalBytes = 8UL * 1024 * 1024;
constexpr std::size_t kFileBytes = 16UL * 1024 * 1024;  // of a file that is changed in place
constexpr std::size_t kAttributeBytes = 4096;           // of one extended attribute, or all names
constexpr std::size_t kDecisions = 4096;                // of CrowdSec, against the edge
constexpr auto kCsfWait = std::chrono::seconds{120};    // csf builds all its chains anew
constexpr std::size_t kLinesShown = 40;                 // of one file in a dry run

}  // namespace causeway::guard::limits
