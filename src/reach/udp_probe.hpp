// Does the kernel behind the address answer where a firewall may not? One datagram to a high port
// where nothing listens: a live machine answers with port unreachable.
#pragma once

#include "base/address.hpp"
#include "net/task.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

// Records `udp`.
net::Task<void> udp_probe(Survey& survey, IpAddress address);

}  // namespace causeway::reach
