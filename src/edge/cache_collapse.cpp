#include "edge/cache_collapse.hpp"

#include "edge/limits.hpp"

namespace causeway::edge {

Collapse::Role Collapse::enter(const std::string& key, Instant now) {
  const auto known = not_stored_.find(key);
  if (known != not_stored_.end()) {
    if (now < known->second) return Role::alone;
    not_stored_.erase(known);
  }
  const auto [at, first] = flights_.try_emplace(key);
  if (first) return Role::lead;
  if (at->second.followers >= limits::kCollapseFollowers) return Role::alone;
  ++at->second.followers;
  return Role::follow;
}

void Collapse::finished(const std::string& key, bool stored, Instant now) {
  flights_.erase(key);
  if (stored) return;
  if (not_stored_.size() >= limits::kCollapseRemembered) {
    std::erase_if(not_stored_, [&](const auto& each) { return each.second <= now; });
    if (not_stored_.size() >= limits::kCollapseRemembered) not_stored_.clear();
  }
  not_stored_[key] = now + limits::kCollapseMemory;
}

void Collapse::left(const std::string& key) {
  const auto at = flights_.find(key);
  if (at != flights_.end() && at->second.followers > 0) --at->second.followers;
}

}  // namespace causeway::edge
