#include "codec/icmp.hpp"

#include <algorithm>
#include <array>

namespace causeway::codec {
namespace {

struct Name {
  std::uint8_t type;
  std::uint8_t code;
  std::string_view name;
};

// RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1.
constexpr std::array kIpv4{
    Name{3, 0, "net-unreachable"},      Name{3, 1, "host-unreachable"},
    Name{3, 2, "protocol-unreachable"}, Name{3, 3, "port-unreachable"},
    Name{3, 4, "fragmentation-needed"}, Name{3, 5, "source-route-failed"},
    Name{3, 6, "net-unreachable"},   // destination network unknown
    Name{3, 7, "host-unreachable"},  // destination host unknown
    Name{3, 8, "host-unreachable"},  // source host isolated
    Name{3, 9, "net-prohibited"},       Name{3, 10, "host-prohibited"},
    Name{3, 11, "net-unreachable"},   // for this type of service
    Name{3, 12, "host-unreachable"},  // for this type of service
    Name{3, 13, "admin-prohibited"},    Name{3, 14, "precedence"},
    Name{3, 15, "precedence"},          Name{11, 0, "ttl-exceeded"},
    Name{12, 0, "parameter-problem"},   Name{12, 1, "parameter-problem"},
    Name{12, 2, "parameter-problem"},
};

// RFC 4443 section 3.
constexpr std::array kIpv6{
    Name{1, 0, "no-route"},          Name{1, 1, "admin-prohibited"},
    Name{1, 2, "beyond-scope"},      Name{1, 3, "address-unreachable"},
    Name{1, 4, "port-unreachable"},  Name{1, 5, "policy-failed"},
    Name{1, 6, "reject-route"},      Name{2, 0, "packet-too-big"},
    Name{3, 0, "ttl-exceeded"},      Name{4, 0, "parameter-problem"},
    Name{4, 1, "parameter-problem"}, Name{4, 2, "parameter-problem"},
};

constexpr std::size_t kEchoHeader = 8;

std::string_view find(std::span<const Name> names, std::uint8_t type, std::uint8_t code) {
  for (const Name& name : names) {
    if (name.type == type && name.code == code) return name.name;
  }
  return "other";
}

std::uint16_t word(std::span<const std::byte> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8U |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}

void put_word(std::span<std::byte> bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8U);
  bytes[at + 1] = static_cast<std::byte>(value & 0xffU);
}

// RFC 1071.
std::uint16_t checksum(std::span<const std::byte> bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += word(bytes, i);
  if (bytes.size() % 2 == 1) sum += std::to_integer<std::uint32_t>(bytes.back()) << 8U;
  while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

std::string_view icmp_name(Family family, std::uint8_t type, std::uint8_t code) {
  return family == Family::ipv4 ? find(kIpv4, type, code) : find(kIpv6, type, code);
}

std::vector<std::byte> echo_request(Family family, IcmpEcho echo, std::size_t payload) {
  std::vector<std::byte> message(kEchoHeader + payload);
  message[0] = std::byte{family == Family::ipv4 ? std::uint8_t{8} : std::uint8_t{128}};
  put_word(message, 4, echo.id);
  put_word(message, 6, echo.sequence);
  for (std::size_t i = kEchoHeader; i < message.size(); ++i) {
    message[i] = static_cast<std::byte>(i & 0xffU);
  }
  if (family == Family::ipv4) put_word(message, 2, checksum(message));
  return message;
}

std::optional<IcmpEcho> parse_echo_reply(Family family, std::span<const std::byte> message) {
  if (message.size() < kEchoHeader) return std::nullopt;
  const auto type = std::to_integer<unsigned>(message[0]);
  if (type != (family == Family::ipv4 ? 0U : 129U) || message[1] != std::byte{0}) {
    return std::nullopt;
  }
  return IcmpEcho{word(message, 4), word(message, 6)};
}

std::span<const std::byte> without_ipv4_header(std::span<const std::byte> packet) {
  if (packet.empty()) return {};
  const std::size_t header = (std::to_integer<std::size_t>(packet[0]) & 0x0fU) * 4;
  if (header < 20 || packet.size() < header) return {};
  return packet.subspan(header);
}

}  // namespace causeway::codec
