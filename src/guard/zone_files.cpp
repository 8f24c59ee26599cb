#include "guard/zone_files.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include "guard/limits.hpp"
#include "inspect/read_text.hpp"

namespace causeway::guard {
namespace {

// A name is firewalld's word, and becomes a part of a path.
bool plain(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
}

std::string file_in(const std::string& folder, const std::string& zone) {
  return fmt::format("{}/{}.xml", folder, zone);
}

}  // namespace

std::vector<std::string> without_file(const std::vector<std::string>& zones,
                                      const ZoneFolders& folders) {
  std::vector<std::string> out;
  for (const auto& zone : zones) {
    std::error_code unknown;
    const auto path = file_in(folders.own, zone);
    const bool any =
        std::filesystem::exists(path, unknown) || std::filesystem::exists(path + ".old", unknown);
    if (plain(zone) && !any) out.push_back(zone);
  }
  return out;
}

void remove_as_shipped(const std::vector<std::string>& zones, const ZoneFolders& folders) {
  for (const auto& zone : zones) {
    if (!plain(zone)) continue;
    const auto path = file_in(folders.own, zone);
    const auto own = inspect::read_text(path, limits::kFileBytes);
    const auto shipped = inspect::read_text(file_in(folders.shipped, zone), limits::kFileBytes);
    if (!own || !shipped || *own != *shipped) continue;
    ::unlink(path.c_str());
    ::unlink((path + ".old").c_str());
  }
}

}  // namespace causeway::guard
