// `causeway explain`: a code, a failure, a cause or a line of a log in plain words.
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
  std::string kind;  // code | failure | cause | line
  std::string id;    // "523", "connect.refused", "firewall.drop"
  std::string title;
  std::vector<Passage> passages;
};

// `word` names a code (520, 1016), a failure id or a cause id, or it is a log line, a termination
// state ("sC--"), response flags ("UF,URX") or a message. Otherwise the error lists the nearest
// ids.
Parsed<Explanation> explain(std::string_view word);

// The words are about a case; without one, "{host}" reads HOST. Other braces belong to a command.
std::string without_case(std::string_view text);

std::string explanation_text(const Explanation& explanation, const Screen& screen);
std::string explanation_json(const Explanation& explanation);

}  // namespace causeway::app
