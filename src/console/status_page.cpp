#include "console/status_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/text.hpp"
#include "codec/percent.hpp"
#include "console/call.hpp"
#include "console/desk.hpp"
#include "console/limits.hpp"
#include "console/overview.hpp"
#include "console/problem.hpp"
#include "console/uptime.hpp"
#include "store/alerts.hpp"
#include "store/incidents.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

constexpr auto kDay = std::chrono::days{1};

DayState state_of_day(const calendar::Availability& day) {
  if (day.observed <= Duration::zero()) return DayState::unknown;
  return day.down > Duration::zero() ? DayState::down : DayState::fine;
}

// The name that somebody gave it; the row has its id where nobody did.
std::string given_name(const store::Target& target) {
  if (target.name != target.id) return target.name;
  const auto spec = nlohmann::json::parse(target.spec, nullptr, false);
  return spec.is_object() && spec.value("name", nlohmann::json{}) == target.id ? target.id : "";
}

bool is_public(const store::Target& target) {
  const auto spec = nlohmann::json::parse(target.spec, nullptr, false);
  return !spec.is_object() || spec.value("public", nlohmann::json{}) != false;
}

// FNV-1a. Of nothing but what the page shows: an id or address cannot be guessed from it.
std::string key_of(std::string_view shown) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char letter : shown) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
  }
  return fmt::format("{:016x}", hash);
}

// Names for those without one, and what stands for each in public.
void name_sites(std::vector<StatusSite>& sites) {
  std::map<std::string, int> unnamed;
  std::map<std::string, int> shown;
  for (StatusSite& site : sites) {
    if (site.name.empty()) {
      site.name =
          fmt::format("{} {}", site.group.empty() ? "Service" : site.group, ++unnamed[site.group]);
    }
    const std::string both = site.group + '\n' + site.name;
    site.key = key_of(fmt::format("{}\n{}", both, ++shown[both]));
  }
}

// A day of which nothing is known but what went wrong.
void forget_good_days(StatusSite& site) {
  site.share = -1;
  for (auto& day : site.days) {
    if (day.state == DayState::fine) day.state = DayState::unknown;
  }
}

Parsed<StatusSite> read_site(store::Database& database, const Standing& standing,
                             const store::Target& target, const NotCounted& aside, WallTime now) {
  StatusSite out{.id = standing.target.id,
                 .key = {},
                 .name = given_name(target),
                 .group = standing.target.team,
                 .outcome = std::string{outcome_of(standing)}};
  const auto first = std::chrono::floor<std::chrono::days>(now) - kDay * (limits::kStatusDays - 1);
  const WallTime from{first};
  const auto downs = store::memberships(database, out.id, from, now);
  if (!downs) return error(downs.error().text);
  const auto degraded = store::memberships(database, out.id, from, now, "degraded");
  if (!degraded) return error(degraded.error().text);
  const Past past{standing.target, *downs, aside, now};
  const Past poor{standing.target, *degraded, aside, now};
  for (int i = 0; i < limits::kStatusDays; ++i) {
    const WallTime start = from + kDay * i;
    const WallTime end = std::min(now, start + kDay);
    const auto day = past.over(start, end);
    StatusDay shown{start, state_of_day(day), day.down};
    if (shown.state == DayState::fine && poor.over(start, end).down > Duration::zero()) {
      shown.state = DayState::degraded;
    }
    out.days.push_back(shown);
  }
  out.share = past.over(from, now).share.value_or(-1);
  if (out.outcome == "paused" || out.outcome == "pending") forget_good_days(out);
  return out;
}

Parsed<StatusIncident> with_members(store::Database& database, store::Incident incident,
                                    const std::map<std::string, std::string>& names) {
  const auto members = store::members(database, incident.id);
  if (!members) return error(members.error().text);
  StatusIncident out{std::move(incident), {}};
  const bool open = out.incident.closed == WallTime{};
  for (const auto& member : *members) {
    const auto at = names.find(member.target);
    if (at == names.end()) continue;                   // not shown, or watched no more
    if (open && member.until != WallTime{}) continue;  // it has recovered
    const std::string& name = at->second;
    if (std::ranges::find(out.members, name) == out.members.end()) out.members.push_back(name);
  }
  return out;
}

Parsed<bool> read_incidents(store::Database& database, StatusReport& out, WallTime now) {
  std::map<std::string, std::string> names;
  for (const auto& site : out.sites) names[site.id] = site.name;
  const auto from = now - kDay * limits::kStatusDays;
  const auto incidents =
      store::incidents(database, {.from = from, .to = now, .most = limits::kStatusIncidents});
  if (!incidents) return error(incidents.error().text);
  for (const auto& each : *incidents) {
    if (!each.merged_into.empty() || each.severity == "notice") continue;
    auto shown = with_members(database, each, names);
    if (!shown) return error(shown.error().text);
    if (shown->members.empty()) continue;
    (each.closed == WallTime{} ? out.open : out.past).push_back(std::move(*shown));
  }
  return true;
}

Parsed<StatusReport> read_report(store::Database& database, std::vector<Standing> standings,
                                 const std::string& title, WallTime now) {
  StatusReport out{.title = title, .at = now};
  const auto aside = read_not_counted(database, now - kDay * limits::kStatusDays, now);
  if (!aside) return error(aside.error().text);
  std::ranges::sort(standings, {}, [](const Standing& each) {
    return std::tuple{std::string_view{each.target.team}, std::string_view{each.target.name},
                      std::string_view{each.target.id}};
  });
  for (const auto& standing : standings) {
    const auto target = store::target(database, standing.target.id);
    if (!target) return error(target.error().text);
    if (!*target || !is_public(**target)) continue;
    auto site = read_site(database, standing, **target, *aside, now);
    if (!site) return error(site.error().text);
    out.sites.push_back(std::move(*site));
  }
  name_sites(out.sites);
  auto windows = store::maintenance_windows(database);
  if (!windows) return error(windows.error().text);
  for (auto& window : *windows) {
    const auto shown = [&](const std::string& id) {
      return std::ranges::find(out.sites, id, &StatusSite::id) != out.sites.end();
    };
    const bool of_others = window.teams.empty() && window.tags.empty() && !window.targets.empty() &&
                           std::ranges::none_of(window.targets, shown);
    if (!of_others) out.maintenance.push_back(std::move(window));
  }
  auto good = read_incidents(database, out, now);
  if (!good) return error(good.error().text);
  return out;
}

net::HttpReply typed(std::string_view type, std::string body) {
  net::HttpReply reply;
  reply.fields.emplace_back("Content-Type", type);
  reply.fields.emplace_back("Cache-Control", "public, max-age=30");
  reply.fields.emplace_back("Access-Control-Allow-Origin", "*");
  reply.fields.emplace_back("Cross-Origin-Resource-Policy", "cross-origin");
  reply.body = std::move(body);
  return reply;
}

Parsed<int> write_file(const std::string& path, const std::string& text) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << text;
  file.close();
  if (!file) return error(fmt::format("cannot write {}", path));
  return 1;
}

}  // namespace

std::string StatusIncident::title() const {
  const std::string_view state = incident.severity == "down" ? "down" : "degraded";
  if (members.size() == 1) return fmt::format("{} is {}", members.front(), state);
  return fmt::format("{} services are {}", members.size(), state);
}

std::string_view StatusReport::indicator() const {
  const auto down = std::ranges::count(sites, "down", &StatusSite::outcome);
  const auto degraded = std::ranges::count(sites, "degraded", &StatusSite::outcome);
  if (down > 0) return std::cmp_equal(down, sites.size()) ? "critical" : "major";
  return degraded > 0 ? "minor" : "none";
}

std::string StatusReport::sentence() const {
  const auto down = std::ranges::count(sites, "down", &StatusSite::outcome);
  const auto degraded = std::ranges::count(sites, "degraded", &StatusSite::outcome);
  if (sites.empty()) return "Nothing is watched yet";
  const auto up = std::ranges::count(sites, "ok", &StatusSite::outcome);
  if (std::cmp_equal(down, sites.size())) return "Everything is down";
  if (down > 0)
    return fmt::format("{} of {} services {} down", down, sites.size(), down == 1 ? "is" : "are");
  if (degraded > 0) return "Everything is up, with some trouble";
  if (std::cmp_equal(up, sites.size())) return "All services are up";
  return up == 0 ? "Nothing is known at the moment"
                 : fmt::format("{} of {} services {} up, of the rest nothing is known", up,
                               sites.size(), up == 1 ? "is" : "are");
}

Parsed<StatusReport> read_status(store::Store& store, const std::string& title, WallTime now) {
  auto standings = read_standings(store, store::WithFacts::no);
  if (!standings) return error(standings.error().text);
  return store.read([&](store::Database& database) {
    return read_report(database, std::move(*standings), title, now);
  });
}

net::HttpReply status_reply(Desk& desk, const net::HttpRequest& request) {
  if (request.path == "/status/status.css") return typed("text/css; charset=utf-8", status_css());
  const auto report = desk.status(Clock::now());
  if (!report) return store_failed(report.error().text);
  const StatusReport& now = **report;
  if (request.path == "/status/summary.json" || request.path == "/api/v2/summary.json") {
    return typed("application/json", status_json(now));
  }
  if (request.path == "/status/feed.atom") {
    return typed("application/atom+xml; charset=utf-8",
                 status_atom(now, desk.settings.address + "/status"));
  }
  constexpr std::string_view kBadges = "/status/badge/";
  if (request.path.starts_with(kBadges) && request.path.ends_with(".svg")) {
    const auto id = codec::percent_decoded(
        request.path.substr(kBadges.size(), request.path.size() - kBadges.size() - 4));
    const auto site = std::ranges::find_if(
        now.sites, [&](const StatusSite& each) { return each.key == id || each.id == id; });
    if (site == now.sites.end()) return not_found("no target has this id");
    return typed("image/svg+xml", badge_svg(*site));
  }
  if (request.path != "/status" && request.path != "/status/") return not_found("no such page");
  return typed("text/html; charset=utf-8", status_html(now));
}

Parsed<int> export_status(const StatusReport& report, const std::string& address,
                          const std::string& folder) {
  int files = 0;
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) return error(fmt::format("cannot make {}: {}", folder, problem.message()));
  const std::array<std::pair<std::string, std::string>, 4> all{
      {{"index.html", status_html(report)},
       {"status.css", status_css()},
       {"summary.json", status_json(report)},
       {"feed.atom", status_atom(report, address)}}};
  for (const auto& [name, text] : all) {
    auto written = write_file(fmt::format("{}/{}", folder, name), text);
    if (!written) return written;
    ++files;
  }
  return files;
}

}  // namespace causeway::console
