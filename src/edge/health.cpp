#include "edge/health.hpp"

#include <algorithm>
#include <utility>

#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

using model::FailureId;

// Failures that are there before a request could be sent: the next visitor would meet the same.
bool before_request(FailureId failure) {
  return model::row(failure).stage < model::Stage::exchange;
}

}  // namespace

std::string_view name(Health health) {
  switch (health) {
    case Health::unknown: return "unknown";
    case Health::up: return "up";
    case Health::down: return "down";
  }
  std::unreachable();
}

std::string_view name(CircuitState state) {
  switch (state) {
    case CircuitState::closed: return "closed";
    case CircuitState::open: return "open";
    case CircuitState::trial: return "trial";
  }
  std::unreachable();
}

bool HealthTrack::observe(bool healthy, Instant now) {
  in_row_ = healthy == last_ ? in_row_ + 1 : 1;
  last_ = healthy;
  const Health wanted = healthy ? Health::up : Health::down;
  if (wanted == state_) return false;
  // The first good answer of an origin that nobody knows yet is enough.
  const int needed = !healthy ? failures_ : state_ == Health::unknown ? 1 : successes_;
  if (in_row_ < needed) return false;
  state_ = wanted;
  since_ = now;
  return true;
}

bool counts_against_origin(FailureId failure) {
  switch (failure) {
    case FailureId::resolve_resolver_unreachable:
    case FailureId::cancelled:
    case FailureId::http_status:
    case FailureId::http_loop: return false;
    default:
      return !model::is_own_trouble(failure) && model::row(failure).stage != model::Stage::choose;
  }
}

bool Circuit::would_admit(Instant now) const {
  if (state_ == CircuitState::closed) return true;
  if (trial_out_) return false;
  return now >= until_;
}

bool Circuit::admit(Instant now) {
  if (!would_admit(now)) return false;
  if (state_ == CircuitState::closed) return true;
  state_ = CircuitState::trial;
  trial_out_ = true;
  return true;
}

void Circuit::open(FailureId failure, Duration rest, Instant now) {
  const int doublings = std::min(opened_, rules_.doublings);
  ++opened_;
  state_ = CircuitState::open;
  trial_out_ = false;
  until_ = now + rest * (1 << doublings);
  remembered_ = failure;
}

void Circuit::failed(FailureId failure, Duration cost, Instant now) {
  if (!counts_against_origin(failure)) {
    abandoned();
    return;
  }
  ++in_row_;
  const bool trial = state_ == CircuitState::trial;
  if (!before_request(failure) && !trial && in_row_ < rules_.exchange_failures) return;
  // A result that comes late, of a request from before the circuit opened, changes nothing.
  if (state_ == CircuitState::open && now < until_) return;
  const bool quick = cost < limits::kCircuitQuick;
  open(failure, quick ? std::min<Duration>(rules_.rest, limits::kCircuitQuickRest) : rules_.rest,
       now);
  // A refusal costs a visitor nothing: it is asked again often, however long it lasts.
  if (quick) until_ = std::min(until_, now + limits::kCircuitQuickRest);
}

void Circuit::succeeded() {
  state_ = CircuitState::closed;
  trial_out_ = false;
  in_row_ = 0;
  opened_ = 0;
  remembered_.reset();
}

void Circuit::abandoned() {
  if (state_ != CircuitState::trial) return;
  state_ = CircuitState::open;  // its rest is over: the next request is the trial
  trial_out_ = false;
}

Duration Circuit::rest_left(Instant now) const {
  if (state_ == CircuitState::closed || now >= until_) return {};
  return until_ - now;
}

}  // namespace causeway::edge
