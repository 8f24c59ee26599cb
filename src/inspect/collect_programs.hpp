// What the host's own programs say about services, neighbours and configurations.
#pragma once

#include "base/time.hpp"
#include "inspect/snapshot.hpp"

namespace causeway::inspect {

// Needs "processes.txt" to know which configuration files are in use.
void collect_programs(Snapshot& out, Duration since);

}  // namespace causeway::inspect
