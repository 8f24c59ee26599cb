#include "guard/replace_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/durable.hpp"
#include "base/text.hpp"
#include "guard/limits.hpp"
#include "inspect/read_text.hpp"

namespace causeway::guard {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
  return error(fmt::format("cannot {} '{}': {}", what, path, std::strerror(errno)));
}

// A security label above all; a file system without attributes has none to lose.
bool copy_attributes(int from, int to) {
  std::array<char, limits::kAttributeBytes> names{};
  const auto size = ::flistxattr(from, names.data(), names.size());
  if (size < 0) return errno == ENOTSUP;
  for (const auto name : split({names.data(), static_cast<std::size_t>(size)}, '\0')) {
    if (name.empty()) continue;
    std::array<char, limits::kAttributeBytes> value{};
    const std::string key{name};
    const auto length = ::fgetxattr(from, key.c_str(), value.data(), value.size());
    if (length < 0 ||
        ::fsetxattr(to, key.c_str(), value.data(), static_cast<std::size_t>(length), 0) != 0) {
      return false;
    }
  }
  return true;
}

// A copy of what `old` is but for its text. False: errno says why.
bool fill(int fd, int old, std::string_view text) {
  struct stat is{};
  return ::fstat(old, &is) == 0 && ::fchown(fd, is.st_uid, is.st_gid) == 0 &&
         ::fchmod(fd, is.st_mode & 07777U) == 0 && copy_attributes(old, fd) &&
         write_durably(fd, text);
}

}  // namespace

std::string beside(const std::string& path) {
  std::error_code problem;
  const auto real = fs::canonical(path, problem);
  const fs::path at = problem ? fs::path{path} : real;
  return (at.parent_path() / ("." + at.filename().string() + ".causeway-new")).string();
}

Parsed<void> replace_file(const std::string& path, std::string_view before,
                          std::string_view after) {
  std::error_code problem;
  const fs::path real = fs::canonical(path, problem);
  if (problem) return error(fmt::format("cannot find '{}': {}", path, problem.message()));
  const auto now = inspect::read_text(real, limits::kFileBytes + 1);
  if (!now) return error(fmt::format("cannot read '{}': {}", path, now.error()));
  if (*now == after) return {};
  if (*now != before) {
    return error(fmt::format("'{}' was changed meanwhile by another program; try again", path));
  }
  const int old = ::open(real.c_str(), O_RDONLY | O_CLOEXEC);
  if (old < 0) return failed("open", path);
  const auto fresh = beside(path);
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  const bool whole = fd >= 0 && fill(fd, old, after);
  const int why = errno;
  ::close(old);
  if (fd >= 0) ::close(fd);
  errno = why;
  if (!whole || ::rename(fresh.c_str(), real.c_str()) != 0) {
    auto out = failed("write", fresh);
    ::unlink(fresh.c_str());
    return out;
  }
  sync_folder(real.parent_path());
  return {};
}

}  // namespace causeway::guard
