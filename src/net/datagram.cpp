#include "net/datagram.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "net/icmp_note.hpp"
#include "net/sockaddr.hpp"

namespace causeway::net {

Datagram::Datagram(const Endpoint& remote, const std::optional<IpAddress>& source)
    : remote_(remote),
      socket_(
          ::socket(af_of(remote.address.family()), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (!socket_) {
    os_code_ = errno;
    return;
  }
  queue_errors(socket_, remote.address.family());
  if (source && source->family() == remote.address.family()) {
    const SockAddr own = to_sockaddr({*source, 0});
    if (::bind(socket_.get(), own.get(), own.length) != 0) {
      os_code_ = errno;
      return;
    }
  }
  const SockAddr to = to_sockaddr(remote);
  if (::connect(socket_.get(), to.get(), to.length) != 0) os_code_ = errno;
}

int Datagram::send(std::span<const std::byte> payload) const {
  return ::send(socket_.get(), payload.data(), payload.size(), MSG_NOSIGNAL) < 0 ? errno : 0;
}

std::ptrdiff_t Datagram::receive(std::span<std::byte> into) const {
  while (true) {
    const auto got = ::recv(socket_.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (got >= 0) return got;
    // ECONNREFUSED and its like are reported once and are in the error queue too.
    if (errno == EAGAIN) return -1;
  }
}

}  // namespace causeway::net
