#include "net/listener.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "net/sockaddr.hpp"

namespace causeway::net {
namespace {

std::string advice(int os_code) {
  switch (os_code) {
    case EADDRINUSE: return "; another program has the port: 'ss -ltnp' names it";
    case EACCES: return "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
    case EADDRNOTAVAIL: return "; this machine has no such address: 'ip address' lists them";
    default: return "";
  }
}

Fd open_socket(const Endpoint& local) {
  const int family = af_of(local.address.family());
  return Fd{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
}

}  // namespace

Parsed<Fd> listen_tcp(const ListenOptions& options) {
  const auto failed = [&] {
    const int os_code = errno;
    return error(fmt::format("cannot listen on {}: {}{}", options.address.text(),
                             std::strerror(os_code), advice(os_code)));
  };
  Endpoint local = options.address;
  Fd socket = open_socket(local);
  if (!socket && errno == EAFNOSUPPORT && local.address == IpAddress::v6({})) {
    local.address = IpAddress::v4(0);  // IPv6 is off here: "any address" is IPv4's
    socket = open_socket(local);
  }
  if (!socket) return failed();
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (options.shared) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (!local.address.is_v4()) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  const SockAddr address = to_sockaddr(local);
  if (::bind(socket.get(), address.get(), address.length) != 0) return failed();
  if (::listen(socket.get(), options.backlog) != 0) return failed();
  return socket;
}

}  // namespace causeway::net
