#include "base/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace causeway {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedHead{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;
constexpr std::size_t kLongestAddressText = 45;

struct ClassRow {
  const char* prefix;
  AddressClass address_class;
};

// First match wins; the registries are at iana.org/assignments/iana-ipv4-special-registry and
// .../iana-ipv6-special-registry.
constexpr std::array kClassRows{
    ClassRow{"0.0.0.0/8", AddressClass::unspecified},
    ClassRow{"10.0.0.0/8", AddressClass::private_use},
    ClassRow{"100.64.0.0/10", AddressClass::shared},
    ClassRow{"127.0.0.0/8", AddressClass::loopback},
    ClassRow{"169.254.0.0/16", AddressClass::link_local},
    ClassRow{"172.16.0.0/12", AddressClass::private_use},
    ClassRow{"192.0.2.0/24", AddressClass::documentation},
    ClassRow{"192.168.0.0/16", AddressClass::private_use},
    ClassRow{"198.51.100.0/24", AddressClass::documentation},
    ClassRow{"203.0.113.0/24", AddressClass::documentation},
    ClassRow{"224.0.0.0/4", AddressClass::multicast},
    ClassRow{"240.0.0.0/4", AddressClass::reserved},
    ClassRow{"::/128", AddressClass::unspecified},
    ClassRow{"::1/128", AddressClass::loopback},
    ClassRow{"64:ff9b:1::/48", AddressClass::private_use},  // a site's own NAT64 (RFC 8215)
    ClassRow{"100::/64", AddressClass::reserved},
    ClassRow{"2001:db8::/32", AddressClass::documentation},
    ClassRow{"fc00::/7", AddressClass::private_use},
    ClassRow{"fe80::/10", AddressClass::link_local},
    ClassRow{"ff00::/8", AddressClass::multicast},
};

struct ParsedClass {
  Prefix prefix;
  AddressClass address_class;
};

const std::array<ParsedClass, kClassRows.size()>& parsed_classes() {
  static const auto rows = [] {
    std::array<ParsedClass, kClassRows.size()> out;
    std::ranges::transform(kClassRows, out.begin(), [](const ClassRow& row) {
      return ParsedClass{Prefix::parse(row.prefix).value(), row.address_class};
    });
    return out;
  }();
  return rows;
}

}  // namespace

std::string_view name(Family family) { return family == Family::ipv4 ? "ipv4" : "ipv6"; }

IpAddress IpAddress::v4(std::uint32_t host_order) {
  return v4(std::array{
      static_cast<std::uint8_t>(host_order >> 24), static_cast<std::uint8_t>(host_order >> 16),
      static_cast<std::uint8_t>(host_order >> 8), static_cast<std::uint8_t>(host_order)});
}

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes) {
  IpAddress out;
  std::ranges::copy(kMappedHead, out.bytes_.begin());
  std::ranges::copy(bytes, out.bytes_.begin() + kMappedHead.size());
  return out;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& bytes) {
  IpAddress out;
  out.bytes_ = bytes;
  return out;
}

Parsed<IpAddress> IpAddress::parse(std::string_view text) {
  if (!text.empty() && text.size() <= kLongestAddressText) {
    const std::string terminated{text};
    std::array<std::uint8_t, 4> four{};
    if (inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) return v4(four);
    std::array<std::uint8_t, 16> sixteen{};
    if (inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) return v6(sixteen);
  }
  return error(fmt::format("'{}' is not an IP address; expected like 203.0.113.10 or 2001:db8::10",
                           text.substr(0, kLongestAddressText)));
}

Family IpAddress::family() const {
  return std::equal(kMappedHead.begin(), kMappedHead.end(), bytes_.begin()) ? Family::ipv4
                                                                            : Family::ipv6;
}

std::array<std::uint8_t, 4> IpAddress::v4_bytes() const {
  return {bytes_[12], bytes_[13], bytes_[14], bytes_[15]};
}

namespace {

char* put_decimal(char* at, unsigned byte) {
  if (byte >= 100) *at++ = static_cast<char>('0' + byte / 100);
  if (byte >= 10) *at++ = static_cast<char>('0' + byte / 10 % 10);
  *at++ = static_cast<char>('0' + byte % 10);
  return at;
}

}  // namespace

// The edge writes addresses several times a request: inet_ntop's printf would be most of that.
std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (!is_v4()) {
    inet_ntop(AF_INET6, bytes_.data(), buffer.data(), buffer.size());
    return buffer.data();
  }
  char* at = buffer.data();
  for (const auto byte : v4_bytes()) {
    at = put_decimal(at, byte);
    *at++ = '.';
  }
  return {buffer.data(), at - 1};
}

std::string_view name(AddressClass address_class) {
  switch (address_class) {
    case AddressClass::global: return "global";
    case AddressClass::documentation: return "documentation";
    case AddressClass::private_use: return "private";
    case AddressClass::shared: return "shared";
    case AddressClass::loopback: return "loopback";
    case AddressClass::link_local: return "link-local";
    case AddressClass::unspecified: return "unspecified";
    case AddressClass::multicast: return "multicast";
    case AddressClass::reserved: return "reserved";
  }
  std::unreachable();
}

namespace {

// The IPv4 address that a translator (64:ff9b::/96, RFC 6052) or a relay (2002::/16, RFC 3056)
// makes of this one: who asks it of them reaches that.
std::optional<IpAddress> embedded(const IpAddress& address) {
  const auto& at = address.bytes();
  constexpr std::array<std::uint8_t, 12> kTranslated{0x00, 0x64, 0xff, 0x9b};
  if (std::equal(kTranslated.begin(), kTranslated.end(), at.begin())) {
    return IpAddress::v4({at[12], at[13], at[14], at[15]});
  }
  if (at[0] == 0x20 && at[1] == 0x02) return IpAddress::v4({at[2], at[3], at[4], at[5]});
  return std::nullopt;
}

}  // namespace

AddressClass classify(const IpAddress& address) {
  if (const auto inner = embedded(address)) return classify(*inner);
  for (const auto& row : parsed_classes()) {
    if (row.prefix.contains(address)) return row.address_class;
  }
  return AddressClass::global;
}

bool refused_by_public_edge(AddressClass address_class) {
  return address_class != AddressClass::global && address_class != AddressClass::documentation;
}

Prefix::Prefix(const IpAddress& address, unsigned length) : length_(length) {
  const unsigned kept = address.is_v4() ? length + kMappedBits : length;
  auto bytes = address.bytes();
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned from = i * 8;
    if (from >= kept) {
      bytes[i] = 0;
    } else if (from + 8 > kept) {
      bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff << (from + 8 - kept)));
    }
  }
  address_ = IpAddress::v6(bytes);
}

Parsed<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::unexpected(address.error());
  const unsigned most = address->is_v4() ? 32 : 128;
  unsigned length = most;
  if (slash != std::string_view::npos) {
    const auto tail = text.substr(slash + 1);
    const auto [rest, failed] = std::from_chars(tail.data(), tail.data() + tail.size(), length);
    if (failed != std::errc{} || rest != tail.data() + tail.size() || length > most) {
      return error(fmt::format("'{}' is not a prefix; the length must be 0 to {}",
                               text.substr(0, 2 * kLongestAddressText), most));
    }
  }
  return Prefix{*address, length};
}

bool Prefix::contains(const IpAddress& address) const {
  if (address.family() != address_.family()) return false;
  return Prefix{address, length_}.address_ == address_;
}

std::string Prefix::text() const { return fmt::format("{}/{}", address_.text(), length_); }

bool contains(const std::vector<Prefix>& prefixes, const IpAddress& address) {
  return std::ranges::any_of(prefixes, [&](const Prefix& p) { return p.contains(address); });
}

std::string Endpoint::text() const {
  std::array<char, 8> digits{':'};
  const auto end = std::to_chars(digits.data() + 1, digits.data() + digits.size(), port).ptr;
  std::string out = address.is_v4() ? address.text() : fmt::format("[{}]", address.text());
  out.append(digits.data(), end);
  return out;
}

Parsed<std::uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || rest != text.data() + text.size() || value == 0 || value > 65535) {
    return error(fmt::format("'{}' is not a port; expected 1 to 65535", text.substr(0, 12)));
  }
  return static_cast<std::uint16_t>(value);
}

Parsed<Endpoint> Endpoint::parse(std::string_view text, std::uint16_t default_port) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) {
      return error(fmt::format("'{}' has '[' without ']'; expected like [2001:db8::1]:443",
                               text.substr(0, 64)));
    }
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) {
      return error(fmt::format("'{}' has text after ']'; expected like [2001:db8::1]:443",
                               text.substr(0, 64)));
    }
  } else if (std::ranges::count(text, ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':'));
  }
  auto address = IpAddress::parse(host);
  if (!address) return std::unexpected(address.error());
  Endpoint out{*address, default_port};
  if (!port.empty()) {
    auto number = parse_port(port.substr(1));
    if (!number) return std::unexpected(number.error());
    out.port = *number;
  }
  return out;
}

}  // namespace causeway
