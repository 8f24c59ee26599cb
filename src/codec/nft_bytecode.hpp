// The bytecode of nft's rules (`nft --debug=netlink list ruleset`), for what its listing hides.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace causeway::codec {

// What a rule asks although nft's listing leaves it out: it takes "meta nfproto", "ct l3proto" and
// "ct protocol" before what seems to need them anyway for its own addition.
struct NftHidden {
  static constexpr std::uint8_t kIpv4 = 2;  // NFPROTO_*
  static constexpr std::uint8_t kIpv6 = 10;
  static constexpr std::uint8_t kNever = 0;  // asked for one and for the other

  std::optional<std::uint8_t> family;
  std::optional<std::uint8_t> connection_family;    // NFPROTO_*
  std::optional<std::uint8_t> connection_protocol;  // IPPROTO_*
  // "ip length < 30 ip ttl > 4" is listed as "ip ttl != 30-4": two questions as the range of one.
  bool merged = false;

  bool nothing() const;
};

// A rule as nft lists it, as far as it matters for what the listing hides.
struct NftListed {
  bool one_family = false;  // of an ip or ip6 table
  bool resets = false;      // "reject with tcp reset"
  bool asks_l3proto = false;
  bool asks_protocol = false;  // ct protocol
};
// Of what the bytecode asks, that which is not in the listing.
NftHidden unlisted(const NftHidden& asked, const NftListed& listed);

// By "FAMILY TABLE CHAIN HANDLE".
using NftHiddenByRule = std::map<std::string, NftHidden, std::less<>>;

struct NftBytecode {
  std::set<std::string, std::less<>> rules;  // "FAMILY TABLE CHAIN HANDLE", hidden questions or not
  NftHiddenByRule hidden;                    // also of those that are listed
};

// `nft --debug=netlink list ruleset`. Lines that are not understood are passed over.
NftBytecode parse_nft_bytecode(std::string_view text);

}  // namespace causeway::codec
