#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace causeway::app {

// The whole file, at most `most` bytes; the error names the file and what is wrong with it.
// Reads ordinary files, pipes and "/dev/stdin"; directories are refused.
Parsed<std::string> read_file(const std::string& path, std::size_t most);

// A pipe, as `<(command)` of a shell makes one: what it says comes later.
bool is_pipe(const std::string& path);
// Waits until its writer is done, until `end`, or until `stop` says so.
Parsed<std::string> read_pipe(const std::string& path, std::size_t most, Instant end,
                              const std::function<bool()>& stop);

}  // namespace causeway::app
