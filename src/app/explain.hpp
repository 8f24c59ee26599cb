// `causeway explain`: a code, a failure or a cause in plain words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/screen.hpp"
#include "base/result.hpp"

namespace causeway::app {

struct Passage {
  std::string label;
  std::vector<std::string> paragraphs;
  bool command = false;  // lines to be copied, not wrapped
};

struct Explanation {
  std::string kind;  // code | failure | cause
  std::string id;    // "523", "connect.refused", "firewall.drop"
  std::string title;
  std::vector<Passage> passages;
};

// `word` names a code (520, 1016), a failure id or a cause id. Otherwise the error lists the
// nearest ones.
Parsed<Explanation> explain(std::string_view word);

std::string explanation_text(const Explanation& explanation, const Screen& screen);
std::string explanation_json(const Explanation& explanation);

}  // namespace causeway::app
