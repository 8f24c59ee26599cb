// The flags of `causeway inspect`, as written and as understood.
#pragma once

#include <string>

#include "base/result.hpp"
#include "inspect/collect.hpp"
#include "inspect/view.hpp"

namespace causeway::app {

struct InspectFlags {  // each as it stands on the command line; empty = not given
  std::string edge;
  std::string ports;
  std::string sample;
  std::string since;
  std::string collect;
  std::string from;
  std::string format = "text";
  bool plain = false;
  bool no_color = false;
};

struct InspectPlan {
  inspect::Question question;
  inspect::CollectRequest request;
};

// The error says which flag, what is wrong, what is expected.
Parsed<InspectPlan> understand(const InspectFlags& flags);

// "80,443": 1 to net::kArrivalPorts ports.
Parsed<std::vector<std::uint16_t>> parse_ports(const std::string& text);

}  // namespace causeway::app
