// Which origin of a pool takes a request. Pure: what is known of the origins comes in, an index
// goes out, and chance is a number the caller gives.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "edge/config.hpp"

namespace causeway::edge {

// A moving average that believes bad news at once and good news slowly (Finagle's peak EWMA).
class PeakEwma {
 public:
  void add(Duration sample, Instant now);
  // Nanoseconds; 0: nothing is known yet. Fades towards 0 without samples, so that an origin that
  // was slow once is tried again.
  double value(Instant now) const;
  bool known() const { return at_ != Instant{}; }

 private:
  double value_ = 0;
  Instant at_{};
};

struct Candidate {
  int weight = 100;
  int priority = 0;
  bool usable = true;      // healthy, circuit admits, not tried yet, not draining
  bool drained = false;    // usable for visitors with affinity only
  std::size_t in_use = 0;  // requests under way
  double latency = 0;      // PeakEwma::value of answers, or of connects with Policy::latency
  Duration up_for = Duration::max();  // since it came back
  std::uint64_t name_hash = 0;
};

struct Ask {
  std::uint64_t chance = 0;               // evenly spread
  std::uint64_t key = 0;                  // hash of the visitor, host, path ..., with Policy::hash
  std::optional<std::uint64_t> affinity;  // name_hash from the visitor's cookie
};

class Balancer {
 public:
  Balancer(Policy policy, Duration slow_start) : policy_(policy), slow_start_(slow_start) {}

  // None when no candidate of any priority is usable.
  std::optional<std::size_t> pick(std::span<const Candidate> candidates, const Ask& ask);

 private:
  double share(const Candidate& candidate) const;
  std::optional<std::size_t> with_affinity(std::span<const Candidate> all, const Ask& ask) const;
  std::size_t round_robin(std::span<const Candidate> all, std::span<const std::size_t> level);
  std::size_t at_random(std::span<const Candidate> all, std::span<const std::size_t> level,
                        std::uint64_t chance) const;
  std::size_t two_choices(std::span<const Candidate> all, std::span<const std::size_t> level,
                          std::uint64_t chance);
  std::size_t by_hash(std::span<const Candidate> all, std::span<const std::size_t> level,
                      std::uint64_t key) const;
  std::size_t least(std::span<const Candidate> all, std::span<const std::size_t> level,
                    std::uint64_t chance) const;

  Policy policy_;
  Duration slow_start_;
  // Memory of a choice, kept so that choosing allocates nothing.
  std::vector<std::size_t> level_;
  std::vector<std::size_t> others_;
  std::vector<double> credit_;  // smooth weighted round robin, one a candidate
};

// 64 bits of FNV-1a, finished so that every bit counts: for names, keys and cookies.
std::uint64_t hash_of(std::string_view text);
std::uint64_t mixed(std::uint64_t bits);

// The value of an affinity cookie: says nothing about the origin to a stranger.
std::string affinity_cookie(std::uint64_t name_hash);
std::optional<std::uint64_t> parse_affinity(std::string_view value);

}  // namespace causeway::edge
