#include "net/icmp_note.hpp"

#include <ifaddrs.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "codec/icmp.hpp"
#include "net/sockaddr.hpp"

namespace causeway::net {
namespace {

bool set_queueing(const Fd& socket, Family family, int on) {
  return family == Family::ipv4
             ? ::setsockopt(socket.get(), IPPROTO_IP, IP_RECVERR, &on, sizeof on) == 0
             : ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on) == 0;
}

Offender who(const IpAddress& offender, const IpAddress& target) {
  if (offender == target) return Offender::target;
  return is_own_address(offender) ? Offender::self : Offender::router;
}

std::optional<IcmpNote> note_of(const cmsghdr& control, const IpAddress& target) {
  const bool v4 = control.cmsg_level == IPPROTO_IP && control.cmsg_type == IP_RECVERR;
  const bool v6 = control.cmsg_level == IPPROTO_IPV6 && control.cmsg_type == IPV6_RECVERR;
  if (!v4 && !v6) return std::nullopt;
  sock_extended_err error{};
  std::memcpy(&error, CMSG_DATA(&control), sizeof error);
  const bool icmp = error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
  if (!icmp && error.ee_origin != SO_EE_ORIGIN_LOCAL) return std::nullopt;

  IcmpNote note;
  note.local = !icmp;
  note.type = error.ee_type;
  note.code = error.ee_code;
  note.os_code = static_cast<int>(error.ee_errno);
  note.mtu = static_cast<int>(error.ee_info);
  const Family family = error.ee_origin == SO_EE_ORIGIN_ICMP6 ? Family::ipv6 : Family::ipv4;
  note.name = icmp ? codec::icmp_name(family, note.type, note.code) : "other";
  sockaddr_storage sender{};
  std::memcpy(&sender, CMSG_DATA(&control) + sizeof error,
              std::min(sizeof sender, control.cmsg_len - CMSG_LEN(sizeof error)));
  if (const auto from = from_sockaddr(reinterpret_cast<const sockaddr*>(&sender))) {
    note.offender = from->address;
    note.offender_is = who(note.offender, target);
  }
  if (note.local) note.offender_is = Offender::self;
  return note;
}

}  // namespace

std::string_view name(Offender offender) {
  constexpr std::array<std::string_view, 3> kNames{"target", "router", "self"};
  return kNames.at(static_cast<std::size_t>(offender));
}

bool queue_errors(const Fd& socket, Family family) { return set_queueing(socket, family, 1); }

void stop_queueing_errors(const Fd& socket, Family family) { set_queueing(socket, family, 0); }

std::optional<IcmpNote> take_note(const Fd& socket, const IpAddress& target) {
  while (true) {
    alignas(cmsghdr) std::array<std::byte, 512> control{};
    std::array<std::byte, 256> payload{};  // of the packet that met the error
    iovec part{payload.data(), payload.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(socket.get(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
      if (errno == EINTR) continue;
      return std::nullopt;
    }
    for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
      if (auto note = note_of(*at, target)) return note;
    }
  }
}

bool is_own_address(const IpAddress& address) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return false;
  bool found = false;
  for (const ifaddrs* at = list; at != nullptr && !found; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || (at->ifa_flags & IFF_UP) == 0) continue;
    const auto own = from_sockaddr(at->ifa_addr);
    found = own && own->address == address;
  }
  ::freeifaddrs(list);
  return found;
}

}  // namespace causeway::net
