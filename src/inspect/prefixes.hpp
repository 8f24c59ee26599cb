// Sets of addresses as lists of prefixes, for people and for documents.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "firewall/interval_set.hpp"

namespace causeway::inspect {

// The fewest prefixes that make up the set; nothing when they would be more than `most`.
std::optional<std::vector<std::string>> prefixes_of(const firewall::IntervalSet& set, Family family,
                                                    std::size_t most);

// Everybody who can be a client from the internet: without private, loopback, multicast and
// reserved addresses.
const firewall::IntervalSet& internet(Family family);

firewall::IntervalSet set_of(const std::vector<Prefix>& prefixes);

}  // namespace causeway::inspect
