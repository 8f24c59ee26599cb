// The kernel's own way to an address: is there one, from which source, with which MTU. Sends
// nothing.
#pragma once

#include <optional>

#include "base/address.hpp"
#include "model/failure.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct RouteFacts {
  std::optional<model::FailureId> failure;  // this machine's own trouble
  int os_code = 0;
  std::optional<IpAddress> source;
  std::optional<int> mtu;
};

// Records `route`, and a failed `self` where there is no way out.
RouteFacts route_to(Survey& survey, const IpAddress& address);

}  // namespace causeway::reach
