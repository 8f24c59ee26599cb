#include "guard/store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/durable.hpp"
#include "base/limits.hpp"
#include "guard/limits.hpp"
#include "guard/pause.hpp"

namespace causeway::guard {
namespace {

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
  const int problem = errno;
  const bool denied = problem == EACCES || problem == EPERM;
  const char* hint = denied || (::geteuid() != 0 && problem == ENOENT)
                         ? "; run it as root, or name a folder with --state"
                         : "";
  return error(fmt::format("cannot {} '{}': {}{}", what, path, std::strerror(problem), hint));
}

}  // namespace

Parsed<void> Store::lock(Duration most) {
  std::error_code problem;
  std::filesystem::create_directories(folder_, problem);
  const auto path = folder_ + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return failed("open", path);
  const bool for_ever = most == Duration::max();
  const Instant last = for_ever ? Instant::max() : Clock::now() + most;
  while (::flock(fd, LOCK_EX | (for_ever ? 0 : LOCK_NB)) != 0) {
    if (errno == EINTR) continue;
    const bool taken = errno == EWOULDBLOCK;
    if (taken && Clock::now() < last) {
      pause(limits::kPoll);
      continue;
    }
    ::close(fd);
    if (taken)
      return error("another guard command is at work on this host; try again when it ends");
    return failed("lock", path);
  }
  lock_ = fd;
  return {};
}

void Store::unlock() {
  if (lock_ >= 0) ::close(std::exchange(lock_, -1));
}

void Store::forget_lock() { unlock(); }

Parsed<Journal> Store::load() const {
  const auto path = folder_ + "/journal.json";
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return Journal{};
  if (fd < 0) return failed("read", path);
  std::string text;
  std::array<char, causeway::limits::kReadBuffer> buffer{};
  while (text.size() <= limits::kJournalBytes) {
    const auto got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(fd);
  auto journal = parse_journal(text);
  if (!journal) {
    return error(
        fmt::format("'{}' is damaged: {}; move it away to begin anew", path, journal.error().text));
  }
  return journal;
}

Parsed<void> Store::save(const Journal& journal) const {
  const auto path = folder_ + "/journal.json";
  const auto beside = path + ".new";
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed("write", beside);
  const bool whole = write_durably(fd, to_json(journal));
  if (::close(fd) != 0 || !whole) return failed("write", beside);
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed("rename", beside);
  sync_folder(folder_);
  return {};
}

}  // namespace causeway::guard
