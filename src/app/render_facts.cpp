// The report of an inspection in a terminal: what is wrong first, then what was seen, then what
// could not be seen. The same words and order as a diagnosis.
#include "app/render_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "app/command.hpp"
#include "app/facts_summary.hpp"
#include "app/phrases.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

constexpr std::size_t kLongestText = 2000;
constexpr std::size_t kRawLinesShown = 10;
constexpr std::size_t kReasonsShown = 6;
constexpr std::size_t kFixesShown = 3;
constexpr std::size_t kLabelColumn = 16;
constexpr double kProved = 0.9;

std::string clean(std::string_view text) { return printable(text, kLongestText); }

class TextFacts {
 public:
  TextFacts(const model::Facts& facts, const Screen& screen) : facts_(facts), screen_(screen) {}

  std::string write() {
    head();
    for (const auto& finding : facts_.findings) why(finding);
    seen();
    fixes();
    unseen();
    foot();
    return std::move(out_);
  }

 private:
  void line(std::string_view text = {}) {
    out_ += text;
    out_ += '\n';
  }
  void title(std::string_view text) {
    line();
    line(paint(Tone::strong, text));
  }
  std::string paint(Tone tone, std::string_view text) const { return screen_.paint(tone, text); }

  void head() {
    const int code = exit_code(facts_);
    const auto tone = code == kFine ? Tone::good : code == kProblem ? Tone::bad : Tone::warning;
    const auto glyph = code == kFine      ? screen_.good()
                       : code == kProblem ? screen_.bad()
                                          : std::string_view{"?"};
    line(paint(tone, glyph) + " " + paint(Tone::strong, headline(facts_)));
    line("  " + clean(machine_line(facts_)));
    const auto later = at_next_restart(facts_);
    if (facts_.findings.empty() && later.empty()) return;
    line();
    for (const auto& one : later)
      out_ += hanging("  at the next restart: ", clean(one), screen_.width);
    std::string_view label = "found    ";
    for (const auto& finding : facts_.findings) {
      const auto accent = label.starts_with("found") ? Tone::accent : Tone::plain;
      line("  " + paint(Tone::dim, std::exchange(label, "and      ")) +
           paint(accent, name(finding.cause)) + ", " + standing(finding));
      out_ += hanging("           ", clean(finding.title), screen_.width);
    }
  }

  void why(const model::RankedCause& finding) {
    title(fmt::format("Why {}", name(finding.cause)));
    std::size_t shown = 0;
    std::vector<std::string> cited;
    for (const auto& reason : finding.reasons) {
      if (shown++ == kReasonsShown) break;
      out_ += hanging(fmt::format("  {} ", screen_.glyph("•", "*")),
                      clean(reason.sentence) + references(reason.observations), screen_.width);
      cited.insert(cited.end(), reason.observations.begin(), reason.observations.end());
    }
    raw(cited);
  }

  void raw(const std::vector<std::string>& cited) {
    std::size_t shown = 0;
    for (const auto& id : cited) {
      const auto at = std::ranges::find(facts_.observations, id, &model::Observation::id);
      if (at == facts_.observations.end() || ++shown > kRawLinesShown) continue;
      const auto parts = wrapped(raw_line(*at), screen_.width - 13);
      line(paint(Tone::dim,
                 fmt::format("    {:<5}{}{}", id, parts.front(), parts.size() > 1 ? " ..." : "")));
    }
  }

  void seen() {
    title("Seen");
    for (const auto& row : summary(facts_)) {
      const auto tone = row.bad ? Tone::bad : Tone::plain;
      const std::string label = "  " + paint(Tone::dim, padded(row.label, kLabelColumn));
      bool first = true;
      for (const auto& text : row.lines) {
        for (const auto& part : wrapped(clean(text), screen_.width - kLabelColumn - 3)) {
          line((first ? label : std::string(kLabelColumn + 2, ' ')) + paint(tone, part));
          first = false;
        }
      }
    }
  }

  void command(std::string_view label, std::string_view text, Tone tone) {
    for (const auto part : split(text, '\n')) {
      if (trim(part).empty()) continue;
      line(fmt::format("     {}{}", paint(Tone::dim, padded(label, 8)), paint(tone, clean(part))));
      label = " ";
    }
  }

  void fixes() {
    for (const auto& finding : facts_.findings) {
      if (finding.fixes.empty()) continue;
      title(facts_.findings.size() == 1 ? std::string{"Fix"}
                                        : fmt::format("Fix for {}", name(finding.cause)));
      for (std::size_t i = 0; i < std::min(kFixesShown, finding.fixes.size()); ++i) {
        const auto& fix = finding.fixes[i];
        out_ += hanging(fmt::format("  {}. ", i + 1), clean(fix.text), screen_.width);
        command("run", fix.command, Tone::accent);
        command("undo", fix.undo, Tone::plain);
        command("verify", fix.verify, Tone::plain);
      }
      if (finding.fixes.size() > kFixesShown) {
        line(
            paint(Tone::dim, fmt::format("  and {} more: causeway explain {}",
                                         finding.fixes.size() - kFixesShown, name(finding.cause))));
      }
    }
  }

  void unseen() {
    const auto missing = not_seen(facts_);
    if (missing.empty()) return;
    title("Not seen");
    for (const auto& text : missing) {
      out_ += hanging(fmt::format("  {} ", screen_.glyph("•", "*")), clean(text), screen_.width);
    }
  }

  void foot() {
    line();
    const int code = exit_code(facts_);
    std::string at = rfc3339(facts_.started).substr(0, 19);
    at[10] = ' ';
    const auto text =
        fmt::format("{} UTC, {}, {} observations, exit {} ({})", at, duration_text(facts_.duration),
                    facts_.observations.size(), code, exit_meaning(code));
    for (const auto& part : wrapped(text, screen_.width)) line(paint(Tone::dim, part));
  }

  const model::Facts& facts_;
  const Screen& screen_;
  std::string out_;
};

}  // namespace

std::string render_text(const model::Facts& facts, const Screen& screen) {
  return TextFacts{facts, screen}.write();
}

std::string render_plain(const model::Facts& facts) {
  std::string out;
  const auto fact = [&out](std::string_view label, std::string_view value) {
    if (!value.empty()) out += fmt::format("{}: {}\n", label, clean(value));
  };
  fact("verdict", headline(facts));
  fact("machine", machine_line(facts));
  for (const auto& one : at_next_restart(facts)) fact("at the next restart", one);
  int number = 0;
  for (const auto& finding : facts.findings) {
    const std::string label = fmt::format("finding {}", ++number);
    fact(label, fmt::format("{}: {} ({})", name(finding.cause), finding.title, standing(finding)));
    for (const auto& reason : finding.reasons) {
      fact(label + " for", reason.sentence + references(reason.observations));
    }
    for (const auto& fix : finding.fixes) {
      fact(label + " fix", fix.text);
      for (const auto part : split(fix.command, '\n')) fact(label + " fix command", trim(part));
    }
  }
  for (const auto& row : summary(facts)) {
    for (const auto& text : row.lines) fact(row.label, text);
  }
  for (const auto& text : not_seen(facts)) fact("not seen", text);
  for (const auto& seen : facts.observations) {
    fact(fmt::format("observation {}", seen.id), raw_line(seen));
  }
  const int code = exit_code(facts);
  fact("started", rfc3339(facts.started));
  fact("duration", duration_text(facts.duration));
  fact("exit", fmt::format("{} {}", code, exit_meaning(code)));
  return out;
}

int exit_code(const model::Facts& facts) {
  const bool proved = std::ranges::any_of(
      facts.findings, [](const auto& one) { return one.probability >= kProved; });
  if (proved || !at_next_restart(facts).empty()) return kProblem;
  return facts.findings.empty() && knows_filters(facts) ? kFine : kCouldNotTell;
}

}  // namespace causeway::app
