// The drills under way, as the admin address asked for them. Shared by the workers of one edge, and
// not by the configuration: a reload neither starts nor ends one.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "edge/drill.hpp"

namespace causeway::edge {

class DrillBoard {
 public:
  bool any() const { return count_.load(std::memory_order_relaxed) != 0; }
  std::optional<Drill> drill_for(std::string_view host, std::string_view path, std::uint64_t chance,
                                 Instant now) const;

  // "failure=connect.silent&percent=10&path=/shop&host=www.example.net&delay=2s&for=5m". The error
  // says what to give instead.
  Parsed<Drill> begin(std::string_view query, Instant now);
  std::size_t end_all();

  // {"drills": [{"failure": ..., "host": ..., "path": ..., "percent": 10, "seconds_left": 299}]}
  std::string json(Instant now) const;
  std::size_t running(Instant now) const;

 private:
  mutable std::mutex mutex_;
  std::vector<Drill> drills_;
  std::atomic<std::size_t> count_ = 0;
};

}  // namespace causeway::edge
