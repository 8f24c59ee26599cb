// One request from its arrival to its end, as the access log tells it: every attempt, its stages
// and what each came to.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "model/failure.hpp"

namespace causeway::edge {

class OriginEvidence;
class Runtime;

// One way to an origin that was tried for one request.
struct Attempt {
  std::string_view origin;  // its name; lives in the configuration
  Endpoint address;
  bool reused = false;      // on a kept connection
  bool remembered = false;  // not tried: it failed a moment ago
  bool secure = false;      // over TLS
  bool http2 = false;
  bool given_up = false;               // another address was there first
  OriginEvidence* evidence = nullptr;  // of its origin
  std::optional<model::FailureId> failure;
  std::string because;  // one line for a person; empty when nothing failed
  Duration resolve{};
  Duration connect{};
  Duration handshake{};
  Duration first_byte{};  // from the request sent to the head complete
};

// Who ended it when it was not the origin.
enum class VisitorEnd : std::uint8_t { none, gone, slow, refused };

using Ray = std::array<char, 16>;  // hexadecimal digits

struct Story {
  Instant arrived;
  Ray ray{};
  // What `attempts` point into. A reload lets go of it while the request goes on.
  std::shared_ptr<Runtime> runtime;
  std::vector<Attempt> attempts;
  std::optional<model::FailureId> failure;  // the headline of an answer made here
  VisitorEnd visitor = VisitorEnd::none;
  int status = 0;         // sent; 0: nothing was
  int origin_status = 0;  // as the origin sent it; 0: it did not answer
  std::uint64_t body_in = 0;
  std::uint64_t body_out = 0;
  bool cut = false;        // the answer was begun and could not be finished
  std::string_view cache;  // "", "hit", "miss", "stale" ...

  std::string_view ray_text() const { return {ray.data(), ray.size()}; }
  void restart() {
    attempts.clear();
    runtime.reset();
    failure.reset();
    visitor = VisitorEnd::none;
    status = origin_status = 0;
    body_in = body_out = 0;
    cut = false;
    cache = {};
  }
};

}  // namespace causeway::edge
