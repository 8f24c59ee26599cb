#include "codec/proxy_protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace causeway::codec {
namespace {

using State = ProxyHeader::State;

constexpr std::string_view kSignature2{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::string_view kSignature1 = "PROXY ";
constexpr std::size_t kMost1 = 107;  // section 2.1
constexpr std::size_t kFixed2 = 16;  // section 2.2
constexpr std::uint8_t kLocal = 0x20;
constexpr std::uint8_t kProxy = 0x21;
constexpr std::uint8_t kTcp4 = 0x11;
constexpr std::uint8_t kTcp6 = 0x21;

bool may_become(std::string_view bytes, std::string_view signature) {
  const auto length = std::min(bytes.size(), signature.size());
  return bytes.substr(0, length) == signature.substr(0, length);
}

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8U | byte_at(bytes, at + 1));
}

ProxyHeader broken() { return {.state = State::broken}; }

ProxyHeader read_1(std::string_view bytes) {
  const auto end = bytes.substr(0, kMost1).find("\r\n");
  if (end == std::string_view::npos) {
    return bytes.size() >= kMost1 ? broken() : ProxyHeader{};
  }
  ProxyHeader out{.state = State::complete, .taken = end + 2};
  const auto words = split(bytes.substr(0, end), ' ');
  if (words.size() >= 2 && words[1] == "UNKNOWN") return out;
  if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) return broken();
  const auto source = IpAddress::parse(words[2]);
  const auto destination = IpAddress::parse(words[3]);
  const auto source_port = parse_port(words[4]);
  const auto destination_port = parse_port(words[5]);
  const bool v4 = words[1] == "TCP4";
  if (!source || !destination || !source_port || !destination_port || source->is_v4() != v4 ||
      destination->is_v4() != v4) {
    return broken();
  }
  out.source = Endpoint{*source, *source_port};
  out.destination = Endpoint{*destination, *destination_port};
  return out;
}

template <std::size_t kBytes>
std::array<std::uint8_t, kBytes> address_at(std::string_view bytes, std::size_t at) {
  std::array<std::uint8_t, kBytes> out{};
  std::ranges::transform(bytes.substr(at, kBytes), out.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  return out;
}

ProxyHeader read_2(std::string_view bytes) {
  if (bytes.size() < kFixed2) return {};
  const auto command = byte_at(bytes, 12);
  if (command != kLocal && command != kProxy) return broken();
  const std::size_t whole = kFixed2 + number_at(bytes, 14);
  if (whole > kProxyHeaderMost) return broken();
  if (bytes.size() < whole) return {};
  ProxyHeader out{.state = State::complete, .taken = whole};
  const auto family = byte_at(bytes, 13);
  if (command == kLocal || (family != kTcp4 && family != kTcp6)) return out;
  const bool v4 = family == kTcp4;
  const std::size_t size = v4 ? 4 : 16;
  if (whole < kFixed2 + 2 * size + 4) return broken();
  const auto read = [&](std::size_t at) {
    return v4 ? IpAddress::v4(address_at<4>(bytes, at)) : IpAddress::v6(address_at<16>(bytes, at));
  };
  out.source = Endpoint{read(kFixed2), number_at(bytes, kFixed2 + 2 * size)};
  out.destination = Endpoint{read(kFixed2 + size), number_at(bytes, kFixed2 + 2 * size + 2)};
  return out;
}

void append(std::string& out, const IpAddress& address) {
  if (address.is_v4()) {
    for (const auto byte : address.v4_bytes()) out += static_cast<char>(byte);
  } else {
    for (const auto byte : address.bytes()) out += static_cast<char>(byte);
  }
}

void append(std::string& out, std::uint16_t number) {
  out += static_cast<char>(number >> 8U);
  out += static_cast<char>(number & 0xffU);
}

}  // namespace

ProxyHeader read_proxy_header(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (may_become(bytes, kSignature2)) {
    return bytes.size() < kSignature2.size() ? ProxyHeader{} : read_2(bytes);
  }
  if (may_become(bytes, kSignature1)) {
    return bytes.size() < kSignature1.size() ? ProxyHeader{} : read_1(bytes);
  }
  return broken();
}

std::string write_proxy_header(int version, const Endpoint& source, const Endpoint& destination) {
  const bool v4 = source.address.is_v4();
  const bool known = v4 == destination.address.is_v4() && source.port != 0;
  if (version == 1) {
    if (!known) return "PROXY UNKNOWN\r\n";
    return fmt::format("PROXY {} {} {} {} {}\r\n", v4 ? "TCP4" : "TCP6", source.address.text(),
                       destination.address.text(), source.port, destination.port);
  }
  std::string out{kSignature2};
  out += static_cast<char>(known ? kProxy : kLocal);
  out += static_cast<char>(!known ? 0 : v4 ? kTcp4 : kTcp6);
  append(out, static_cast<std::uint16_t>(!known ? 0 : v4 ? 12 : 36));
  if (!known) return out;
  append(out, source.address);
  append(out, destination.address);
  append(out, source.port);
  append(out, destination.port);
  return out;
}

}  // namespace causeway::codec
