// TCP segments as whole frames, so that a packet of any source can be sent, and what comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"

namespace causeway::guard {

using Bytes = std::vector<std::uint8_t>;

enum TcpBit : std::uint8_t { kTcpSyn = 2, kTcpRst = 4, kTcpPsh = 8, kTcpAck = 16 };

struct Segment {
  IpAddress source;
  IpAddress target;
  std::uint16_t source_port = 0;
  std::uint16_t target_port = 0;
  std::uint8_t flags = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledged = 0;
  std::string data;
};

// An Ethernet frame to the replayed host (kReplayMac), with checksums; a SYN has an MSS option.
Bytes frame_of(const Segment& segment);

struct Arrived {
  Segment segment;                  // of an ICMP error: the refused one's addresses and ports
  std::optional<std::string> icmp;  // "icmp:3/13"
};
// None: neither TCP nor an error about it.
std::optional<Arrived> read_frame(std::span<const std::uint8_t> frame);

}  // namespace causeway::guard
