// The report as one self-contained page: no scripts, nothing loaded from elsewhere.
#include <fmt/format.h>

#include <utility>

#include "app/page_style.hpp"
#include "app/phrases.hpp"
#include "app/render.hpp"
#include "app/report.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

std::string_view mark_class(Mark mark) {
  switch (mark) {
    case Mark::good: return "good";
    case Mark::bad: return "bad";
    case Mark::warning: return "warning";
    case Mark::unknown: return "unknown";
    case Mark::untested: return "untested";
  }
  std::unreachable();
}

// Symbol for the eye, word for a screen reader.
std::pair<std::string_view, std::string_view> mark_symbol(Mark mark) {
  switch (mark) {
    case Mark::good: return {"✓", "works"};
    case Mark::bad: return {"✗", "fails"};
    case Mark::warning: return {"!", "warning"};
    case Mark::unknown: return {"?", "no answer"};
    case Mark::untested: return {"·", "not tested"};
  }
  std::unreachable();
}

class HtmlReport {
 public:
  explicit HtmlReport(const model::Diagnosis& diagnosis)
      : diagnosis_(diagnosis), verdict_(diagnosis.verdict) {}

  std::string write() {
    const std::string title =
        fmt::format("{} | {}", escaped(diagnosis_.target.host), escaped(headline(verdict_)));
    out_ = fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"robots\" content=\"noindex\">\n<title>{}</title>\n<style>{}</style>\n"
        "</head>\n<body>\n<main>\n",
        title, kPageStyle);
    verdict();
    path();
    attempts();
    why();
    fixes();
    settles();
    ruled_out();
    notes();
    observations();
    foot();
    out_ += "</main>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  template <class... Parts>
  void add(fmt::format_string<Parts...> form, Parts&&... parts) {
    out_ += fmt::format(form, std::forward<Parts>(parts)...);
  }

  std::string ids(const std::vector<std::string>& observations) const {
    if (observations.empty()) return {};
    std::string links;
    for (const auto& id : observations) {
      links += fmt::format("{}<a href=\"#{}\">{}</a>", links.empty() ? "" : " ", escaped(id),
                           escaped(id));
    }
    return fmt::format(" <span class=\"ids\">[{}]</span>", links);
  }

  void verdict() {
    add("<header><b>causeway</b><span>{} UTC, from {}</span></header>\n", utc(),
        escaped(diagnosis_.vantage.name));
    add("<section class=\"card verdict {}\">\n<h1>{}</h1>\n<div class=\"url\">{}</div>\n",
        name(verdict_.state), escaped(headline(verdict_)), escaped(diagnosis_.target.url));
    add("<p class=\"sentence\">{}</p>\n", escaped(verdict_.sentence));
    if (diagnosis_.interrupted) {
      out_ += "<p class=\"warning\">Interrupted: this is what was known until then.</p>\n";
    }
    std::string_view label = "Cause";
    for (const auto* cause : told_causes(verdict_)) {
      if (cause->cause == model::CauseId::none) continue;
      add("<div class=\"cause\"><span class=\"soft\">{}</span><span><code>{}</code>, {}</span>",
          std::exchange(label, "or"), name(cause->cause), standing(*cause));
      if (const auto title = title_beside(*cause, verdict_.sentence); !title.empty()) {
        add("<div>{}</div>", escaped(title));
      }
      out_ += "</div>\n";
    }
    for (const auto& missing : verdict_.missing) {
      add("<p class=\"soft\">Missing: {}</p>\n", escaped(missing));
    }
    out_ += "</section>\n";
  }

  void path() {
    const auto ways = strips(diagnosis_);
    if (ways.empty()) return;
    out_ += "<h2>Where it breaks</h2>\n<section class=\"card\">\n";
    for (const auto& way : ways) {
      add("<div class=\"path\"><div class=\"label\">{}{}{}</div>", escaped(way.label),
          way.note.empty() ? "" : "<br>", escaped(way.note));
      bool broken = false;
      for (std::size_t i = 0; i < way.stations.size(); ++i) {
        const auto& station = way.stations[i];
        broken = broken || station.mark != Mark::good;
        if (i > 0) add("<div class=\"link{}\"></div>", broken ? " cut" : "");
        const auto [symbol, word] = mark_symbol(station.mark);
        add("<div class=\"station {}\"><span class=\"dot\" role=\"img\" aria-label=\"{}\">{}</span>"
            "<span class=\"name\">{}</span></div>",
            mark_class(station.mark), word, symbol, escaped(station.name));
      }
      out_ += "</div>\n";
    }
    out_ += "</section>\n";
  }

  void attempts() {
    const auto rows = attempt_rows(diagnosis_);
    if (rows.empty()) return;
    out_ +=
        "<h2>Every address</h2>\n<section class=\"card\">\n<table "
        "class=\"stages\"><thead><tr><th></th>";
    for (const auto stage : kStages) add("<th scope=\"col\">{}</th>", stage_word(stage));
    out_ += "</tr></thead><tbody>\n";
    for (const auto& row : rows) {
      add("<tr><th scope=\"row\">{}</th>", escaped(row.label));
      for (const auto& cell : row.cells) {
        const auto [symbol, word] = mark_symbol(cell.mark);
        add("<td class=\"cell\"><span class=\"{}\" role=\"img\" aria-label=\"{}\">{}</span> "
            "{}</td>",
            mark_class(cell.mark), word, symbol, escaped(cell.text));
      }
      out_ += "</tr>\n";
      if (!row.note.empty()) {
        add("<tr class=\"note\"><td></td><td colspan=\"{}\">{}</td></tr>\n", kStages.size(),
            escaped(row.note));
      }
    }
    out_ += "</tbody></table>\n</section>\n";
  }

  void why() {
    const auto told = told_causes(verdict_);
    bool titled = false;
    for (const auto* cause : told) {
      if (cause->reasons.empty() && cause->counter_reasons.empty()) continue;
      if (!std::exchange(titled, true)) out_ += "<h2>Why</h2>\n";
      out_ += "<section class=\"card\">\n";
      if (told.size() > 1) add("<h3><code>{}</code></h3>\n", name(cause->cause));
      out_ += "<ul>\n";
      for (const auto& reason : cause->reasons) {
        add("<li>{}{}</li>\n", escaped(reason.sentence), ids(reason.observations));
      }
      for (const auto& reason : cause->counter_reasons) {
        add("<li class=\"against\">But: {}{}</li>\n", escaped(reason.sentence),
            ids(reason.observations));
      }
      out_ += "</ul>\n</section>\n";
    }
  }

  void step(std::string_view label, std::string_view command) {
    if (trim(command).empty()) return;
    add("<div class=\"step\"><span>{}</span><pre>{}</pre></div>\n", label, escaped(trim(command)));
  }

  void fixes() {
    const auto told = told_causes(verdict_);
    for (const auto* cause : told) {
      if (cause->fixes.empty()) continue;
      if (cause == told.front()) {
        out_ += "<h2>Fix</h2>\n";
      } else {
        add("<h2>Fix, if it is <code>{}</code></h2>\n", name(cause->cause));
      }
      int number = 0;
      for (const auto& fix : cause->fixes) {
        add("<section class=\"card\"><h3>{}. {}</h3>\n", ++number, escaped(fix.text));
        step("run", fix.command);
        step("undo", fix.undo);
        step("verify", fix.verify);
        out_ += "</section>\n";
      }
    }
  }

  void settles() {
    const auto steps = settling_steps(verdict_);
    if (!steps.empty()) out_ += "<h2>What would settle it</h2>\n";
    const bool several = told_causes(verdict_).size() > 1;
    for (const auto& [cause, one] : steps) {
      out_ += "<section class=\"card\"><div>";
      if (several) add("<code>{}</code>: ", name(cause->cause));
      add("{}</div>\n", escaped(one->text));
      if (!one->command.empty()) add("<pre>{}</pre>\n", escaped(one->command));
      out_ += "</section>\n";
    }
  }

  void ruled_out() {
    if (verdict_.ruled_out.empty()) return;
    out_ += "<h2>Ruled out</h2>\n<section class=\"card\"><ul>\n";
    for (const auto& entry : verdict_.ruled_out) {
      add("<li><code>{}</code>", name(entry.cause));
      for (const auto& reason : entry.because) {
        add(" {}{}", escaped(reason.sentence), ids(reason.observations));
      }
      out_ += "</li>\n";
    }
    out_ += "</ul></section>\n";
  }

  void notes() {
    if (verdict_.notes.empty()) return;
    out_ += "<h2>Also seen</h2>\n<section class=\"card\"><ul>\n";
    for (const auto& note : verdict_.notes) {
      add("<li>{}{}</li>\n", escaped(note.sentence), ids(note.observations));
    }
    out_ += "</ul></section>\n";
  }

  void observations() {
    if (diagnosis_.observations.empty()) return;
    add("<h2>Evidence</h2>\n<section class=\"card scroll\"><table "
        "class=\"evidence\"><thead><tr><th>id</th>"
        "<th>at (UTC)</th><th>what was measured</th></tr></thead><tbody>\n");
    for (const auto& seen : diagnosis_.observations) {
      const bool other = !seen.vantage.empty() && seen.vantage != diagnosis_.vantage.name;
      add("<tr id=\"{}\"><td>{}</td><td class=\"soft\">{}</td><td "
          "class=\"values\">{}{}</td></tr>\n",
          escaped(seen.id), escaped(seen.id), rfc3339(seen.at).substr(11, 12),
          escaped(raw_line(seen)),
          other ? fmt::format(" <span class=\"soft\">(seen by {})</span>", escaped(seen.vantage))
                : std::string{});
    }
    out_ += "</tbody></table></section>\n";
  }

  void foot() {
    const int code = exit_code(verdict_);
    add("<footer>Diagnosis {} took {}; exit code {} ({}).", escaped(diagnosis_.id),
        duration_text(diagnosis_.duration), code, exit_meaning(code));
    const auto told = told_causes(verdict_);
    if (!told.empty() && told.front()->cause != model::CauseId::none) {
      add(" More: <code>causeway explain {}</code>", name(told.front()->cause));
    }
    out_ += "</footer>\n";
  }

  std::string utc() const {
    std::string text = rfc3339(diagnosis_.started).substr(0, 19);
    text[10] = ' ';
    return text;
  }

  const model::Diagnosis& diagnosis_;
  const model::Verdict& verdict_;
  std::string out_;
};

}  // namespace

std::string render_html(const model::Diagnosis& diagnosis) { return HtmlReport{diagnosis}.write(); }

}  // namespace causeway::app
