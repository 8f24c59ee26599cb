// Maintenance windows, channels, alerts.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/id.hpp"
#include "base/text.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/limits.hpp"
#include "console/overview.hpp"
#include "console/problem.hpp"
#include "console/shapes.hpp"
#include "store/alerts.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

net::HttpReply wrong(const Error& why) { return problem(422, "Wrong input", why.text); }

net::HttpReply not_wired(std::string_view what) {
  return problem(501, "Not here", fmt::format("this causeway does not watch: {}", what));
}

// A window of nothing is one of everything: what is not understood must not be passed over.
std::optional<net::HttpReply> wrong_key(const nlohmann::json& body) {
  static const std::vector<std::string> known{"title", "zone",    "starts", "minutes", "repeats",
                                              "until", "targets", "groups", "tags",    "note"};
  for (const auto& [key, value] : body.items()) {
    if (std::ranges::find(known, key) != known.end()) continue;
    const bool of_file = key == "team" || key == "teams";  // the file's word for groups
    const std::string near = of_file ? "groups" : nearest(key, known);
    return wrong_field(422, printable(key, 60),
                       near.empty()
                           ? fmt::format("no such key; expected one of {}", join(known, ", "))
                           : fmt::format("no such key; did you mean '{}'?", near));
  }
  return std::nullopt;
}

// Nothing when every name is one of what is watched.
std::optional<net::HttpReply> wrong_name(Desk& desk, const store::MaintenanceWindow& window) {
  const auto standings = read_standings(desk.store, store::WithFacts::no);
  if (!standings) return store_failed(standings.error().text);
  std::set<std::string> targets;
  std::set<std::string> groups;
  std::set<std::string> tags;
  for (const Standing& each : *standings) {
    targets.insert(each.target.id);
    if (!each.target.team.empty()) groups.insert(each.target.team);
    tags.insert(each.target.tags.begin(), each.target.tags.end());
  }
  struct Use {
    const char* key;
    const char* what;
    const std::vector<std::string>& used;
    const std::set<std::string>& known;
  };
  for (const auto& [key, what, used, known] :
       {Use{"targets", "no target has the id", window.targets, targets},
        Use{"groups", "no target is of the group", window.teams, groups},
        Use{"tags", "no target has the tag", window.tags, tags}}) {
    for (const std::string& name : used) {
      if (known.contains(name)) continue;
      const std::string near = nearest(name, {known.begin(), known.end()});
      return wrong_field(
          422, key,
          fmt::format("{} '{}'{}", what, printable(name, 80),
                      near.empty() ? std::string{} : fmt::format("; did you mean '{}'?", near)));
    }
  }
  return std::nullopt;
}

Parsed<store::MaintenanceWindow> window_of(const nlohmann::json& body) {
  store::MaintenanceWindow out;
  struct Text {
    const char* name;
    std::string* into;
    bool may_lack;
  };
  for (const auto& [name, into, may_lack] :
       {Text{"title", &out.title, false}, Text{"zone", &out.zone, false},
        Text{"starts", &out.starts, false}, Text{"repeats", &out.repeats, true},
        Text{"until", &out.until, true}, Text{"note", &out.note, true}}) {
    auto text = text_of(body, name, limits::kNoteBytes, may_lack);
    if (!text) return error(std::move(text.error().text));
    *into = std::move(*text);
  }
  struct List {
    const char* name;
    std::vector<std::string>* into;
  };
  for (const auto& [name, into] :
       {List{"targets", &out.targets}, List{"groups", &out.teams}, List{"tags", &out.tags}}) {
    auto list = texts_of(body, name);
    if (!list) return error(std::move(list.error().text));
    *into = std::move(*list);
  }
  const auto minutes = body.find("minutes");
  if (minutes == body.end() || !minutes->is_number_integer() || minutes->get<int>() < 1 ||
      minutes->get<int>() > 14 * 24 * 60) {
    return error("\"minutes\": expected a whole number from 1 to 20160 (two weeks)");
  }
  out.minutes = minutes->get<int>();
  return out;
}

}  // namespace

net::HttpReply list_maintenance(Desk& desk, const Call& call) {
  const auto windows = desk.store.read(
      [](store::Database& database) { return store::maintenance_windows(database); });
  if (!windows) return store_failed(windows.error().text);
  Json list = Json::array();
  for (const auto& each : *windows) list.push_back(shape(each));
  return json_reply(call, {{"windows", std::move(list)}});
}

net::HttpReply add_maintenance(Desk& desk, const Call& call) {
  if (!desk.controls.put_maintenance) return not_wired("maintenance");
  const auto body = call.object();
  if (!body) return wrong(body.error());
  if (auto refused = wrong_key(*body)) return std::move(*refused);
  auto window = window_of(*body);
  if (!window) return wrong(window.error());
  if (auto refused = wrong_name(desk, *window)) return std::move(*refused);
  window->id = random_id();
  window->source = "api";
  window->author = call.caller().name;
  window->created = wall_now();
  const auto done = desk.controls.put_maintenance(*window);
  if (!done) return wrong(done.error());
  record_audit(desk, call, "maintenance.add", window->id, window->title);
  return created(shape(*window));
}

net::HttpReply delete_maintenance(Desk& desk, const Call& call) {
  if (!desk.controls.remove_maintenance) return not_wired("maintenance");
  const auto done = desk.controls.remove_maintenance(call.part(0), call.caller().name);
  if (!done) {
    const auto windows = desk.store.read(
        [](store::Database& database) { return store::maintenance_windows(database); });
    if (!windows) return store_failed(windows.error().text);
    const bool known =
        std::ranges::find(*windows, call.part(0), &store::MaintenanceWindow::id) != windows->end();
    return known ? problem(409, "Not removed", done.error().text)
                 : not_found("no maintenance window has this id");
  }
  record_audit(desk, call, "maintenance.delete", call.part(0));
  return {.status = 204};
}

net::HttpReply list_channels(Desk& desk, const Call& call) {
  Json list = Json::array();
  if (desk.controls.channels) {
    for (const auto& channel : desk.controls.channels()) {
      const auto tries = desk.store.read([&](store::Database& database) {
        return store::newest_deliveries(database, channel.name, 10);
      });
      if (!tries) return store_failed(tries.error().text);
      Json each{{"name", channel.name}, {"kind", channel.kind}, {"deliveries", Json::array()}};
      for (const auto& one : *tries) each["deliveries"].push_back(shape(one));
      list.push_back(std::move(each));
    }
  }
  return json_reply(call, {{"channels", std::move(list)}});
}

std::expected<Later, net::HttpReply> test_channel(Desk& desk, const Call& call) {
  if (!desk.controls.test_channel) return std::unexpected(not_wired("alerts"));
  if (desk.controls.channels) {
    const auto channels = desk.controls.channels();
    if (std::ranges::find(channels, call.part(0), &Channel::name) == channels.end()) {
      return std::unexpected(not_found("no channel has this name"));
    }
  }
  record_audit(desk, call, "channel.test", call.part(0));
  return later([test = desk.controls.test_channel, name = call.part(0)] { return test(name); },
               [](Desk& /*of*/, const Call& again, const Parsed<std::string>& answered) {
                 if (!answered) return problem(502, "Not taken", answered.error().text);
                 return json_reply(again, {{"answer", *answered}});
               });
}

net::HttpReply list_alerts(Desk& desk, const Call& call) {
  const auto limit = call.number("limit", 50, 1, 200);
  if (!limit) return wrong(limit.error());
  const auto skip = call.number("cursor", 0, 0, 10'000'000);
  if (!skip) return wrong(skip.error());
  const auto rows = desk.store.read([&](store::Database& database) {
    return store::alerts(database, call.query("incident"), static_cast<int>(*limit),
                         static_cast<int>(*skip));
  });
  if (!rows) return store_failed(rows.error().text);
  Json list = Json::array();
  for (const auto& each : *rows) list.push_back(shape(each));
  const bool more = std::cmp_equal(rows->size(), *limit);
  return json_reply(call,
                    {{"alerts", std::move(list)},
                     {"next", more ? Json(fmt::format("{}", *skip + *limit)) : Json(nullptr)}});
}

}  // namespace causeway::console
