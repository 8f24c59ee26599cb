// A folder that goes away with the program: for a look without a store.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace causeway::app {

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
    char name[] = "/tmp/causeway-watch-XXXXXX";
    const char* made = ::mkdtemp(name);
    if (made == nullptr) {
      return error(fmt::format("cannot make a folder in /tmp: {}", std::strerror(errno)));
    }
    path_ = made;
    return path_;
  }

 private:
  std::string path_;
};

}  // namespace causeway::app
