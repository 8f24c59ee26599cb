#include "app/watch_controls.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "app/console_controls.hpp"
#include "console/exposition.hpp"
#include "watch/maintenance.hpp"
#include "watch/typed_target.hpp"

namespace causeway::app {
namespace {

std::string figures(watch::Watcher& watcher) {
  const auto now = watcher.figures();
  console::Exposition out;
  const auto counter = [&out](std::string_view name, std::string_view help, std::uint64_t value) {
    out.begin(name, "counter", help);
    out.sample(static_cast<double>(value));
  };
  counter("causeway_checks_total", "Checks that have ended.", now.checks);
  counter("causeway_checks_failed_total", "Checks that found the target down.", now.failed);
  counter("causeway_checks_unknown_total", "Checks that could not tell.", now.unknown);
  counter("causeway_checks_resumed_total",
          "Checks over a resumed TLS session: the certificate was not shown again.", now.resumed);
  counter("causeway_checks_late_total", "Checks that began late.", now.late);
  counter("causeway_checks_skipped_total", "Times at which no check could begin.", now.skipped);
  counter("causeway_alerts_failed_total", "Deliveries of alerts that failed.", now.alerts_failed);
  out.single("causeway_checks_under_way", "Checks that run now.",
             static_cast<double>(now.under_way));
  out.single("causeway_check_lateness_worst_seconds", "The worst lateness of the last minute.",
             std::chrono::duration<double>(now.latest).count());
  out.begin("causeway_domain_expiry_timestamp_seconds", "gauge",
            "When the registration of a watched domain ends.");
  std::set<std::string> shown;  // two zones can be of one domain
  for (const auto& domain : watcher.domains()) {
    if (!domain.expires || !shown.insert(domain.name).second) continue;
    out.sample(std::chrono::duration<double>(domain.expires->time_since_epoch()).count(),
               fmt::format("domain=\"{}\"", console::label_value(domain.name)));
  }
  out.single("causeway_blind", "1 while the watch's own network does not work.", now.blind ? 1 : 0);
  return out.take();
}

using console::Refusal;

std::unexpected<Refusal> refused(int status, std::string_view why) {
  auto taken_apart = watch::refused(why);
  return std::unexpected(Refusal{.status = status,
                                 .field = std::move(taken_apart.field),
                                 .text = std::move(taken_apart.text)});
}

// Null when people may change it.
std::optional<Refusal> not_theirs(watch::Watcher& watcher, const std::string& id) {
  const auto known = watcher.target(id);
  if (!known) return Refusal{.status = 404, .field = "", .text = "no target has this id"};
  if (known->source == "api") return std::nullopt;
  return Refusal{.status = 409,
                 .field = "",
                 .text = fmt::format("'{}' stands in the configuration file; change it there "
                                     "(HUP reads it again)",
                                     id)};
}

console::OrRefused<std::string> put_target(watch::Watcher& watcher, const std::string& id,
                                           const std::string& definition) {
  if (!id.empty()) {
    if (auto why = not_theirs(watcher, id)) return std::unexpected(std::move(*why));
  }
  // A change speaks of the target that its path names.
  auto json = nlohmann::json::parse(definition, nullptr, false);
  if (!id.empty() && json.is_object()) json["id"] = id;
  auto target = watch::typed_target(json.dump(), watcher.settings().private_targets);
  if (!target) {
    return std::unexpected(Refusal{.field = target.error().field, .text = target.error().text});
  }
  if (id.empty() && watcher.target(target->id)) {
    return refused(409, fmt::format("id: there is a target '{}' already; change that one, or give "
                                    "this one another id",
                                    target->id));
  }
  const auto done = watcher.put_target(*target);
  if (!done) return refused(422, done.error().text);
  return target->id;
}

console::OrRefused<bool> remove_target(watch::Watcher& watcher, const std::string& id) {
  if (auto why = not_theirs(watcher, id)) return std::unexpected(std::move(*why));
  const auto done = watcher.remove_target(id);
  if (!done) return refused(409, done.error().text);
  return true;
}

// What agents say, and what each vantage sees.
void set_views(console::Controls& out, watch::Watcher& watcher) {
  out.agent_targets = [&watcher] { return watch::agent_targets_json(watcher.agent_targets()); };
  out.agent_report = [&watcher](const auto& vantage, const auto& text) -> Parsed<std::string> {
    const auto report = watch::agent_report(text);
    if (!report) return error(report.error().text);
    const auto answer = watcher.report(vantage, *report);
    if (!answer) return error(answer.error().text);
    return watch::to_json(*answer);
  };
  out.agent_facts = [&watcher](const auto& vantage, const auto& text) {
    return watcher.facts(vantage, text);
  };
  out.agents = [&watcher] {
    std::vector<console::AgentSeen> all;
    for (const auto& one : watcher.agents()) {
      all.push_back({.name = one.name,
                     .heard = one.heard,
                     .silent = one.silent,
                     .healthy = one.healthy,
                     .detail = one.detail,
                     .results = one.results,
                     .lost = one.lost});
    }
    return all;
  };
  out.sightings = [&watcher] {
    std::vector<console::Sightings> all;
    for (const auto& row : watcher.sightings()) {
      console::Sightings shown{.target = row.target, .seen = {}};
      for (const auto& one : row.seen) {
        shown.seen.push_back({.vantage = one.vantage,
                              .outcome = std::string{name(one.outcome)},
                              .failure = one.failure ? std::string{model::name(*one.failure)} : "",
                              .at = one.at});
      }
      all.push_back(std::move(shown));
    }
    return all;
  };
  out.own_view = [&watcher] {
    const auto now = watcher.figures();
    return store::VantageState{.name = watcher.settings().vantage,
                               .seen = wall_now(),
                               .addresses = {},
                               .state = now.blind ? "blind" : "ok",
                               .detail = now.blind ? now.blind_because : ""};
  };
}

}  // namespace

console::Controls watch_controls(watch::Watcher& watcher, store::Store& store) {
  console::Controls out = console_controls(store);
  out.acknowledge = [&watcher](const auto& incident, const auto& author) {
    return watcher.acknowledge(incident, author);
  };
  out.merge = [&watcher](const auto& from, const auto& into, const auto& author) {
    return watcher.merge(from, into, author);
  };
  out.split = [&watcher](const auto& incident, const auto& target, const auto& author) {
    return watcher.split(incident, target, author);
  };
  out.note = [&watcher](const auto& incident, const auto& author, const auto& text) {
    return watcher.note(incident, author, text);
  };
  out.put_maintenance = [&watcher](const auto& window) {
    std::string why = watch::past(window, wall_now());
    return why.empty() ? watcher.put_maintenance(window) : Parsed<bool>{error(std::move(why))};
  };
  out.remove_maintenance = [&watcher](const auto& id, const auto& /*author*/) {
    return watcher.remove_maintenance(id);
  };
  out.channels = [&watcher] {
    std::vector<console::Channel> all;
    for (const auto& each : watcher.settings().channels) {
      all.push_back({each.name, std::string{name(each.kind)}});
    }
    return all;
  };
  out.test_channel = [&watcher](const auto& channel) { return watcher.test_channel(channel); };
  out.beat = [&watcher](const auto& target, bool ok, const auto& note) {
    return watcher.beat(target, ok, note);
  };
  out.put_target = [&watcher](const auto& id, const auto& definition) {
    return put_target(watcher, id, definition);
  };
  out.remove_target = [&watcher](const auto& id) { return remove_target(watcher, id); };
  set_views(out, watcher);
  out.metrics = [&watcher] { return figures(watcher); };
  return out;
}

}  // namespace causeway::app
