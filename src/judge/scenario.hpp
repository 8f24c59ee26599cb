// test/scenario/judge/*.scn: observations in, verdict out, as text. Format: docs/judge.md.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "judge/judge.hpp"

namespace causeway::judge {

struct Expectation {
  int line = 0;
  std::string text;                                         // as written
  std::function<std::string(const model::Verdict&)> check;  // empty string: met; else what is wrong
};

struct Scenario {
  std::string title;
  Evidence evidence;  // without comparisons
  std::vector<Expectation> expectations;
};

Parsed<Scenario> read_scenario(std::string_view text, std::string_view file);

// The verdict in a few lines, for the message of a failed test.
std::string told(const model::Verdict& verdict);

}  // namespace causeway::judge
