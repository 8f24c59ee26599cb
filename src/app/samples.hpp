// Diagnoses for the tests of the faces: one of each state, with and without an edge, and one full
// of text from strangers.
#pragma once

#include <string>
#include <vector>

#include "model/diagnosis.hpp"

namespace causeway::app {

struct Sample {
  std::string name;  // of its files in test/golden
  model::Diagnosis diagnosis;
};

std::vector<Sample> samples();

}  // namespace causeway::app
