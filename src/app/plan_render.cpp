// A plan for a terminal, as Markdown, and as one self-contained page.
#include <fmt/format.h>

#include "app/page_style.hpp"
#include "app/plan.hpp"
#include "app/render.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

std::string addresses(const std::vector<IpAddress>& all) {
  std::vector<std::string> out;
  out.reserve(all.size());
  for (const auto& address : all) out.push_back(address.text());
  return join(out, ", ");
}

std::string headline(const plan::Plan& plan) {
  if (plan.go) {
    return plan.warnings + plan.unknowns == 0
               ? "GO: nothing stands in the way"
               : fmt::format("GO, with {} warning{} and {} open question{}", plan.warnings,
                             plan.warnings == 1 ? "" : "s", plan.unknowns,
                             plan.unknowns == 1 ? "" : "s");
  }
  return fmt::format("NO-GO: {} thing{} to mend first", plan.stops, plan.stops == 1 ? "" : "s");
}

std::string title(const plan::Plan& plan) {
  return fmt::format("{} -> {}", addresses(plan.seen.before), addresses(plan.seen.after));
}

Tone tone_of(plan::State state) {
  switch (state) {
    case plan::State::stop: return Tone::bad;
    case plan::State::warn: return Tone::warning;
    case plan::State::unknown: return Tone::dim;
    case plan::State::good: return Tone::good;
  }
  return Tone::plain;
}

std::string_view glyph_of(const Screen& screen, plan::State state) {
  switch (state) {
    case plan::State::stop: return screen.bad();
    case plan::State::warn: return screen.warning();
    case plan::State::unknown: return "?";
    case plan::State::good: return screen.good();
  }
  return "";
}

std::string_view css_class(plan::State state) {
  switch (state) {
    case plan::State::stop: return "bad";
    case plan::State::warn: return "warning";
    case plan::State::unknown: return "unknown";
    case plan::State::good: return "good";
  }
  return "";
}

std::string who(const plan::Check& check) { return check.host.empty() ? "" : check.host + ": "; }

// Markdown's own characters in what strangers wrote.
std::string plain_markdown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '_' || c == '`' || c == '<' || c == '[' || c == '|' || c == '#')
      out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string plan_text(const plan::Plan& plan, const Screen& screen) {
  std::string out = fmt::format(
      "{}\n{}\n\n", screen.paint(plan.go ? Tone::good : Tone::bad, headline(plan)), title(plan));
  for (const auto& check : plan.checks) {
    out += hanging(
        fmt::format("{} ", screen.paint(tone_of(check.state), glyph_of(screen, check.state))),
        who(check) + check.sentence, screen.width);
    for (const auto& line : check.evidence) out += hanging("    ", line, screen.width);
    if (!check.fix.empty()) out += hanging("    do: ", check.fix, screen.width);
  }
  out += "\nSteps\n";
  for (const auto& step : plan.steps) {
    out += hanging(fmt::format("  {} ", screen.paint(Tone::strong, padded(step.when, 9))),
                   step.text, screen.width);
    if (step.point_of_return) out += "            last point of an easy return:\n";
    for (const auto& command : step.commands) out += fmt::format("            {}\n", command);
  }
  return out;
}

std::string plan_markdown(const plan::Plan& plan) {
  std::string out = fmt::format("# Migration {}\n\n**{}** ({})\n\n## Checks\n\n", title(plan),
                                headline(plan), rfc3339(plan.seen.at));
  for (const auto& check : plan.checks) {
    out += fmt::format("- **{}** {}\n", plan::name(check.state),
                       plain_markdown(who(check) + check.sentence));
    for (const auto& line : check.evidence) out += fmt::format("  - {}\n", plain_markdown(line));
    if (!check.fix.empty()) out += fmt::format("  - do: {}\n", plain_markdown(check.fix));
  }
  out += "\n## Steps\n\n";
  for (const auto& step : plan.steps) {
    out += fmt::format("- [ ] **{}** {}{}\n", step.when, step.text,
                       step.point_of_return ? " (last point of an easy return)" : "");
    if (step.commands.empty()) continue;
    out += "  ```\n";
    for (const auto& command : step.commands) out += fmt::format("  {}\n", command);
    out += "  ```\n";
  }
  return out;
}

std::string plan_html(const plan::Plan& plan) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"robots\" content=\"noindex\">\n<title>{}</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<main>\n<h1 class=\"{}\">{}</h1>\n<p>{} "
      "({})</p>\n<section>\n<h2>Checks</h2>\n"
      "<ul>\n",
      escaped("Migration " + title(plan)), kPageStyle, plan.go ? "good" : "bad",
      escaped(headline(plan)), escaped(title(plan)), rfc3339(plan.seen.at));
  for (const auto& check : plan.checks) {
    out += fmt::format("<li><strong class=\"{}\">{}</strong> {}", css_class(check.state),
                       plan::name(check.state), escaped(who(check) + check.sentence));
    for (const auto& line : check.evidence)
      out += fmt::format("<br><code>{}</code>", escaped(line));
    if (!check.fix.empty()) out += fmt::format("<br><em>do:</em> {}", escaped(check.fix));
    out += "</li>\n";
  }
  out += "</ul>\n</section>\n<section>\n<h2>Steps</h2>\n<ol>\n";
  for (const auto& step : plan.steps) {
    out += fmt::format("<li><strong>{}</strong> {}{}", escaped(step.when), escaped(step.text),
                       step.point_of_return ? " <em>(last point of an easy return)</em>" : "");
    if (!step.commands.empty()) {
      out += "<pre>";
      for (const auto& command : step.commands) out += escaped(command) + "\n";
      out += "</pre>";
    }
    out += "</li>\n";
  }
  return out + "</ol>\n</section>\n</main>\n</body>\n</html>\n";
}

}  // namespace causeway::app
