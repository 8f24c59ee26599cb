// One fact a line, for screen readers, logs and grep: "name: value".
#include <fmt/format.h>

#include "app/phrases.hpp"
#include "app/render.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

constexpr std::size_t kLongestText = 2000;

class PlainReport {
 public:
  std::string write(const model::Diagnosis& diagnosis) {
    const auto& verdict = diagnosis.verdict;
    fact("state", name(verdict.state));
    fact("target", diagnosis.target.url);
    fact("code", code_phrase(verdict));
    if (verdict.stage) fact("stage", name(*verdict.stage));
    if (verdict.failure) fact("failure", name(*verdict.failure));
    fact("verdict", verdict.sentence);
    if (diagnosis.interrupted) fact("interrupted", "yes, this is what was known until then");
    int number = 0;
    for (const auto& cause : verdict.causes) write(cause, fmt::format("cause {}", ++number));
    for (const auto& entry : verdict.ruled_out) {
      for (const auto& reason : entry.because) {
        fact(fmt::format("ruled out {}", name(entry.cause)), said(reason));
      }
    }
    for (const auto& missing : verdict.missing) fact("missing", missing);
    for (const auto& note : verdict.notes) {
      fact("also seen", note.sentence + references(note.observations));
    }
    for (const auto& attempt : diagnosis.attempts) write(attempt);
    for (const auto& seen : diagnosis.observations) {
      fact(fmt::format("observation {}", seen.id), raw_line(seen));
    }
    fact("started", rfc3339(diagnosis.started));
    fact("duration", duration_text(diagnosis.duration));
    fact("vantage", diagnosis.vantage.name);
    fact("exit", fmt::format("{} {}", exit_code(verdict), exit_meaning(exit_code(verdict))));
    return std::move(out_);
  }

 private:
  void fact(std::string_view label, std::string_view value) {
    if (value.empty()) return;
    out_ += fmt::format("{}: {}\n", label, printable(value, kLongestText));
  }

  static std::string said(const model::Reason& reason) {
    return reason.sentence + references(reason.observations);
  }

  void commands(const std::string& label, std::string_view text) {
    for (const auto line : split(text, '\n')) fact(label, trim(line));
  }

  void write(const model::RankedCause& cause, const std::string& label) {
    const auto& row = model::row(cause.cause);
    fact(label,
         fmt::format("{}: {} ({})", row.id,
                     cause.title.empty() ? std::string{row.title} : cause.title, standing(cause)));
    fact(label + " scope", cause.attributes.scope);
    fact(label + " agent", cause.attributes.agent);
    fact(label + " where", cause.attributes.where);
    for (const auto& reason : cause.reasons) fact(label + " for", said(reason));
    for (const auto& reason : cause.counter_reasons) fact(label + " against", said(reason));
    for (const auto& step : cause.settles) {
      fact(label + " would be settled by", step.text);
      commands(label + " settle command", step.command);
    }
    int number = 0;
    for (const auto& fix : cause.fixes) {
      const std::string each = fmt::format("{} fix {}", label, ++number);
      fact(each, fix.text);
      commands(each + " command", fix.command);
      commands(each + " undo", fix.undo);
      commands(each + " verify", fix.verify);
    }
  }

  void write(const model::Attempt& attempt) {
    const std::string address = attempt.address ? Endpoint{*attempt.address, attempt.port}.text()
                                                : std::string{"without address"};
    for (const auto& stage : attempt.stages) {
      std::string value{name(stage.outcome)};
      if (stage.failure) value += fmt::format(" {}", name(*stage.failure));
      if (stage.outcome != model::Outcome::skipped) {
        value += fmt::format(" after {}", duration_text(stage.elapsed));
      }
      if (!stage.because.empty()) value += fmt::format(": {}", stage.because);
      fact(fmt::format("attempt {} {} {}", address, name(attempt.via), name(stage.stage)), value);
    }
    if (attempt.status > 0) {
      fact(fmt::format("attempt {} {} status", address, name(attempt.via)),
           fmt::format("{}", attempt.status));
    }
  }

  std::string out_;
};

}  // namespace

std::string render_plain(const model::Diagnosis& diagnosis) {
  return PlainReport{}.write(diagnosis);
}

}  // namespace causeway::app
