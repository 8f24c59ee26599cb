// DNSSEC validation by libunbound, run from here down: it asks a resolver for all signatures and
// checks them itself. No libunbound type leaves validator.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "codec/dns.hpp"
#include "net/task.hpp"

namespace causeway::net {

struct ValidateOptions {
  codec::DnsQuestion question;
  std::vector<Endpoint> resolvers;  // that pass signatures on
  std::string anchor_file;          // zone-file lines of DNSKEY or DS records
  Instant deadline = kNever;
};

enum class Validity : std::uint8_t {
  secure,         // signed, and the signatures verify from the anchor down
  insecure,       // provably not signed
  bogus,          // signed, and wrong
  indeterminate,  // no answer to validate, or not in time
};
std::string_view name(Validity validity);  // model/kinds.def, dnssec.status

struct Validated {
  Validity validity = Validity::indeterminate;
  std::string reason;  // why bogus or indeterminate
};

// Runs in a thread of libunbound's own; given up at the deadline. Never throws.
Task<Validated> validate_dnssec(ValidateOptions options);

}  // namespace causeway::net
