// What a host says about its interfaces, routes, rules, sysctls and sockets; the first byte says
// which of them the rest is.
#include <algorithm>
#include <array>

#include "fuzz/through_host.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array kDumps{"addr.json",   "route4.json", "route6.json",
                              "rule4.json",  "rule6.json",  "sysctl.txt",
                              "sockets.txt", "xfrm.txt",    "recent.txt"};
  if (size == 0) return 0;
  const auto which =
      std::min<std::size_t>(data[0] - std::min<std::uint8_t>(data[0], '0'), kDumps.size() - 1);
  return causeway::fuzz::prove_with(kDumps[which], data + 1, size - 1);
}
