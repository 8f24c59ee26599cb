// The two servers that are compared: the same work on our coroutines and as a hand-written state
// machine, one thread each, edge-triggered epoll both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace causeway::bench {

constexpr std::size_t kMessage = 128;  // bytes of a request, and of its answer

struct Side {
  int listener = -1;                    // listening, non-blocking, on loopback
  std::optional<std::uint16_t> origin;  // forward every message there; none: echo
  int stop = -1;                        // eventfd: end when it is readable
};

void serve_with_coroutines(Side side);
void serve_with_state_machine(Side side);

}  // namespace causeway::bench
