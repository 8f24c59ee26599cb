#include "net/sockaddr.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace causeway::net {

int af_of(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }

SockAddr to_sockaddr(const Endpoint& endpoint) {
  SockAddr out;
  if (endpoint.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    const auto bytes = endpoint.address.v4_bytes();
    std::memcpy(&v4.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes().data(), 16);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.length = sizeof v6;
  }
  return out;
}

std::optional<Endpoint> from_sockaddr(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return Endpoint{IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return Endpoint{IpAddress::v6(bytes), ntohs(v6.sin6_port)};
  }
  return std::nullopt;
}

std::optional<Endpoint> local_endpoint(const Fd& socket) {
  SockAddr out;
  out.length = sizeof out.storage;
  if (::getsockname(socket.get(), out.get(), &out.length) != 0) return std::nullopt;
  return from_sockaddr(out.get());
}

std::optional<Endpoint> peer_endpoint(const Fd& socket) {
  SockAddr out;
  out.length = sizeof out.storage;
  if (::getpeername(socket.get(), out.get(), &out.length) != 0) return std::nullopt;
  return from_sockaddr(out.get());
}

}  // namespace causeway::net
