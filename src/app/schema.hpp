#pragma once

#include <string>

namespace causeway::app {

// The JSON Schema (draft 2020-12) of causeway.diagnosis/1, with every id, kind, field and closed
// value of this version's lists.
std::string diagnosis_schema();
// The same of causeway.facts/1.
std::string facts_schema();

}  // namespace causeway::app
