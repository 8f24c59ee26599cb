// Bytes both ways after an upgrade, until both sides have ended or nothing moved for long enough.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace causeway::edge {

struct Moved {
  std::uint64_t to_origin = 0;
  std::uint64_t to_visitor = 0;
};

// `early`: what the visitor sent behind its request.
net::Task<Moved> run_tunnel(net::Stream& visitor, net::Stream& origin, std::string early,
                            Duration idle);

}  // namespace causeway::edge
