// Endpoints as the kernel wants them.
#pragma once

#include <sys/socket.h>

#include <optional>

#include "base/address.hpp"
#include "net/fd.hpp"

namespace causeway::net {

struct SockAddr {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

int af_of(Family family);  // AF_INET, AF_INET6
SockAddr to_sockaddr(const Endpoint& endpoint);
std::optional<Endpoint> from_sockaddr(const sockaddr* address);  // nothing when not an IP address

// What getsockname(2) and getpeername(2) say.
std::optional<Endpoint> local_endpoint(const Fd& socket);
std::optional<Endpoint> peer_endpoint(const Fd& socket);

}  // namespace causeway::net
