#include "inspect/roots_own.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

namespace causeway::inspect {
namespace {

namespace fs = std::filesystem;

bool roots_alone(const struct stat& status) {
  const bool others_write = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  const bool sticky = S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0;
  return status.st_uid == 0 && (!others_write || sticky);
}

}  // namespace

bool only_root_writes(const std::string& path) {
  std::error_code problem;
  auto at = fs::canonical(path, problem);
  if (problem) return false;
  struct stat status{};
  if (::lstat(at.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  while (true) {
    if (::lstat(at.c_str(), &status) != 0 || !roots_alone(status)) return false;
    if (!at.has_relative_path()) return true;
    at = at.parent_path();
  }
}

bool runs_as_root(std::int64_t pid) {
  struct stat status{};
  return ::stat(fmt::format("/proc/{}", pid).c_str(), &status) == 0 && status.st_uid == 0;
}

}  // namespace causeway::inspect
