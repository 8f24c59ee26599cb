#include "console/metrics.hpp"

#include <fmt/format.h>

#include <chrono>

#include "console/exposition.hpp"
#include "console/overview.hpp"

namespace causeway::console {
namespace {

double seconds(WallTime at) { return std::chrono::duration<double>(at.time_since_epoch()).count(); }

void write_targets(const Overview& overview, Exposition& out) {
  out.begin("causeway_targets", "gauge", "Watched targets by how they stand.");
  for (const auto* outcome : {"ok", "degraded", "down", "unknown", "pending", "paused"}) {
    out.sample(overview.count(outcome), fmt::format("outcome=\"{}\"", outcome));
  }
  out.begin("causeway_target_up", "gauge",
            "1 while visitors are served, 0 while the target is down. Absent while unknown.");
  for (const auto& each : overview.standings) {
    const auto outcome = outcome_of(each);
    if (outcome != "ok" && outcome != "degraded" && outcome != "down") continue;
    out.sample(outcome == "down" ? 0 : 1,
               fmt::format("target=\"{}\"", label_value(each.target.id)));
  }
  out.begin("causeway_target_failure", "gauge",
            "1 for the failure of each target that fails; failures are a closed list.");
  for (const auto& each : overview.standings) {
    if (!each.has_state || each.state.failure.empty()) continue;
    out.sample(1, fmt::format("target=\"{}\",failure=\"{}\"", label_value(each.target.id),
                              label_value(each.state.failure)));
  }
  out.begin("causeway_target_response_seconds", "gauge", "How long the newest check took.");
  for (const auto& each : overview.standings) {
    if (!each.has_state || each.state.elapsed_us <= 0) continue;
    out.sample(static_cast<double>(each.state.elapsed_us) / 1e6,
               fmt::format("target=\"{}\"", label_value(each.target.id)));
  }
  out.begin("causeway_certificate_expiry_timestamp_seconds", "gauge",
            "When the certificate that a target presents ends.");
  for (const auto& each : overview.standings) {
    if (!each.has_state || each.state.certificate_until == WallTime{}) continue;
    out.sample(seconds(each.state.certificate_until),
               fmt::format("target=\"{}\"", label_value(each.target.id)));
  }
}

void write_incidents(const Overview& overview, Exposition& out) {
  std::int64_t unattended = 0;
  out.begin("causeway_incidents_open", "gauge", "Open incidents by cause; a closed list.");
  for (const auto& each : overview.open) {
    out.sample(static_cast<double>(each.all), fmt::format("cause=\"{}\"", label_value(each.cause)));
    unattended += each.unacknowledged;
  }
  out.begin("causeway_incidents_unacknowledged", "gauge", "Open incidents that nobody has taken.");
  out.sample(static_cast<double>(unattended));
  out.begin("causeway_vantage_sees", "gauge", "1 while a vantage point's own network works.");
  for (const auto& vantage : overview.vantages) {
    out.sample(vantage.state == "ok" ? 1 : 0,
               fmt::format("vantage=\"{}\"", label_value(vantage.name)));
  }
}

void write_store(const store::StoreFigures& figures, Exposition& out) {
  out.begin("causeway_store_writes_total", "counter", "Writes that the store has taken.");
  out.sample(static_cast<double>(figures.writes));
  out.begin("causeway_store_writes_failed_total", "counter", "Writes that ended with an error.");
  out.sample(static_cast<double>(figures.failed));
  out.begin("causeway_store_writes_dropped_total", "counter",
            "Writes refused because too many were waiting.");
  out.sample(static_cast<double>(figures.dropped));
  out.begin("causeway_store_writes_waiting", "gauge", "Writes that wait now.");
  out.sample(static_cast<double>(figures.waiting));
  out.begin("causeway_store_failing_seconds", "gauge",
            "Since when nothing can be written; 0 while all is well.");
  const auto failing = figures.failing_since == WallTime{} ? std::chrono::milliseconds{0}
                                                           : wall_now() - figures.failing_since;
  out.sample(std::chrono::duration<double>(failing).count());
}

}  // namespace

Parsed<std::string> metrics(Desk& desk) {
  const auto overview = desk.overview(Clock::now());
  if (!overview) return error(overview.error().text);
  Exposition out;
  out.begin("causeway_build_info", "gauge", "1; the version is its label.");
  out.sample(1, fmt::format("version=\"{}\"", label_value(desk.settings.version)));
  write_targets(**overview, out);
  write_incidents(**overview, out);
  write_store(desk.store.figures(), out);
  std::string text = out.take();
  if (desk.controls.metrics) text += desk.controls.metrics();
  return text;
}

}  // namespace causeway::console
