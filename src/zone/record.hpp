// One DNS record as its owner thinks of it, whoever keeps it: a provider's API or a name server.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "codec/dns.hpp"

namespace causeway::zone {

inline constexpr std::uint32_t kAutomaticTtl = 1;  // the provider chooses (Cloudflare: 300 s)

struct Record {
  std::string name;     // in the form of codec/dns_name.hpp: lower case, no dot at the end
  std::string type;     // "A", "HTTPS", "TYPE65280"
  std::string content;  // presentation form without the priority; names end without a dot
  std::uint32_t ttl = kAutomaticTtl;  // seconds
  std::optional<bool> proxied;        // absent where there is no such thing
  std::optional<int> priority;        // MX, SRV, URI
  std::string id;                     // the provider's; empty from a name server
  std::string raw;                    // the provider's own JSON, one line; empty likewise

  bool is_address() const { return type == "A" || type == "AAAA"; }
  std::optional<IpAddress> address() const;  // of A and AAAA
};

// What a record says, in one form for every source: addresses as RFC 5952 has them, names in lower
// case without the dot at the end, text as one string without quotes.
std::string canonical_content(std::string_view type, std::string_view content);

// Same name, type and content: the same statement, whatever its TTL.
bool same_statement(const Record& a, const Record& b);
// All that a person would see as different: also TTL, proxied and priority.
bool same_record(const Record& a, const Record& b);

// By name from the zone's end (example.net, a.example.net, x.a.example.net), then type, priority,
// content, id: the order of every list that is shown or stored.
void sort_records(std::vector<Record>& records);

// "www.example.net 300 A 203.0.113.10 (proxied)"
std::string text_of(const Record& record);
std::string ttl_text(std::uint32_t ttl);  // "automatic", "300 s"

// From a name server's answer.
Record record_of(const codec::DnsRecord& answer);

// A type that people write: "a", "AAAA", "type65". Upper case when it is one of those we know.
Parsed<std::string> record_type(std::string_view text);
// Refused with what is expected when `content` cannot be of `type` (A, AAAA, names).
Parsed<std::string> checked_content(std::string_view type, std::string_view content);

}  // namespace causeway::zone
