// From the root, or from what a resolver knows, down to the servers of a name's zone (RFC 1034
// section 5.3.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "codec/dns_answer.hpp"
#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct NameServer {
  std::string name;                  // empty when only its address was given
  std::vector<IpAddress> addresses;  // none when they could not be found
};

struct Delegation {
  std::string zone;  // empty: not found
  std::vector<NameServer> servers;
  std::string_view source = "walk";     // model/kinds.def, delegation.source
  std::string_view outcome = "failed";  // delegation.outcome
  std::string detail;
};

struct WalkPlan {
  std::string name;                 // whose zone is wanted
  std::vector<IpAddress> roots;     // where to begin; none: with the resolvers
  std::vector<Endpoint> resolvers;  // for servers without glue, and when no root can be reached
  std::uint16_t port = 53;          // of every name server
};

// Built-in addresses of the root servers, one a server, some of each family.
std::vector<IpAddress> root_addresses();

// Records each step that led further down as `dns` with role parent. Ends by `deadline`. Ends at
// the first zone that may be the name's own: whether it delegates once more, its servers say when
// they are asked for the name.
net::Task<Delegation> walk_delegation(Survey& survey, WalkPlan plan, Instant deadline);

// The delegation a server answered with instead of the name's records.
net::Task<Delegation> follow_referral(WalkPlan plan, codec::DnsReferral referral, Instant deadline);

}  // namespace causeway::reach
