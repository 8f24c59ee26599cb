#include "edge/attempt_order.hpp"

#include <algorithm>

namespace causeway::edge {
namespace {

constexpr int kBehindAll = 1'000'000;

bool is_silence(model::FailureId failure) {
  using enum model::FailureId;
  return failure == connect_silent || failure == tls_silent || failure == http_silent ||
         failure == resolve_timeout || failure == http_request_unacked;
}

// Larger is nearer to an answer.
int depth(model::FailureId failure) {
  return static_cast<int>(model::row(failure).stage) * 2 + (is_silence(failure) ? 0 : 1);
}

}  // namespace

std::vector<OriginState*> order_of(PoolState& pool, Instant now) {
  std::vector<OriginState*> out;
  const std::size_t count = pool.origins.size();
  out.reserve(count);
  const std::size_t first = pool.pool.policy == Policy::failover ? 0 : pool.next++;
  for (std::size_t i = 0; i < count; ++i) {
    OriginState* state = pool.origins[(first + i) % count].get();
    if (state->origin().weight <= 0 || state->origin().drain) continue;
    // Those that rest stand behind all others: better a backup than a wait.
    const auto rank = [&](const OriginState* each) {
      return each->origin().priority + (each->rests(now) ? kBehindAll : 0);
    };
    const auto behind = std::ranges::upper_bound(out, rank(state), {}, rank);
    out.insert(behind, state);
  }
  return out;
}

Headline headline_of(std::span<const Attempt> attempts) {
  Headline out{.failure = model::FailureId::choose_no_healthy_origin, .because = {}};
  int deepest = -1;
  for (const auto& attempt : attempts) {
    if (!attempt.failure) continue;
    const int here = depth(*attempt.failure);
    if (here < deepest) continue;
    deepest = here;
    out = {*attempt.failure, attempt.because};
  }
  return out;
}

}  // namespace causeway::edge
