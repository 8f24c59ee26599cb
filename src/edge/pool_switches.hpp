// Pools that stand in for others, as the admin address asked: all visitors of one go to the other,
// until it is taken back or its time is over. Shared by the workers of one edge, and not part of
// the configuration: a reload keeps it.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "edge/config.hpp"

namespace causeway::edge {

class PoolSwitches {
 public:
  bool any() const { return count_.load(std::memory_order_relaxed) != 0; }
  // The name of the pool that stands in for this one; empty: it serves itself.
  std::string stand_in(std::string_view pool, Instant now) const;

  // "from=www&to=standby&for=30m"; without `for` until it is taken back. Replaces an earlier one
  // of the same pool. The error says what to give instead.
  Parsed<bool> put(std::string_view query, const Config& config, Instant now);
  // "from=www", or "" for all; how many were taken back.
  Parsed<std::size_t> take_back(std::string_view query);

  // {"switches": [{"from": "www", "to": "standby", "seconds_left": 1799}]}; null: until taken back
  std::string json(Instant now) const;
  std::string metrics(Instant now) const;

 private:
  struct Switch {
    std::string from;
    std::string to;
    Instant until = kNever;
  };
  mutable std::mutex mutex_;
  std::vector<Switch> all_;
  std::atomic<std::size_t> count_ = 0;
};

}  // namespace causeway::edge
