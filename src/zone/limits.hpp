// Limits of the zone's work: what a provider and name servers may make us read, and how long a
// change may take. A number here has its reason beside it (see base/limits.hpp).
#pragma once

#include <chrono>
#include <cstddef>

#include "base/limits.hpp"

namespace causeway::limits {

constexpr int kApiPerPage = 500;
constexpr int kApiPages = 1000;
constexpr int kApiTries = 4;
// Who is over the limit of requests is blocked for up to five minutes (Cloudflare, API rate
// limits).
constexpr auto kApiPatience = seconds{330};
constexpr std::size_t kZoneRecords = 200'000;
constexpr std::size_t kZoneSnapshots = 100'000;  // files of one zone
constexpr std::size_t kZoneServers = 16;         // addresses of name servers asked
constexpr std::size_t kZoneNamesAsked = 5000;    // at each server that gives no transfer
constexpr int kZoneQuestionsAtOnce = 16;         // at one server: some limit their answers
constexpr std::size_t kDriftHosts = 2000;
constexpr int kDriftHostsAtOnce = 8;
constexpr auto kDriftHostWait = seconds{15};
constexpr auto kVerifyWait = seconds{60};  // until every name server has a change
constexpr auto kVerifyPause = seconds{1};
// A name that stays out of the proxy shows its origin: the end of a pause is tried for as long as a
// provider's trouble usually lasts, more and more rarely.
constexpr auto kResumePatience = std::chrono::minutes{30};
constexpr auto kResumePause = seconds{5};
constexpr auto kResumePauseMost = seconds{60};
constexpr auto kPauseMost = std::chrono::hours{24};

}  // namespace causeway::limits
