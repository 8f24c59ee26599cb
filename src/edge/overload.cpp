#include "edge/overload.hpp"

#include <algorithm>

#include "edge/limits.hpp"

namespace causeway::edge {

Gate::Entry Gate::enter() {
  if (inside_ < most_ && waiting_ == 0) {
    ++inside_;
    return Entry::go;
  }
  if (waiting_ >= queue_) return Entry::full;
  ++waiting_;
  return Entry::wait;
}

bool Gate::leave() {
  if (waiting_ > 0) {
    --waiting_;  // the place changes hands
    return true;
  }
  if (inside_ > 0) --inside_;
  return false;
}

void Gate::leave_queue() {
  if (waiting_ > 0) --waiting_;
}

void Overload::sample(Duration delay, Instant now) {
  least_ = std::min(least_, delay);
  if (interval_end_ == Instant{}) interval_end_ = now + limits::kShedInterval;
  if (now < interval_end_) return;
  constexpr double kStep = 0.1;
  constexpr double kMost = 0.95;
  shed_ = target_ > Duration{} && least_ > target_ ? std::min(kMost, shed_ + kStep)
                                                   : std::max(0.0, shed_ - kStep / 2);
  least_ = Duration::max();
  interval_end_ = now + limits::kShedInterval;
}

bool Overload::refuses(std::uint64_t chance) const {
  return (static_cast<double>(chance >> 11U) * 0x1.0p-53) < shed_;
}

}  // namespace causeway::edge
