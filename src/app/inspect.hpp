// An inspection of this machine.
#pragma once

#include "app/inspect_flags.hpp"
#include "inspect/snapshot.hpp"
#include "model/facts.hpp"

namespace causeway::app {

// What the snapshot shows and what follows from it. `began`: when it was begun to be taken.
model::Facts facts_of(const inspect::Snapshot& snapshot, const InspectPlan& plan, Instant began);

// This machine as it is now, as causeway.facts/1; what `causeway inspect --sample 2s` prints.
std::string inspect_now();

}  // namespace causeway::app
