// The newest plans that people made here, while the console runs. From any thread.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "console/desk.hpp"

namespace causeway::console {

struct KeptPlan {
  std::string id;
  WallTime at;
  std::string author;
  PlanMade made;
};

class PlanShelf {
 public:
  void put(KeptPlan plan);  // beyond limits::kPlansKept the oldest goes
  std::vector<std::shared_ptr<const KeptPlan>> newest_first() const;
  std::shared_ptr<const KeptPlan> find(std::string_view id) const;  // null: there is none

 private:
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<const KeptPlan>> kept_;  // newest first
};

}  // namespace causeway::console
