// Bytes both ways after an upgrade, until both sides have ended or nothing moved for long enough.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace causeway::edge {

struct Moved {
  std::uint64_t to_origin = 0;
  std::uint64_t to_visitor = 0;
};

// `early`: what the visitor sent behind its request. Copied before the first wait.
net::Task<Moved> run_tunnel(net::Stream& visitor, net::Stream& origin, std::string_view early,
                            Duration idle);

}  // namespace causeway::edge
