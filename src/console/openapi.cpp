// The API described from its own table.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "console/handlers.hpp"
#include "console/routes.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

struct Line {  // "name type: meaning"
  std::string name;
  std::string type;
  bool may_lack = false;
  std::string meaning;
};

std::vector<Line> lines(std::string_view text) {
  std::vector<Line> out;
  if (text.empty()) return out;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.find(": ");
    Line each{.name = std::string{line.substr(0, colon)},
              .meaning = std::string{line.substr(colon + 2)}};
    if (const auto blank = each.name.find(' '); blank != std::string::npos) {
      each.type = each.name.substr(blank + 1);
      each.name.resize(blank);
      each.may_lack = each.type.ends_with('?');
      if (each.may_lack) each.type.pop_back();
    }
    out.push_back(std::move(each));
  }
  return out;
}

Json type_of(const std::string& type) {
  if (type == "integer") return {{"type", "integer"}};
  if (type == "boolean") return {{"type", "boolean"}};
  if (type == "number") return {{"type", "number"}};
  if (type == "object") return {{"type", "object"}};
  if (type == "objects") return {{"type", "array"}, {"items", {{"type", "object"}}}};
  if (type == "texts") return {{"type", "array"}, {"items", {{"type", "string"}}}};
  return {{"type", "string"}};
}

Json parameters(const Route& route) {
  Json out = Json::array();
  for (const auto part : split(route.path, '/')) {
    if (!part.starts_with('{')) continue;
    out.push_back({{"name", part.substr(1, part.size() - 2)},
                   {"in", "path"},
                   {"required", true},
                   {"schema", {{"type", "string"}}}});
  }
  for (const auto& line : lines(route.query)) {
    const bool number = line.name == "limit";
    out.push_back({{"name", line.name},
                   {"in", "query"},
                   {"description", line.meaning},
                   {"schema", {{"type", number ? "integer" : "string"}}}});
  }
  return out;
}

Json body_of(const Route& route) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const auto& line : lines(route.body)) {
    Json each = type_of(line.type);
    each["description"] = line.meaning;
    properties[line.name] = std::move(each);
    if (!line.may_lack) required.push_back(line.name);
  }
  Json schema{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return {{"required", true}, {"content", {{"application/json", {{"schema", std::move(schema)}}}}}};
}

bool streams(const Route& route) { return route.answer.starts_with("Server-Sent"); }

Json answers(const Route& route) {
  Json out = Json::object();
  if (route.answer == "nothing") {
    out["204"] = {{"description", "done"}};
  } else {
    const bool makes = route.method == "POST" && route.answer.starts_with("the ") &&
                       !route.path.contains("incidents");
    const std::string_view type = streams(route) ? "text/event-stream" : "application/json";
    const Json schema{{"type", streams(route) ? "string" : "object"}};
    out[makes ? "201" : "200"] = {{"description", route.answer},
                                  {"content", {{std::string{type}, {{"schema", schema}}}}}};
  }
  out["default"] = {
      {"description", "problem details (RFC 9457)"},
      {"content",
       {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
  return out;
}

Json operation(const Route& route) {
  std::string id = lower(route.method);
  for (const auto part : split(route.path.substr(std::string_view{"/api/v1/"}.size()), '/')) {
    id += '_';
    for (const char c : part) {
      if (c == '.') id += '_';
      if (c != '{' && c != '}' && c != '.') id += c;
    }
  }
  Json out{{"operationId", id}, {"summary", route.summary}, {"parameters", parameters(route)}};
  if (!route.body.empty()) out["requestBody"] = body_of(route);
  out["responses"] = answers(route);
  if (route.least == Role::nobody) {
    out["security"] = Json::array();
  } else {
    out["x-least-role"] = name(route.least);
  }
  return out;
}

}  // namespace

std::string openapi() {
  Json paths = Json::object();
  for (const auto& route : routes()) {
    paths[std::string{route.path}][lower(route.method)] = operation(route);
  }
  const Json text{{"type", "string"}};
  const Json document{
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "Causeway console"},
        {"version", "1"},
        {"description",
         "Everything the pages show and do. Times are RFC 3339 in UTC. Reads carry an ETag. A "
         "session's changes need its proof in X-Causeway-Proof; tokens need none."}}},
      {"security", Json::array({{{"token", Json::array()}}, {{"session", Json::array()}}})},
      {"paths", std::move(paths)},
      {"components",
       {{"securitySchemes",
         {{"token", {{"type", "http"}, {"scheme", "bearer"}}},
          {"session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", "causeway"}}}}},
        {"schemas",
         {{"Problem",
           {{"type", "object"},
            {"properties",
             {{"type", text},
              {"title", text},
              {"status", {{"type", "integer"}}},
              {"detail", text},
              {"field", text}}}}}}}}}};
  return document.dump(2) + "\n";
}

std::string api_page() {
  std::string out =
      "# The console's API\n\n"
      "Generated from src/console/routes.cpp (`make docs`). Everything the pages show and do is "
      "here, under `/api/v1`; the same as OpenAPI: `/api/v1/openapi.json`.\n\n"
      "```\ncurl -H 'Authorization: Bearer cwt_...' http://127.0.0.1:5230/api/v1/now\n```\n\n"
      "Times are RFC 3339 in UTC. Errors are problem details (RFC 9457). Reads carry an `ETag`; "
      "send it back in `If-None-Match` and get 304 while nothing changed. Lists have `next`: "
      "send it as `cursor` for the next page. A session's changes need its proof in "
      "`X-Causeway-Proof`; tokens need none.\n";
  for (const auto& route : routes()) {
    out += fmt::format("\n## {} {}\n{}. For: {}.\n", route.method, route.path, route.summary,
                       route.least == Role::nobody ? "everybody" : name(route.least));
    for (const auto& line : lines(route.query)) {
      out += fmt::format("- `?{}=` {}\n", line.name, line.meaning);
    }
    for (const auto& line : lines(route.body)) {
      out += fmt::format("- `{}` ({}{}) {}\n", line.name, line.type,
                         line.may_lack ? ", may lack" : "", line.meaning);
    }
    out += fmt::format("\nAnswer: {}.\n", route.answer);
  }
  return out;
}

net::HttpReply get_openapi(Desk& /*desk*/, const Call& /*call*/) {
  static const std::string document = openapi();
  net::HttpReply reply;
  reply.fields.emplace_back("Content-Type", "application/json");
  reply.fixed = document;
  return reply;
}

}  // namespace causeway::console
