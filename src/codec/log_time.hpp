// The times of log lines. A log has thousands of lines a minute: what was read of a minute is kept,
// and the next line of the same minute costs one comparison.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

namespace causeway::codec {

inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

class LogClock {
 public:
  LogClock() = default;
  // `zone_minutes` east of UTC, for times without a zone; `today`: milliseconds since 1970, for
  // times without a year (syslog, RFC 3164): they are the latest that is not in the future.
  LogClock(int zone_minutes, std::int64_t today) : zone_minutes_(zone_minutes), today_(today) {}

  // Each returns milliseconds since 1970 UTC, or kNoTime. `text` begins with the time and may go
  // on. "25/Nov/2026:14:02:11 +0100" (access logs); `length` gets what was taken.
  std::int64_t access(std::string_view text, std::size_t& length, bool& zoned);
  // "25/Nov/2026:14:02:11.655" (HAProxy)
  std::int64_t haproxy(std::string_view text);
  // "2026/11/25 14:02:11" (nginx error log)
  std::int64_t nginx(std::string_view text);
  // "Wed Nov 25 14:02:11.123456 2026" (Apache error log)
  std::int64_t apache(std::string_view text);
  // "2026-11-25T14:02:11.123Z", "+01:00", or without a zone
  std::int64_t iso(std::string_view text, std::size_t& length, bool& zoned);
  // "Nov 25 14:02:11" (RFC 3164)
  std::int64_t syslog(std::string_view text);

 private:
  struct Minute {
    std::array<char, 24> text{};
    std::uint8_t length = 0;
    std::int64_t at = kNoTime;
  };
  bool same(const Minute& minute, std::string_view text) const;
  static void keep(Minute& minute, std::string_view text, std::int64_t at);

  int zone_minutes_ = 0;
  std::int64_t today_ = kNoTime;
  Minute access_;
  Minute nginx_;
  Minute iso_;
  std::array<char, 6> access_zone_{};
  int access_zone_minutes_ = 0;
};

}  // namespace causeway::codec
