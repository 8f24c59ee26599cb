// Roots that an edge trusts on its origin side and nobody else does.
// Internal to src/net/tls*.cpp.
#pragma once

#include <string_view>

namespace causeway::net {

// Cloudflare's Origin CA, RSA and ECC, PEM: what "Full (strict)" accepts beside public authorities
// (https://developers.cloudflare.com/ssl/origin-configuration/origin-ca/). Both end on 2029-08-15.
std::string_view cloudflare_origin_roots();

}  // namespace causeway::net
