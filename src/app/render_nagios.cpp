// The plugin interface of Nagios, Icinga and Checkmk: a status line, '|' and performance data, then
// long text. A '|' inside any text would start performance data, so it becomes '/'.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "app/phrases.hpp"
#include "app/render.hpp"
#include "app/report.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

constexpr std::size_t kLongestText = 400;

std::string safe(std::string_view text) {
  std::string out = printable(text, kLongestText);
  std::ranges::replace(out, '|', '/');
  return out;
}

std::string_view status_word(int code) {
  constexpr std::array<std::string_view, 4> kWords{"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  return kWords.at(static_cast<std::size_t>(code));
}

// The attempt whose times are worth a graph: the first that got furthest.
const model::Attempt* furthest(const model::Diagnosis& diagnosis) {
  const auto passed = [](const model::Attempt& attempt) {
    return std::ranges::count(attempt.stages, model::Outcome::ok, &model::StageRecord::outcome);
  };
  const auto at = std::ranges::max_element(diagnosis.attempts, {}, passed);
  return at == diagnosis.attempts.end() ? nullptr : &*at;
}

std::string performance(const model::Diagnosis& diagnosis) {
  std::string out = fmt::format("'time'={:.3f}s;;;0;", milliseconds(diagnosis.duration) / 1e3);
  const auto failed = std::ranges::count_if(
      diagnosis.attempts, [](const auto& attempt) { return attempt.failed_stage() != nullptr; });
  out += fmt::format(" 'failed_addresses'={};;;0;{}", failed, diagnosis.attempts.size());
  const auto* attempt = furthest(diagnosis);
  if (attempt == nullptr) return out;
  for (const auto& stage : attempt->stages) {
    if (stage.outcome != model::Outcome::ok || stage.elapsed == Duration{}) continue;
    out += fmt::format(" '{}'={:.3f}ms;;;0;", name(stage.stage), milliseconds(stage.elapsed));
  }
  return out;
}

}  // namespace

int nagios_exit_code(const model::Verdict& verdict) {
  switch (verdict.state) {
    case model::State::ok: return 0;
    case model::State::degraded: return 1;
    case model::State::failing: return 2;
    case model::State::undetermined: return 3;
  }
  std::unreachable();
}

std::string render_nagios(const model::Diagnosis& diagnosis) {
  const auto& verdict = diagnosis.verdict;
  std::string what = code_phrase(verdict);
  if (!what.empty()) what += ": ";
  what += verdict.sentence;
  std::string out = fmt::format("CAUSEWAY {} - {} | {}\n", status_word(nagios_exit_code(verdict)),
                                safe(what), performance(diagnosis));
  out += fmt::format("{}\n", safe(diagnosis.target.url));
  for (const auto* cause : told_causes(verdict)) {
    out += safe(fmt::format("{}, {}", name(cause->cause), standing(*cause))) + "\n";
    for (const auto& reason : cause->reasons) out += safe("for: " + reason.sentence) + "\n";
    for (const auto& fix : cause->fixes) out += safe("fix: " + fix.text) + "\n";
  }
  for (const auto& note : verdict.notes) out += safe("also seen: " + note.sentence) + "\n";
  return out;
}

}  // namespace causeway::app
