#include "console/uptime.hpp"

#include <algorithm>

#include "calendar/maintenance.hpp"
#include "store/alerts.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

using calendar::Interval;

Interval interval(WallTime since, WallTime until, WallTime end) {
  return {since, until == WallTime{} ? end : until};
}

}  // namespace

NotCounted not_counted(const std::vector<store::Blind>& blinds,
                       const std::vector<store::MaintenanceWindow>& windows, WallTime from,
                       WallTime to) {
  NotCounted out;
  for (const auto& each : blinds) out.blind.push_back(interval(each.since, each.until, to));
  out.blind = calendar::united(std::move(out.blind));
  for (const auto& window : windows) {
    // A rule that is made today plans nothing of the past; what was planned once stays so.
    const WallTime begin = window.repeats.empty() ? from : std::max(from, window.created);
    const WallTime end = window.removed == WallTime{} ? to : std::min(to, window.removed);
    if (begin >= end) continue;
    const auto times = calendar::occurrences(window, begin, end);
    if (!times || times->empty()) continue;  // an old store's, of a zone that is gone
    NotCounted::Planned planned{window, {}};
    for (const auto& each : *times) {
      planned.times.push_back({std::max(each.from, begin), std::min(each.to, end)});
    }
    out.planned.push_back(std::move(planned));
  }
  return out;
}

Parsed<NotCounted> read_not_counted(store::Database& database, WallTime from, WallTime to) {
  const auto blinds = store::blinds(database, from, to);
  if (!blinds) return error(blinds.error().text);
  const auto windows = store::maintenance_windows_since(database, from);
  if (!windows) return error(windows.error().text);
  return not_counted(*blinds, *windows, from, to);
}

Past::Past(const store::Target& target, const std::vector<store::Member>& downs,
           const NotCounted& aside, WallTime to)
    : watched_since_(target.created), aside_(aside.blind) {
  for (const auto& each : downs) down_.push_back(interval(each.since, each.until, to));
  for (const auto& [window, times] : aside.planned) {
    if (!calendar::covers(window, target.id, target.team, target.tags)) continue;
    aside_.insert(aside_.end(), times.begin(), times.end());
  }
  down_ = calendar::united(std::move(down_));
  aside_ = calendar::united(std::move(aside_));
}

calendar::Availability Past::over(WallTime from, WallTime to) const {
  const Interval asked{from, to};
  const auto down = calendar::touching(down_, asked);
  const auto aside = calendar::touching(aside_, asked);
  return calendar::availability(asked, {{watched_since_, to}}, {down.begin(), down.end()},
                                {aside.begin(), aside.end()});
}

}  // namespace causeway::console
