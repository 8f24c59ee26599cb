// What a socket's error queue said (ip(7), IP_RECVERR): available without privileges, names the
// sender, and is what separates a firewall's REJECT from a plain reset, which leaves the queue
// empty.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "net/fd.hpp"

namespace causeway::net {

enum class Offender : std::uint8_t { target, router, self };
std::string_view name(Offender offender);

struct IcmpNote {
  bool local = false;  // made by this machine's kernel, not received (SO_EE_ORIGIN_LOCAL)
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  IpAddress offender;  // who sent it; unspecified when the kernel does not say
  Offender offender_is = Offender::router;
  int os_code = 0;   // the errno the kernel made of it
  int mtu = 0;       // of fragmentation-needed and packet-too-big
  std::string name;  // model/kinds.def, connect.icmp
};

// Before connect or the first send: errors are queued. False with errno when refused.
bool queue_errors(const Fd& socket, Family family);
// Back to what an ordinary client sees: an ICMP error no longer ends an open connection.
void stop_queueing_errors(const Fd& socket, Family family);

// The next note of the queue, if there is one. `target` decides who the offender is. Messages that
// are not about ICMP (time stamps, zero copy) are skipped.
std::optional<IcmpNote> take_note(const Fd& socket, const IpAddress& target);

// Own addresses of this machine, of all interfaces that are up.
bool is_own_address(const IpAddress& address);

}  // namespace causeway::net
