// One entry of a socket's error queue as the kernel hands it out: `struct sock_extended_err` and,
// after it, the address of whoever sent the ICMP error (ip(7), IP_RECVERR; SO_EE_OFFENDER).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/address.hpp"

namespace causeway::codec {

struct QueuedError {
  bool local = false;  // made by this machine's own stack, no ICMP message came
  Family family = Family::ipv4;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  int os_code = 0;
  int info = 0;  // the MTU of fragmentation-needed and packet-too-big
  std::optional<IpAddress> sender;
};

// `data` is the payload of the IP_RECVERR or IPV6_RECVERR control message. Nothing when it is too
// short, or of an origin that says nothing about the path (timestamps, zero copy).
std::optional<QueuedError> parse_queued_error(std::span<const std::byte> data);

}  // namespace causeway::codec
