// Observations in, verdict out. Pure: no clock, no I/O, the same answer for the same input.
#pragma once

#include <string>
#include <vector>

#include "model/diagnosis.hpp"

namespace causeway::judge {

struct Evidence {
  std::string vantage;  // whose attempts these are; observations of others support or contradict
  std::vector<model::Attempt> attempts;
  std::vector<model::Observation> observations;
};

// Comparisons of several observations ("the authorities disagree", "the reset came from nearer than
// the ping"), as observations of kind `compare`. Their ids continue after those given ("o41" ...).
std::vector<model::Observation> derive(const Evidence& evidence);

// `evidence` should contain what derive() made of it.
model::Verdict judge(const Evidence& evidence);

}  // namespace causeway::judge
