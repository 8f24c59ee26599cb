// What is known of one origin's health: from checks (two thresholds, so that one lost packet takes
// nobody out) and from live traffic (a circuit that remembers, so that a time-out is paid once and
// not by every visitor). Pure; time comes in from outside.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "model/failure.hpp"

namespace causeway::edge {

enum class Health : std::uint8_t { unknown, up, down };
std::string_view name(Health health);

// Checks in a row decide. An origin that was never checked serves: the first answers tell.
class HealthTrack {
 public:
  HealthTrack(int failures, int successes) : failures_(failures), successes_(successes) {}

  // Returns true when the state changed.
  bool observe(bool healthy, Instant now);

  Health state() const { return state_; }
  bool serves() const { return state_ != Health::down; }
  Instant since() const { return since_; }  // of the present state

 private:
  int failures_;
  int successes_;
  int in_row_ = 0;  // of the outcome below
  bool last_ = true;
  Health state_ = Health::unknown;
  Instant since_{};
};

// closed: all requests pass. open: none does, until the rest is over. trial: one request finds out.
enum class CircuitState : std::uint8_t { closed, open, trial };
std::string_view name(CircuitState state);

struct CircuitRules {
  Duration rest = std::chrono::seconds{10};  // after a failure that cost a wait
  int exchange_failures = 5;                 // in a row: broken answers of a server that is there
  int doublings = 4;                         // of the rest, while every trial fails
};

// Of one address, or of one origin.
class Circuit {
 public:
  explicit Circuit(CircuitRules rules = {}) : rules_(rules) {}

  // Whether a request may go there now. In the trial state the first to ask is the trial; it must
  // report with succeeded, failed or abandoned.
  bool admit(Instant now);
  // The same without taking the trial: for choosing among several.
  bool would_admit(Instant now) const;

  // `cost`: how long the visitor waited for this failure. A quick one (a refusal) rests shortly, so
  // that a restarted server is found again at once.
  void failed(model::FailureId failure, Duration cost, Instant now);
  void succeeded();
  void abandoned();  // the trial ended without a result: the visitor left

  CircuitState state() const { return state_; }
  // The failure that opened it, for an answer while it is open, and how long that will last.
  std::optional<model::FailureId> remembered() const { return remembered_; }
  Duration rest_left(Instant now) const;

 private:
  void open(model::FailureId failure, Duration rest, Instant now);

  CircuitRules rules_;
  CircuitState state_ = CircuitState::closed;
  Instant until_{};
  int in_row_ = 0;
  int opened_ = 0;  // times since the last success
  bool trial_out_ = false;
  std::optional<model::FailureId> remembered_;
};

// Whether a failure says something about the origin at all: not the edge's own trouble, and not a
// visitor who left.
bool counts_against_origin(model::FailureId failure);

}  // namespace causeway::edge
