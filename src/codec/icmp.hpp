// ICMP and ICMPv6 as far as an origin's reachability speaks it: names of errors, echo messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace causeway::codec {

// One word an error, the same for both families where they mean the same: the values of the `icmp`
// fields in model/kinds.def. "other" for what has no word; its numbers are kept by the caller.
std::string_view icmp_name(Family family, std::uint8_t type, std::uint8_t code);

struct IcmpEcho {
  std::uint16_t id = 0;
  std::uint16_t sequence = 0;
};

// An echo request of `payload` further bytes. ICMPv6's checksum covers addresses and is left to the
// kernel (RFC 3542 section 3.1).
std::vector<std::byte> echo_request(Family family, IcmpEcho echo, std::size_t payload);

// The id and sequence of an echo reply; nothing for any other message. Without IP header.
std::optional<IcmpEcho> parse_echo_reply(Family family, std::span<const std::byte> message);

// What follows the IPv4 header of a packet (raw IPv4 sockets deliver it); empty when it is cut.
std::span<const std::byte> without_ipv4_header(std::span<const std::byte> packet);

}  // namespace causeway::codec
