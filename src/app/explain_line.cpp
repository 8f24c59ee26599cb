#include "app/explain_line.hpp"

#include <fmt/format.h>

#include <chrono>

#include "app/phrases.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "codec/log_line.hpp"
#include "explain/candidates.hpp"
#include "explain/meaning.hpp"
#include "explain/userinfo.hpp"
#include "judge/words.hpp"
#include "model/code.hpp"

namespace causeway::app {
namespace {

constexpr std::size_t kCausesShown = 5;
constexpr std::size_t kStepsShown = 3;

void add(Explanation& to, std::string label, std::vector<std::string> paragraphs) {
  if (!paragraphs.empty()) to.passages.push_back({std::move(label), std::move(paragraphs), false});
}

std::string failure_text(model::FailureId id) {
  return fmt::format("{}: {}", model::row(id).id, model::row(id).sentence);
}

void add_failures(Explanation& to, const explain::Meaning& meaning) {
  std::vector<std::string> others;
  for (const auto each : meaning.possible.all()) {
    if (meaning.failure() == each) {
      add(to, "Failure", {failure_text(each)});
    } else {
      others.push_back(failure_text(each));
    }
  }
  add(to, meaning.told ? "The same words may also mean" : "It may be one of these", others);
  if (const int code = meaning.code(); code != 0) {
    const auto title = model::code_title(code);
    add(to, "What a visitor sees behind an edge",
        {title.empty() ? fmt::format("{}", code) : fmt::format("{} {}", code, title)});
  }
}

void add_causes(Explanation& to, const explain::Meaning& meaning, const explain::Place& place) {
  const auto causes = explain::candidates(meaning, place);
  std::vector<std::string> told;
  for (const auto& cause : causes) {
    if (told.size() == kCausesShown) break;
    told.push_back(fmt::format("{}: {} ({})", name(cause.cause), model::row(cause.cause).title,
                               standing(cause)));
  }
  add(to, "Causes that leave this", told);
  const auto command = explain::diagnose_command(place);
  if (!command.empty()) {
    add(to, "To be sure", {"Ask the origin itself, as an edge would:"});
    to.passages.push_back({"", {command}, true});
  } else if (!causes.empty()) {
    std::size_t shown = 0;
    for (const auto& step : causes.front().settles) {
      if (shown++ == kStepsShown) break;
      add(to, "To be sure", {without_case(step.text)});
      if (!step.command.empty()) to.passages.push_back({"", {without_case(step.command)}, true});
    }
  }
  if (!causes.empty()) {
    add(to, "Fixes", {fmt::format("causeway explain {}", name(causes.front().cause))});
  }
}

std::string heading(const explain::Meaning& meaning) {
  const auto failure = meaning.failure();
  const int code = meaning.code();
  if (failure && code != 0) return fmt::format("{}  {}", code, model::name(*failure));
  if (failure) return std::string{model::name(*failure)};
  if (code != 0) return fmt::format("{}", code);
  switch (meaning.part) {
    case explain::Part::client_left: return "client";
    case explain::Part::fine: return "fine";
    default: return "several";
  }
}

Explanation of_meaning(const explain::Meaning& meaning, const explain::Place& place) {
  Explanation out{"line", heading(meaning), std::string{meaning.reading}, {}};
  add_failures(out, meaning);
  if (meaning.part == explain::Part::failed || meaning.part == explain::Part::trouble)
    add_causes(out, meaning, place);
  return out;
}

std::optional<Explanation> of_flags(std::string_view text) {
  const auto readings = explain::meanings_of_flags(text);
  if (readings.empty()) return std::nullopt;
  Explanation out = of_meaning(readings.front().meaning, {});
  out.title = fmt::format("{}: {}", readings.front().product, readings.front().meaning.reading);
  for (std::size_t i = 1; i < readings.size(); ++i) {
    const auto& other = readings[i];
    add(out, fmt::format("In a log of {} instead", other.product),
        {std::string{other.meaning.reading}});
    for (const auto each : other.meaning.possible.all())
      add(out, fmt::format("In a log of {} instead", other.product), {failure_text(each)});
  }
  return out;
}

void add_line_facts(Explanation& to, const codec::LogLine& line) {
  std::vector<std::string> facts;
  facts.push_back(fmt::format("{}", name(line.format)));
  if (line.at != codec::kNoTime)
    facts.push_back(fmt::format("at {}", rfc3339(WallTime{std::chrono::milliseconds{line.at}})));
  if (line.status != 0) facts.push_back(fmt::format("status {}", line.status));
  if (!line.flags.empty() && line.flags != "-")
    facts.push_back(fmt::format("flags {}", printable(line.flags, 40)));
  if (!line.origin.empty())
    facts.push_back(fmt::format("origin {}", printable(explain::without_userinfo(line.origin),
                                                       explain::limits::kNameBytes)));
  if (!line.host.empty())
    facts.push_back(fmt::format(
        "host {}", printable(explain::without_userinfo(line.host), explain::limits::kNameBytes)));
  add(to, "What was read", {join(facts, ", ")});
}

}  // namespace

std::optional<Explanation> explain_line(std::string_view text) {
  if (auto flags = of_flags(trim(text))) return flags;
  codec::LogReader reader{codec::LogClock{
      0, std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch())
             .count()}};
  codec::LogLine line;
  if (reader.read(trim(text), false, line)) {
    const auto meaning = explain::meaning_of(line);
    Explanation out = of_meaning(meaning, explain::place_of(line));
    if (meaning.part == explain::Part::fine && meaning.reading.empty())
      out.title = "Nothing in this line is about a failure on the way to an origin.";
    Explanation whole{out.kind, out.id, out.title, {}};
    add_line_facts(whole, line);
    for (auto& passage : out.passages) whole.passages.push_back(std::move(passage));
    return whole;
  }
  const auto meaning = explain::meaning_of_words(text);
  if (meaning.part == explain::Part::fine) return std::nullopt;
  return of_meaning(meaning, {});
}

}  // namespace causeway::app
