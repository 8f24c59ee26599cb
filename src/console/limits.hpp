// Limits of the console: what people and strangers can make it hold, do or wait for.
#pragma once

#include <chrono>
#include <cstddef>

namespace causeway::console::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kAccountNameBytes = 64;
constexpr std::size_t kPasswordBytesLeast = 10;
constexpr std::size_t kPasswordBytesMost = 1024;
constexpr std::size_t kNoteBytes = 8000;
constexpr std::size_t kUrlBytes = 2048;  // that a person may have diagnosed
constexpr int kLoginFreeTries = 5;
constexpr auto kLoginPauseMost = std::chrono::minutes{15};
constexpr std::size_t kLoginKeys = 20'000;
constexpr auto kSessionLife = std::chrono::hours{24 * 14};  // since it was last used
constexpr auto kSessionTouch = std::chrono::minutes{5};
constexpr auto kOverviewFresh = seconds{1};
constexpr auto kStatusFresh = seconds{10};
constexpr std::size_t kGzipLeast = 2048;  // below it a packet is saved at most
constexpr int kStatusDays = 90;
constexpr int kStatusIncidents = 100;
constexpr int kLiveStreams = 200;
constexpr auto kLiveStream = std::chrono::minutes{15};  // then the page comes again, and may not
constexpr auto kLiveHeartbeat = seconds{15};
constexpr auto kLiveAdmitted = seconds{3};  // a session that ended ends its streams by then
constexpr std::size_t kLiveRuns = 4;        // diagnoses and plans at once
constexpr std::size_t kLivePlans =
    2;  // no plan begins while so many run: the rest is for diagnoses
constexpr auto kLivePlan = std::chrono::minutes{10};
constexpr std::size_t kPlanNames = 16;
constexpr std::size_t kPlanPages = 100;  // of each name
constexpr std::size_t kPlanPaths = 16;
constexpr std::size_t kPlansKept = 16;  // the newest, while the console runs
constexpr std::size_t kLiveUnread = std::size_t{4} * 1024 * 1024;
constexpr auto kLiveRelay = milliseconds{100};
constexpr auto kProbe = seconds{10};  // when Prometheus says nothing
constexpr auto kProbeWayBack = milliseconds{500};
constexpr std::size_t kLiveProbes = 64;  // at once
constexpr auto kProbeTick = milliseconds{10};
constexpr std::size_t kErrands = 16;         // answers that wait for others, at once
constexpr int kSwitchMinutes = 7 * 24 * 60;  // of an edge's pools
constexpr auto kConsoleTick = milliseconds{100};

}  // namespace causeway::console::limits
