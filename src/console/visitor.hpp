// Who asks: the other end of the connection, or whom a trusted proxy names.
#pragma once

#include <string>
#include <vector>

#include "base/address.hpp"
#include "net/http_service.hpp"

namespace causeway::console {

struct Visitor {
  IpAddress address;
  bool secure = false;  // over TLS, to us or to the proxy
};

// X-Forwarded-For is read from its end, as far as trusted proxies wrote it; what a stranger sends
// is never believed.
Visitor visitor_of(const std::vector<Prefix>& trusted, const net::HttpRequest& request);

// What tries are counted by. One house has a whole /64 of IPv6 (RFC 6177), and may use each address
// once.
std::string limit_key(const IpAddress& address);

}  // namespace causeway::console
