// Can this machine see at all? Asked before anything is blamed on a target.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "net/task.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

struct OwnLook {
  bool healthy = true;
  std::string detail;  // why not, a part of a sentence: "none of 2 anchors answers"
};

// `anchors` empty: the system's resolvers, when they lie on another machine. Any answer counts: a
// refused connection and an ICMP error of the anchor itself came over the network.
net::Task<OwnLook> look_at_own_network(std::vector<Endpoint> anchors);

// Whether a good check of this kind at this address ("203.0.113.7:443") shows that the own network
// works. Loopback answers without it, and a heartbeat came at some other time.
bool shows_network(CheckKind kind, std::string_view address);

}  // namespace causeway::watch
