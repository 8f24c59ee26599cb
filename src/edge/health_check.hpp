// Active health checks: each origin of a pool asked at its interval, by the stages that serve
// visitors, so that a check that fails names its failure as a visitor's request would.
#pragma once

#include <memory>

#include "edge/runtime.hpp"
#include "net/task.hpp"

namespace causeway::edge {

struct CheckOutcome {
  Attempt attempt;  // the address that answered; else the last one, with its failure
  int status = 0;   // of the answer to an http or https check; 0: none came
  // Nothing could be learned: the edge may not send echoes.
  bool unknown = false;

  bool healthy() const { return !attempt.failure; }
};

// Once: an origin is well when one of its addresses is.
net::Task<CheckOutcome> check_once(const Runtime& runtime, const PoolState& pool,
                                   OriginState& origin);

// Until cancelled: `origin` of `pool` is asked, its record and its evidence are told.
net::Task<void> keep_checking(std::shared_ptr<Runtime> runtime, PoolState& pool,
                              OriginState& origin);

}  // namespace causeway::edge
