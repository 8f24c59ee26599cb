#include "app/watch_controls.hpp"

#include <fmt/format.h>

#include <set>

#include "app/console_controls.hpp"
#include "console/exposition.hpp"

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

}  // namespace

console::Controls watch_controls(watch::Watcher& watcher) {
  console::Controls out = console_controls();
  out.acknowledge = [&watcher](const auto& incident, const auto& author) {
    return watcher.acknowledge(incident, author);
  };
  out.note = [&watcher](const auto& incident, const auto& author, const auto& text) {
    return watcher.note(incident, author, text);
  };
  out.put_maintenance = [&watcher](const auto& window) { return watcher.put_maintenance(window); };
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
  out.agent_targets = [&watcher] { return watch::agent_targets_json(watcher.agent_targets()); };
  out.agent_report = [&watcher](const auto& vantage, const auto& text) -> Parsed<std::string> {
    const auto report = watch::agent_report(text);
    if (!report) return error(report.error().text);
    const auto answer = watcher.report(vantage, *report);
    if (!answer) return error(answer.error().text);
    return watch::to_json(*answer);
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
  out.metrics = [&watcher] { return figures(watcher); };
  return out;
}

}  // namespace causeway::app
