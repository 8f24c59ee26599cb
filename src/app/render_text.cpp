// The report in a terminal: verdict first, then where it broke, why, what to do. A reader may stop
// anywhere and is still right.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/phrases.hpp"
#include "app/render.hpp"
#include "app/report.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

constexpr std::size_t kLongestText = 2000;
constexpr std::size_t kRawLinesShown = 8;
constexpr std::size_t kRuledOutShown = 6;
constexpr std::size_t kNotesShown = 5;
constexpr std::size_t kLabelColumn = 26;
constexpr std::size_t kCellColumn = 10;

std::string clean(std::string_view text) { return printable(text, kLongestText); }

class TextReport {
 public:
  TextReport(const model::Diagnosis& diagnosis, const Screen& screen)
      : diagnosis_(diagnosis), verdict_(diagnosis.verdict), screen_(screen) {}

  std::string write() {
    head();
    causes();
    path();
    attempts();
    why();
    ruled_out();
    settles();
    fixes();
    notes();
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
    line(screen_.paint(Tone::strong, text));
  }
  std::string paint(Tone tone, std::string_view text) const { return screen_.paint(tone, text); }

  Tone state_tone() const {
    switch (verdict_.state) {
      case model::State::ok: return Tone::good;
      case model::State::degraded:
      case model::State::undetermined: return Tone::warning;
      case model::State::failing: return Tone::bad;
    }
    std::unreachable();
  }
  std::string_view state_glyph() const {
    switch (verdict_.state) {
      case model::State::ok: return screen_.good();
      case model::State::degraded: return screen_.warning();
      case model::State::undetermined: return "?";
      case model::State::failing: return screen_.bad();
    }
    std::unreachable();
  }

  std::string_view glyph(Mark mark) const {
    switch (mark) {
      case Mark::good: return screen_.good();
      case Mark::bad: return screen_.bad();
      case Mark::warning: return screen_.warning();
      case Mark::unknown: return "?";
      case Mark::untested: return screen_.untested();
    }
    std::unreachable();
  }
  static Tone tone(Mark mark) {
    switch (mark) {
      case Mark::good: return Tone::good;
      case Mark::bad: return Tone::bad;
      case Mark::warning:
      case Mark::unknown: return Tone::warning;
      case Mark::untested: return Tone::dim;
    }
    std::unreachable();
  }

  void head() {
    line(paint(state_tone(), state_glyph()) + " " + paint(Tone::strong, headline(verdict_)));
    line("  " + clean(diagnosis_.target.url));
    line();
    for (const auto& part : wrapped(clean(verdict_.sentence), screen_.width - 2)) {
      line("  " + paint(Tone::strong, part));
    }
    if (diagnosis_.interrupted) {
      line("  " + paint(Tone::warning, "Interrupted: this is what was known until then."));
    }
  }

  void causes() {
    std::string_view label = "cause    ";
    for (const auto* cause : told_causes(verdict_)) {
      if (cause->cause == model::CauseId::none) continue;
      const auto tone = label.starts_with("cause") ? Tone::accent : Tone::plain;
      line("  " + paint(Tone::dim, std::exchange(label, "or       ")) +
           paint(tone, name(cause->cause)) + ", " + standing(*cause));
      if (const auto title = title_beside(*cause, verdict_.sentence); !title.empty()) {
        out_ += hanging("           ", clean(title), screen_.width);
      }
    }
    for (const auto& missing : verdict_.missing) {
      out_ += hanging("  " + paint(Tone::dim, "missing") + "  ", clean(missing), screen_.width);
    }
  }

  void path() {
    const auto ways = strips(diagnosis_);
    if (ways.empty()) return;
    line();
    for (const auto& way : ways) {
      const auto text = way_text(way, false);
      line(columns(text) <= screen_.width ? text : way_text(way, true));
    }
  }

  // `brief` leaves the addresses out: the table below has them.
  std::string way_text(const Strip& way, bool brief) const {
    std::string text = "  " + paint(Tone::dim, padded(way.label, 10));
    bool broken = false;
    for (std::size_t i = 0; i < way.stations.size(); ++i) {
      const auto& station = way.stations[i];
      broken = broken || station.mark == Mark::untested;
      const auto link = broken ? screen_.glyph(" ╌╌ ", " .. ") : screen_.glyph(" ── ", " -- ");
      if (i > 0) text += paint(Tone::dim, link);
      text += station.name.substr(0, brief ? station.name.find(' ') : std::string::npos) + " " +
              paint(tone(station.mark), glyph(station.mark));
    }
    return text + "   " + paint(Tone::dim, way.note);
  }

  void attempts() {
    const auto rows = attempt_rows(diagnosis_);
    if (rows.empty()) return;
    line();
    std::string header = "  " + padded("", kLabelColumn);
    for (const auto stage : kStages) header += padded(stage_word(stage), kCellColumn);
    line(paint(Tone::dim, trim_end(header)));
    for (const auto& row : rows) attempt(row);
  }

  static std::string trim_end(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }

  void attempt(const AttemptRow& row) {
    std::string text = "  ";
    if (columns(row.label) >= kLabelColumn) {
      line(text + row.label);
      text += std::string(kLabelColumn, ' ');
    } else {
      text += padded(row.label, kLabelColumn);
    }
    for (const auto& cell : row.cells) {
      text += padded(paint(tone(cell.mark), glyph(cell.mark)) + " " + cell.text, kCellColumn);
    }
    line(trim_end(text));
    if (!row.note.empty()) out_ += hanging("      ", row.note, screen_.width);
  }

  void reason(std::string_view bullet, const model::Reason& reason) {
    out_ += hanging(fmt::format("  {} ", bullet),
                    clean(reason.sentence) + references(reason.observations), screen_.width);
  }

  void why() {
    const auto told = told_causes(verdict_);
    std::vector<std::string> cited;
    bool titled = false;
    for (const auto* cause : told) {
      if (cause->reasons.empty() && cause->counter_reasons.empty()) continue;
      if (!std::exchange(titled, true)) title("Why");
      if (told.size() > 1) line("  " + paint(Tone::dim, name(cause->cause)));
      for (const auto& part : cause->reasons) {
        reason(screen_.glyph("•", "*"), part);
        for (const auto& id : part.observations) {
          if (std::ranges::find(cited, id) == cited.end()) cited.push_back(id);
        }
      }
      for (const auto& part : cause->counter_reasons) {
        reason(screen_.glyph("◦", "o"), {"but: " + part.sentence, part.observations});
      }
    }
    raw(cited);
  }

  // The observations behind the reasons, as measured.
  void raw(const std::vector<std::string>& cited) {
    std::size_t shown = 0;
    for (const auto& id : cited) {
      const auto* seen = observed(diagnosis_, id);
      if (seen == nullptr || ++shown > kRawLinesShown) continue;
      const auto parts = wrapped(raw_line(*seen), screen_.width - 13);
      line(paint(Tone::dim, fmt::format("    {:<5}{}{}", printable(seen->id, 24), parts.front(),
                                        parts.size() > 1 ? " ..." : "")));
    }
  }

  void ruled_out() {
    if (verdict_.ruled_out.empty()) return;
    title("Ruled out");
    std::size_t shown = 0;
    for (const auto& entry : verdict_.ruled_out) {
      if (shown++ == kRuledOutShown) {
        line(paint(Tone::dim, fmt::format("  and {} more (--format json)",
                                          verdict_.ruled_out.size() - kRuledOutShown)));
        break;
      }
      const auto first = entry.because.empty() ? model::Reason{} : entry.because.front();
      const std::string because = clean(first.sentence) + references(first.observations);
      out_ += hanging(fmt::format("  {} ", screen_.dash()),
                      fmt::format("{}: {}", name(entry.cause), because), screen_.width);
    }
  }

  void command(std::string_view label, std::string_view text, Tone tone) {
    for (const auto part : split(text, '\n')) {
      if (trim(part).empty()) continue;
      line(fmt::format("     {}{}", paint(Tone::dim, padded(label, label.empty() ? 0 : 8)),
                       paint(tone, clean(part))));
      if (!label.empty()) label = " ";
    }
  }

  void settles() {
    const auto steps = settling_steps(verdict_);
    if (steps.empty()) return;
    title("What would settle it");
    const bool several = told_causes(verdict_).size() > 1;
    for (const auto& [cause, step] : steps) {
      const std::string which = several ? fmt::format("{}: ", name(cause->cause)) : "";
      out_ += hanging(fmt::format("  {} ", screen_.glyph("•", "*")), which + clean(step->text),
                      screen_.width);
      command("", step->command, Tone::accent);
    }
  }

  void fixes() {
    const auto told = told_causes(verdict_);
    for (const auto* cause : told) {
      const std::size_t shown = fixes_told(verdict_, *cause);
      if (shown == 0) continue;
      title(cause == told.front() ? std::string{"Fix"}
                                  : fmt::format("Fix, if it is {}", name(cause->cause)));
      for (std::size_t i = 0; i < shown; ++i) {
        const auto& fix = cause->fixes[i];
        out_ += hanging(fmt::format("  {}. ", i + 1), clean(fix.text), screen_.width);
        command("run", fix.command, Tone::accent);
        command("undo", fix.undo, Tone::plain);
        command("verify", fix.verify, Tone::plain);
      }
      if (shown < cause->fixes.size()) {
        line(paint(Tone::dim, fmt::format("  and {} more: causeway explain {}",
                                          cause->fixes.size() - shown, name(cause->cause))));
      }
    }
  }

  void notes() {
    if (verdict_.notes.empty()) return;
    title("Also seen");
    std::size_t shown = 0;
    for (const auto& note : verdict_.notes) {
      if (shown++ == kNotesShown) {
        line(paint(Tone::dim, fmt::format("  and {} more (--format json)",
                                          verdict_.notes.size() - kNotesShown)));
        break;
      }
      out_ += hanging(fmt::format("  {} ", screen_.glyph("•", "*")),
                      clean(note.sentence) + references(note.observations), screen_.width);
    }
  }

  void foot() {
    line();
    const int code = exit_code(verdict_);
    std::string text = fmt::format("{} UTC, {}, seen from {}, exit {} ({})",
                                   utc(diagnosis_.started), duration_text(diagnosis_.duration),
                                   clean(diagnosis_.vantage.name), code, exit_meaning(code));
    for (const auto& part : wrapped(text, screen_.width)) line(paint(Tone::dim, part));
    const auto told = told_causes(verdict_);
    if (!told.empty() && told.front()->cause != model::CauseId::none) {
      line(paint(Tone::dim, fmt::format("more: causeway explain {}", name(told.front()->cause))));
    }
  }

  static std::string utc(WallTime at) {
    std::string text = rfc3339(at).substr(0, 19);
    text[10] = ' ';
    return text;
  }

  const model::Diagnosis& diagnosis_;
  const model::Verdict& verdict_;
  const Screen& screen_;
  std::string out_;
};

}  // namespace

std::string render_text(const model::Diagnosis& diagnosis, const Screen& screen) {
  return TextReport{diagnosis, screen}.write();
}

}  // namespace causeway::app
