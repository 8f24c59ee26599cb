#include "config/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

namespace causeway::config {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string_view name(Severity severity) {
  return severity == Severity::error ? "error" : "warning";
}

bool Findings::any_error() const {
  return std::ranges::any_of(list_, [](const auto& f) { return f.severity == Severity::error; });
}

bool Findings::any_at(Place place) const {
  return std::ranges::find(list_, place, &Finding::place) != list_.end();
}

std::vector<Finding> Findings::sorted() const {
  auto out = list_;
  std::ranges::sort(out, {}, [](const Finding& each) { return std::tie(each.place, each.text); });
  return out;
}

std::string line(const Finding& finding, std::string_view file) {
  const auto place = finding.place.line == 0
                         ? std::string{file}
                         : fmt::format("{}:{}:{}", file, finding.place.line, finding.place.column);
  return fmt::format("{}: {}: {} [{}]", place, name(finding.severity), finding.text, finding.rule);
}

std::string text(const Findings& findings, std::string_view file) {
  std::string out;
  for (const auto& finding : findings.sorted()) out += line(finding, file) + "\n";
  return out;
}

std::string json(const Findings& findings, std::string_view file) {
  Json list = Json::array();
  for (const auto& finding : findings.sorted()) {
    list.push_back({{"severity", name(finding.severity)},
                    {"rule", finding.rule},
                    {"line", finding.place.line},
                    {"column", finding.place.column},
                    {"text", finding.text}});
  }
  return dumped({{"schema", "causeway.config-check/1"},
                 {"file", file},
                 {"usable", !findings.any_error()},
                 {"findings", list}});
}

// SARIF 2.1.0 (OASIS), sections 3.13 to 3.30: what code hosts show beside the line.
std::string sarif(const Findings& findings, std::string_view file, std::string_view version) {
  Json rules = Json::array();
  for (const auto& rule : kRules) {
    rules.push_back({{"id", rule.id}, {"shortDescription", {{"text", rule.text}}}});
  }
  Json results = Json::array();
  for (const auto& finding : findings.sorted()) {
    Json where = {{"artifactLocation", {{"uri", file}}}};
    if (finding.place.line > 0) {
      where["region"] = {{"startLine", finding.place.line}, {"startColumn", finding.place.column}};
    }
    results.push_back({{"ruleId", finding.rule},
                       {"level", name(finding.severity)},
                       {"message", {{"text", finding.text}}},
                       {"locations", Json::array({{{"physicalLocation", where}}})}});
  }
  Json driver = {{"name", "causeway"}, {"version", version}, {"rules", rules}};
  Json run = {{"tool", {{"driver", driver}}}, {"results", results}};
  return dumped({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                 {"version", "2.1.0"},
                 {"runs", Json::array({run})}});
}

}  // namespace causeway::config
