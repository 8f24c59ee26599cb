#include "guard/replay_wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace causeway::guard {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIp4 = 20;
constexpr std::size_t kIp6 = 40;
constexpr std::size_t kTcpHead = 20;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmp6 = 58;
constexpr std::size_t kIcmpHead = 8;

void put16(Bytes& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value));
}

void put32(Bytes& out, std::uint32_t value) {
  put16(out, value >> 16U);
  put16(out, value & 0xffffU);
}

void put(Bytes& out, std::span<const std::uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void put_address(Bytes& out, const IpAddress& address) {
  if (address.is_v4()) {
    const auto bytes = address.v4_bytes();
    put(out, bytes);
  } else {
    put(out, address.bytes());
  }
}

// RFC 1071
std::uint16_t checksum(std::span<const std::uint8_t> data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    sum += i % 2 == 0 ? std::uint32_t{data[i]} << 8U : data[i];
  }
  while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

void set16(Bytes& out, std::size_t at, std::uint16_t value) {
  out[at] = static_cast<std::uint8_t>(value >> 8U);
  out[at + 1] = static_cast<std::uint8_t>(value);
}

Bytes tcp_of(const Segment& segment) {
  const bool opens = (segment.flags & kTcpSyn) != 0;
  constexpr std::array<std::uint8_t, 4> kMss{2, 4, 0x05, 0xb4};
  constexpr std::size_t kChecksumAt = 16;
  constexpr std::uint32_t kWindow = 64240;
  Bytes out;
  put16(out, segment.source_port);
  put16(out, segment.target_port);
  put32(out, segment.sequence);
  put32(out, segment.acknowledged);
  out.push_back(opens ? 0x60 : 0x50);
  out.push_back(segment.flags);
  put16(out, kWindow);
  put32(out, 0);
  if (opens) put(out, kMss);
  for (const char c : segment.data) out.push_back(static_cast<std::uint8_t>(c));
  Bytes pseudo;
  put_address(pseudo, segment.source);
  put_address(pseudo, segment.target);
  put32(pseudo, static_cast<std::uint32_t>(out.size()));
  put32(pseudo, kTcp);
  put(pseudo, out);
  set16(out, kChecksumAt, checksum(pseudo));
  return out;
}

std::uint32_t read16(std::span<const std::uint8_t> in, std::size_t at) {
  return std::uint32_t{in[at]} << 8U | in[at + 1];
}

std::uint32_t read32(std::span<const std::uint8_t> in, std::size_t at) {
  return read16(in, at) << 16U | read16(in, at + 2);
}

IpAddress address_at(std::span<const std::uint8_t> in, std::size_t at, bool v4) {
  if (v4) return IpAddress::v4(read32(in, at));
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), bytes.begin());
  return IpAddress::v6(bytes);
}

struct Packet {
  IpAddress source;
  IpAddress target;
  std::uint8_t protocol = 0;
  std::span<const std::uint8_t> payload;
};

std::optional<Packet> packet_of(std::span<const std::uint8_t> in, bool v4) {
  if (in.size() < (v4 ? kIp4 : kIp6)) return std::nullopt;
  Packet out;
  const std::size_t head = v4 ? std::size_t{in[0] & 15U} * 4 : kIp6;
  if (head < (v4 ? kIp4 : kIp6) || in.size() < head) return std::nullopt;
  out.protocol = v4 ? in[9] : in[6];
  out.source = address_at(in, v4 ? 12 : 8, v4);
  out.target = address_at(in, v4 ? 16 : 24, v4);
  out.payload = in.subspan(head);
  return out;
}

}  // namespace

Bytes frame_of(const Segment& segment) {
  constexpr std::array<std::uint8_t, 12> kMacs{2, 0, 0, 0, 0, 0x0a, 2, 0, 0, 0, 0, 1};
  constexpr std::uint8_t kHops = 60;
  const bool v4 = segment.target.is_v4();
  const auto tcp = tcp_of(segment);
  Bytes ip;
  if (v4) {
    constexpr std::uint32_t kDontFragment = 0x4000;
    constexpr std::size_t kChecksumAt = 10;
    put16(ip, 0x4500);
    put16(ip, static_cast<std::uint32_t>(kIp4 + tcp.size()));
    put16(ip, segment.source_port);
    put16(ip, kDontFragment);
    ip.push_back(kHops);
    ip.push_back(kTcp);
    put16(ip, 0);
    put_address(ip, segment.source);
    put_address(ip, segment.target);
    set16(ip, kChecksumAt, checksum(ip));
  } else {
    put32(ip, 0x60000000);
    put16(ip, static_cast<std::uint32_t>(tcp.size()));
    ip.push_back(kTcp);
    ip.push_back(kHops);
    put_address(ip, segment.source);
    put_address(ip, segment.target);
  }
  Bytes out{kMacs.begin(), kMacs.end()};
  put16(out, v4 ? 0x0800 : 0x86dd);
  put(out, ip);
  put(out, tcp);
  return out;
}

std::optional<Arrived> read_frame(std::span<const std::uint8_t> frame) {
  if (frame.size() < kEthernet) return std::nullopt;
  const auto type = read16(frame, 12);
  if (type != 0x0800 && type != 0x86dd) return std::nullopt;
  const bool v4 = type == 0x0800;
  const auto packet = packet_of(frame.subspan(kEthernet), v4);
  if (!packet) return std::nullopt;
  Arrived out;
  const auto& payload = packet->payload;
  if (packet->protocol == kTcp && payload.size() >= kTcpHead) {
    out.segment = {packet->source,
                   packet->target,
                   static_cast<std::uint16_t>(read16(payload, 0)),
                   static_cast<std::uint16_t>(read16(payload, 2)),
                   payload[13],
                   read32(payload, 4),
                   read32(payload, 8),
                   {}};
    return out;
  }
  const bool error = v4 ? packet->protocol == kIcmp : packet->protocol == kIcmp6;
  if (!error || payload.size() < kIcmpHead || payload[0] != (v4 ? 3 : 1)) return std::nullopt;
  const auto refused = packet_of(payload.subspan(kIcmpHead), v4);
  if (!refused || refused->protocol != kTcp || refused->payload.size() < 4) return std::nullopt;
  out.segment.source = refused->source;
  out.segment.target = refused->target;
  out.segment.source_port = static_cast<std::uint16_t>(read16(refused->payload, 0));
  out.segment.target_port = static_cast<std::uint16_t>(read16(refused->payload, 2));
  out.icmp = fmt::format("icmp:{}/{}", payload[0], payload[1]);
  return out;
}

}  // namespace causeway::guard
