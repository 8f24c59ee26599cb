// What a run of the lab prints.
#pragma once

#include <string>
#include <vector>

#include "lab/score.hpp"

namespace causeway::lab {

// One line for a fault that just ended.
std::string line(const Result& result, bool check_only);

// The table of what went wrong, then the score.
// `joined`: measured against the targets of a run with inspections.
std::string summary(const std::vector<Result>& results, double wall_s, bool joined = false);
std::string json(const std::vector<Result>& results, double wall_s, bool joined = false);

// The same of answers of `causeway edge`.
std::string edge_line(const Result& result);
std::string edge_summary(const std::vector<Result>& results, double wall_s);

}  // namespace causeway::lab
