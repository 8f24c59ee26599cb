#include "model/json.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "model/facts.hpp"

namespace causeway::model {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value, double scale) { return std::round(value * scale) / scale; }

// Never rounded up: the probabilities of one verdict must not add up to more than 1.
double probability(double value) {
  return std::floor(std::clamp(value, 0.0, 1.0) * 1e4 + 1e-6) / 1e4;
}

template <class T>
Json name_or_null(const std::optional<T>& value) {
  return value ? Json(name(*value)) : Json(nullptr);
}

Json ids_of(const std::vector<Reason>& reasons) {
  Json out = Json::array();
  for (const auto& reason : reasons) {
    for (const auto& id : reason.observations) {
      if (std::ranges::find(out, Json(id)) == out.end()) out.push_back(id);
    }
  }
  return out;
}

Json sentences(const std::vector<Reason>& reasons) {
  Json out = Json::array();
  for (const auto& reason : reasons) {
    out.push_back({{"sentence", reason.sentence}, {"observations", reason.observations}});
  }
  return out;
}

Json json_of(const Attributes& attributes) {
  Json out = Json::object();
  if (!attributes.scope.empty()) out["scope"] = attributes.scope;
  if (!attributes.agent.empty()) out["agent"] = attributes.agent;
  if (!attributes.where.empty()) out["where"] = attributes.where;
  return out;
}

Json json_of(const RankedCause& cause) {
  Json settles = Json::array();
  for (const auto& step : cause.settles) {
    settles.push_back({{"text", step.text}, {"command", step.command}});
  }
  Json fixes = Json::array();
  for (const auto& fix : cause.fixes) {
    fixes.push_back(
        {{"text", fix.text}, {"command", fix.command}, {"undo", fix.undo}, {"verify", fix.verify}});
  }
  return {{"id", name(cause.cause)},
          {"probability", probability(cause.probability)},
          {"owner", name(row(cause.cause).owner)},
          {"title", cause.title.empty() ? std::string{row(cause.cause).title} : cause.title},
          {"attributes", json_of(cause.attributes)},
          {"for", ids_of(cause.reasons)},
          {"against", ids_of(cause.counter_reasons)},
          {"reasons", sentences(cause.reasons)},
          {"counter_reasons", sentences(cause.counter_reasons)},
          {"settles", std::move(settles)},
          {"fix", std::move(fixes)}};
}

Json json_of(const Verdict& verdict) {
  Json causes = Json::array();
  for (const auto& cause : verdict.causes) causes.push_back(json_of(cause));
  Json ruled_out = Json::array();
  for (const auto& entry : verdict.ruled_out) {
    ruled_out.push_back({{"id", name(entry.cause)},
                         {"because", ids_of(entry.because)},
                         {"reasons", sentences(entry.because)}});
  }
  Json notes = Json::array();
  for (const auto& note : verdict.notes) {
    notes.push_back({{"sentence", note.sentence}, {"observations", note.observations}});
  }
  Json token = nullptr;
  if (verdict.failure && !row(*verdict.failure).proxy_status.empty()) {
    token = row(*verdict.failure).proxy_status;
  }
  return {{"state", name(verdict.state)},
          {"code", verdict.code == 0 ? Json(nullptr) : Json(verdict.code)},
          {"subcode", verdict.subcode == 0 ? Json(nullptr) : Json(verdict.subcode)},
          {"stage", name_or_null(verdict.stage)},
          {"failure", name_or_null(verdict.failure)},
          {"proxy_status", std::move(token)},
          {"sentence", verdict.sentence},
          {"causes", std::move(causes)},
          {"ruled_out", std::move(ruled_out)},
          {"missing", verdict.missing},
          {"notes", std::move(notes)}};
}

Json json_of(const Attempt& attempt) {
  Json stages = Json::array();
  for (const auto& stage : attempt.stages) {
    stages.push_back({{"stage", name(stage.stage)},
                      {"outcome", name(stage.outcome)},
                      {"failure", name_or_null(stage.failure)},
                      {"elapsed_ms", rounded(milliseconds(stage.elapsed), 1e3)},
                      {"because", stage.because}});
  }
  Json address = nullptr;
  Json family = nullptr;
  if (attempt.address) {
    address = attempt.address->text();
    family = name(attempt.address->family());
  }
  return {{"address", std::move(address)},
          {"family", std::move(family)},
          {"port", attempt.port},
          {"via", name(attempt.via)},
          {"status", attempt.status == 0 ? Json(nullptr) : Json(attempt.status)},
          {"stages", std::move(stages)}};
}

Json json_of(const Value& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

Json json_of(const Observation& observation, const std::string& own_vantage) {
  Json data = Json::object();
  for (const auto& [field, value] : observation.fields()) data[std::string{field}] = json_of(value);
  return {{"id", observation.id},
          {"at", rfc3339(observation.at)},
          {"sensor", observation.sensor},
          {"vantage", observation.vantage.empty() ? own_vantage : observation.vantage},
          {"subject", observation.subject},
          {"kind", name(observation.kind)},
          {"data", std::move(data)}};
}

}  // namespace

std::string to_json(const Diagnosis& diagnosis) {
  Json attempts = Json::array();
  for (const auto& attempt : diagnosis.attempts) attempts.push_back(json_of(attempt));
  Json observations = Json::array();
  for (const auto& observation : diagnosis.observations) {
    observations.push_back(json_of(observation, diagnosis.vantage.name));
  }
  const Json document{
      {"schema", kDiagnosisSchema},
      {"id", diagnosis.id},
      {"started", rfc3339(diagnosis.started)},
      {"duration_ms", std::llround(milliseconds(diagnosis.duration))},
      {"interrupted", diagnosis.interrupted},
      {"vantage", {{"name", diagnosis.vantage.name}, {"addresses", diagnosis.vantage.addresses}}},
      {"target",
       {{"url", diagnosis.target.url},
        {"host", diagnosis.target.host},
        {"port", diagnosis.target.port},
        {"scheme", diagnosis.target.scheme}}},
      {"verdict", json_of(diagnosis.verdict)},
      {"attempts", std::move(attempts)},
      {"observations", std::move(observations)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_json(const Facts& facts) {
  Json observations = Json::array();
  for (const auto& observation : facts.observations) {
    observations.push_back(json_of(observation, facts.vantage.name));
  }
  Json findings = Json::array();
  for (const auto& finding : facts.findings) findings.push_back(json_of(finding));
  Json notes = Json::array();
  for (const auto& note : facts.notes) {
    notes.push_back({{"sentence", note.sentence}, {"observations", note.observations}});
  }
  const Json document{
      {"schema", kFactsSchema},
      {"id", facts.id},
      {"started", rfc3339(facts.started)},
      {"duration_ms", std::llround(milliseconds(facts.duration))},
      {"vantage", {{"name", facts.vantage.name}, {"addresses", facts.vantage.addresses}}},
      {"host", facts.vantage.name},
      {"edge", {{"name", facts.edge}, {"date", facts.edge_date}}},
      {"ports", facts.ports},
      {"findings", std::move(findings)},
      {"notes", std::move(notes)},
      {"observations", std::move(observations)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace causeway::model
