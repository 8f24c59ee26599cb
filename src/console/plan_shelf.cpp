#include "console/plan_shelf.hpp"

#include "console/limits.hpp"

namespace causeway::console {

void PlanShelf::put(KeptPlan plan) {
  const std::scoped_lock lock{mutex_};
  kept_.push_front(std::make_shared<const KeptPlan>(std::move(plan)));
  if (kept_.size() > limits::kPlansKept) kept_.pop_back();
}

std::vector<std::shared_ptr<const KeptPlan>> PlanShelf::newest_first() const {
  const std::scoped_lock lock{mutex_};
  return {kept_.begin(), kept_.end()};
}

std::shared_ptr<const KeptPlan> PlanShelf::find(std::string_view id) const {
  const std::scoped_lock lock{mutex_};
  for (const auto& each : kept_) {
    if (each->id == id) return each;
  }
  return nullptr;
}

}  // namespace causeway::console
