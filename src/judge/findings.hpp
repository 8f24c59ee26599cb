// What an inspection of the origin shows by itself.
#pragma once

#include <cstdint>
#include <vector>

#include "model/diagnosis.hpp"

namespace causeway::judge {

// Gravest first, each with its evidence, its owner and its fix; `probability` is how sure each is
// for itself. Pure.
std::vector<model::RankedCause> findings(const std::vector<model::Observation>& observations,
                                         const std::vector<std::uint16_t>& ports);

}  // namespace causeway::judge
