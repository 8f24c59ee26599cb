// Who looks: this machine's name and its own addresses.
#pragma once

#include <vector>

#include "base/address.hpp"
#include "model/diagnosis.hpp"

namespace causeway::reach {

// Host name and the addresses of interfaces that are up, without loopback and link-local ones.
model::Vantage own_vantage();

std::vector<IpAddress> own_addresses(Family family);

}  // namespace causeway::reach
