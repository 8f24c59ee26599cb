// What one worker counts. Written by its thread alone, read by any: no locks, no contended lines.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "base/time.hpp"
#include "edge/story.hpp"
#include "model/failure.hpp"

namespace causeway::edge {

class Count {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void less() {
    value_.store(value_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// Upper bounds in milliseconds; the last bucket has none.
inline constexpr std::array<int, 14> kBuckets{1,   2,   5,    10,   25,   50,    100,
                                              250, 500, 1000, 2500, 5000, 10000, 30000};

struct Histogram {
  std::array<Count, kBuckets.size() + 1> buckets;
  Count sum_us;
  void add(Duration duration);
};

struct Metrics {
  std::array<Count, 600> by_status;
  std::array<Count, 128> by_failure;
  Count requests;
  Count connections;       // accepted
  Count connections_open;  // now
  Count retries;
  Count reused;  // attempts on a kept connection
  Count cut;
  Count visitors_gone;
  Count refused;
  Count bytes_in;
  Count bytes_out;
  Count handshakes_failed;  // of visitors
  Count log_lines_lost;
  Count shed;          // requests refused because the worker was behind
  Count shed_percent;  // of requests, now
  Count drills;        // requests that a drill took
  Count hedges;        // attempts given up because another address was there first
  Histogram duration;
  Histogram connect;
  Histogram handshake;
  Histogram first_byte;

  void add(const Story& story, Instant now);
};

// The text format of Prometheus, summed over the workers.
std::string metrics_text(std::span<const Metrics* const> workers);

}  // namespace causeway::edge
