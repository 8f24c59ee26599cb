// What a DNS answer means for the name that was asked for: aliases followed, addresses collected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/dns.hpp"

namespace causeway::codec {

struct DnsAliases {
  std::vector<std::string> names;    // the chain in order, the asked name first; one name: no alias
  bool loop = false;                 // it leads back to a name already in it
  bool too_long = false;             // more than limits::kDnsAliasDepth
  std::vector<IpAddress> addresses;  // A and AAAA of the last name, as ordered in the answer
  bool holds_type = false;           // the last name has a record of the asked type
  std::optional<std::uint32_t> ttl;  // lowest of the records used, seconds

  const std::string& last() const { return names.back(); }
};

// Follows CNAMEs inside the answer section, whatever their order there.
DnsAliases follow_aliases(const DnsMessage& message, const DnsQuestion& question);

// The zone a server delegates to instead of answering, with its servers: no answer, not
// authoritative, NS records below in the authority section (RFC 1034 section 4.3.2, 3b).
struct DnsReferral {
  std::string zone;
  std::vector<std::string> servers;
  std::vector<DnsRecord> glue;  // their A and AAAA, as far as sent
};
std::optional<DnsReferral> referral(const DnsMessage& message, const DnsQuestion& question);

// The SOA serial of an answer, from the answer or authority section.
std::optional<std::uint32_t> serial(const DnsMessage& message);

}  // namespace causeway::codec
