// Where the lab's own parts lie on this machine.
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "lab/lab.hpp"

namespace causeway::lab {

struct Places {
  std::filesystem::path tree;      // holds faults/ and lib/
  std::filesystem::path causeway;  // the program that is judged
  std::filesystem::path servers;   // empty when not built
};

Parsed<Places> find_places(const Options& options);

}  // namespace causeway::lab
