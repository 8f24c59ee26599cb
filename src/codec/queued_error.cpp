#include "codec/queued_error.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace causeway::codec {
namespace {

template <class T>
std::optional<T> take(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T out{};
  std::memcpy(&out, bytes.data(), sizeof out);
  return out;
}

std::optional<IpAddress> sender_of(std::span<const std::byte> bytes) {
  const auto family = take<sa_family_t>(bytes);
  if (!family) return std::nullopt;
  if (*family == AF_INET) {
    const auto in = take<sockaddr_in>(bytes);
    if (in) return IpAddress::v4(ntohl(in->sin_addr.s_addr));
  }
  if (*family == AF_INET6) {
    const auto in6 = take<sockaddr_in6>(bytes);
    if (!in6) return std::nullopt;
    std::array<std::uint8_t, 16> address{};
    std::ranges::copy(in6->sin6_addr.s6_addr, address.begin());
    return IpAddress::v6(address);
  }
  return std::nullopt;
}

}  // namespace

std::optional<QueuedError> parse_queued_error(std::span<const std::byte> data) {
  const auto error = take<sock_extended_err>(data);
  if (!error) return std::nullopt;
  const bool six = error->ee_origin == SO_EE_ORIGIN_ICMP6;
  const bool icmp = six || error->ee_origin == SO_EE_ORIGIN_ICMP;
  if (!icmp && error->ee_origin != SO_EE_ORIGIN_LOCAL) return std::nullopt;
  QueuedError out;
  out.local = !icmp;
  out.family = six ? Family::ipv6 : Family::ipv4;
  out.type = error->ee_type;
  out.code = error->ee_code;
  out.os_code = static_cast<int>(error->ee_errno);
  out.info = static_cast<int>(error->ee_info);
  out.sender = sender_of(data.subspan(sizeof *error));
  return out;
}

}  // namespace causeway::codec
