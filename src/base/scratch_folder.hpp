// A folder that goes away with what made it: for a look without a store, for a page to print, for a test.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace causeway {

class ScratchFolder {
 public:
  ScratchFolder() = default;
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  Parsed<std::string> make() {
    std::error_code problem;
    auto place = std::filesystem::temp_directory_path(problem);  // TMPDIR, or /tmp
    if (problem) place = "/tmp";
    std::string name = (place / "causeway-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      return error(
          fmt::format("cannot make a folder in '{}': {}", place.string(), std::strerror(errno)));
    }
    path_ = std::move(name);
    return path_;
  }

 private:
  std::string path_;
};

}  // namespace causeway
