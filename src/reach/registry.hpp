// The registration of a domain, by RDAP (RFC 9082, RFC 9083).
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/outbound.hpp"
#include "net/task.hpp"

namespace causeway::reach {

// "https://rdap.org" leads to the registry's own server (IANA's bootstrap file, RFC 9224).
inline constexpr std::string_view kRdapBase = "https://rdap.org";

struct Registration {
  std::string domain;  // that was asked for
  std::optional<WallTime> registered;
  std::optional<WallTime> expires;
  std::vector<std::string> status;  // RDAP (RFC 9083 section 4.6): "client hold" ...
  std::string source;               // the URL that said so
};

// A status with which the registry serves no name of the domain ("client hold", "inactive",
// "redemption period").
bool holds_back(std::string_view status);

struct RegistryFailure {
  bool unknown = false;  // it has no such domain (404)
  std::string text;
};
using RegistryAnswer = std::expected<Registration, RegistryFailure>;

// The answer of GET /domain/NAME. Pure.
Parsed<Registration> read_rdap(std::string_view json, std::string source);

// `base` without the path. Follows at most limits::kRedirects redirects, as RDAP asks of clients
// (RFC 7480 section 5.2).
net::Task<RegistryAnswer> ask_registry(net::Outbound& outbound, std::string base,
                                       std::string domain, std::string ca_file);

}  // namespace causeway::reach
