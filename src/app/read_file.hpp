#pragma once

#include <cstddef>
#include <string>

#include "base/result.hpp"

namespace causeway::app {

// The whole file, at most `most` bytes; the error names the file and what is wrong with it.
// Reads ordinary files, pipes and "/dev/stdin"; directories are refused.
Parsed<std::string> read_file(const std::string& path, std::size_t most);

}  // namespace causeway::app
