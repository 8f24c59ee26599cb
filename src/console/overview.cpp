#include "console/overview.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <ranges>
#include <set>
#include <tuple>

#include "base/address.hpp"
#include "base/text.hpp"
#include "console/shapes.hpp"
#include "store/alerts.hpp"
#include "store/incidents.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 6> kWorstFirst{"down",    "degraded", "unknown",
                                                      "pending", "paused",   "ok"};
constexpr int kIncidentsShown = 100;
constexpr std::size_t kExpiriesShown = 5;
constexpr unsigned kPrefixV4 = 24;
constexpr unsigned kPrefixV6 = 48;

std::string text_at(const nlohmann::json& object, const char* key) {
  const auto at = object.is_object() ? object.find(key) : object.end();
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

Parsed<std::vector<Standing>> standings_of(store::Database& database, store::WithFacts facts) {
  std::vector<Standing> out;
  const auto read = store::each_standing(
      database, facts, [&out](store::Target target, std::optional<store::TargetState> state) {
        Standing& one = out.emplace_back(std::move(target));
        one.has_state = state.has_value();
        if (state) one.state = std::move(*state);
      });
  if (!read) return error(read.error().text);
  const auto rank = [](const Standing& each) {
    return std::ranges::find(kWorstFirst, outcome_of(each)) - kWorstFirst.begin();
  };
  std::ranges::sort(out, {}, [&](const Standing& each) {
    return std::tuple{rank(each), std::string_view{each.target.name},
                      std::string_view{each.target.id}};
  });
  return out;
}

Parsed<Overview> overview_of(store::Database& database, WallTime now) {
  Overview out;
  out.at = now;
  auto standings = standings_of(database, store::WithFacts::no);
  if (!standings) return error(std::move(standings.error().text));
  out.standings = std::move(*standings);
  auto incidents = store::incidents(database, {.open_only = true, .most = kIncidentsShown});
  if (!incidents) return error(std::move(incidents.error().text));
  for (auto& incident : *incidents) {
    auto members = store::members(database, incident.id);
    if (!members) return error(std::move(members.error().text));
    out.incidents.push_back({std::move(incident), std::move(*members)});
  }
  auto open = store::open_counts(database);
  if (!open) return error(std::move(open.error().text));
  out.open = std::move(*open);
  auto vantages = store::vantages(database);
  if (!vantages) return error(std::move(vantages.error().text));
  out.vantages = std::move(*vantages);
  auto maintenance = store::maintenance_windows(database);
  if (!maintenance) return error(std::move(maintenance.error().text));
  out.maintenance = std::move(*maintenance);
  return out;
}

Json expiries(const Overview& overview) {
  std::vector<const Standing*> with;
  for (const auto& each : overview.standings) {
    if (each.has_state && each.state.certificate_until != WallTime{}) with.push_back(&each);
  }
  std::ranges::sort(with, {}, [](const Standing* each) { return each->state.certificate_until; });
  if (with.size() > kExpiriesShown) with.resize(kExpiriesShown);
  Json out = Json::array();
  for (const auto* each : with) {
    out.push_back({{"target", each->target.id},
                   {"name", each->target.name},
                   {"until", rfc3339(each->state.certificate_until)}});
  }
  return out;
}

std::string prefix_of(const IpAddress& address) {
  return Prefix{address, address.is_v4() ? kPrefixV4 : kPrefixV6}.text();
}

}  // namespace

std::string_view outcome_of(const Standing& standing) {
  if (standing.target.paused) return "paused";
  if (!standing.has_state) return "pending";
  return standing.state.outcome;
}

bool mentions(const store::Target& target, const std::string& text) {
  if (text.empty()) return true;
  const auto in = [&text](const std::string& part) { return contains_ignoring_case(part, text); };
  return in(target.id) || in(target.name) || in(target.subject) || in(target.team) ||
         std::ranges::any_of(target.tags, in);
}

Parsed<std::vector<Standing>> read_standings(store::Store& store, store::WithFacts facts) {
  return store.read([facts](store::Database& database) { return standings_of(database, facts); });
}

Parsed<Overview> read_overview(store::Store& store, WallTime now) {
  return store.read([now](store::Database& database) { return overview_of(database, now); });
}

std::int64_t Overview::open_incidents() const {
  std::int64_t out = 0;
  for (const auto& each : open) out += each.all;
  return out;
}

void Overview::see(store::VantageState vantage) {
  std::erase_if(vantages, [&](const auto& each) { return each.name == vantage.name; });
  const auto place =
      std::ranges::lower_bound(vantages, vantage.name, {}, &store::VantageState::name);
  vantages.insert(place, std::move(vantage));
}

int Overview::count(std::string_view outcome) const {
  return static_cast<int>(std::ranges::count(standings, outcome, outcome_of));
}

std::vector<std::string> shared_values(const Standing& standing, std::string_view kind) {
  std::vector<std::string> out;
  if (!standing.has_state) return out;
  if (const auto asked = Endpoint::parse(standing.state.address, 0)) {
    if (kind == "address") out.push_back(asked->address.text());
    if (kind == "prefix") out.push_back(prefix_of(asked->address));
  }
  // What the watch has found that it shares (watch/watcher_checks.cpp).
  const auto facts = nlohmann::json::parse(standing.state.facts, nullptr, false);
  const auto shares = facts.is_object() ? facts.find("shares") : facts.end();
  if (facts.is_object() && shares != facts.end() && shares->is_array()) {
    for (const auto& share : *shares) {
      if (text_at(share, "kind") == kind) out.push_back(text_at(share, "value"));
    }
  }
  std::ranges::sort(out);
  const auto [first, last] = std::ranges::unique(out);
  out.erase(first, last);
  return out;
}

std::string sentence_of(const Overview& overview) {
  const auto all = overview.standings.size();
  const int fine = overview.count("ok");
  std::string out;
  const auto incidents = overview.open_incidents();
  if (incidents > 0) {
    out = fmt::format("{} {} open; ", incidents, incidents == 1 ? "incident is" : "incidents are");
  }
  if (all == 0) return out + "nothing is watched yet.";
  if (std::cmp_equal(fine, all)) {
    out += all == 1 ? "the one site is fine" : fmt::format("all {} sites are fine", all);
  } else {
    out += fmt::format("{} of {} sites {} fine", fine, all, fine == 1 ? "is" : "are");
  }
  const auto blind = std::ranges::count_if(
      overview.vantages, [](const auto& vantage) { return vantage.state != "ok"; });
  if (blind > 0) {
    out += fmt::format("; {} of {} vantage points cannot see", blind, overview.vantages.size());
  } else if (!overview.vantages.empty()) {
    out += "; our own view is healthy";
  }
  out += ".";
  out.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(out.front())));
  return out;
}

Json counts_of(const Overview& overview) {
  Json out = Json::object();
  for (const auto outcome : kWorstFirst) out[outcome] = overview.count(outcome);
  out["all"] = overview.standings.size();
  out["incidents"] = overview.open_incidents();
  return out;
}

Json shape(const Overview& overview, std::size_t most) {
  Json out{{"sentence", sentence_of(overview)}};
  out["counts"] = counts_of(overview);
  out["incidents"] = Json::array();
  for (const auto& [incident, members] : overview.incidents) {
    Json each = shape(incident);
    each["members"] = Json::array();
    std::set<std::string_view> named;  // one that failed twice in it is one site
    for (const auto& member : members) {
      if (named.insert(member.target).second) each["members"].push_back(member.target);
    }
    out["incidents"].push_back(std::move(each));
  }
  out["targets"] = Json::array();
  for (const auto& each : overview.standings | std::views::take(most)) {
    out["targets"].push_back(shape(each.target, each.has_state ? &each.state : nullptr));
  }
  out["vantages"] = Json::array();
  for (const auto& each : overview.vantages) out["vantages"].push_back(shape(each));
  out["expiries"] = expiries(overview);
  out["maintenance"] = Json::array();
  for (const auto& each : overview.maintenance) out["maintenance"].push_back(shape(each));
  return out;
}

}  // namespace causeway::console
