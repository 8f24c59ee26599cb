#include "inspect/read_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace causeway::inspect {
namespace {

std::expected<std::string, std::string> read_from(int fd, std::size_t most) {
  std::string out;
  std::array<char, 16 * 1024> buffer{};
  while (out.size() < most) {
    const auto got = ::read(fd, buffer.data(), std::min(buffer.size(), most - out.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(std::string{std::strerror(errno)});
    if (got == 0) break;
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return out;
}

// Neither a directory nor a device nor a pipe somebody left there.
int open_file(const std::filesystem::path& path, off_t& size) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return fd;
  struct stat status{};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    size = status.st_size;
    return fd;
  }
  ::close(fd);
  errno = EINVAL;
  return -1;
}

}  // namespace

std::expected<std::string, std::string> read_text(const std::filesystem::path& path,
                                                  std::size_t most) {
  off_t size = 0;
  const int fd = open_file(path, size);
  if (fd < 0) return std::unexpected(std::string{std::strerror(errno)});
  auto out = read_from(fd, most);
  ::close(fd);
  return out;
}

std::expected<std::string, std::string> read_end(const std::filesystem::path& path,
                                                 std::size_t most) {
  off_t size = 0;
  const int fd = open_file(path, size);
  if (fd < 0) return std::unexpected(std::string{std::strerror(errno)});
  const bool cut = size > static_cast<off_t>(most);
  if (cut) ::lseek(fd, size - static_cast<off_t>(most), SEEK_SET);
  auto out = read_from(fd, most);
  ::close(fd);
  if (cut && out) out->erase(0, std::min(out->find('\n'), out->size() - 1) + 1);
  return out;
}

std::optional<std::int64_t> whole_number(std::string_view text, int base) {
  std::int64_t out = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::optional<double> real_number(std::string_view text) {
  double out = 0;
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), out, std::chars_format::fixed);
  if (problem != std::errc{} || end != text.data() + text.size() || out < 0) return std::nullopt;
  return out;
}

}  // namespace causeway::inspect
