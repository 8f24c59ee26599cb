// What one check of one target from one vantage came to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "model/failure.hpp"

namespace causeway::watch {

// Unknown: nothing can be said about the target (this machine itself was in the way). It never
// counts as downtime.
enum class Outcome : std::uint8_t { ok, degraded, down, unknown };
std::string_view name(Outcome outcome);
std::optional<Outcome> outcome_named(std::string_view name);
inline bool is_bad(Outcome outcome) {
  return outcome == Outcome::down || outcome == Outcome::degraded;
}

struct Phases {
  Duration resolve{};
  Duration connect{};
  Duration secure{};
  Duration wait{};  // request to first byte
};

// What targets can share, as this check saw it.
struct Shared {
  std::vector<IpAddress> addresses;       // where the name leads
  std::vector<std::string> name_servers;  // of the zone
  std::string certificate;                // its fingerprint
  std::string certificate_subject;
  WallTime certificate_from;
  WallTime certificate_until;  // the epoch: none was seen
  WallTime certificate_seen;   // when it was shown last: before this check, when that resumed
};

struct CheckResult {
  Outcome outcome = Outcome::unknown;
  std::optional<model::FailureId> failure;
  int status = 0;        // HTTP
  std::string address;   // the one that failed, else the first
  std::string detail;    // one line for a person; empty when all is well
  std::string excerpt;   // of a failing answer: its head and the beginning of its body
  int hop_limit = 0;     // of a ping's answer, as it came; 0: not known
  bool resumed = false;  // a TLS session: the server did not show its certificate again
  Duration elapsed{};
  Phases phases;
  Shared shared;
};

}  // namespace causeway::watch
