// A snapshot of the origin becomes observations and facts. Pure.
#pragma once

#include "inspect/snapshot.hpp"
#include "inspect/view.hpp"
#include "model/facts.hpp"

namespace causeway::inspect {

// Everything but `findings`, which are the judge's (judge/findings.hpp).
model::Facts analyze(const Snapshot& snapshot, const Question& question);

}  // namespace causeway::inspect
