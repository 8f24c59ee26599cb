#include "app/explain_logs.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <unordered_map>

#include "app/command.hpp"
#include "app/phrases.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "explain/candidates.hpp"
#include "explain/scan.hpp"
#include "explain/userinfo.hpp"

namespace causeway::app {
namespace {

constexpr auto kSameAgain = std::chrono::seconds{1};  // between two lines about the same

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch())
      .count();
}

// SIGINT and SIGTERM end the reading, and the summary of what was read is printed.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigprocmask(SIG_BLOCK, &set_, &before_);
    fd_ = ::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~StopSignals() {
    // Taken, so that what was waited for does not end the program as well.
    signalfd_siginfo taken{};
    while (::read(fd_, &taken, sizeof taken) > 0) continue;
    sigprocmask(SIG_SETMASK, &before_, nullptr);
    ::close(fd_);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  int fd() const { return fd_; }
  bool came() const {
    pollfd polled{fd_, POLLIN, 0};
    return ::poll(&polled, 1, 0) > 0;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
  int fd_ = -1;
};

// One line about each failure as it is read; the same again within a second is only counted.
class Teller {
 public:
  explicit Teller(const Screen& screen) : screen_(screen) {}

  void tell(const codec::LogLine& line, const explain::Meaning& meaning) {
    key_.assign(meaning.reading).append(line.origin.substr(0, explain::limits::kNameBytes));
    if (told_.size() >= explain::limits::kGroups) told_.clear();
    auto& before = told_[key_];
    const auto now = Clock::now();
    if (now - before.at < kSameAgain) {
      ++before.held_back;
      return;
    }
    const auto failure = meaning.failure();
    const int code = meaning.code();
    const bool client = meaning.part == explain::Part::client_left;
    std::string out = screen_.paint(
        Tone::dim, line.at == codec::kNoTime
                       ? "-"
                       : rfc3339(WallTime{std::chrono::milliseconds{line.at}}).substr(11, 8));
    out += " " + screen_.paint(client ? Tone::dim : Tone::bad,
                               padded(code == 0 ? "-" : fmt::format("{}", code), 3));
    out += " " + padded(failure ? name(*failure) : client ? "client left" : "several", 24);
    if (!line.origin.empty())
      out += " " + printable(explain::without_userinfo(line.origin), explain::limits::kNameBytes);
    if (!line.host.empty())
      out += " " + printable(explain::without_userinfo(line.host), explain::limits::kNameBytes);
    out += fmt::format("  {}", meaning.reading);
    if (before.held_back > 0) out += fmt::format(" (and {} more)", before.held_back);
    print(out + "\n");
    before = {now, 0};
  }

 private:
  struct Before {
    Instant at{};
    std::uint64_t held_back = 0;
  };
  Screen screen_;
  std::string key_;
  std::unordered_map<std::string, Before> told_;
};

struct Plan {
  explain::ScanOptions scan;
  std::vector<std::string> names;
};

Parsed<Plan> understand(const LogFlags& flags) {
  Plan out;
  const auto now = now_ms();
  const auto zone = parse_zone(flags.zone.empty() ? "UTC" : flags.zone);
  if (!zone) return std::unexpected(zone.error());
  out.scan.clock = codec::LogClock{*zone, now};
  for (const auto& [text, into] :
       {std::pair{&flags.since, &out.scan.since}, std::pair{&flags.until, &out.scan.until}}) {
    if (text->empty()) continue;
    const auto at = parse_moment(*text, *zone, now);
    if (!at) return std::unexpected(at.error());
    *into = *at;
  }
  out.scan.follow = flags.follow;
  if (flags.follow && flags.files.size() != 1) return error("--follow takes one file");
  if (flags.follow && flags.format != "text")
    return error("--follow prints text; leave --format out");
  out.names.reserve(flags.files.size());
  for (const auto& file : flags.files)
    out.names.push_back(file == "-" ? "standard input" : explain::without_userinfo(file));
  return out;
}

}  // namespace

Parsed<int> parse_zone(std::string_view text) {
  if (text == "UTC" || text == "Z" || text == "utc") return 0;
  const auto bad = [&] {
    return error(fmt::format("--zone: '{}' is not a zone; expected like +02:00 or UTC",
                             printable(text, 20)));
  };
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return bad();
  std::string digits;
  for (const char c : text.substr(1)) {
    if (c != ':') digits += c;
  }
  if (digits.size() == 2) digits += "00";
  int number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failed != std::errc{} || end != digits.data() + digits.size() || digits.size() != 4)
    return bad();
  if (number / 100 > 14 || number % 100 > 59) return bad();
  return (text[0] == '-' ? -1 : 1) * (number / 100 * 60 + number % 100);
}

Parsed<std::int64_t> parse_moment(std::string_view text, int zone_minutes, std::int64_t now) {
  codec::LogClock clock{zone_minutes, now};
  std::size_t length = 0;
  bool zoned = false;
  std::string whole{text};
  if (whole.size() == 10 && whole[4] == '-') whole += " 00:00:00";
  if (whole.size() == 16 && whole[13] == ':') whole += ":00";
  if (whole.size() == 5 && whole[2] == ':') whole += ":00";
  if (whole.size() == 8 && whole[2] == ':') {
    const auto day =
        rfc3339(WallTime{std::chrono::milliseconds{now + zone_minutes * 60'000LL}}).substr(0, 10);
    whole = day + " " + whole;
  }
  const auto at = clock.iso(whole, length, zoned);
  if (at != codec::kNoTime && length == whole.size()) return at;
  if (const auto ago = parse_duration(text); ago && !text.contains(':') && !text.contains('-'))
    return now - std::chrono::duration_cast<std::chrono::milliseconds>(*ago).count();
  return error(fmt::format(
      "'{}' is not a time; expected like 2026-11-25T14:00:00Z, '2026-11-25 14:00', 14:00 or 2h",
      printable(text, 40)));
}

int explain_logs(const LogFlags& flags) {
  auto plan = understand(flags);
  if (!plan) return wrong_use("explain", plan.error().text);
  const Screen screen = screen_of_stdout(flags.no_color);
  explain::Summary summary;
  Teller teller{screen};
  const StopSignals stop;
  if (flags.follow) {
    plan->scan.stop = stop.fd();
    plan->scan.each = [&](const codec::LogLine& line, const explain::Meaning& meaning,
                          std::string_view) { teller.tell(line, meaning); };
  }
  for (std::size_t i = 0; i < flags.files.size(); ++i) {
    auto source =
        explain::Source::open(flags.files[i], {.follow = flags.follow, .stop = stop.fd()});
    if (!source) return wrong_use("explain", source.error().text);
    const auto done = explain::scan(*source, plan->names[i], plan->scan, summary);
    // What was read before is worth telling all the same.
    if (!done) {
      fmt::print(stderr, "causeway explain: {}\n", done.error().text);
      summary.add_not_read(done.error().text);
    }
    if (!flags.follow && stop.came()) {
      summary.add_not_read(fmt::format("interrupted while reading {}", plan->names[i]));
      break;
    }
  }
  if (flags.follow) print("\n");
  print(flags.format == "json" ? logs_json(summary, plan->names)
                               : logs_text(summary, plan->names, screen));
  if (summary.failed() + summary.messages() > 0) return kProblem;
  const bool understood = summary.lines() > summary.unknown() + summary.outside();
  return understood && summary.not_read().empty() ? kFine : kCouldNotTell;
}

}  // namespace causeway::app
