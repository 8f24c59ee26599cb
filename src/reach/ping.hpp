// Is the machine there at all? Three ICMP echoes, some milliseconds apart: a host that limits its
// answers must not look lossy.
#pragma once

#include "base/address.hpp"
#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

// Records `ping`. Needs an ICMP datagram socket (sysctl net.ipv4.ping_group_range) or CAP_NET_RAW;
// without both the outcome is "not-permitted", which says nothing about the address.
net::Task<void> ping(Survey& survey, IpAddress address);

}  // namespace causeway::reach
