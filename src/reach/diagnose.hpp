// The probe plan: the main question first, then the cheap ones that split look-alikes.
#pragma once

#include <vector>

#include "model/diagnosis.hpp"
#include "net/task.hpp"
#include "reach/record.hpp"
#include "reach/request.hpp"

namespace causeway::reach {

struct DiagnosisRun {
  std::vector<model::Attempt> attempts;
  model::Vantage vantage;
  bool interrupted = false;
  Duration duration{};
};

// Runs on the current loop. `request` and `record` must outlive it. Never fails: what could not be
// done is an observation.
net::Task<DiagnosisRun> diagnose(const Request& request, Record& record);

}  // namespace causeway::reach
