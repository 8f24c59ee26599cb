#include "net/kernel_route.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/sockaddr.hpp"

namespace causeway::net {
namespace {

constexpr std::uint16_t kDiscard = 9;  // connect(2) wants a port; none is used

std::optional<int> path_mtu(const Fd& socket, Family family) {
  int mtu = 0;
  socklen_t length = sizeof mtu;
  const int result = family == Family::ipv4
                         ? ::getsockopt(socket.get(), IPPROTO_IP, IP_MTU, &mtu, &length)
                         : ::getsockopt(socket.get(), IPPROTO_IPV6, IPV6_MTU, &mtu, &length);
  if (result != 0) return std::nullopt;
  return mtu;
}

}  // namespace

KernelRoute kernel_route(const IpAddress& to, const std::optional<IpAddress>& source) {
  KernelRoute out;
  const Fd socket{::socket(af_of(to.family()), SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) {
    out.os_code = errno;
    return out;
  }
  if (source) {
    const SockAddr own = to_sockaddr({*source, 0});
    if (::bind(socket.get(), own.get(), own.length) != 0) {
      out.os_code = errno;
      out.source_failed = true;
      return out;
    }
  }
  const SockAddr remote = to_sockaddr({to, kDiscard});
  if (::connect(socket.get(), remote.get(), remote.length) != 0) {
    out.os_code = errno;
    return out;
  }
  if (const auto own = local_endpoint(socket)) out.source = own->address;
  out.mtu = path_mtu(socket, to.family());
  return out;
}

}  // namespace causeway::net
