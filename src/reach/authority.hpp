// The zone's own name servers, each asked alone: what a resolver makes of them is second hand.
#pragma once

#include <string>
#include <vector>

#include "base/address.hpp"
#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct Authorities {
  std::string zone;                  // empty: not found
  std::vector<Endpoint> servers;     // those that were asked
  std::vector<IpAddress> addresses;  // of the target's name, of any server's authoritative answer
};

// Finds the servers (--authority, else the delegation from the root down, else what the resolver
// says) and asks each for SOA, A and AAAA. Records one `delegation`, and one `dns` with role
// authority for each question. Bounded by limits::kDnsAuthorityWait: start it beside the main
// question and await it when its answer is needed. Does nothing for an address literal.
net::Task<Authorities> ask_authorities(Survey& survey);

}  // namespace causeway::reach
