// Reading the conditions of a sign: "not peer connect(role=side) outcome=open and host-alive".
#pragma once

#include <string>
#include <vector>

#include "judge/lines.hpp"
#include "judge/rulebook.hpp"

namespace causeway::judge {

// Names of signs are resolved later: a unit that names one holds its place in `names`.
struct NamedUnit {
  Unit unit;
  std::string sign;  // empty for a term
};

// One line: units joined with "and".
Parsed<std::vector<NamedUnit>> read_units(const Line& line);

}  // namespace causeway::judge
