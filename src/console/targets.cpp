// What is watched and how it stands: now, one target, its past; hosts and certificates.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/address.hpp"
#include "base/text.hpp"
#include "console/handlers.hpp"
#include "console/overview.hpp"
#include "console/problem.hpp"
#include "console/shapes.hpp"
#include "console/uptime.hpp"
#include "store/alerts.hpp"
#include "store/incidents.hpp"
#include "store/rollups.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::hours;

net::HttpReply wrong(const Error& why) { return problem(422, "Wrong input", why.text); }

bool matches(const Standing& standing, const std::string& text, const std::string& outcome) {
  if (!outcome.empty() && outcome_of(standing) != outcome) return false;
  return mentions(standing.target, text);
}

struct Figure {
  const char* name;
  hours span;
};
constexpr std::array kFigures{Figure{"day", hours{24}}, Figure{"week", hours{24 * 7}},
                              Figure{"month", hours{24 * 30}}, Figure{"quarter", hours{24 * 90}},
                              Figure{"year", hours{24 * 365}}};

Json uptimes(const Past& past, WallTime now) {
  Json out = Json::object();
  for (const auto& [name, span] : kFigures) {
    const auto figure = past.over(now - span, now);
    out[name] = {{"share", figure.share ? Json(*figure.share) : Json(nullptr)},
                 {"down_s", std::chrono::duration<double>(figure.down).count()},
                 {"seen_s", std::chrono::duration<double>(figure.observed).count()},
                 {"incidents", figure.outages}};
  }
  return out;
}

struct TargetPage {
  store::Target target;
  std::optional<store::TargetState> state;
  std::vector<store::Member> downs;
  NotCounted aside;
  std::vector<store::Incident> incidents;
  std::vector<store::RemedyRun> remedies;
  bool found = false;
};

template <class T>
bool take(Parsed<T> from, T& into, Error& why) {
  if (!from) {
    why = std::move(from.error());
    return false;
  }
  into = std::move(*from);
  return true;
}

Parsed<TargetPage> read_target(store::Database& database, const std::string& id, WallTime now) {
  TargetPage out;
  Error why;
  std::optional<store::Target> target;
  const WallTime year = now - hours{24 * 365};
  const bool good =
      take(store::target(database, id), target, why) &&
      take(store::state(database, id), out.state, why) &&
      take(store::memberships(database, id, year, now), out.downs, why) &&
      take(read_not_counted(database, year, now), out.aside, why) &&
      take(store::incidents(database, {.target = id, .most = 50}), out.incidents, why) &&
      take(store::remedy_runs(database, id, year, 20), out.remedies, why);
  if (!good) return std::unexpected{why};
  out.found = target && target->removed == WallTime{};
  if (out.found) out.target = *target;
  return out;
}

struct Group {
  std::string value;
  int failing = 0;
  Json members = Json::array();
};

// The most failing first, then the largest.
Json hosts_of(const std::vector<Standing>& standings, std::string_view by) {
  std::map<std::string, Group> groups;
  for (const auto& standing : standings) {
    for (const auto& value : shared_values(standing, by)) {
      auto& group = groups[value];
      const auto outcome = outcome_of(standing);
      if (outcome == "down") ++group.failing;
      group.value = value;
      group.members.push_back(
          {{"id", standing.target.id}, {"name", standing.target.name}, {"outcome", outcome}});
    }
  }
  std::vector<const Group*> sorted;
  sorted.reserve(groups.size());
  for (const auto& [value, group] : groups) sorted.push_back(&group);
  std::ranges::sort(sorted, [](const Group* a, const Group* b) {
    if (a->failing != b->failing) return a->failing > b->failing;
    if (a->members.size() != b->members.size()) return a->members.size() > b->members.size();
    return a->value < b->value;
  });
  Json list = Json::array();
  for (const auto* group : sorted) {
    list.push_back({{"value", group->value},
                    {"all", group->members.size()},
                    {"failing", group->failing},
                    {"members", group->members}});
  }
  return list;
}

}  // namespace

constexpr std::int64_t kAllTargets = 10'000'000;

net::HttpReply get_now(Desk& desk, const Call& call) {
  const auto most = call.number("targets", kAllTargets, 0, kAllTargets);
  if (!most) return wrong(most.error());
  const auto overview = desk.overview(Clock::now());
  if (!overview) return store_failed(overview.error().text);
  return json_reply(call, shape(**overview, static_cast<std::size_t>(*most)));
}

net::HttpReply list_targets(Desk& desk, const Call& call) {
  const auto limit = call.number("limit", 200, 1, 1000);
  if (!limit) return wrong(limit.error());
  const auto skip = call.number("cursor", 0, 0, 10'000'000);
  if (!skip) return wrong(skip.error());
  const auto standings = read_standings(desk.store, store::WithFacts::no);
  if (!standings) return store_failed(standings.error().text);
  const std::string text = call.query("search");
  const std::string outcome = call.query("outcome");
  Json list = Json::array();
  std::int64_t seen = 0;
  bool more = false;
  for (const auto& standing : *standings) {
    if (!matches(standing, text, outcome)) continue;
    if (seen++ < *skip) continue;
    if (std::cmp_equal(list.size(), *limit)) {
      more = true;
      break;
    }
    list.push_back(shape(standing.target, standing.has_state ? &standing.state : nullptr));
  }
  return json_reply(call,
                    {{"targets", std::move(list)},
                     {"next", more ? Json(fmt::format("{}", *skip + *limit)) : Json(nullptr)}});
}

net::HttpReply get_target(Desk& desk, const Call& call) {
  const WallTime now = wall_now();
  const auto page = desk.store.read(
      [&](store::Database& database) { return read_target(database, call.part(0), now); });
  if (!page) return store_failed(page.error().text);
  if (!page->found) return not_found("no target has this id");
  Json out = shape(page->target, page->state ? &*page->state : nullptr);
  out["definition"] = definition_of(page->target);
  out["facts"] = page->state ? Json::parse(page->state->facts, nullptr, false) : Json::object();
  out["uptime"] = uptimes(Past{page->target, page->downs, page->aside, now}, now);
  out["incidents"] = Json::array();
  for (const auto& each : page->incidents) out["incidents"].push_back(shape(each));
  out["remedies"] = Json::array();
  for (const auto& each : page->remedies) out["remedies"].push_back(shape(each));
  return json_reply(call, out, version_of(out["definition"]));
}

namespace {

// Nothing when there is, or was, a target of this id; else the answer.
std::optional<net::HttpReply> never_was(Desk& desk, const std::string& id) {
  const auto target =
      desk.store.read([&](store::Database& database) { return store::target(database, id); });
  if (!target) return store_failed(target.error().text);
  if (!*target) return not_found("no target has this id");
  return std::nullopt;
}

}  // namespace

net::HttpReply get_rollups(Desk& desk, const Call& call) {
  const std::string span = call.query("span");
  const auto chosen = span == "hour"  ? store::Span::hour
                      : span == "day" ? store::Span::day
                                      : store::Span::minute;
  if (!span.empty() && span != "minute" && span != "hour" && span != "day") {
    return wrong({"span: expected minute, hour or day"});
  }
  const WallTime now = wall_now();
  WallTime to = now;
  WallTime from = now - hours{24};
  for (auto [name, into] : {std::pair{"from", &from}, std::pair{"to", &to}}) {
    const std::string text = call.query(name);
    if (text.empty()) continue;
    const auto at = parse_rfc3339(text);
    if (!at) return wrong({fmt::format("{}: {}", name, at.error().text)});
    *into = *at;
  }
  const auto length = std::chrono::seconds{std::to_underlying(chosen)};
  if (from >= to || (to - from) / length > 5000) {
    return wrong({"from, to: expected at most 5000 rows; choose a larger span"});
  }
  if (auto none = never_was(desk, call.part(0))) return std::move(*none);
  const auto rows = desk.store.read([&](store::Database& database) {
    return store::rollups(database, call.part(0), chosen, from, to);
  });
  if (!rows) return store_failed(rows.error().text);
  Json list = Json::array();
  for (const auto& each : *rows) list.push_back(shape(each));
  return json_reply(call, {{"rollups", std::move(list)}});
}

net::HttpReply get_transitions(Desk& desk, const Call& call) {
  const auto limit = call.number("limit", 100, 1, 500);
  if (!limit) return wrong(limit.error());
  const auto before = call.number("cursor", 0, 0, INT64_MAX);
  if (!before) return wrong(before.error());
  if (auto none = never_was(desk, call.part(0))) return std::move(*none);
  const auto rows = desk.store.read([&](store::Database& database) {
    return store::transitions(database, call.part(0), static_cast<int>(*limit), *before);
  });
  if (!rows) return store_failed(rows.error().text);
  Json list = Json::array();
  for (const auto& each : *rows) list.push_back(shape(each));
  const bool more = std::cmp_equal(rows->size(), *limit);
  return json_reply(call,
                    {{"transitions", std::move(list)},
                     {"next", more ? Json(fmt::format("{}", rows->back().id)) : Json(nullptr)}});
}

net::HttpReply list_hosts(Desk& desk, const Call& call) {
  std::string by = call.query("by");
  if (by.empty()) by = "address";
  if (std::ranges::find(kSharedKinds, by) == kSharedKinds.end()) {
    return wrong({fmt::format("by: expected one of {}", fmt::join(kSharedKinds, ", "))});
  }
  const auto standings = read_standings(desk.store, store::WithFacts::yes);
  if (!standings) return store_failed(standings.error().text);
  return json_reply(call, {{"by", by}, {"groups", hosts_of(*standings, by)}});
}

net::HttpReply list_certificates(Desk& desk, const Call& call) {
  const auto standings = read_standings(desk.store, store::WithFacts::yes);
  if (!standings) return store_failed(standings.error().text);
  std::vector<const Standing*> with;
  for (const auto& each : *standings) {
    if (each.has_state && each.state.certificate_until != WallTime{}) with.push_back(&each);
  }
  std::ranges::sort(with, {}, [](const Standing* each) { return each->state.certificate_until; });
  Json list = Json::array();
  for (const auto* each : with) {
    list.push_back({{"target", each->target.id},
                    {"name", each->target.name},
                    {"subject", each->target.subject},
                    {"until", rfc3339(each->state.certificate_until)},
                    {"facts", Json::parse(each->state.facts, nullptr, false)}});
  }
  return json_reply(call, {{"certificates", std::move(list)}});
}

}  // namespace causeway::console
