// The PROXY protocol, versions 1 and 2 (haproxy.org, doc/proxy-protocol.txt): whom a connection is
// really from, said before its first byte. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"

namespace causeway::codec {

struct ProxyHeader {
  enum class State : std::uint8_t { more, complete, broken };
  State state = State::more;  // more: not all of it is there yet
  std::size_t taken = 0;      // when complete
  // Nothing for LOCAL and UNKNOWN: the connection is the sender's own (a health check).
  std::optional<Endpoint> source;
  std::optional<Endpoint> destination;
};

inline constexpr std::size_t kProxyHeaderMost = 4096;  // with its TLVs; version 1 has at most 107

// Reads the header at the front of `bytes`; either version.
ProxyHeader read_proxy_header(std::string_view bytes);

// `version` 1 or 2. Addresses of different families are written as "unknown".
std::string write_proxy_header(int version, const Endpoint& source, const Endpoint& destination);

}  // namespace causeway::codec
