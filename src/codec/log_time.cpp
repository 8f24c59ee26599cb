#include "codec/log_time.hpp"

#include <chrono>
#include <cstring>

namespace causeway::codec {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDay = 1440 * kMinute;

// Exactly `width` digits at `at`; -1 when they are not there.
int digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    const int digit = text[i] - '0';
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

unsigned month_named(std::string_view text, std::size_t at) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (at + 3 > text.size()) return 0;
  for (unsigned i = 0; i < 12; ++i) {
    if (kMonths.substr(3 * std::size_t{i}, 3) == text.substr(at, 3)) return i + 1;
  }
  return 0;
}

std::int64_t minute_at(int year, int month, int day, int hour, int minute) {
  if (year < 1970 || year > 9999 || hour < 0 || hour > 23 || minute < 0 || minute > 59)
    return kNoTime;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (month < 1 || day < 1 || !date.ok()) return kNoTime;
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  return days * kDay + (hour * 60 + minute) * kMinute;
}

// Seconds and what follows a dot or comma, in milliseconds; `end` gets the first byte after. Sixty
// is a leap second.
std::int64_t seconds_at(std::string_view text, std::size_t at, std::size_t& end) {
  const int seconds = digits(text, at, 2);
  if (seconds < 0 || seconds > 60) return kNoTime;
  end = at + 2;
  std::int64_t ms = seconds * 1000LL;
  if (end < text.size() && (text[end] == '.' || text[end] == ',')) {
    int scale = 100;
    for (++end; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end) {
      ms += std::int64_t{text[end] - '0'} * scale;
      scale /= 10;
    }
  }
  return ms;
}

}  // namespace

bool LogClock::same(const Minute& minute, std::string_view text) const {
  return minute.length != 0 && text.size() >= minute.length &&
         std::memcmp(minute.text.data(), text.data(), minute.length) == 0;
}

void LogClock::keep(Minute& minute, std::string_view text, std::int64_t at) {
  minute.length = static_cast<std::uint8_t>(text.size());
  std::memcpy(minute.text.data(), text.data(), text.size());
  minute.at = at;
}

std::int64_t LogClock::haproxy(std::string_view text) {
  constexpr std::size_t kLength = 17;  // "25/Nov/2026:14:02"
  if (text.size() < kLength + 3) return kNoTime;
  if (!same(access_, text)) {
    if (text[2] != '/' || text[6] != '/' || text[11] != ':' || text[14] != ':') return kNoTime;
    const auto minute = minute_at(digits(text, 7, 4), static_cast<int>(month_named(text, 3)),
                                  digits(text, 0, 2), digits(text, 12, 2), digits(text, 15, 2));
    if (minute == kNoTime) return kNoTime;
    keep(access_, text.substr(0, kLength), minute);
  }
  std::size_t end = 0;
  const auto seconds = seconds_at(text, kLength + 1, end);
  if (text[kLength] != ':' || seconds == kNoTime) return kNoTime;
  return access_.at + seconds - zone_minutes_ * kMinute;
}

std::int64_t LogClock::access(std::string_view text, std::size_t& length, bool& zoned) {
  const std::int64_t local = haproxy(text);
  if (local == kNoTime) return kNoTime;
  length = 20;
  zoned = false;
  if (text.size() < 26 || text[20] != ' ' || (text[21] != '+' && text[21] != '-')) return local;
  if (std::memcmp(access_zone_.data(), text.data() + 20, access_zone_.size()) != 0) {
    const int hours = digits(text, 22, 2);
    const int minutes = digits(text, 24, 2);
    if (hours < 0 || minutes < 0) return local;
    access_zone_minutes_ = (text[21] == '-' ? -1 : 1) * (hours * 60 + minutes);
    std::memcpy(access_zone_.data(), text.data() + 20, access_zone_.size());
  }
  length = 26;
  zoned = true;
  return local + (zone_minutes_ - access_zone_minutes_) * kMinute;
}

std::int64_t LogClock::nginx(std::string_view text) {
  constexpr std::size_t kLength = 16;  // "2026/11/25 14:02"
  if (text.size() < kLength + 3) return kNoTime;
  if (!same(nginx_, text)) {
    if (text[4] != '/' || text[7] != '/' || text[10] != ' ' || text[13] != ':') return kNoTime;
    const auto minute = minute_at(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2),
                                  digits(text, 11, 2), digits(text, 14, 2));
    if (minute == kNoTime) return kNoTime;
    keep(nginx_, text.substr(0, kLength), minute);
  }
  std::size_t end = 0;
  const auto seconds = seconds_at(text, kLength + 1, end);
  if (text[kLength] != ':' || seconds == kNoTime) return kNoTime;
  return nginx_.at + seconds - zone_minutes_ * kMinute;
}

std::int64_t LogClock::apache(std::string_view text) {
  // "Wed Nov 25 14:02:11.123456 2026"
  if (text.size() < 24 || text[3] != ' ' || text[7] != ' ' || text[13] != ':') return kNoTime;
  std::size_t end = 0;
  const auto seconds = seconds_at(text, 17, end);
  if (seconds == kNoTime || end >= text.size() || text[end] != ' ') return kNoTime;
  const auto minute = minute_at(digits(text, end + 1, 4), static_cast<int>(month_named(text, 4)),
                                digits(text, 8, 2), digits(text, 11, 2), digits(text, 14, 2));
  if (minute == kNoTime) return kNoTime;
  return minute + seconds - zone_minutes_ * kMinute;
}

std::int64_t LogClock::iso(std::string_view text, std::size_t& length, bool& zoned) {
  constexpr std::size_t kLength = 16;  // "2026-11-25T14:02"
  if (text.size() < kLength + 3) return kNoTime;
  if (!same(iso_, text)) {
    if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ') || text[13] != ':')
      return kNoTime;
    const auto minute = minute_at(digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2),
                                  digits(text, 11, 2), digits(text, 14, 2));
    if (minute == kNoTime) return kNoTime;
    keep(iso_, text.substr(0, kLength), minute);
  }
  std::size_t end = 0;
  const auto seconds = seconds_at(text, kLength + 1, end);
  if (text[kLength] != ':' || seconds == kNoTime) return kNoTime;
  const std::int64_t at = iso_.at + seconds;
  length = end;
  zoned = false;
  if (end < text.size() && text[end] == 'Z') {
    ++length;
    zoned = true;
    return at;
  }
  if (end < text.size() && (text[end] == '+' || text[end] == '-')) {
    const bool colon = end + 3 < text.size() && text[end + 3] == ':';
    const std::int64_t hours = digits(text, end + 1, 2);
    const std::int64_t minutes = digits(text, end + (colon ? 4U : 3U), 2);
    if (hours >= 0 && minutes >= 0) {
      length = end + (colon ? 6U : 5U);
      zoned = true;
      return at - (text[end] == '-' ? -1 : 1) * (hours * 60 + minutes) * kMinute;
    }
  }
  return at - zone_minutes_ * kMinute;
}

std::int64_t LogClock::syslog(std::string_view text) {
  // "Nov 25 14:02:11": the day may be padded with a blank.
  if (text.size() < 15 || text[3] != ' ' || text[6] != ' ' || text[9] != ':' || text[12] != ':')
    return kNoTime;
  const int day = text[4] == ' ' ? digits(text, 5, 1) : digits(text, 4, 2);
  const int month = static_cast<int>(month_named(text, 0));
  std::size_t end = 0;
  const auto seconds = seconds_at(text, 13, end);
  if (month == 0 || day < 1 || seconds == kNoTime || today_ == kNoTime) return kNoTime;
  const auto today = std::chrono::year_month_day{std::chrono::sys_days{
      std::chrono::days{today_ >= 0 ? today_ / kDay : (today_ - kDay + 1) / kDay}}};
  const int year = static_cast<int>(today.year());
  for (const int each : {year, year - 1}) {
    const auto minute = minute_at(each, month, day, digits(text, 7, 2), digits(text, 10, 2));
    if (minute == kNoTime) continue;
    const auto at = minute + seconds - zone_minutes_ * kMinute;
    if (at <= today_ + kDay) return at;
  }
  return kNoTime;
}

}  // namespace causeway::codec
