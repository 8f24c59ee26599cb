// test/scenario/watch/*.scn: check results in, incidents and alerts out, as text. Format:
// docs/watch.md, "Scenarios".
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "base/text.hpp"
#include "watch/ledger.hpp"

namespace causeway::watch {
namespace {

using Words = std::vector<std::string>;

Words words_of(std::string_view line) {
  Words out;
  for (const auto word : split(line, ' ')) {
    if (!trim(word).empty()) out.emplace_back(trim(word));
  }
  return out;
}

int number(std::string_view text) {
  int out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

Duration span(const std::string& text) {
  if (text == "0s") return Duration::zero();
  return parse_duration(text).value_or(Duration{-1});
}

// "site1..site500" -> site1, site2 ...; "a,b" -> a, b.
Words names_of(const std::string& text) {
  Words out;
  for (const auto part : split(text, ',')) {
    const std::size_t dots = part.find("..");
    if (dots == std::string_view::npos) {
      out.emplace_back(part);
      continue;
    }
    const std::string_view first = part.substr(0, dots);
    const std::size_t digit = first.find_first_of("0123456789");
    const std::string stem{first.substr(0, digit)};
    const int last = number(part.substr(dots + 2 + stem.size()));
    for (int i = number(first.substr(digit)); i <= last; ++i) {
      out.push_back(fmt::format("{}{}", stem, i));
    }
  }
  return out;
}

struct Line {
  int place = 0;
  Duration at{};
  std::size_t order = 0;  // at the same time: as written
  Words words;            // after "at TIME"
};

struct Scenario {
  LedgerOptions options;
  std::vector<Target> targets;
  std::map<std::string, std::vector<Share>> shares;
  std::vector<Line> lines;
  std::string error;
};

std::optional<ShareKind> share_kind(const std::string& word) {
  for (const ShareKind kind : {ShareKind::certificate, ShareKind::nameserver, ShareKind::address,
                               ShareKind::prefix, ShareKind::as, ShareKind::provider}) {
    if (name(kind) == word) return kind;
  }
  return std::nullopt;
}

bool read_target(const Words& words, Scenario& out) {
  for (const std::string& id : names_of(words[1])) {
    Target target;
    target.id = id;
    for (std::size_t i = 2; i + 1 < words.size(); i += 2) {
      const std::string& key = words[i];
      const std::string& value = words[i + 1];
      const auto parts = split(value, '/');
      if (key == "open") {
        target.confirm.open_failures = number(parts[0]);
        target.confirm.open_of = number(parts[1]);
      } else if (key == "close") {
        target.confirm.close_successes = number(parts[0]);
        target.confirm.close_of = number(parts[1]);
      } else if (key == "parent") {
        target.parents = names_of(value);
      } else if (const auto kind = share_kind(key)) {
        out.shares[id].push_back({*kind, value});
      } else {
        return false;
      }
    }
    out.targets.push_back(std::move(target));
  }
  return true;
}

bool read_option(const Words& words, LedgerOptions& options) {
  const std::string& value = words[2];
  if (words[1] == "gather")
    options.gather = span(value);
  else if (words[1] == "reopen")
    options.reopen = span(value);
  else if (words[1] == "calm")
    options.calm = span(value);
  else if (words[1] == "flaps")
    options.flaps = number(value);
  else if (words[1] == "quorum")
    options.quorum = number(value);
  else
    return false;
  return true;
}

Scenario read(const std::string& text) {
  Scenario out;
  int place = 0;
  for (const auto raw : split(text, '\n')) {
    ++place;
    const Words words = words_of(raw);
    if (words.empty() || words[0].starts_with("#")) continue;
    bool good = words.size() > 2 || words[0] == "target";
    if (good && words[0] == "target") {
      good = read_target(words, out);
    } else if (good && words[0] == "option") {
      good = read_option(words, out.options);
    } else if (good && words[0] == "at") {
      out.lines.push_back(
          {.place = place, .at = span(words[1]), .words = {words.begin() + 2, words.end()}});
      good = out.lines.back().at >= Duration::zero();
    } else if (good && words[0] == "every" && words[2] == "from" && words[4] == "to") {
      const Duration step = span(words[1]);
      for (Duration at = span(words[3]); at <= span(words[5]); at += step) {
        out.lines.push_back({.place = place, .at = at, .words = {words.begin() + 6, words.end()}});
      }
    } else {
      good = false;
    }
    if (!good) {
      out.error = fmt::format("line {}: '{}' is not understood", place, raw);
      return out;
    }
  }
  for (std::size_t i = 0; i < out.lines.size(); ++i) out.lines[i].order = i;
  std::ranges::sort(out.lines, {}, [](const Line& line) { return std::pair{line.at, line.order}; });
  return out;
}

class Play {
 public:
  explicit Play(Scenario scenario) : scenario_(std::move(scenario)), ledger_(fresh()) {}

  std::string run() {
    for (const Line& line : scenario_.lines) {
      while (elapsed_ < line.at) step(std::min(line.at - elapsed_, Duration{kStep}));
      const std::string wrong = act(line.words);
      serve();
      if (!wrong.empty()) {
        return fmt::format("line {}, at {} s: {}\n{}", line.place,
                           elapsed_ / std::chrono::seconds{1}, wrong, told());
      }
    }
    return {};
  }

 private:
  std::unique_ptr<Ledger> fresh() {
    auto out =
        std::make_unique<Ledger>(scenario_.options, [this] { return fmt::format("i{}", ++ids_); });
    std::uint32_t next = 0;
    for (const Target& target : scenario_.targets) {
      numbers_[target.id] = next;
      out->add(next, target);
      out->share(next, scenario_.shares[target.id]);
      ++next;
    }
    return out;
  }
  // As a process that is started again: what it knows is what was written.
  void restart() {
    ledger_ = fresh();
    for (const auto& [id, one] : incidents_) {
      std::vector<store::Member> members;
      for (const auto& [target, member] : members_[id]) members.push_back(member);
      if (one.closed == WallTime{}) ledger_->restore(one, members, now());
    }
  }

  static constexpr auto kStep = std::chrono::milliseconds{500};

  Moment now() const {
    return {Instant{} + std::chrono::hours{1} + elapsed_,
            WallTime{std::chrono::milliseconds{1'790'000'000'000}} +
                std::chrono::duration_cast<std::chrono::milliseconds>(elapsed_ + jumped_)};
  }
  void step(Duration by) {
    elapsed_ += by;
    ledger_->tick(now());
    serve();
  }
  // What a driver does at once.
  void serve() {
    Wishes wishes = ledger_->wishes();
    asked_ += wishes.check.size();
    diagnoses_ += wishes.diagnose.size();
    if (wishes.own_check) ledger_->own("here", own_, "no anchor answers", now());
    for (Change& change : ledger_->changes()) {
      incidents_[change.incident.id] = change.incident;
      if (change.tell == Change::Tell::opened) ++told_["opened"];
      if (change.tell == Change::Tell::joined) ++told_["joined"];
      if (change.tell == Change::Tell::worse) ++told_["worse"];
      if (change.tell == Change::Tell::recovered) ++told_["recovered"];
      for (auto& event : change.events) events_.push_back(std::move(event));
      for (const auto& member : change.members) {
        members_[change.incident.id][member.target] = member;
      }
    }
  }

  std::string act(const Words& words);
  std::string expect(const Words& words);
  std::string expect_incident(const Words& words);
  std::string result(const Words& words);
  std::string incident_of(const std::string& target) const {
    return ledger_->standing(numbers_.at(target)).incident;
  }
  int open() const {
    int count = 0;
    for (const auto& [id, one] : incidents_) count += one.closed == WallTime{} ? 1 : 0;
    return count;
  }
  std::string told() const {
    std::string out;
    for (const auto& [id, one] : incidents_) {
      out += fmt::format("  {} {} '{}' cause {} {} members {}\n", id, one.severity, one.title,
                         one.cause, one.closed == WallTime{} ? "open" : "closed",
                         members_.contains(id) ? members_.at(id).size() : 0);
    }
    for (const auto& [kind, count] : told_) out += fmt::format("  told {} {}\n", kind, count);
    for (const auto& one : events_) {
      out += fmt::format("  {} {} {}\n", one.incident, one.kind, one.text);
    }
    return out.substr(0, 4000);
  }

  Scenario scenario_;
  int ids_ = 0;
  std::map<std::string, std::uint32_t> numbers_;
  std::unique_ptr<Ledger> ledger_;
  Duration elapsed_{};
  Duration jumped_{};
  bool own_ = true;
  std::size_t asked_ = 0;
  std::size_t diagnoses_ = 0;
  std::map<std::string, store::Incident> incidents_;
  std::map<std::string, std::map<std::string, store::Member>> members_;
  std::map<std::string, int> told_;
  std::vector<store::IncidentEvent> events_;
};

// TARGETS ok|degraded|down|unknown [FAILURE] [from VANTAGE]
std::string Play::result(const Words& words) {
  const auto outcome = outcome_named(words[1]);
  if (!outcome) return fmt::format("'{}' is no outcome", words[1]);
  CheckResult check{.outcome = *outcome};
  std::string vantage = "here";
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "from" && i + 1 < words.size()) {
      vantage = words[++i];
      continue;
    }
    check.failure = model::failure_named(words[i]);
    if (!check.failure) return fmt::format("'{}' is no failure", words[i]);
  }
  for (const std::string& id : names_of(words[0])) {
    if (!numbers_.contains(id)) return fmt::format("'{}' is no target", id);
    const Moment ended = now();
    const Moment began{ended.steady - std::chrono::milliseconds{100},
                       ended.wall - std::chrono::milliseconds{100}};
    ledger_->take(numbers_[id], vantage, check, began, ended);
    if (vantage != "here" && ledger_->wishes().own_check) ledger_->own(vantage, true, "", ended);
    serve();
  }
  return {};
}

std::string Play::act(const Words& words) {
  const std::string& what = words[0];
  if (what == "expect") return expect(words);
  if (what == "own") {
    own_ = words[1] == "up";
    ledger_->own("here", own_, "no anchor answers", now());
    return {};
  }
  if (what == "clock") {
    jumped_ += (words[1][0] == '-' ? -1 : 1) * span(words[1].substr(1));
    return {};
  }
  if (what == "maintenance") {
    for (const auto& id : names_of(words[1])) {
      ledger_->maintenance(numbers_.at(id), words.at(2) == "on");
    }
    return {};
  }
  if (what == "ack") {
    return ledger_->acknowledge(incident_of(words[1]), "ann", now()) ? "" : "no such incident";
  }
  if (what == "merge") {
    const bool merged =
        ledger_->merge(incident_of(words[1]), incident_of(words.at(3)), "ann", now());
    return merged ? "" : "cannot merge";
  }
  if (what == "split") {
    const bool split = ledger_->split(incident_of(words[1]), numbers_.at(words[1]), "ann", now());
    return split ? "" : "cannot split";
  }
  if (what == "restart") {
    restart();
    return {};
  }
  if (what == "remove") {
    ledger_->remove(numbers_.at(words[1]), now());
    return {};
  }
  return result(words);
}

// expect incident of TARGET [severity S] [cause C] [shares KIND VALUE] [members N] [all N]
std::string Play::expect_incident(const Words& words) {
  const std::string id = incident_of(words[3]);
  if (id.empty()) return fmt::format("{} has no open incident", words[3]);
  const store::Incident& one = incidents_[id];
  for (std::size_t i = 4; i + 1 < words.size(); i += 2) {
    const std::string& key = words[i];
    std::string found;
    if (key == "severity") found = one.severity;
    if (key == "cause") found = one.cause;
    if (key == "all") found = fmt::format("{}", one.shared_all);
    if (key == "acknowledged") found = one.acknowledged_by;
    if (key == "shares") {
      found = one.shared_kind + ":" + one.shared_value;
    }
    if (key == "members") {
      int failing = 0;
      for (const auto& [target, member] : members_[id]) {
        failing += member.until == WallTime{} ? 1 : 0;
      }
      found = fmt::format("{}", failing);
    }
    if (found != words[i + 1]) return fmt::format("{} is '{}', not {}", key, found, words[i + 1]);
  }
  return {};
}

std::string Play::expect(const Words& words) {
  const std::string& what = words.at(1);
  const auto equal = [&](std::string_view name_of, std::size_t found) {
    const auto wanted = static_cast<std::size_t>(number(words.back()));
    return found == wanted ? "" : fmt::format("{} {}, not {}", name_of, found, wanted);
  };
  if (what == "incidents") return equal("open incidents:", static_cast<std::size_t>(open()));
  if (what == "ever") return equal("incidents ever:", incidents_.size());
  if (what == "asked") return equal("siblings asked:", asked_);
  if (what == "diagnoses") return equal("diagnoses asked:", diagnoses_);
  if (what == "incident") return expect_incident(words);
  if (what == "told")
    return equal("told " + words.at(2), static_cast<std::size_t>(told_[words[2]]));
  if (what == "event") {
    const bool there =
        std::ranges::any_of(events_, [&](const auto& event) { return event.kind == words.at(2); });
    return there ? "" : fmt::format("no event {}", words[2]);
  }
  if (!numbers_.contains(what)) return fmt::format("'{}' is no target", what);
  const Standing standing = ledger_->standing(numbers_[what]);
  const std::string_view stands = name(standing.outcome);
  return stands == words.at(2) ? "" : fmt::format("{} is {}, not {}", what, stands, words[2]);
}

class WatchScenario : public ::testing::TestWithParam<std::string> {};

TEST_P(WatchScenario, Holds) {
  std::ifstream file{GetParam()};
  std::stringstream text;
  text << file.rdbuf();
  Scenario scenario = read(text.str());
  ASSERT_EQ(scenario.error, "") << GetParam();
  const bool checks = std::ranges::any_of(
      scenario.lines, [](const Line& line) { return line.words[0] == "expect"; });
  ASSERT_TRUE(checks) << GetParam() << " expects nothing";
  const std::string wrong = Play{std::move(scenario)}.run();
  EXPECT_EQ(wrong, "") << GetParam();
}

std::vector<std::string> files() {
  std::vector<std::string> out;
  for (const auto& file : std::filesystem::directory_iterator("test/scenario/watch")) {
    if (file.path().extension() == ".scn") out.push_back(file.path().string());
  }
  std::ranges::sort(out);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Files, WatchScenario, ::testing::ValuesIn(files()), [](const auto& info) {
  std::string out = std::filesystem::path{info.param}.stem().string();
  std::ranges::replace(out, '-', '_');
  return out;
});

}  // namespace
}  // namespace causeway::watch
