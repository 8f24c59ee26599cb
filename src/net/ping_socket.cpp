#include "net/ping_socket.hpp"

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>

#include "base/limits.hpp"
#include "codec/icmp.hpp"
#include "net/sockaddr.hpp"

namespace causeway::net {
namespace {

constexpr std::size_t kPayload = 24;

void switch_on(const Fd& socket, int level, int option) {
  const int on = 1;
  ::setsockopt(socket.get(), level, option, &on, sizeof on);
}

std::optional<int> ttl_in(msghdr& message) {
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    const bool v4 = at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_TTL;
    const bool v6 = at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_HOPLIMIT;
    if (!v4 && !v6) continue;
    int value = 0;
    std::memcpy(&value, CMSG_DATA(at), sizeof value);
    return value;
  }
  return std::nullopt;
}

}  // namespace

PingSocket::PingSocket(const IpAddress& target, const std::optional<IpAddress>& source)
    : target_(target) {
  open(source);
}

void PingSocket::open(const std::optional<IpAddress>& source) {
  const Family family = target_.family();
  const int domain = af_of(family);
  const int protocol = family == Family::ipv4 ? IPPROTO_ICMP : int{IPPROTO_ICMPV6};
  constexpr int kFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  socket_ = Fd{::socket(domain, SOCK_DGRAM | kFlags, protocol)};
  if (!socket_) {
    raw_ = true;
    socket_ = Fd{::socket(domain, SOCK_RAW | kFlags, protocol)};
    if (::getrandom(&id_, sizeof id_, 0) < 0) id_ = 0x4341;
  }
  if (!socket_) {
    os_code_ = errno;
    permitted_ = os_code_ != EPERM && os_code_ != EACCES;
    return;
  }
  queue_errors(socket_, family);
  family == Family::ipv4 ? switch_on(socket_, IPPROTO_IP, IP_RECVTTL)
                         : switch_on(socket_, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
  if (source && source->family() == family) {
    const SockAddr own = to_sockaddr({*source, 0});
    if (::bind(socket_.get(), own.get(), own.length) != 0) {
      os_code_ = errno;
      return;
    }
  }
  const SockAddr remote = to_sockaddr({target_, 0});
  if (::connect(socket_.get(), remote.get(), remote.length) != 0) os_code_ = errno;
}

int PingSocket::send(std::uint16_t sequence) {
  // On a datagram socket the kernel puts its own id in.
  const auto message = codec::echo_request(target_.family(), {id_, sequence}, kPayload);
  return ::send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0 ? errno : 0;
}

std::optional<PingSocket::Reply> PingSocket::receive() {
  // A raw socket sees every ICMP message of this address, also those of other programs.
  for (int i = 0; i < limits::kTapPacketsRead; ++i) {
    std::array<std::byte, 512> packet{};
    alignas(cmsghdr) std::array<std::byte, 64> control{};
    iovec part{packet.data(), packet.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT);
    if (got < 0) {
      if (errno == EAGAIN) return std::nullopt;
      continue;  // an ICMP error, reported once; its note is in the queue
    }
    std::span<const std::byte> bytes{packet.data(), static_cast<std::size_t>(got)};
    if (raw_ && target_.is_v4()) bytes = codec::without_ipv4_header(bytes);
    const auto echo = codec::parse_echo_reply(target_.family(), bytes);
    if (!echo || (raw_ && echo->id != id_)) continue;
    return Reply{echo->sequence, ttl_in(message)};
  }
  return std::nullopt;
}

}  // namespace causeway::net
