// Is the new origin's answer the old one's? Pure.
#pragma once

#include <string>
#include <vector>

#include "plan/fetch.hpp"

namespace causeway::plan {

struct Difference {
  std::string what;                // status | redirect | header | cookie | content | answer
  std::string sentence;            // "the Content-Type is text/plain, was text/html"
  std::vector<std::string> lines;  // of content: "- old", "+ new"
  bool grave = true;               // visitors would notice
};

std::vector<Difference> differences(const PagePair& page);

}  // namespace causeway::plan
