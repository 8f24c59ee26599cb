#include "net/memory_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <cerrno>

namespace causeway::net {
namespace {

constexpr const char* kName = "causeway";  // shown in /proc/PID/maps alone

Fd fail(int why) {
  errno = why;
  return {};
}

}  // namespace

Fd memory_file(std::string_view text) {
  Fd out{::memfd_create(kName, MFD_CLOEXEC)};
  while (out && !text.empty()) {
    const auto written = ::write(out.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (out) ::lseek(out.get(), 0, SEEK_SET);
  return out;
}

Fd memory_copy(const std::string& file, std::uint64_t most) {
  const Fd from{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!from) return {};
  Fd out{::memfd_create(kName, MFD_CLOEXEC)};
  constexpr std::size_t kAtOnce = std::size_t{1} << 20U;
  for (std::uint64_t all = 0; out;) {
    const auto moved = ::sendfile(out.get(), from.get(), nullptr, kAtOnce);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return fail(errno);
    if (moved == 0) break;
    all += static_cast<std::uint64_t>(moved);
    if (all > most) return fail(EFBIG);
  }
  return out;
}

std::string path_of(const Fd& file) { return "/proc/self/fd/" + std::to_string(file.get()); }

}  // namespace causeway::net
