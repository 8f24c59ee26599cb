// What this machine's kernel would do with a packet to an address. Asks, sends nothing.
#pragma once

#include <optional>

#include "base/address.hpp"

namespace causeway::net {

struct KernelRoute {
  int os_code = 0;             // errno; 0: there is a way
  bool source_failed = false;  // the errno is about the source asked for
  std::optional<IpAddress> source;
  std::optional<int> mtu;  // of the path as far as it is known
};

KernelRoute kernel_route(const IpAddress& to, const std::optional<IpAddress>& source);

}  // namespace causeway::net
