// Whether a request that failed may be tried once more, and where. Pure.
#pragma once

#include <cstdint>

#include "base/time.hpp"
#include "model/failure.hpp"

namespace causeway::edge {

struct TriedRequest {
  model::FailureId failure = model::FailureId::internal;
  bool idempotent = false;     // RFC 9110 9.2.2
  bool body_kept = true;       // all of the body can be sent again
  bool reused = false;         // the connection had answered before
  bool answer_begun = false;   // the visitor has some of an answer
  bool not_processed = false;  // the origin says so: GOAWAY, REFUSED_STREAM (RFC 9113 8.7)
};

enum class RetryWay : std::uint8_t {
  give_up,
  fresh_connection,  // the same address: a kept connection had died
  other_address,     // the next address of the origin, then another origin
  other_origin,
};

// Safe means: nothing can have been acted on, or acting twice is acting once. Time-outs after the
// request was sent are never repeated: the visitor waited already, and an overloaded origin would
// be asked again for what it cannot do.
RetryWay retry_way(const TriedRequest& tried);

// Retries may only be a share of the requests: an outage is not multiplied by them.
class RetryBudget {
 public:
  RetryBudget(int percent, int least_per_second) : percent_(percent), least_(least_per_second) {}

  void request(Instant now);  // one came
  bool take(Instant now);     // a retry, if one is left
  double left(Instant now) const;

 private:
  void fade(Instant now);

  int percent_;
  int least_;
  double earned_ = 0;  // by requests, fades over kRetryWindow
  double spare_ = -1;  // by time; -1: not begun
  Instant at_{};
};

// How long to wait for a connection before the next address is tried beside it (RFC 8305 section
// 5: 250 ms, and within 10 ms to 2 s; here after what this origin usually takes).
Duration hedge_after(Duration usual);

}  // namespace causeway::edge
