// Stage connect: SYN to SYN-ACK, and what it means when that does not come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "model/failure.hpp"
#include "net/task.hpp"
#include "net/tcp.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct ConnectQuestion {
  Endpoint remote;
  std::string_view role = "main";  // model/kinds.def, connect.role; must be a literal
  std::optional<IpAddress> source = std::nullopt;  // none: the survey's --source, else the kernel's
  int mss = 0;                                     // largest segment to offer; 0: the path's
  Duration wait = limits::kConnectWait;
};

struct Connected {
  net::ConnectResult result;
  std::optional<model::FailureId> failure;
  std::string observation;  // its id
};

// Records `connect`, and a failed `self` when this machine itself is in the way.
net::Task<Connected> connect(Survey& survey, ConnectQuestion question);

// The one mapping of errno and ICMP to a failure; nothing when the connection is open.
std::optional<model::FailureId> failure_of(const net::ConnectResult& result);

// Where raw replies can be seen: the TTL of a reset of the connection from `local_port` goes into
// the observation's `reset_ttl`.
void describe_reset(Survey& survey, const Endpoint& remote, std::uint16_t local_port,
                    model::Observation& seen);

}  // namespace causeway::reach
