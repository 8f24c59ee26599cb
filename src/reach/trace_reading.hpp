// What the answers to SYNs with rising TTL say about the path. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "net/icmp_note.hpp"
#include "net/tcp.hpp"

namespace causeway::reach {

struct Hop {  // the answer to one TTL
  enum class End : std::uint8_t { pending, router, target, icmp, local };
  End end = End::pending;
  std::optional<net::IcmpNote> note;
};

Hop read_hop(const net::ConnectResult& result);

struct Path {
  std::string_view outcome;  // model/kinds.def, trace.outcome
  bool settled = false;      // asking further would add nothing
  std::vector<std::string> hops;
  std::string last_hop;
  int last_ttl = 0;
  int target_ttl = 0;
  std::optional<net::IcmpNote> icmp;
};

// `hops` by TTL from 1.
Path read_path(const std::vector<Hop>& hops, const IpAddress& target);

// How many of the last hops have not answered.
int silent_tail(const std::vector<Hop>& hops);

}  // namespace causeway::reach
