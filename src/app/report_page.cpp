#include "app/report_page.hpp"

#include <fmt/format.h>

#include "app/page_style.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

using report::Report;

// Beside the style of the diagnosis page: a letter's width, a table of facts, packets in one
// column.
constexpr std::string_view kReportStyle = R"css(
main { max-width: 48rem; }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .3rem 1rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
ol.ask { margin: 0; padding-left: 1.4rem; font-size: 1.05rem; }
ol.ask li { margin: .5rem 0; }
table.packets td { vertical-align: top; }
table.packets td:first-child { white-space: nowrap; color: var(--soft); font-variant-numeric: tabular-nums; }
table.packets td:nth-child(2) { overflow-wrap: anywhere; }
pre.hops { white-space: pre; overflow-x: auto; }
.reason { margin-left: 1.2rem; }
@media (max-width: 40rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
  table.packets tr { display: grid; padding: .3rem 0; }
  table.packets td { padding: 0; }
}
@media print {
  @page { margin: 18mm 16mm; }
  main { max-width: none; }
  h2 { break-after: avoid; }
  tr, li { break-inside: avoid; }
}
)css";

class Page {
 public:
  explicit Page(const Report& report) : report_(report) {}

  std::string write() {
    out_ = fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"robots\" content=\"noindex\">\n<title>{}</title>\n<style>{}{}</style>\n"
        "</head>\n<body>\n<main>\n",
        escaped(report_.title), kPageStyle, kReportStyle);
    claim();
    questions();
    packets();
    paths();
    lines("What follows from it", report_.why);
    lines("Ruled out", report_.ruled_out);
    foot();
    out_ += "</main>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  template <class... Parts>
  void add(fmt::format_string<Parts...> form, Parts&&... parts) {
    out_ += fmt::format(form, std::forward<Parts>(parts)...);
  }

  void claim() {
    const bool ok = report_.diagnosis.verdict.state == model::State::ok;
    add("<header><b>Report to the hosting provider</b><span>{}</span></header>\n",
        escaped(report_.id));
    add("<section class=\"card verdict {}\">\n<h1>{}</h1>\n<p class=\"sentence\">{}</p>\n<dl>\n",
        ok ? "ok" : "failing", escaped(report_.title), escaped(report_.summary));
    for (const auto& fact : report_.facts)
      add("<dt>{}</dt><dd>{}</dd>\n", escaped(fact.label), escaped(fact.value));
    out_ += "</dl>\n</section>\n";
  }

  void questions() {
    if (report_.questions.empty()) return;
    out_ += "<h2>What we ask you</h2>\n<section class=\"card\"><ol class=\"ask\">\n";
    for (const auto& question : report_.questions) add("<li>{}</li>\n", escaped(question));
    out_ += "</ol></section>\n";
  }

  void packets() {
    out_ +=
        "<h2>What was measured (times in UTC)</h2>\n<section class=\"card\"><table "
        "class=\"packets\"><tbody>\n";
    for (const auto& line : report_.packets)
      add("<tr><td>{}</td><td>{}{}</td></tr>\n", escaped(line.at), escaped(line.text), ids(line));
    out_ += "</tbody></table></section>\n";
  }

  void paths() {
    if (!report_.path_to.empty()) {
      out_ += "<h2>Path to the server</h2>\n<section class=\"card\"><pre class=\"hops\">";
      for (const auto& line : report_.path_to) out_ += escaped(line.text) + "\n";
      out_ += "</pre></section>\n";
    }
    out_ += "<h2>Path back</h2>\n<section class=\"card\">\n";
    for (std::size_t i = 0; i < report_.path_back.size(); ++i)
      out_ += (i == 1 ? "<pre>" : "<p>") + escaped(report_.path_back[i]) +
              (i == 1 ? "</pre>\n" : "</p>\n");
    out_ += "</section>\n";
  }

  void lines(std::string_view title, const std::vector<report::Line>& all) {
    if (all.empty()) return;
    add("<h2>{}</h2>\n<section class=\"card\">\n", title);
    for (const auto& line : all) {
      const bool reason = line.text.starts_with("for: ") || line.text.starts_with("against: ");
      add("<p{}>{}{}</p>\n", reason ? " class=\"reason\"" : "", escaped(line.text), ids(line));
    }
    out_ += "</section>\n";
  }

  static std::string ids(const report::Line& line) {
    if (line.observations.empty()) return {};
    return fmt::format(" <span class=\"ids soft\">[{}]</span>",
                       escaped(join(line.observations, " ")));
  }

  void foot() {
    out_ += "<footer>";
    if (!report_.hidden.empty()) {
      std::vector<std::string> parts;
      parts.reserve(report_.hidden.size());
      for (const auto& each : report_.hidden)
        parts.push_back(fmt::format("{} x {}", each.values, each.kind));
      add("Hidden before sending: {}. The same label stands for the same value. ",
          escaped(join(parts, ", ")));
    }
    add("Made by causeway from diagnosis {}; numbers in brackets are its observations.</footer>\n",
        escaped(report_.diagnosis.id));
  }

  const Report& report_;
  std::string out_;
};

}  // namespace

std::string report_page(const Report& report) { return Page{report}.write(); }

}  // namespace causeway::app
