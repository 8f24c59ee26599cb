#include "console/shapes.hpp"

#include <nlohmann/json.hpp>

#include "model/cause.hpp"
#include "model/failure.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

// What was kept as JSON text goes out as JSON.
Json parsed(const std::string& text) {
  auto value = Json::parse(text, nullptr, false);
  return value.is_discarded() ? Json::object() : value;
}

std::string_view failure_words(const std::string& failure) {
  const auto id = model::failure_named(failure);
  return id ? model::row(*id).sentence : std::string_view{};
}

std::string_view cause_words(const std::string& cause) {
  const auto id = model::cause_named(cause);
  return id ? model::row(*id).title : std::string_view{};
}

double ms(std::int64_t microseconds) { return static_cast<double>(microseconds) / 1000.0; }

}  // namespace

Json time_or_null(WallTime at) { return at == WallTime{} ? Json(nullptr) : Json(rfc3339(at)); }

Json shape(const store::Target& target, const store::TargetState* state) {
  Json out{{"id", target.id},           {"name", target.name},     {"kind", target.kind},
           {"subject", target.subject}, {"group", target.team},    {"tags", target.tags},
           {"owner", target.owner},     {"source", target.source}, {"paused", target.paused}};
  if (state == nullptr) {
    out["outcome"] = target.paused ? "paused" : "pending";
    return out;
  }
  out["outcome"] = target.paused ? "paused" : state->outcome;
  out["since"] = time_or_null(state->since);
  out["checked"] = time_or_null(state->checked);
  out["failure"] = state->failure;
  out["failure_sentence"] = failure_words(state->failure);
  out["status"] = state->status;
  out["address"] = state->address;
  out["detail"] = state->detail;
  out["elapsed_ms"] = ms(state->elapsed_us);
  out["certificate_until"] = time_or_null(state->certificate_until);
  return out;
}

Json definition_of(const store::Target& target) {
  Json out = parsed(target.spec);
  if (!out.is_object()) return Json::object();
  for (const char* key : {"id", "remedies", "ca_file", "public_only"}) out.erase(key);
  if (const auto team = out.find("team"); team != out.end()) {
    out["group"] = *team;
    out.erase("team");
  }
  out["paused"] = target.paused;
  return out;
}

Json shape(const store::Incident& incident) {
  Json out{{"id", incident.id},
           {"severity", incident.severity},
           {"title", incident.title},
           {"cause", incident.cause},
           {"cause_title", cause_words(incident.cause)},
           {"owner", incident.owner},
           {"failure", incident.failure},
           {"failure_sentence", failure_words(incident.failure)},
           {"code", incident.code},
           {"sentence", incident.sentence},
           {"first_failed", time_or_null(incident.first_failed)},
           {"opened", time_or_null(incident.opened)},
           {"closed", time_or_null(incident.closed)},
           {"acknowledged", time_or_null(incident.acknowledged)},
           {"acknowledged_by", incident.acknowledged_by},
           {"merged_into", incident.merged_into},
           {"diagnosis", incident.diagnosis},
           {"updated", time_or_null(incident.updated)}};
  if (!incident.shared_kind.empty()) {
    out["shared"] = {{"kind", incident.shared_kind},
                     {"value", incident.shared_value},
                     {"all", incident.shared_all},
                     {"failing", incident.shared_failing},
                     {"expected_share", incident.expected_share}};
  }
  return out;
}

Json shape(const store::Member& member) {
  return {{"target", member.target},
          {"since", time_or_null(member.since)},
          {"until", time_or_null(member.until)},
          {"failure", member.failure},
          {"failure_sentence", failure_words(member.failure)}};
}

Json shape(const store::IncidentEvent& event) {
  return {{"id", event.id},
          {"incident", event.incident},
          {"at", rfc3339(event.at)},
          {"kind", event.kind},
          {"author", event.author},
          {"text", event.text},
          {"data", parsed(event.data)}};
}

Json shape(const store::Document& document) {
  return {{"id", document.id},
          {"incident", document.incident},
          {"target", document.target},
          {"kind", document.kind},
          {"at", rfc3339(document.at)}};
}

Json shape(const store::Alert& alert) {
  return {{"id", alert.id},
          {"incident", alert.incident},
          {"channel", alert.channel},
          {"kind", alert.kind},
          {"state", alert.state},
          {"created", time_or_null(alert.created)},
          {"due", time_or_null(alert.due)},
          {"sent", time_or_null(alert.sent)},
          {"attempts", alert.attempts},
          {"reason", alert.reason}};
}

Json shape(const store::Delivery& delivery) {
  return {{"id", delivery.id},           {"alert", delivery.alert},
          {"channel", delivery.channel}, {"at", rfc3339(delivery.at)},
          {"ok", delivery.ok},           {"elapsed_ms", ms(delivery.elapsed_us)},
          {"detail", delivery.detail}};
}

Json shape(const store::MaintenanceWindow& window) {
  return {{"id", window.id},           {"title", window.title},
          {"zone", window.zone},       {"starts", window.starts},
          {"minutes", window.minutes}, {"repeats", window.repeats},
          {"until", window.until},     {"targets", window.targets},
          {"groups", window.teams},    {"tags", window.tags},
          {"note", window.note},       {"source", window.source},
          {"author", window.author},   {"created", time_or_null(window.created)}};
}

Json shape(const store::Transition& transition) {
  return {{"id", transition.id},
          {"vantage", transition.vantage},
          {"at", rfc3339(transition.at)},
          {"before", transition.before},
          {"outcome", transition.outcome},
          {"failure", transition.failure},
          {"failure_sentence", failure_words(transition.failure)},
          {"status", transition.status},
          {"address", transition.address},
          {"elapsed_ms", ms(transition.elapsed_us)},
          {"detail", transition.detail}};
}

Json shape(const store::Rollup& rollup) {
  const auto answered = static_cast<double>(rollup.ok + rollup.degraded);
  const auto mean = [answered](std::int64_t sum) -> Json {
    if (answered <= 0) return nullptr;
    return ms(sum) / answered;
  };
  return {{"start", rfc3339(rollup.start)},
          {"vantage", rollup.vantage},
          {"ok", rollup.ok},
          {"degraded", rollup.degraded},
          {"down", rollup.down},
          {"unknown", rollup.unknown},
          {"total_ms", mean(rollup.total_sum)},
          {"total_ms_max", ms(rollup.total_max)},
          {"resolve_ms", mean(rollup.resolve_sum)},
          {"connect_ms", mean(rollup.connect_sum)},
          {"secure_ms", mean(rollup.secure_sum)},
          {"wait_ms", mean(rollup.wait_sum)}};
}

Json shape(const store::Blind& blind) {
  return {{"vantage", blind.vantage},
          {"since", rfc3339(blind.since)},
          {"until", time_or_null(blind.until)},
          {"reason", blind.reason}};
}

Json shape(const store::VantageState& vantage) {
  return {{"name", vantage.name},
          {"seen", rfc3339(vantage.seen)},
          {"addresses", vantage.addresses},
          {"state", vantage.state},
          {"detail", vantage.detail}};
}

Json shape(const store::RemedyRun& run) {
  return {{"target", run.target},  {"incident", run.incident}, {"name", run.name},
          {"at", rfc3339(run.at)}, {"dry", run.dry},           {"outcome", run.outcome},
          {"detail", run.detail}};
}

Json shape(const store::Account& account) {
  return {{"id", account.id},
          {"name", account.name},
          {"role", account.role},
          {"created", rfc3339(account.created)}};
}

Json shape(const store::ApiToken& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"scope", token.scope},
          {"author", token.author},
          {"created", rfc3339(token.created)},
          {"seen", time_or_null(token.seen)},
          {"expires", time_or_null(token.expires)}};
}

Json shape(const store::AuditEntry& entry) {
  return {{"id", entry.id},          {"at", rfc3339(entry.at)},  {"actor", entry.actor},
          {"action", entry.action},  {"subject", entry.subject}, {"detail", entry.detail},
          {"address", entry.address}};
}

}  // namespace causeway::console
