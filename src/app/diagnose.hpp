// The one way to a diagnosis: probe, join, judge. `causeway diagnose` and `causeway demo` use it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/diagnose_flags.hpp"
#include "model/diagnosis.hpp"
#include "reach/diagnose.hpp"

namespace causeway::app {

// What follows from a run of probes: joins the plan's documents, derives, judges.
model::Diagnosis conclude(const DiagnosePlan& plan, WallTime started, reach::DiagnosisRun run,
                          std::vector<model::Observation> observations);

// Runs on a loop of its own until done, the deadline, or the first SIGINT or SIGTERM.
model::Diagnosis run_diagnosis(const DiagnosePlan& plan,
                               std::function<void(const model::Observation&)> listener);

std::string render(const model::Diagnosis& diagnosis, Face face, bool no_color);

}  // namespace causeway::app
