#include "inspect/log_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/address.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/secrets.hpp"
#include "inspect/limits.hpp"
#include "inspect/read_text.hpp"

namespace causeway::inspect {
namespace {

struct Pattern {
  std::string_view part;  // lower case
  std::string_view what;
};

// The first that is found decides, so the particular comes before the general. Words of nginx 1.22,
// Apache 2.4, PHP-FPM 8, HAProxy 2.6, MariaDB, PostgreSQL, systemd and the kernel.
constexpr std::array kPatterns{
    Pattern{"too many open files", "files"},
    Pattern{"nf_conntrack: table full", "table-full"},
    Pattern{"possible syn flooding", "syn-flood"},
    Pattern{"out of memory: kill", "memory"},
    Pattern{"oom-kill", "memory"},
    Pattern{"cannot allocate memory", "memory"},
    Pattern{"no space left on device", "disk"},
    Pattern{"disk quota exceeded", "disk"},
    Pattern{"worker_connections are not enough", "worker-limit"},
    Pattern{"reached maxrequestworkers", "worker-limit"},
    Pattern{"scoreboard is full", "worker-limit"},
    Pattern{"reached pm.max_children", "worker-limit"},
    Pattern{"server reached max_children", "worker-limit"},
    Pattern{"too many connections", "worker-limit"},
    Pattern{"too many clients already", "worker-limit"},
    Pattern{"exited on signal 15", ""},  // told to end, by nginx itself or by an administrator
    Pattern{"exited on signal", "crash"},
    Pattern{"exit signal segmentation fault", "crash"},
    Pattern{"exit signal", "crash"},
    Pattern{"core dumped", "crash"},
    Pattern{"segfault at", "crash"},
    Pattern{"caught sigterm, shutting down", "stopped"},
    Pattern{"signal 15 (sigterm) received", "stopped"},
    Pattern{"address already in use", "address-in-use"},
    Pattern{"connection refused", "backend-refused"},
    Pattern{"upstream timed out", "backend-timeout"},
    Pattern{"upstream prematurely closed", "backend-closed"},
    Pattern{"reset by peer) while reading response header from upstream", "backend-closed"},
    Pattern{", dry run", ""},  // nginx only says what it would limit
    Pattern{"limiting requests", "rate-limited"},
    Pattern{"limiting connections", "rate-limited"},
    Pattern{"access forbidden by rule", "denied"},
    Pattern{"client denied by server configuration", "denied"},
    Pattern{"modsecurity: access denied", "denied"},
    Pattern{"account suspended", "suspended"},
    Pattern{"cannot load certificate", "certificate"},
    Pattern{"[emerg]", "config"},
    Pattern{"ah00526", "config"},  // syntax error
    Pattern{"permission denied", "permission"},
};

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};

std::optional<int> month_named(std::string_view text) {
  const auto at = std::ranges::find(kMonths, lower(text));
  if (at == kMonths.end()) return std::nullopt;
  return static_cast<int>(at - kMonths.begin()) + 1;
}

struct Written {
  int year = 0;
  int month = 0;
  int day = 0;
  std::string_view clock;  // "18:00:00", perhaps with a fraction
};

std::optional<int> number_in(std::string_view text, int least, int most) {
  const auto value = whole_number(text);
  if (!value || *value < least || *value > most) return std::nullopt;
  return static_cast<int>(*value);
}

std::optional<WallTime> time_of(const Written& written, std::int64_t utc_offset_s) {
  const auto& clock = written.clock;
  if (clock.size() < 8 || clock[2] != ':' || clock[5] != ':') return std::nullopt;
  const auto hour = number_in(clock.substr(0, 2), 0, 23);
  const auto minute = number_in(clock.substr(3, 2), 0, 59);
  const auto second = number_in(clock.substr(6, 2), 0, 60);
  const std::chrono::year_month_day day{std::chrono::year{written.year},
                                        std::chrono::month{static_cast<unsigned>(written.month)},
                                        std::chrono::day{static_cast<unsigned>(written.day)}};
  if (!hour || !minute || !second || !day.ok()) return std::nullopt;
  return WallTime{std::chrono::sys_days{day}} + std::chrono::hours{*hour} +
         std::chrono::minutes{*minute} + std::chrono::seconds{*second} -
         std::chrono::seconds{utc_offset_s};
}

// "2026/11/25" or "2026-11-25".
std::optional<Written> date_of(std::string_view text) {
  if (text.size() < 10 || (text[4] != '/' && text[4] != '-') || text[7] != text[4]) {
    return std::nullopt;
  }
  const auto year = number_in(text.substr(0, 4), 1970, 2200);
  const auto month = number_in(text.substr(5, 2), 1, 12);
  const auto day = number_in(text.substr(8, 2), 1, 31);
  if (!year || !month || !day) return std::nullopt;
  return Written{*year, *month, *day, {}};
}

// A zone after the time: "Z", "+02:00", "+0200". Nothing: none is written.
std::optional<std::int64_t> zone_in(std::string_view text) {
  const auto at = text.find_first_of("Z+-", 8);
  if (at == std::string_view::npos) return std::nullopt;
  if (text[at] == 'Z') return 0;
  std::string digits;
  for (const char c : text.substr(at + 1)) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) digits += c;
  }
  if (digits.size() != 4) return std::nullopt;
  const auto hours = number_in(std::string_view{digits}.substr(0, 2), 0, 14);
  const auto minutes = number_in(std::string_view{digits}.substr(2), 0, 59);
  if (!hours || !minutes) return std::nullopt;
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return text[at] == '-' ? -seconds : seconds;
}

bool is_address(std::string_view word) {
  const auto bare = word.substr(0, word.find('/'));
  if (IpAddress::parse(bare) || Endpoint::parse(bare, 1)) return true;
  return false;
}

std::string_view cut_at(std::string_view text, std::string_view mark) {
  return text.substr(0, text.find(mark));
}

constexpr std::string_view kLeftOut = "(left out)";
constexpr std::array<std::string_view, 5> kTelling{"passw", "token=", "secret", "apikey",
                                                   "api_key"};

std::string without_secrets(std::string_view line) {
  std::string out;
  std::size_t at = 0;
  for (const auto& secret : codec::find_secrets(line)) {
    out += line.substr(at, secret.from - at);
    out += "***";
    at = secret.from + secret.length;
  }
  return out += line.substr(at);
}

// "from=203.0.113.9;" and "[2001:db8::9]:443" as well; this host's own loopback stays.
std::string without_addresses(std::string_view word) {
  constexpr std::string_view kAround = "\"'<>()[]{}=,;";
  std::string out;
  while (!word.empty()) {
    const auto end = std::min(word.find_first_of(kAround), word.size());
    const auto part = word.substr(0, end);
    const bool own = part.starts_with("127.") || part == "::1";
    out += !own && is_address(part) ? std::string_view{"(address)"} : part;
    if (end < word.size()) out += word[end];
    word.remove_prefix(std::min(end + 1, word.size()));
  }
  return out;
}

// What Apache's proxies say of the application, and why: AH01102 error reading status line, AH00898
// error reading from remote server, AH01075 error dispatching request to FastCGI.
std::string_view apache_backend(std::string_view text) {
  constexpr std::array<std::string_view, 3> kCodes{"ah01102", "ah00898", "ah01075"};
  const auto has = [text](std::string_view part) { return text.contains(part); };
  if (std::ranges::none_of(kCodes, has)) return {};
  if (has("(70007)") || has("timeout specified has expired")) return "backend-timeout";
  if (has("(111)")) return "backend-refused";
  return "backend-closed";
}

}  // namespace

std::string_view trouble_in(std::string_view line) {
  const std::string text = lower(line.substr(0, 2000));
  if (const auto what = apache_backend(text); !what.empty()) return what;
  for (const auto& pattern : kPatterns) {
    if (text.find(pattern.part) != std::string::npos) return pattern.what;
  }
  return {};
}

std::optional<WallTime> time_in(std::string_view line, std::int64_t utc_offset_s) {
  auto text = line.substr(0, 80);
  if (text.starts_with('[')) text.remove_prefix(1);
  const auto words = words_of(text);
  if (words.size() < 2) return std::nullopt;
  if (auto date = date_of(words[0])) {
    const bool joined = words[0].size() > 18 && (words[0][10] == 'T' || words[0][10] == ' ');
    date->clock = joined ? words[0].substr(11) : words[1];
    const auto zone = zone_in(date->clock);
    return time_of(*date, zone.value_or(utc_offset_s));
  }
  // "Wed Nov 25 18:00:00.123456 2026]"
  if (words.size() > 4) {
    const auto month = month_named(words[1]);
    const auto day = number_in(words[2], 1, 31);
    const auto year = number_in(words[4].substr(0, 4), 1970, 2200);
    if (month && day && year) return time_of({*year, *month, *day, words[3]}, utc_offset_s);
  }
  // "25-Nov-2026 18:00:00]"
  const auto parts = split(words[0], '-');
  if (parts.size() == 3) {
    const auto day = number_in(parts[0], 1, 31);
    const auto month = month_named(parts[1]);
    const auto year = number_in(parts[2], 1970, 2200);
    if (month && day && year) return time_of({*year, *month, *day, words[1]}, utc_offset_s);
  }
  return std::nullopt;
}

std::string safe_text(std::string_view line) {
  // nginx tells of the visitor and of the whole request behind this.
  const auto text = without_secrets(cut_at(cut_at(line, ", client: "), ", referer: "));
  std::string out;
  for (const auto word : words_of(text)) {
    const bool secret = std::ranges::any_of(
        kTelling, [small = lower(word)](auto part) { return small.contains(part); });
    out += (out.empty() ? "" : " ");
    out += secret ? std::string{kLeftOut} : without_addresses(cut_at(word, "?"));
    if (out.size() > limits::kTextKept) break;
  }
  return printable(out, limits::kTextKept);
}

std::optional<IpAddress> client_in(std::string_view line) {
  constexpr std::string_view kClient = ", client: ";
  const auto at = line.find(kClient);
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = line.substr(at + kClient.size());
  const auto address = IpAddress::parse(trim(rest.substr(0, rest.find(','))));
  if (!address) return std::nullopt;
  return *address;
}

std::string write_log_line(const LogLine& line) {
  std::string text = line.text;
  std::ranges::replace(text, '\t', ' ');
  return fmt::format("{}\t{}\t{}\t{}{}\n", line.source, line.what,
                     line.at ? rfc3339(*line.at) : "-", text, line.of_edge ? "\tedge" : "");
}

std::vector<LogLine> read_log_lines(std::string_view text) {
  std::vector<LogLine> out;
  for (const auto line : split(text, '\n')) {
    const auto parts = split(line, '\t');
    if (parts.size() < 4 || parts[1].empty() || out.size() >= kInspectRows) continue;
    LogLine one{std::string{parts[0]}, std::string{parts[1]}, std::nullopt, std::string{parts[3]},
                parts.size() > 4 && parts[4] == "edge"};
    if (const auto at = parse_rfc3339(parts[2])) one.at = *at;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace causeway::inspect
