#include "base/time.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace causeway {
namespace {

constexpr double kLongestSeconds = 366.0 * 86400;

// Reads exactly `width` decimal digits at `at`; -1 when they are not there.
int digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// The fraction of a second after a dot, in milliseconds; moves `at` past it.
int fraction_ms(std::string_view text, std::size_t& at) {
  if (at >= text.size() || text[at] != '.') return 0;
  int ms = 0;
  int scale = 100;
  for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    ms += (text[at] - '0') * scale;
    scale /= 10;
  }
  return ms;
}

// Offset from UTC in minutes: "Z", "+02:00"; false when it is neither.
bool zone_offset(std::string_view text, std::size_t at, int& minutes) {
  if (at + 1 == text.size() && (text[at] == 'Z' || text[at] == 'z')) return true;
  if (at + 6 != text.size() || (text[at] != '+' && text[at] != '-') || text[at + 3] != ':') {
    return false;
  }
  const int hours = digits(text, at + 1, 2);
  const int rest = digits(text, at + 4, 2);
  if (hours < 0 || rest < 0 || hours > 23 || rest > 59) return false;
  minutes = (text[at] == '-' ? -1 : 1) * (hours * 60 + rest);
  return true;
}

}  // namespace

WallTime wall_now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string rfc3339(WallTime at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Parsed<WallTime> parse_rfc3339(std::string_view text) {
  const auto bad = [&] {
    return error(
        fmt::format("'{}' is not a time; expected like 2026-11-22T10:17:22Z", text.substr(0, 40)));
  };
  const std::array<int, 6> part{digits(text, 0, 4),  digits(text, 5, 2),  digits(text, 8, 2),
                                digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)};
  for (const int value : part) {
    if (value < 0) return bad();
  }
  const bool separators = text[4] == '-' && text[7] == '-' && text[13] == ':' && text[16] == ':' &&
                          (text[10] == 'T' || text[10] == 't' || text[10] == ' ');
  if (!separators || part[3] > 23 || part[4] > 59 || part[5] > 60) return bad();
  std::size_t at = 19;
  const int ms = fraction_ms(text, at);
  int offset = 0;
  if (at >= text.size() || !zone_offset(text, at, offset)) return bad();
  const std::chrono::year_month_day date{std::chrono::year{part[0]},
                                         std::chrono::month{static_cast<unsigned>(part[1])},
                                         std::chrono::day{static_cast<unsigned>(part[2])}};
  if (!date.ok()) return bad();
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{part[3]} +
         std::chrono::minutes{part[4] - offset} + std::chrono::seconds{part[5]} +
         std::chrono::milliseconds{ms};
}

namespace {

std::unexpected<Error> no_duration(std::string_view text) {
  return error(
      fmt::format("'{}' is not a duration; expected like 30s, 1500ms or 2m", text.substr(0, 40)));
}

}  // namespace

Parsed<Duration> parse_duration_or_zero(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, value);
  const std::string_view unit{rest, static_cast<std::size_t>(end - rest)};
  double scale = 0;
  if (unit == "ms") scale = 1e-3;
  if (unit == "s" || unit.empty()) scale = 1;
  if (unit == "m") scale = 60;
  if (unit == "h") scale = 3600;
  const double seconds = value * scale;
  const bool possible = failed == std::errc{} && scale > 0 && std::isfinite(seconds);
  if (!possible || seconds < 0 || seconds > kLongestSeconds) return no_duration(text);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

Parsed<Duration> parse_duration(std::string_view text) {
  auto out = parse_duration_or_zero(text);
  if (out && *out == Duration::zero()) return no_duration(text);
  return out;
}

}  // namespace causeway
