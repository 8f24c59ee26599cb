#include "console/desk.hpp"

#include "console/limits.hpp"
#include "console/plan_shelf.hpp"
#include "console/status_page.hpp"

namespace causeway::console {

Desk::Desk(store::Store& the_store, DeskSettings the_settings, Controls the_controls,
           LiveRuns& the_runs)
    : store(the_store),
      settings(std::move(the_settings)),
      controls(std::move(the_controls)),
      runs(the_runs),
      plans(std::make_shared<PlanShelf>()) {}

Parsed<std::shared_ptr<const Overview>> Desk::overview(Instant now) {
  if (recent_ && now - recent_at_ < limits::kOverviewFresh) return recent_;
  auto fresh = read_overview(store, wall_now());
  if (!fresh) return error(std::move(fresh.error().text));
  if (controls.own_view) fresh->see(controls.own_view());
  recent_ = std::make_shared<const Overview>(std::move(*fresh));
  recent_at_ = now;
  return recent_;
}

Parsed<std::shared_ptr<const StatusReport>> Desk::status(Instant now) {
  if (recent_status_ && now - recent_status_at_ < limits::kStatusFresh) return recent_status_;
  auto fresh = read_status(store, settings.title, wall_now());
  if (!fresh) return error(std::move(fresh.error().text));
  recent_status_ = std::make_shared<const StatusReport>(std::move(*fresh));
  recent_status_at_ = now;
  return recent_status_;
}

}  // namespace causeway::console
