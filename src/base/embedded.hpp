// Text files that the build puts into the program (cmake/embed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace causeway {

struct EmbeddedFile {
  std::string_view name;
  std::string_view text;
};

namespace judge {
std::span<const EmbeddedFile> embedded_files();
}  // namespace judge

namespace store {
std::span<const EmbeddedFile> embedded_files();
}  // namespace store

namespace app {
std::span<const EmbeddedFile> embedded_files();
}  // namespace app

}  // namespace causeway
