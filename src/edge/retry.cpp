#include "edge/retry.hpp"

#include <algorithm>
#include <cmath>

#include "edge/limits.hpp"

namespace causeway::edge {

using model::FailureId;

namespace {

// Nothing of it gets better elsewhere.
bool own_trouble(FailureId failure) {
  return failure == FailureId::route_local_block || failure == FailureId::connect_out_of_ports ||
         failure == FailureId::connect_out_of_files || failure == FailureId::internal ||
         failure == FailureId::cancelled || failure == FailureId::choose_no_config;
}

}  // namespace

RetryWay retry_way(const TriedRequest& tried) {
  if (tried.answer_begun || own_trouble(tried.failure)) return RetryWay::give_up;
  const auto& row = model::row(tried.failure);
  if (row.stage < model::Stage::exchange) {  // nothing was sent
    return row.stage >= model::Stage::route && row.retry != model::Retry::never
               ? RetryWay::other_address
               : RetryWay::other_origin;
  }
  if (!tried.body_kept) return RetryWay::give_up;
  if (tried.not_processed) return RetryWay::fresh_connection;
  if (!tried.idempotent) return RetryWay::give_up;
  switch (tried.failure) {
    case FailureId::http_closed:
    case FailureId::http_reset:
      return tried.reused ? RetryWay::fresh_connection : RetryWay::other_origin;
    case FailureId::http_goaway: return RetryWay::fresh_connection;
    case FailureId::http_h2_error:
    case FailureId::http_body_truncated:
    case FailureId::http_headers_truncated: return RetryWay::other_origin;
    default: return RetryWay::give_up;
  }
}

void RetryBudget::fade(Instant now) {
  if (spare_ < 0) {
    spare_ = least_;
    at_ = now;
    return;
  }
  const double seconds = std::chrono::duration<double>(now - at_).count();
  if (seconds <= 0) return;
  at_ = now;
  spare_ = std::min<double>(least_, spare_ + seconds * least_);
  earned_ *= std::exp(-seconds / std::chrono::duration<double>(limits::kRetryWindow).count());
}

void RetryBudget::request(Instant now) {
  fade(now);
  earned_ = std::min(earned_ + percent_ / 100.0, limits::kRetryEarnedMost);
}

bool RetryBudget::take(Instant now) {
  fade(now);
  if (earned_ >= 1) {
    earned_ -= 1;
    return true;
  }
  if (spare_ >= 1) {
    spare_ -= 1;
    return true;
  }
  return false;
}

double RetryBudget::left(Instant now) const {
  RetryBudget copy = *this;
  copy.fade(now);
  return copy.earned_ + copy.spare_;
}

Duration hedge_after(Duration usual) {
  if (usual <= Duration{}) return limits::kHedgeUnknown;
  return std::clamp<Duration>(usual * 3, limits::kHedgeLeast, limits::kHedgeMost);
}

}  // namespace causeway::edge
