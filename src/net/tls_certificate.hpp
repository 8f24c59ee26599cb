// A server's certificates as facts, and everything that is wrong with them.
// Internal to src/net/tls*.cpp.
#pragma once

#include <string_view>

#include "net/tls.hpp"
#include "net/tls_openssl.hpp"
#include "net/tls_trust.hpp"

namespace causeway::net {

CertificateFacts describe(const X509* leaf, const STACK_OF(X509) * chain);

// Verifies as an edge would in strict mode, and goes on after every error. `ocsp`: the stapled
// response, DER, may be empty.
void verify(CertificateFacts& facts, X509* leaf, STACK_OF(X509) * chain, const TrustStore& trust,
            const std::string& host, std::string_view ocsp);

}  // namespace causeway::net
