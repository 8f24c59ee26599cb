// When each target is checked next: a wheel of slots, one operation a check whatever their number.
// Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace causeway::watch {

class Schedule {
 public:
  explicit Schedule(Instant now);

  void put(std::uint32_t number, Instant due);  // replaces an earlier time
  void drop(std::uint32_t number);
  Instant due(std::uint32_t number) const {  // kNever: not scheduled
    return number < due_.size() ? due_[number] : kNever;
  }

  // Takes at most `most` whose time has come, in order of their slots.
  std::vector<std::uint32_t> take(Instant now, std::size_t most);

 private:
  std::int64_t slot_of(Instant at) const;

  Instant began_;
  std::int64_t cursor_ = 0;
  std::vector<Instant> due_;
  std::vector<std::vector<std::uint32_t>> slots_;
};

// The first time: spread over the interval by the target's own id, the same after every start, so
// that neither a start nor a full minute makes a burst.
Duration first_delay(std::string_view id, Duration interval);

// The first beat of a rhythm after `now`; `due` is any of its beats. A check between two beats (a
// retry) moves none of them.
Instant next_beat(Instant due, Duration interval, Instant now);

}  // namespace causeway::watch
