// Agents and jobs that report to the watch.
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/limits.hpp"
#include "console/problem.hpp"
#include "console/shapes.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

net::HttpReply wrong(const Error& why) { return problem(422, "Wrong input", why.text); }

net::HttpReply not_wired() {
  return problem(501, "Not here", "this causeway does not watch: nothing can be reported to it");
}

// A token is called what its vantage is called; people who try it out are themselves.
std::string vantage_of(const Caller& caller) {
  constexpr std::string_view kToken = "token ";
  return caller.name.starts_with(kToken) ? caller.name.substr(kToken.size()) : caller.name;
}

net::HttpReply as_json(std::string document) {
  net::HttpReply out;
  out.fields.emplace_back("Content-Type", "application/json");
  out.body = std::move(document);
  return out;
}

}  // namespace

net::HttpReply post_beat(Desk& desk, const Call& call) {
  if (!desk.controls.beat) return not_wired();
  bool ok = true;
  std::string note;
  if (!call.request().body.empty()) {
    const auto body = call.object();
    if (!body) return wrong(body.error());
    const auto said = body->find("ok");
    if (said != body->end() && !said->is_boolean())
      return wrong({"\"ok\": expected true or false"});
    if (said != body->end()) ok = said->get<bool>();
    auto text = text_of(*body, "note", limits::kNoteBytes, true);
    if (!text) return wrong(text.error());
    note = std::move(*text);
  }
  const auto done = desk.controls.beat(call.part(0), ok, note);
  if (!done) return not_found("no heartbeat target has this id");
  return {.status = 204};
}

net::HttpReply list_agents(Desk& desk, const Call& call) {
  Json list = Json::array();
  if (desk.controls.agents) {
    for (const auto& one : desk.controls.agents()) {
      list.push_back({{"name", one.name},
                      {"heard", time_or_null(one.heard)},
                      {"silent", one.silent},
                      {"healthy", one.healthy},
                      {"detail", one.detail},
                      {"results", one.results},
                      {"lost", one.lost}});
    }
  }
  return json_reply(call, {{"agents", std::move(list)}});
}

net::HttpReply get_agent_targets(Desk& desk, const Call& /*call*/) {
  if (!desk.controls.agent_targets) return not_wired();
  return as_json(desk.controls.agent_targets());
}

net::HttpReply post_agent_report(Desk& desk, const Call& call) {
  if (!desk.controls.agent_report) return not_wired();
  auto answer = desk.controls.agent_report(vantage_of(call.caller()), call.request().body);
  if (!answer) return wrong(answer.error());
  return as_json(std::move(*answer));
}

net::HttpReply post_agent_facts(Desk& desk, const Call& call) {
  if (!desk.controls.agent_facts) return not_wired();
  const auto taken = desk.controls.agent_facts(vantage_of(call.caller()), call.request().body);
  if (!taken) return wrong(taken.error());
  return {.status = 204};
}

}  // namespace causeway::console
