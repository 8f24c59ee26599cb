// Can this machine see at all? Asked before anything is blamed on a target.
#pragma once

#include <string>
#include <vector>

#include "base/address.hpp"
#include "net/task.hpp"

namespace causeway::watch {

struct OwnLook {
  bool healthy = true;
  std::string detail;  // why not, a part of a sentence: "none of 2 anchors answers"
};

// `anchors` empty: the system's resolvers, when they lie on another machine. Any answer counts: a
// refused connection and an ICMP error of the anchor itself came over the network.
net::Task<OwnLook> look_at_own_network(std::vector<Endpoint> anchors);

}  // namespace causeway::watch
