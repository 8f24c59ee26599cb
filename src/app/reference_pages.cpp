#include "app/reference_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "app/closed_values.hpp"
#include "app/config_sections.hpp"
#include "app/phrases.hpp"
#include "app/schema.hpp"
#include "base/embedded.hpp"
#include "base/text.hpp"
#include "console/routes.hpp"
#include "model/cause.hpp"
#include "model/code.hpp"
#include "model/failure.hpp"
#include "model/observation.hpp"

namespace causeway::app {
namespace {

constexpr std::string_view kGenerated =
    "<!-- Made by `make docs` from the lists in src/model; edit those. -->\n\n";

// In a table a bar would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string{"\\|"} : std::string(1, c);
  return out;
}

// As GitHub makes it of a heading: lower case, dots dropped.
std::string anchor_of(std::string_view id) {
  std::string out{id};
  std::erase(out, '.');
  return out;
}

// The comment that stands above the failure's row in failures.def.
std::string comment_above(std::string_view id) {
  std::string out;
  for (const auto& file : embedded_files()) {
    for (const auto line : split(file.text, '\n')) {
      if (line.starts_with("// ----")) continue;  // the title of a group
      if (line.starts_with("// ")) {
        if (!out.empty()) out += ' ';
        out += line.substr(3);
        continue;
      }
      if (line.starts_with("FAILURE(") && line.find(fmt::format("\"{}\"", id)) != line.npos) {
        return out;
      }
      out.clear();
    }
  }
  return {};
}

std::string shown_as(const model::FailureRow& row) {
  if (row.code == 0) return "the origin's own status";
  std::string out = fmt::format("{} {}", row.code, model::code_title(row.code));
  if (row.subcode != 0)
    out += fmt::format(" with {} {}", row.subcode, model::code_title(row.subcode));
  return out;
}

std::string failures_page() {
  std::string out{"# Failures\n\n"};
  out += kGenerated;
  out +=
      "What can go wrong in one attempt to get an answer from an origin, as seen on the wire. Why "
      "it went wrong is a [cause](causes.md).\n\n"
      "| failure | stage | an edge shows | Proxy-Status | another try |\n|---|---|---|---|---|\n";
  for (const auto& row : model::failure_rows()) {
    out += fmt::format("| [`{}`](#{}) | {} | {} | {} | {} |\n", row.id, anchor_of(row.id),
                       name(row.stage), shown_as(row),
                       row.proxy_status.empty() ? "" : fmt::format("`{}`", row.proxy_status),
                       name(row.retry));
  }
  model::Stage stage = model::Stage::any;
  bool first = true;
  for (const auto& row : model::failure_rows()) {
    if (first || row.stage != stage) out += fmt::format("\n## {}\n", name(row.stage));
    first = false;
    stage = row.stage;
    out += fmt::format("\n### {}\n{}\n", row.id, row.sentence);
    const auto comment = comment_above(row.id);
    if (!comment.empty()) out += fmt::format("\n{}\n", comment);
  }
  return out;
}

std::string causes_page() {
  std::string out{"# Causes\n\n"};
  out += kGenerated;
  out +=
      "Every root cause that a verdict can name. `causeway explain CAUSE` tells more and prints "
      "the "
      "fixes.\n";
  std::string group;
  for (const auto& row : model::cause_rows()) {
    const std::string of{row.id.substr(0, row.id.find('.'))};
    if (of != group) {
      out += fmt::format(
          "\n## {}\n\n| cause | what it is | to act | shows as |\n|---|---|---|---|\n", of);
    }
    group = of;
    out += fmt::format("| `{}` | {} | {} | {} |\n", row.id, cell(row.title), name(row.owner),
                       row.codes.empty() ? "any" : row.codes);
  }
  return out;
}

std::string values_of(const model::KindRow& kind, const model::FieldRow& field) {
  const auto closed = closed_values(kind, field);
  if (closed.empty()) return {};
  std::string out;
  for (const auto& value : closed) out += fmt::format("{}`{}`", out.empty() ? "" : " ", value);
  return out;
}

std::string observations_page() {
  std::string out{"# Observations\n\n"};
  out += kGenerated;
  out +=
      "The typed facts that sensors report and rules ask for. A field that was not measured is "
      "absent, never empty or zero. Real numbers are milliseconds where the name ends in `_ms`.\n";
  for (const auto& kind : model::kind_rows()) {
    out += fmt::format(
        "\n## {}\n{} {}\n\n| field | type | meaning | values |\n|---|---|---|---|\n", kind.name,
        kind.meaning,
        kind.scope == model::Scope::address ? "About one address." : "About the target.");
    for (const auto& field : kind.fields) {
      const auto values = values_of(kind, field);
      const bool only_values = !values.empty() && field.meaning.find(": ") == field.meaning.npos;
      out += fmt::format("| `{}` | {} | {} | {} |\n", field.name, name(field.type),
                         only_values ? "" : cell(field.meaning), values);
    }
  }
  return out;
}

// Of one top-level table: "[edge]".
std::string config_page(std::string_view name) {
  const auto sections = config_sections();
  const auto own = std::ranges::find(sections, name, &config::Section::name);
  return fmt::format(
             "# Configuration: `[{}]`\n\nGenerated from the list that reads the file; 'causeway "
             "config schema' prints the same, with `--format json` as a JSON schema for editors. "
             "'causeway config check FILE' finds what is wrong with a file before it is used: "
             "unknown keys with the nearest one that exists, wrong values, dangling names, routes "
             "that nothing reaches, missing files, certificates that end.\n\n"
             "Spans of time are `\"30s\"`, `\"1500ms\"`, `\"2m\"`, `\"1h\"`, or a number of "
             "seconds; sizes `\"16 MiB\"` or a number of bytes. A secret never stands in the file: "
             "`{{ file = \"PATH\" }}`, "
             "`{{ env = \"NAME\" }}` or `{{ credential = \"NAME\" }}` (systemd's LoadCredential) "
             "says "
             "where it is.\n\n",
             name) +
         config::schema_markdown(std::span{&*own, 1});
}

}  // namespace

std::vector<ReferencePage> reference_pages() {
  return {{"failures.md", failures_page()},
          {"causes.md", causes_page()},
          {"observations.md", observations_page()},
          {"edge-config.md", config_page("edge")},
          {"api.md", console::api_page()},
          {"schema/diagnosis.schema.json", diagnosis_schema()},
          {"schema/facts.schema.json", facts_schema()}};
}

}  // namespace causeway::app
