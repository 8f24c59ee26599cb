// What live traffic says about each origin: the latest attempts, kept as evidence, and the verdict
// the judge makes of them now. The same judge as in a diagnosis: an attempt of the edge shows less
// than a probe, so the verdict claims less, and says what would settle the rest.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "edge/config.hpp"
#include "edge/health.hpp"
#include "model/diagnosis.hpp"
#include "model/failure.hpp"

namespace causeway::edge {

struct SeenAttempt {
  WallTime at;
  Endpoint address;  // port 0: the name did not resolve
  bool secure = false;
  bool reused = false;  // on a kept connection
  std::optional<model::FailureId> failure;
  std::string because;
  Duration resolve{};
  Duration connect{};
  Duration handshake{};
  Duration first_byte{};
  int status = 0;  // of the origin's answer
};

// Attempts and observations as a diagnosis holds them, judged. Of each address the latest attempts
// count: what failed an hour ago is history. `origin` names the target.
model::Diagnosis judged(const Origin& origin, const std::vector<SeenAttempt>& attempts,
                        std::string_view vantage, WallTime now);

// One origin's window. Written by every worker, read by the admin address. A success costs two
// relaxed stores; only a failure takes the lock.
class OriginEvidence {
 public:
  explicit OriginEvidence(const Origin& origin) : origin_(origin) {}

  // Counts an attempt; true when `add` should be told about it: each failure, and one success a
  // second.
  bool wants(bool failed, WallTime at);
  void add(SeenAttempt attempt);

  // What active checks say now; of several workers, the latest.
  void checked(Health health, std::optional<model::FailureId> failure, std::string because);
  struct Checked {
    Health health = Health::unknown;
    std::optional<model::FailureId> failure;  // of the latest check
    std::string because;
  };
  Checked check() const;

  // What the circuit of one worker says now: `worker` is anything that is its own. Closed: no more.
  struct CircuitSeen {
    CircuitState state = CircuitState::closed;
    std::optional<model::FailureId> failure;  // that opened it
    Instant until{};                          // it rests; then one request finds out
  };
  void circuit(const void* worker, CircuitSeen seen);
  // Of all workers together: open before trial before closed, the longest rest.
  struct Circuits {
    CircuitSeen seen;
    std::size_t workers = 0;  // whose circuit is not closed
  };
  Circuits circuits(Instant now) const;

  struct Counts {
    std::uint64_t attempts = 0;
    std::uint64_t failures = 0;
    WallTime last_success;  // epoch: none
    WallTime last_failure;
  };
  Counts counts() const;
  const Origin& origin() const { return origin_; }

  // Of the window that ends now.
  model::Diagnosis diagnosis(std::string_view vantage, WallTime now) const;

 private:
  Origin origin_;
  std::atomic<std::uint64_t> attempts_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
  std::atomic<std::int64_t> success_ms_ = 0;
  mutable std::mutex mutex_;
  std::deque<SeenAttempt> failed_;           // the newest last
  std::optional<SeenAttempt> last_success_;  // of each second, the first
  Checked checked_;
  std::vector<std::pair<const void*, CircuitSeen>> circuits_;  // those that are not closed
};

// What an operator's questions are answered with besides the evidence.
struct EdgeNow {
  std::size_t workers = 0;
  bool draining = false;  // no new visitors: the edge ends when the last request is over
};

// All origins of one configuration.
class Evidence {
 public:
  explicit Evidence(const Config& config);

  // Null when the configuration has no such origin.
  OriginEvidence* find(std::string_view pool, std::string_view origin) const;

  // Every origin with its verdict, and which routes are in maintenance: causeway.edge-verdict/1.
  std::string json(std::string_view vantage, WallTime now, EdgeNow edge = {}) const;
  std::string metrics(EdgeNow edge = {}) const;  // text format of Prometheus

 private:
  struct Row {
    std::string pool;
    std::unique_ptr<OriginEvidence> evidence;
  };
  std::vector<Row> rows_;
  std::vector<Route> maintained_;  // those in maintenance
};

}  // namespace causeway::edge
