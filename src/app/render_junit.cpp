// JUnit XML as CI systems read it: one suite a diagnosis, one case for the verdict and one a stage
// of every attempt.
#include <fmt/format.h>

#include <algorithm>

#include "app/phrases.hpp"
#include "app/render.hpp"
#include "app/report.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

struct Counts {
  int tests = 0;
  int failures = 0;
  int skipped = 0;
  int errors = 0;
};

double seconds(Duration span) { return milliseconds(span) / 1e3; }

std::string verdict_body(const model::Diagnosis& diagnosis) {
  std::string out;
  for (const auto* cause : told_causes(diagnosis.verdict)) {
    out += fmt::format("{} ({})\n", name(cause->cause), confidence_word(cause->probability));
    for (const auto& reason : cause->reasons) {
      out += fmt::format("  {}{}\n", reason.sentence, references(reason.observations));
    }
    for (const auto& fix : cause->fixes) out += fmt::format("  fix: {}\n", fix.text);
  }
  return out;
}

std::string verdict_case(const model::Diagnosis& diagnosis, Counts& counts) {
  const auto& verdict = diagnosis.verdict;
  ++counts.tests;
  std::string out = fmt::format("    <testcase classname=\"{}\" name=\"verdict\" time=\"{:.3f}\"",
                                escaped(diagnosis.target.host), seconds(diagnosis.duration));
  if (verdict.state == model::State::ok) return out + "/>\n";
  const bool unknown = verdict.state == model::State::undetermined;
  ++(unknown ? counts.errors : counts.failures);
  const std::string type =
      verdict.failure ? std::string{name(*verdict.failure)} : std::string{name(verdict.state)};
  const auto* element = unknown ? "error" : "failure";
  return out +
         fmt::format(">\n      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n    </testcase>\n",
                     element, type, escaped(headline(verdict) + ": " + verdict.sentence),
                     escaped(verdict_body(diagnosis)));
}

std::string stage_case(const std::string& suite, const model::Attempt& attempt,
                       const model::StageRecord& stage, Counts& counts) {
  ++counts.tests;
  const std::string address =
      attempt.address ? Endpoint{*attempt.address, attempt.port}.text() : std::string{"no address"};
  std::string out =
      fmt::format("    <testcase classname=\"{}\" name=\"{} {} {}\" time=\"{:.3f}\"", suite,
                  address, name(attempt.via), name(stage.stage), seconds(stage.elapsed));
  if (stage.outcome == model::Outcome::ok) return out + "/>\n";
  if (stage.outcome == model::Outcome::skipped) {
    ++counts.skipped;
    return out + fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                             escaped(stage.because));
  }
  ++counts.failures;
  const std::string type = stage.failure ? std::string{name(*stage.failure)} : "failed";
  const std::string sentence =
      stage.failure ? std::string{model::row(*stage.failure).sentence} : stage.because;
  return out + fmt::format(
                   ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n"
                   "    </testcase>\n",
                   type, escaped(sentence), escaped(stage.because));
}

}  // namespace

std::string render_junit(const model::Diagnosis& diagnosis) {
  Counts counts;
  std::string cases = verdict_case(diagnosis, counts);
  const std::string suite = escaped(diagnosis.target.host);
  for (const auto& attempt : diagnosis.attempts) {
    for (const auto& stage : attempt.stages) cases += stage_case(suite, attempt, stage, counts);
  }
  const std::string totals = fmt::format(
      "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\"", counts.tests,
      counts.failures, counts.errors, counts.skipped, seconds(diagnosis.duration));
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {0}>\n"
      "  <testsuite name=\"{1}\" timestamp=\"{2}\" hostname=\"{3}\" {0}>\n{4}  </testsuite>\n"
      "</testsuites>\n",
      totals, escaped(diagnosis.target.url), rfc3339(diagnosis.started).substr(0, 19),
      escaped(diagnosis.vantage.name), cases);
}

}  // namespace causeway::app
