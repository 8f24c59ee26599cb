// For tests: directives in print, one a line of the list.
#pragma once

#include <string>
#include <vector>

#include "inspect/server_config.hpp"

namespace causeway::inspect {

inline const Include kNone = [](std::string_view) { return std::vector<ConfigFile>{}; };

// "..name value value": a dot for each level.
inline std::vector<std::string> shown(const std::vector<Directive>& all) {
  std::vector<std::string> out;
  for (const auto& one : all) {
    std::string text = std::string(static_cast<std::size_t>(one.depth), '.') + one.name;
    for (const auto& value : one.values) text += " " + value;
    out.push_back(text);
  }
  return out;
}

}  // namespace causeway::inspect
