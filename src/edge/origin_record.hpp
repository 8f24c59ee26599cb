// What one worker has learned of one origin from the requests it sent there.
#pragma once

#include "edge/balance.hpp"
#include "edge/health.hpp"

namespace causeway::edge {

struct OriginRecord {
  std::uint64_t name_hash = 0;
  HealthTrack health{3, 2};  // what active checks say; unknown without them
  Circuit circuit;
  PeakEwma answers;  // request sent to head complete
  PeakEwma connects;
  Instant back_since{};  // when the circuit closed again; the beginning: never open

  // How long a connection usually takes; zero while nothing is known.
  Duration usual_connect(Instant now) const {
    return Duration{static_cast<Duration::rep>(connects.value(now))};
  }

  void answered(Duration connect, bool reused, Duration first_byte, Instant now) {
    if (circuit.state() != CircuitState::closed) back_since = now;
    circuit.succeeded();
    answers.add(first_byte, now);
    if (!reused) connects.add(connect, now);
  }
};

}  // namespace causeway::edge
