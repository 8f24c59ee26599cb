#include "app/report_making.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "app/report_page.hpp"
#include "judge/conclude.hpp"
#include "model/code.hpp"

namespace causeway::app {
namespace {

// The parts of a diagnosis that parse_document() leaves out: what was asked, when, how long.
Parsed<model::Diagnosis> head_of(std::string_view text, std::string_view name) {
  model::Diagnosis out;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object())
    return error(fmt::format("{}: not a JSON object", name));
  const auto string = [](const nlohmann::json& from, const char* key) {
    const auto at = from.find(key);
    return at != from.end() && at->is_string() ? at->get<std::string>() : std::string{};
  };
  out.id = string(json, "id");
  if (const auto at = parse_rfc3339(string(json, "started"))) out.started = *at;
  if (const auto span = json.find("duration_ms"); span != json.end() && span->is_number()) {
    const double ms = std::clamp(span->get<double>(), 0.0, 1e9);
    out.duration = Duration{static_cast<std::int64_t>(ms * 1e6)};
  }
  const auto target = json.find("target");
  if (target == json.end() || !target->is_object())
    return error(fmt::format("{}: has no target; expected a causeway.diagnosis/1 document", name));
  out.target.url = string(*target, "url");
  out.target.host = string(*target, "host");
  if (auto scheme = string(*target, "scheme"); !scheme.empty()) out.target.scheme = scheme;
  if (const auto port = target->find("port");
      port != target->end() && port->is_number_unsigned() && port->get<std::uint64_t>() <= 65'535)
    out.target.port = port->get<std::uint16_t>();
  return out;
}

}  // namespace

Parsed<ReportInput> report_input(std::string name, std::string text) {
  ReportInput out{std::move(name), std::move(text), {}};
  auto document = model::parse_document(out.text, out.name);
  if (!document) return std::unexpected(document.error());
  out.document = std::move(*document);
  return out;
}

Parsed<model::Diagnosis> joined_diagnosis(std::vector<ReportInput> inputs) {
  const auto lead = std::ranges::find_if(inputs, [](const ReportInput& each) {
    return each.document.schema == model::kDiagnosisSchema;
  });
  if (lead == inputs.end())
    return error(
        "none of the documents is a causeway.diagnosis/1; 'causeway diagnose URL --format json' "
        "makes one");
  auto out = head_of(lead->text, lead->name);
  if (!out) return out;
  out->vantage = lead->document.vantage;
  out->attempts = lead->document.attempts;
  auto seen = std::move(lead->document.observations);
  std::vector<model::Document> others;
  for (auto& input : inputs) {
    if (&input != &*lead) others.push_back(std::move(input.document));
  }
  // Comparisons are derived again from all observations.
  std::erase_if(seen, [](const auto& one) { return one.kind == model::Kind::compare; });
  int number = 0;
  for (auto& one : seen) one.id = fmt::format("o{}", ++number);
  judge::conclude(*out, std::move(seen), others);
  return out;
}

int local_zone(WallTime at) {
  const auto seconds = static_cast<std::time_t>(
      std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return static_cast<int>(local.tm_gmtoff / 60);
}

std::vector<report::HiddenCount> hidden_counts(const std::vector<report::Found>& found) {
  std::vector<report::HiddenCount> out;
  for (const auto& each : found) {
    const std::string kind{name(each.kind)};
    const auto at = std::ranges::find(out, kind, &report::HiddenCount::kind);
    if (at == out.end()) {
      out.push_back({kind, 1});
    } else {
      ++at->values;
    }
  }
  return out;
}

Parsed<MadeReport> incident_report(const IncidentPapers& papers, std::string_view format,
                                   std::string_view hide) {
  auto kinds = report::hidden_kinds(hide);
  if (!kinds) return std::unexpected(kinds.error());
  auto input = report_input("incident " + papers.id, papers.diagnosis);
  if (!input) return std::unexpected(input.error());
  std::vector<ReportInput> inputs;
  inputs.push_back(std::move(*input));
  const auto diagnosis = joined_diagnosis(std::move(inputs));
  if (!diagnosis) return std::unexpected(diagnosis.error());
  report::Redactor redactor{{.kinds = std::move(*kinds)}};
  keep_subjects(redactor, *diagnosis);
  auto redacted = redactor.diagnosis(*diagnosis);
  report::Context context;
  context.incident = papers.facts;
  context.zone_minutes = local_zone(diagnosis->started);
  context.code_title = model::code_title(diagnosis->verdict.code);
  for (const auto& file : papers.files) {
    context.attachments.push_back({file.name, redactor.text(file.bytes, file.name)});
  }
  context.hidden = hidden_counts(redactor.found());
  const auto made = report::build(std::move(redacted), std::move(context));
  MadeReport out{.bytes = {}, .hidden = redactor.found()};
  if (format == "html") {
    out.bytes = report_page(made);
  } else if (format == "json") {
    out.bytes = report::as_json(made);
  } else if (format == "bundle") {
    out.bytes = report::as_bundle(made, report_page(made));
  } else if (format == "text") {
    out.bytes = report::as_text(made);
  } else {
    return error("format: expected text, html, json or bundle");
  }
  return out;
}

}  // namespace causeway::app
