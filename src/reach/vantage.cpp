#include "reach/vantage.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

namespace causeway::reach {
namespace {

std::optional<IpAddress> address_of(const sockaddr* raw) {
  if (raw == nullptr) return std::nullopt;
  if (raw->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, raw, sizeof in);
    return IpAddress::v4(ntohl(in.sin_addr.s_addr));
  }
  if (raw->sa_family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, raw, sizeof in6);
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(in6.sin6_addr.s6_addr, bytes.begin());
    return IpAddress::v6(bytes);
  }
  return std::nullopt;
}

std::vector<IpAddress> all_addresses() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner{list, &freeifaddrs};
  std::vector<IpAddress> out;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    const auto address = address_of(at->ifa_addr);
    const bool up = (at->ifa_flags & IFF_UP) != 0;
    if (!address || !up) continue;
    const AddressClass kind = classify(*address);
    if (kind != AddressClass::loopback && kind != AddressClass::link_local) out.push_back(*address);
  }
  return out;
}

}  // namespace

model::Vantage own_vantage() {
  model::Vantage out;
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) out.name = host.data();
  if (out.name.empty()) out.name = "here";
  for (const auto& address : all_addresses()) out.addresses.push_back(address.text());
  return out;
}

std::vector<IpAddress> own_addresses(Family family) {
  auto out = all_addresses();
  std::erase_if(out, [&](const IpAddress& address) { return address.family() != family; });
  return out;
}

}  // namespace causeway::reach
