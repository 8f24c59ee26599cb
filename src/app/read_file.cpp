#include "app/read_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/limits.hpp"

namespace causeway::app {

Parsed<std::string> read_file(const std::string& path, std::size_t most) {
  const auto failed = [&](int code) {
    return error(fmt::format("cannot read '{}': {}", path, std::strerror(code)));
  };
  const auto close = [](std::FILE* open) { std::fclose(open); };
  const std::unique_ptr<std::FILE, decltype(close)> file{std::fopen(path.c_str(), "rbe"), close};
  if (!file) return failed(errno);
  std::string out;
  std::array<char, limits::kReadBuffer> buffer{};
  while (true) {
    errno = 0;
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get());
    out.append(buffer.data(), got);
    if (out.size() > most) {
      return error(fmt::format("'{}' is larger than {} bytes", path, most));
    }
    if (got == buffer.size()) continue;
    if (std::ferror(file.get()) != 0) return failed(errno);
    return out;
  }
}

bool is_pipe(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

Parsed<std::string> read_pipe(const std::string& path, std::size_t most, Instant end,
                              const std::function<bool()>& stop) {
  constexpr std::chrono::milliseconds kLook{100};  // how late `stop` may be heard
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return error(fmt::format("cannot read '{}': {}", path, std::strerror(errno)));
  std::string out;
  std::string problem;
  std::array<char, limits::kReadBuffer> buffer{};
  while (problem.empty()) {
    // Without a writer yet, poll() waits for one; after the last one it returns at once.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    if (left <= 0 || stop()) {
      problem = left <= 0 ? "its writer was not done in time" : "interrupted";
      break;
    }
    if (::poll(&wait, 1, static_cast<int>(std::min(left, kLook.count()))) == 0) continue;
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) break;
    if (got > 0) out.append(buffer.data(), static_cast<std::size_t>(got));
    if (got < 0 && errno != EAGAIN && errno != EINTR) problem = std::strerror(errno);
    if (out.size() > most) problem = fmt::format("larger than {} bytes", most);
  }
  ::close(fd);
  if (!problem.empty()) return error(fmt::format("cannot read '{}': {}", path, problem));
  return out;
}

}  // namespace causeway::app
