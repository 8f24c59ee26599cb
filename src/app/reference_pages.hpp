// The reference pages under docs/ that derive from the lists: failures, causes, observations, and
// the schema of the JSON form.
#pragma once

#include <string>
#include <vector>

namespace causeway::app {

struct ReferencePage {
  std::string path;  // below docs/
  std::string text;
};

std::vector<ReferencePage> reference_pages();

}  // namespace causeway::app
