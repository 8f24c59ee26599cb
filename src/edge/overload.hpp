// Saying no in time: a limit with a queue in front of an origin, and shedding when the edge itself
// cannot follow. Pure; who waits is the caller's business.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {

// So many requests at one origin, so many more that wait.
class Gate {
 public:
  enum class Entry : std::uint8_t { go, wait, full };

  Gate(std::size_t most, std::size_t queue) : most_(most), queue_(queue) {}

  Entry enter();  // go: a place is taken. wait: a place in the queue is taken
  // A place is given back. True: it goes to the one who waits longest, who must be woken.
  bool leave();
  void leave_queue();  // waited too long, or the visitor left

  std::size_t inside() const { return inside_; }
  std::size_t waiting() const { return waiting_; }

 private:
  std::size_t most_;
  std::size_t queue_;
  std::size_t inside_ = 0;
  std::size_t waiting_ = 0;
};

// Whether new requests are to be refused because the worker's loop is behind. After CoDel (RFC
// 8289): a burst that is worked off is no overload; a delay whose least value stays above the
// target for a whole interval is.
class Overload {
 public:
  explicit Overload(Duration target = limits::kShedDelay) : target_(target) {}
  void aim(Duration target) { target_ = target; }  // zero: nothing is ever refused

  void sample(Duration delay, Instant now);  // of the loop, several times an interval
  // Share of new requests to refuse, 0 to 0.95; rises while it does not help.
  double shed() const { return shed_; }
  bool refuses(std::uint64_t chance) const;

 private:
  Duration target_;
  Duration least_ = Duration::max();
  Instant interval_end_{};
  double shed_ = 0;
};

}  // namespace causeway::edge
