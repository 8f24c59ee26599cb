// The registration of a domain, by RDAP (RFC 9082, RFC 9083).
#pragma once

#include <string>
#include <string_view>

#include "net/outbound.hpp"
#include "net/task.hpp"
#include "zone/drift.hpp"

namespace causeway::zone {

// "https://rdap.org" leads to the registry's own server (IANA's bootstrap file, RFC 9224).
inline constexpr std::string_view kRdapBase = "https://rdap.org";

// The answer of GET /domain/NAME. Pure.
Parsed<RegistryView> read_rdap(std::string_view json, std::string source);

// `base` without the path. Follows at most limits::kRedirects redirects, as RDAP asks of clients
// (RFC 7480 section 5.2).
net::Task<Parsed<RegistryView>> ask_registry(net::Outbound& outbound, std::string base,
                                             std::string domain, std::string ca_file);

}  // namespace causeway::zone
