// Incidents: the list, one of them with all that belongs to it, acknowledging, notes.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/limits.hpp"
#include "console/problem.hpp"
#include "console/shapes.hpp"
#include "store/alerts.hpp"
#include "store/incidents.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

net::HttpReply wrong(const Error& why) { return problem(422, "Wrong input", why.text); }

template <class T, class Adorn>
Parsed<bool> list_into(Json& out, const char* name, Parsed<std::vector<T>> rows, Adorn adorn) {
  if (!rows) return error(std::move(rows.error().text));
  out[name] = Json::array();
  for (const auto& each : *rows) {
    Json shown = shape(each);
    adorn(each, shown);
    out[name].push_back(std::move(shown));
  }
  return true;
}

constexpr auto kAsItIs = [](const auto&, Json&) {};

// Null when there is no such incident.
Parsed<Json> read_incident(store::Database& database, const std::string& id) {
  const auto incident = store::incident(database, id);
  if (!incident) return error(incident.error().text);
  if (!*incident) return Json(nullptr);
  Json out = shape(**incident);
  const auto with_name = [&](const store::Member& member, Json& shown) {
    const auto target = store::target(database, member.target);
    const bool known = target && *target;
    shown["name"] = known ? (*target)->name : member.target;
    shown["subject"] = known ? (*target)->subject : "";
  };
  auto good = list_into(out, "members", store::members(database, id), with_name);
  if (good) good = list_into(out, "events", store::events(database, id), kAsItIs);
  if (good) good = list_into(out, "documents", store::documents(database, id), kAsItIs);
  if (good) good = list_into(out, "alerts", store::alerts(database, id, 200), kAsItIs);
  if (!good) return error(std::move(good.error().text));
  return out;
}

Parsed<bool> there_is(Desk& desk, const std::string& id) {
  const auto found =
      desk.store.read([&](store::Database& database) { return store::incident(database, id); });
  if (!found) return error(found.error().text);
  return found->has_value();
}

net::HttpReply not_wired(std::string_view what) {
  return problem(501, "Not here", fmt::format("this causeway does not watch: {}", what));
}

}  // namespace

net::HttpReply list_incidents(Desk& desk, const Call& call) {
  const auto limit = call.number("limit", 50, 1, 200);
  if (!limit) return wrong(limit.error());
  const auto skip = call.number("cursor", 0, 0, 10'000'000);
  if (!skip) return wrong(skip.error());
  const std::string state = call.query("state");
  if (!state.empty() && state != "open" && state != "closed" && state != "all") {
    return wrong_field(422, "state", "expected open, closed or all");
  }
  const store::IncidentFilter filter{.open_only = state == "open",
                                     .closed_only = state == "closed",
                                     .target = call.query("target"),
                                     .most = static_cast<int>(*limit),
                                     .skip = static_cast<int>(*skip)};
  const auto rows = desk.store.read(
      [&](store::Database& database) { return store::incidents(database, filter); });
  if (!rows) return store_failed(rows.error().text);
  Json list = Json::array();
  for (const auto& each : *rows) list.push_back(shape(each));
  const bool more = std::cmp_equal(rows->size(), *limit);
  return json_reply(call,
                    {{"incidents", std::move(list)},
                     {"next", more ? Json(fmt::format("{}", *skip + *limit)) : Json(nullptr)}});
}

net::HttpReply get_incident(Desk& desk, const Call& call) {
  const auto incident = desk.store.read(
      [&](store::Database& database) { return read_incident(database, call.part(0)); });
  if (!incident) return store_failed(incident.error().text);
  if (incident->is_null()) return not_found("no incident has this id");
  return json_reply(call, *incident);
}

net::HttpReply acknowledge_incident(Desk& desk, const Call& call) {
  if (!desk.controls.acknowledge) return not_wired("acknowledging");
  const auto known = there_is(desk, call.part(0));
  if (!known) return store_failed(known.error().text);
  if (!*known) return not_found("no incident has this id");
  const auto done = desk.controls.acknowledge(call.part(0), call.caller().name);
  if (!done) return problem(409, "Not acknowledged", done.error().text);
  record_audit(desk, call, "incident.acknowledge", call.part(0));
  return get_incident(desk, call);
}

net::HttpReply merge_incident(Desk& desk, const Call& call) {
  if (!desk.controls.merge) return not_wired("merging");
  const auto body = call.object();
  if (!body) return wrong(body.error());
  const auto into = text_of(*body, "into", causeway::limits::kTextKept);
  if (!into) return wrong(into.error());
  for (const auto& id : {call.part(0), *into}) {
    const auto known = there_is(desk, id);
    if (!known) return store_failed(known.error().text);
    if (!*known) {
      return not_found(
          fmt::format("no incident has the id '{}'", printable(id, causeway::limits::kTextKept)));
    }
  }
  const auto done = desk.controls.merge(call.part(0), *into, call.caller().name);
  if (!done) return problem(409, "Not merged", done.error().text);
  record_audit(desk, call, "incident.merge", fmt::format("{} into {}", call.part(0), *into));
  return get_incident(desk, call);
}

net::HttpReply split_incident(Desk& desk, const Call& call) {
  if (!desk.controls.split) return not_wired("splitting");
  const auto body = call.object();
  if (!body) return wrong(body.error());
  const auto target = text_of(*body, "target", causeway::limits::kTextKept);
  if (!target) return wrong(target.error());
  const auto known = there_is(desk, call.part(0));
  if (!known) return store_failed(known.error().text);
  if (!*known) return not_found("no incident has this id");
  const auto done = desk.controls.split(call.part(0), *target, call.caller().name);
  if (!done) return problem(409, "Not split", done.error().text);
  record_audit(desk, call, "incident.split", fmt::format("{} out of {}", *target, call.part(0)));
  return get_incident(desk, call);
}

net::HttpReply add_note(Desk& desk, const Call& call) {
  if (!desk.controls.note) return not_wired("notes");
  const auto body = call.object();
  if (!body) return wrong(body.error());
  const auto text = text_of(*body, "text", limits::kNoteBytes);
  if (!text) return wrong(text.error());
  const auto known = there_is(desk, call.part(0));
  if (!known) return store_failed(known.error().text);
  if (!*known) return not_found("no incident has this id");
  const auto done = desk.controls.note(call.part(0), call.caller().name, *text);
  if (!done) return problem(409, "Not noted", done.error().text);
  record_audit(desk, call, "incident.note", call.part(0));
  return get_incident(desk, call);
}

net::HttpReply get_document(Desk& desk, const Call& call) {
  const auto found = desk.store.read(
      [&](store::Database& database) { return store::document(database, call.part(1)); });
  if (!found) return store_failed(found.error().text);
  if (!*found || (*found)->incident != call.part(0)) {
    return not_found("no document of this incident has this id");
  }
  const auto& document = **found;
  const bool json = document.kind == "diagnosis" || document.body.starts_with('{');
  net::HttpReply reply;
  // Never HTML: an excerpt holds a stranger's page.
  reply.fields.emplace_back("Content-Type",
                            json ? "application/json" : "text/plain; charset=utf-8");
  reply.fields.emplace_back("Cache-Control", "private, max-age=3600");
  reply.body = document.body;
  return reply;
}

}  // namespace causeway::console
