#include "app/schema.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/closed_values.hpp"
#include "model/cause.hpp"
#include "model/failure.hpp"
#include "model/json.hpp"
#include "model/observation.hpp"

namespace causeway::app {
namespace {

using Json = nlohmann::ordered_json;

Json text() { return {{"type", "string"}}; }
Json filled() { return {{"type", "string"}, {"minLength", 1}}; }
Json truth() { return {{"type", "boolean"}}; }
Json time() {
  return {{"type", "string"}, {"pattern", R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$)"}};
}
Json number(double least) { return {{"type", "number"}, {"minimum", least}}; }
Json integer(int least, int most) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", most}};
}
Json use(const std::string& name) { return {{"$ref", "#/$defs/" + name}}; }
Json list(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }
Json words(const std::vector<std::string>& allowed) { return {{"enum", allowed}}; }
Json or_null(const Json& shape) { return {{"anyOf", Json::array({shape, {{"type", "null"}}})}}; }

// Every property is required unless it is named in `optional`; no others are allowed.
Json object(const Json& properties, const std::vector<std::string>& optional = {}) {
  Json required = Json::array();
  for (const auto& [key, shape] : properties.items()) {
    if (std::ranges::find(optional, key) == optional.end()) required.push_back(key);
  }
  return {{"type", "object"},
          {"properties", properties},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

Json described(Json shape, std::string_view description) {
  shape["description"] = description;
  return shape;
}

template <class Rows>
Json ids_of(const Rows& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) out.emplace_back(row.id);
  return words(out);
}

Json stages() { return words({"resolve", "route", "connect", "secure", "exchange"}); }

Json value_of(const model::KindRow& kind, const model::FieldRow& field) {
  switch (field.type) {
    case model::ValueType::text: {
      const auto closed = closed_values(kind, field);
      return closed.empty() ? text() : words(closed);
    }
    case model::ValueType::texts: return list(text());
    case model::ValueType::integer: return {{"type", "integer"}};
    case model::ValueType::real: return {{"type", "number"}};
    case model::ValueType::boolean: return truth();
  }
  std::unreachable();
}

Json data_of(const model::KindRow& kind) {
  Json properties = Json::object();
  std::vector<std::string> optional;
  for (const auto& field : kind.fields) {
    properties[std::string{field.name}] = described(value_of(kind, field), field.meaning);
    optional.emplace_back(field.name);
  }
  return described(object(properties, optional), kind.meaning);
}

Json observation() {
  Json kinds = Json::array();
  std::vector<std::string> names;
  for (const auto& kind : model::kind_rows()) {
    names.emplace_back(kind.name);
    kinds.push_back({{"if", {{"properties", {{"kind", {{"const", kind.name}}}}}}},
                     {"then", {{"properties", {{"data", data_of(kind)}}}}}});
  }
  Json out = object({{"id", use("observation_id")},
                     {"at", time()},
                     {"sensor", filled()},
                     {"vantage", text()},
                     {"subject", text()},
                     {"kind", words(names)},
                     {"data", {{"type", "object"}}}});
  out["allOf"] = std::move(kinds);
  return out;
}

Json cause() {
  const Json step = object({{"text", filled()}, {"command", text()}});
  const Json fix =
      object({{"text", filled()}, {"command", text()}, {"undo", text()}, {"verify", text()}});
  const Json attributes =
      object({{"scope", words({"port", "host", "family", "source", "name"})},
              {"agent", filled()},
              {"where", words({"origin", "router", "edge", "provider", "dns"})}},
             {"scope", "agent", "where"});
  return object(
      {{"id", use("cause_id")},
       {"probability", {{"type", "number"}, {"minimum", 0}, {"maximum", 1}}},
       {"owner", words({"you", "host", "edge", "network"})},
       {"title", filled()},
       {"attributes", attributes},
       {"for", use("observation_ids")},
       {"against", use("observation_ids")},
       {"reasons", described(use("reasons"), "what stands behind 'for', in words")},
       {"counter_reasons", described(use("reasons"), "what stands behind 'against', in words")},
       {"settles", list(step)},
       {"fix", list(fix)}});
}

Json verdict() {
  const Json ruled_out = object(
      {{"id", use("cause_id")}, {"because", use("observation_ids")}, {"reasons", use("reasons")}});
  const Json note = object({{"sentence", filled()}, {"observations", use("observation_ids")}});
  Json out = object(
      {{"state", words({"ok", "degraded", "failing", "undetermined"})},
       {"code", described(or_null(integer(100, 1999)), "what an edge would show; null: not known")},
       {"subcode", or_null({{"enum", {1000, 1001, 1002, 1016, 1033}}})},
       {"stage", or_null(stages())},
       {"failure", or_null(use("failure_id"))},
       {"proxy_status", described(or_null(filled()), "RFC 9209 section 2.3")},
       {"sentence", filled()},
       {"causes", described(list(use("cause")), "most probable first; at most 1 together")},
       {"ruled_out", list(ruled_out)},
       {"missing", described(list(filled()), "what would have to be known")},
       {"notes", described(list(note), "seen besides")}});
  const auto rule = [](const char* state, Json then) {
    return Json{{"if", {{"properties", {{"state", {{"const", state}}}}}}},
                {"then", {{"properties", std::move(then)}}}};
  };
  out["allOf"] = Json::array(
      {rule("ok", {{"failure", {{"type", "null"}}}, {"stage", {{"type", "null"}}}}),
       rule("failing", {{"code", {{"type", "integer"}}}, {"causes", {{"minItems", 1}}}})});
  return out;
}

Json attempt() {
  Json stage = object({{"stage", stages()},
                       {"outcome", words({"ok", "failed", "skipped"})},
                       {"failure", or_null(use("failure_id"))},
                       {"elapsed_ms", number(0)},
                       {"because", text()}});
  stage["if"] = {{"properties", {{"outcome", {{"enum", {"ok", "skipped"}}}}}}};
  stage["then"] = {{"properties", {{"failure", {{"type", "null"}}}}}};
  stage["else"] = {{"properties", {{"failure", {{"type", "string"}}}}}};
  return object({{"address", or_null(filled())},
                 {"family", or_null(words({"ipv4", "ipv6"}))},
                 {"port", integer(1, 65'535)},
                 {"via", words({"direct", "edge"})},
                 {"status", described(or_null(integer(100, 999)), "HTTP status that came back")},
                 {"stages", list(std::move(stage))}});
}

Json definitions() {
  return {
      {"observation_id", {{"type", "string"}, {"pattern", "^o[1-9][0-9]*$"}}},
      {"observation_ids",
       {{"type", "array"}, {"items", use("observation_id")}, {"uniqueItems", true}}},
      {"failure_id", ids_of(model::failure_rows())},
      {"cause_id", ids_of(model::cause_rows())},
      {"reasons", list(object({{"sentence", filled()}, {"observations", use("observation_ids")}}))},
      {"cause", cause()},
      {"verdict", verdict()},
      {"attempt", attempt()},
      {"observation", observation()}};
}

}  // namespace

std::string diagnosis_schema() {
  Json out{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
           {"$id", "urn:causeway:schema:diagnosis:1"},
           {"title", std::string{model::kDiagnosisSchema}},
           {"description",
            "What `causeway diagnose --format json` prints. The lists of ids, kinds and fields are "
            "those of this version; a later one may have more of each, never fewer."}};
  out.update(object({{"schema", {{"const", model::kDiagnosisSchema}}},
                     {"id", {{"type", "string"}, {"pattern", "^[0-9a-f]{16}$"}}},
                     {"started", time()},
                     {"duration_ms", integer(0, 3'600'000)},
                     {"interrupted", described(truth(), "Ctrl-C: what was known until then")},
                     {"vantage", object({{"name", text()}, {"addresses", list(filled())}})},
                     {"target", object({{"url", filled()},
                                        {"host", filled()},
                                        {"port", integer(1, 65'535)},
                                        {"scheme", words({"http", "https", "tcp", "tls", "dns"})}})},
                     {"verdict", use("verdict")},
                     {"attempts", list(use("attempt"))},
                     {"observations", list(use("observation"))}}));
  out["$defs"] = definitions();
  return out.dump(2) + "\n";
}

std::string facts_schema() {
  Json out{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
           {"$id", "urn:causeway:schema:facts:1"},
           {"title", std::string{model::kFactsSchema}},
           {"description",
            "What `causeway inspect --format json` prints. The lists of ids, kinds and fields are "
            "those of this version; a later one may have more of each, never fewer."}};
  const Json note = object({{"sentence", filled()}, {"observations", use("observation_ids")}});
  out.update(object({{"schema", {{"const", model::kFactsSchema}}},
                     {"id", {{"type", "string"}, {"pattern", "^[0-9a-f]{16}$"}}},
                     {"started", time()},
                     {"duration_ms", integer(0, 3'600'000)},
                     {"vantage", object({{"name", text()}, {"addresses", list(filled())}})},
                     {"host", described(text(), "the machine that was inspected")},
                     {"edge", object({{"name", text()}, {"date", text()}})},
                     {"ports", list(integer(1, 65'535))},
                     {"findings", described(list(use("cause")),
                                            "gravest first; the probability is each one's own")},
                     {"notes", list(note)},
                     {"observations", list(use("observation"))}}));
  Json shared = definitions();
  for (const char* unused : {"verdict", "attempt", "failure_id"}) shared.erase(unused);
  out["$defs"] = std::move(shared);
  return out.dump(2) + "\n";
}

}  // namespace causeway::app
