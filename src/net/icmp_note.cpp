#include "net/icmp_note.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "codec/icmp.hpp"
#include "codec/queued_error.hpp"
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
  const auto* data = reinterpret_cast<const std::byte*>(CMSG_DATA(&control));
  const auto error = codec::parse_queued_error({data, control.cmsg_len - CMSG_LEN(0)});
  if (!error) return std::nullopt;

  IcmpNote note;
  note.local = error->local;
  note.type = error->type;
  note.code = error->code;
  note.os_code = error->os_code;
  note.mtu = error->info;
  note.name = note.local ? "other" : codec::icmp_name(error->family, note.type, note.code);
  if (error->sender) {
    note.offender = *error->sender;
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
