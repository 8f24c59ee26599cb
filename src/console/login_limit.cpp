#include "console/login_limit.hpp"
#include "console/limits.hpp"

#include <algorithm>

namespace causeway::console {

// Five free tries, then 2 s, 4 s ... up to a quarter of an hour.
Duration LoginLimit::pause(int failures) {
  if (failures < limits::kLoginFreeTries) return Duration::zero();
  const int doublings = std::min(failures - limits::kLoginFreeTries + 1, 12);
  return std::min<Duration>(std::chrono::seconds{1} * (1 << doublings), limits::kLoginPauseMost);
}

Duration LoginLimit::wait_for(const std::string& key, Instant now) const {
  const auto at = tries_.find(key);
  if (at == tries_.end()) return Duration::zero();
  const Duration left = at->second.last + pause(at->second.failures) - now;
  return std::max(left, Duration::zero());
}

void LoginLimit::failed(const std::string& key, Instant now) {
  if (tries_.size() >= limits::kLoginKeys) make_room(now);
  auto& tries = tries_[key];
  ++tries.failures;
  tries.last = now;
}

void LoginLimit::know(const std::string& name, const std::string& place, Instant now) {
  if (known_.size() >= limits::kLoginKeys) {
    known_.erase(
        std::ranges::min_element(known_, {}, [](const auto& entry) { return entry.second; }));
  }
  known_[place + " " + name] = now;
}

bool LoginLimit::knows(const std::string& name, const std::string& place) const {
  return known_.contains(place + " " + name);
}

// Forgets who has been quiet for longer than any pause, and the quietest when that is nobody.
void LoginLimit::make_room(Instant now) {
  std::erase_if(tries_, [now](const auto& entry) {
    return entry.second.last + limits::kLoginPauseMost < now;
  });
  if (tries_.size() < limits::kLoginKeys) return;
  tries_.erase(
      std::ranges::min_element(tries_, {}, [](const auto& entry) { return entry.second.last; }));
}

}  // namespace causeway::console
