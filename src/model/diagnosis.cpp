#include "model/diagnosis.hpp"

#include <algorithm>
#include <utility>

namespace causeway::model {

std::string_view name(SslMode mode) {
  switch (mode) {
    case SslMode::strict: return "strict";
    case SslMode::full: return "full";
    case SslMode::flexible: return "flexible";
  }
  std::unreachable();
}

std::string_view name(Mode mode) {
  switch (mode) {
    case Mode::quick: return "quick";
    case Mode::normal: return "normal";
    case Mode::thorough: return "thorough";
  }
  std::unreachable();
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::failed: return "failed";
    case Outcome::skipped: return "skipped";
  }
  std::unreachable();
}

std::string_view name(Via via) { return via == Via::direct ? "direct" : "edge"; }

std::string_view name(State state) {
  switch (state) {
    case State::ok: return "ok";
    case State::degraded: return "degraded";
    case State::failing: return "failing";
    case State::undetermined: return "undetermined";
  }
  std::unreachable();
}

const StageRecord* Attempt::failed_stage() const {
  const auto at = std::ranges::find(stages, Outcome::failed, &StageRecord::outcome);
  return at == stages.end() ? nullptr : &*at;
}

}  // namespace causeway::model
