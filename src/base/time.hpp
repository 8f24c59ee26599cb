// One clock for waiting (steady) and one for telling people (wall, UTC).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace causeway {

using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using Duration = std::chrono::nanoseconds;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

constexpr Instant kNever = Instant::max();

constexpr double milliseconds(Duration span) { return static_cast<double>(span.count()) / 1e6; }

WallTime wall_now();

// "2026-11-22T10:17:22.123Z" (RFC 3339, section 5.6).
std::string rfc3339(WallTime at);
Parsed<WallTime> parse_rfc3339(std::string_view text);

// "30s", "1500ms", "2m", "1h"; a bare number is seconds.
Parsed<Duration> parse_duration(std::string_view text);
// The same, where "0s" says "never" or "at once".
Parsed<Duration> parse_duration_or_zero(std::string_view text);

}  // namespace causeway
