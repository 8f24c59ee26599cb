#pragma once

#include <string>
#include <vector>

#include "model/observation.hpp"

namespace causeway::app {

// The values that a text field may have, read from its meaning in kinds.def: "ok | failed", "udp |
// tcp (where known)", "as in connect", "as http.edge_mark". Empty: any text.
std::vector<std::string> closed_values(const model::KindRow& kind, const model::FieldRow& field);

}  // namespace causeway::app
