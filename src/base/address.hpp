// IP addresses, prefixes and endpoints as plain values. No sockets here.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace causeway {

enum class Family : std::uint8_t { ipv4, ipv6 };

std::string_view name(Family family);  // "ipv4", "ipv6"

// Sixteen bytes in network order. An IPv4 address is kept in its IPv4-mapped form
// (RFC 4291 section 2.5.5.2), so that one ordering and one prefix test serve both families.
class IpAddress {
 public:
  IpAddress() = default;
  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v4(std::array<std::uint8_t, 4> bytes);
  static IpAddress v6(const std::array<std::uint8_t, 16>& bytes);

  // Text form only: "203.0.113.10", "2001:db8::1". No brackets, ports or zone ids.
  static Parsed<IpAddress> parse(std::string_view text);

  Family family() const;
  bool is_v4() const { return family() == Family::ipv4; }
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  std::array<std::uint8_t, 4> v4_bytes() const;
  std::string text() const;  // RFC 5952 for IPv6

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// What an address is for, after the IANA special-purpose registries (RFC 6890).
enum class AddressClass : std::uint8_t {
  global,
  documentation,  // 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32
  private_use,    // RFC 1918, fc00::/7
  shared,         // 100.64.0.0/10, carrier NAT (RFC 6598)
  loopback,
  link_local,
  unspecified,  // 0.0.0.0/8, ::
  multicast,
  reserved,  // 240.0.0.0/4, broadcast, discard-only 100::/64 (RFC 6666)
};

std::string_view name(AddressClass address_class);
AddressClass classify(const IpAddress& address);

// True for an address that a public edge refuses as an origin (error 1002). Documentation ranges
// are let through: they are routed in every test network and nowhere else.
bool refused_by_public_edge(AddressClass address_class);

class Prefix {
 public:
  Prefix() = default;
  // `length` counts bits of the address's own family. Host bits are cleared.
  Prefix(const IpAddress& address, unsigned length);
  static Parsed<Prefix> parse(std::string_view text);  // "10.0.0.0/8" or a bare address

  const IpAddress& address() const { return address_; }
  unsigned length() const { return length_; }
  bool contains(const IpAddress& address) const;
  std::string text() const;

  auto operator<=>(const Prefix&) const = default;

 private:
  IpAddress address_;
  unsigned length_ = 0;
};

bool contains(const std::vector<Prefix>& prefixes, const IpAddress& address);

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  std::string text() const;  // "203.0.113.10:443", "[2001:db8::1]:443"
  // Accepts the same, a bare address (then `default_port`), and "[2001:db8::1]".
  static Parsed<Endpoint> parse(std::string_view text, std::uint16_t default_port);

  auto operator<=>(const Endpoint&) const = default;
};

// 1..65535, decimal only.
Parsed<std::uint16_t> parse_port(std::string_view text);

}  // namespace causeway
