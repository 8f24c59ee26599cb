#include "calendar/maintenance.hpp"

#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "calendar/limits.hpp"

namespace causeway::calendar {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_time;
using std::chrono::minutes;
using std::chrono::seconds;
using LocalMinutes = local_time<minutes>;

constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed",
                                                    "thu", "fri", "sat"};

int digits(std::string_view text) {
  int out = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc{} && end == text.data() + text.size() ? out : -1;
}

std::optional<local_days> read_day(std::string_view text) {  // "2026-11-25"
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::chrono::year_month_day day{
      std::chrono::year{digits(text.substr(0, 4))},
      std::chrono::month{static_cast<unsigned>(digits(text.substr(5, 2)))},
      std::chrono::day{static_cast<unsigned>(digits(text.substr(8, 2)))}};
  if (!day.ok()) return std::nullopt;
  return local_days{day};
}

std::optional<LocalMinutes> read_local(std::string_view text) {  // "2026-11-25T02:00"
  if (text.size() != 16 || (text[10] != 'T' && text[10] != ' ') || text[13] != ':') {
    return std::nullopt;
  }
  const auto day = read_day(text.substr(0, 10));
  const int hour = digits(text.substr(11, 2));
  const int minute = digits(text.substr(14, 2));
  if (!day || hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
  return LocalMinutes{*day} + std::chrono::hours{hour} + minutes{minute};
}

std::optional<cctz::time_zone> zone_named(const std::string& name) {
  const bool plain = !name.empty() && name.front() != '/' && name.find("..") == std::string::npos;
  cctz::time_zone out;
  if (!plain || !cctz::load_time_zone(name, &out)) return std::nullopt;
  return out;
}

struct Rule {
  enum class Kind : std::uint8_t { once, daily, weekly, monthly } kind = Kind::once;
  std::array<bool, 7> weekdays{};
  int day = 0;  // of the month; 31: the last
};

std::optional<Rule> read_rule(std::string_view text) {
  Rule out;
  if (text.empty()) return out;
  if (text == "daily") {
    out.kind = Rule::Kind::daily;
    return out;
  }
  if (text.starts_with("weekly:")) {
    out.kind = Rule::Kind::weekly;
    for (const auto word : split(text.substr(7), ',')) {
      const auto* found = std::ranges::find(kWeekdays, trim(word));
      if (found == kWeekdays.end()) return std::nullopt;
      out.weekdays.at(static_cast<std::size_t>(found - kWeekdays.begin())) = true;
    }
    return out;
  }
  if (!text.starts_with("monthly:")) return std::nullopt;
  out.kind = Rule::Kind::monthly;
  out.day = text.substr(8) == "last" ? 31 : digits(text.substr(8));
  if (out.day < 1 || out.day > 31) return std::nullopt;
  return out;
}

bool falls_on(const Rule& rule, local_days day, local_days first) {
  switch (rule.kind) {
    case Rule::Kind::once: return day == first;
    case Rule::Kind::daily: return true;
    case Rule::Kind::weekly: return rule.weekdays.at(std::chrono::weekday{day}.c_encoding());
    case Rule::Kind::monthly: {
      const std::chrono::year_month_day date{day};
      const auto last = (date.year() / date.month() / std::chrono::last).day();
      const auto wanted = std::min(std::chrono::day{static_cast<unsigned>(rule.day)}, last);
      return date.day() == wanted;
    }
  }
  std::unreachable();
}

WallTime utc_of(LocalMinutes local, const cctz::time_zone& zone) {
  const auto day = std::chrono::floor<days>(local);
  const std::chrono::year_month_day date{day};
  const auto minute_of_day = (local - day).count();
  const auto found = zone.lookup(cctz::civil_minute(
      static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
      static_cast<int>(static_cast<unsigned>(date.day())), minute_of_day / 60, minute_of_day % 60));
  // Twice: `pre` is the first. Skipped: `trans` is the jump. Else all three are the same.
  const auto at = found.kind == cctz::time_zone::civil_lookup::SKIPPED ? found.trans : found.pre;
  return std::chrono::time_point_cast<std::chrono::milliseconds>(at);
}

LocalMinutes local_of(WallTime at, const cctz::time_zone& zone) {
  const auto seconds_of = std::chrono::floor<seconds>(at);
  return LocalMinutes{std::chrono::duration_cast<minutes>(seconds_of.time_since_epoch() +
                                                          seconds{zone.lookup(seconds_of).offset})};
}

bool any_of(const std::vector<std::string>& wanted, const std::vector<std::string>& has) {
  return std::ranges::any_of(
      wanted, [&](const std::string& one) { return std::ranges::find(has, one) != has.end(); });
}

}  // namespace

std::vector<Fault> faults(const store::MaintenanceWindow& window) {
  std::vector<Fault> out;
  const auto wrong = [&out](std::string key, const std::string& value, std::string_view expected) {
    std::string text = fmt::format("{}: '{}' is not understood; expected {}", key,
                                   printable(value, limits::kTextKept), expected);
    out.push_back({std::move(key), std::move(text)});
  };
  if (!zone_named(window.zone)) wrong("zone", window.zone, "a name like Europe/Berlin");
  const auto starts = read_local(window.starts);
  if (!starts) wrong("starts", window.starts, "local time like 2026-11-25T02:00");
  if (!read_rule(window.repeats)) {
    wrong("repeats", window.repeats, "nothing, daily, weekly:mon,thu, monthly:1 or monthly:last");
  }
  const auto last = read_day(window.until);
  if (!window.until.empty() && !last) wrong("until", window.until, "a day like 2027-01-31");
  if (starts && last && *last < std::chrono::floor<days>(*starts)) {
    out.push_back({"until", fmt::format("until: {} lies before starts, {}; expected a later day",
                                        window.until, window.starts)});
  }
  if (window.minutes < 1 || window.minutes > limits::kMaintenanceMinutes) {
    wrong("minutes", fmt::format("{}", window.minutes), "1 to 43200 (30 days)");
  }
  return out;
}

Parsed<bool> validate(const store::MaintenanceWindow& window) {
  if (auto all = faults(window); !all.empty()) return error(std::move(all.front().text));
  return true;
}

std::string past(const store::MaintenanceWindow& window, WallTime now) {
  constexpr days kYear{366};
  if (!validate(window)) return {};
  const WallTime starts = utc_of(*read_local(window.starts), *zone_named(window.zone));
  const WallTime from = std::max(now, starts);
  const auto times = occurrences(window, from, from + kYear);
  if (!times || !times->empty()) return {};
  if (!window.until.empty()) {
    return fmt::format(
        "until: with {} as its last day the window never comes; expected a later "
        "day, or none",
        window.until);
  }
  return fmt::format("starts: the window was over at {}; expected a time to come, or repeats",
                     rfc3339(starts + minutes{window.minutes}).substr(0, 16) + "Z");
}

Parsed<std::vector<Times>> occurrences(const store::MaintenanceWindow& window, WallTime from,
                                       WallTime to) {
  const auto fits = validate(window);
  if (!fits) return error(fits.error().text);
  const LocalMinutes starts = *read_local(window.starts);
  const local_days first = std::chrono::floor<days>(starts);
  const auto time_of_day = starts - first;
  const Rule rule = *read_rule(window.repeats);
  const auto last = window.until.empty() ? std::nullopt : read_day(window.until);
  const std::chrono::minutes length{window.minutes};
  const cctz::time_zone zone = *zone_named(window.zone);
  std::vector<Times> out;
  // A day early and late: the window may reach over midnight, and zones differ by up to 26 hours.
  local_days day =
      std::max(first, std::chrono::floor<days>(local_of(from - length, zone)) - days{1});
  const local_days end = std::chrono::floor<days>(local_of(to, zone)) + days{1};
  for (; day <= end && out.size() < limits::kOccurrences; day += days{1}) {
    if ((last && day > *last) || !falls_on(rule, day, first)) continue;
    const WallTime begins = utc_of(LocalMinutes{day} + time_of_day, zone);
    const WallTime ends = begins + length;
    if (begins < to && ends > from) out.push_back({begins, ends});
    if (rule.kind == Rule::Kind::once) break;
  }
  return out;
}

bool covers(const store::MaintenanceWindow& window, const std::string& id, const std::string& team,
            const std::vector<std::string>& tags) {
  if (window.targets.empty() && window.teams.empty() && window.tags.empty()) return true;
  return any_of(window.targets, {id}) || any_of(window.teams, {team}) || any_of(window.tags, tags);
}

}  // namespace causeway::calendar
