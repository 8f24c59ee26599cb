#include "edge/log_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "edge/limits.hpp"

namespace causeway::edge {

struct LogFile::State {
  net::Fd file;
  Tell tell;
  std::mutex mutex;
  std::condition_variable come;  // lines, or the end
  std::condition_variable gone;  // all of them
  std::string waiting;
  std::size_t writing = 0;         // bytes of those the thread has taken
  std::size_t lost = 0;            // lines, not yet told of
  std::optional<Instant> give_up;  // nobody hands lines over any more

  void serve();
  bool put(std::string_view lines);
  bool given_up() {
    const std::scoped_lock lock{mutex};
    return give_up && Clock::now() >= *give_up;
  }
};

// False: given up. A disk that is full, a reader that is gone: both may come back.
bool LogFile::State::put(std::string_view lines) {
  constexpr int kRest = static_cast<int>(limits::kEdgeLogFlush.count());
  while (!lines.empty()) {
    const auto wrote = ::write(file.get(), lines.data(), lines.size());
    if (wrote > 0) {
      lines.remove_prefix(static_cast<std::size_t>(wrote));
      continue;
    }
    if (wrote < 0 && errno == EINTR) continue;
    if (given_up()) return false;
    pollfd room{.fd = file.get(), .events = POLLOUT, .revents = 0};
    ::poll(&room, wrote < 0 && errno == EAGAIN ? 1 : 0, kRest);
  }
  return true;
}

void LogFile::State::serve() {
  sigset_t all;  // a reader that is gone is an error like others, and the rest is for other threads
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::string lines;
  std::unique_lock lock{mutex};
  while (true) {
    come.wait(lock, [&] { return give_up || !waiting.empty(); });
    if (waiting.empty()) return;
    lines.clear();
    lines.swap(waiting);
    writing = lines.size();
    lock.unlock();
    const bool done = put(lines);
    lock.lock();
    writing = 0;
    gone.notify_all();
    if (!done) return;
    if (lost == 0 || give_up) continue;
    const auto told = std::exchange(lost, 0);
    lock.unlock();
    tell(fmt::format("the access log lost {} lines that nothing took in time", told));
    lock.lock();
  }
}

Parsed<std::shared_ptr<LogFile>> LogFile::open(const std::string& path, Tell tell) {
  auto state = std::make_shared<State>();
  // Stdout is not ours alone: it stays as blocking as it is. A FIFO of our own does not block.
  state->file =
      net::Fd{path.empty() ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                           : ::open(path.c_str(),
                                    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640)};
  if (!state->file) {
    return error(fmt::format("{}: cannot be opened for the access log: {}",
                             path.empty() ? "stdout" : path, std::strerror(errno)));
  }
  state->tell = std::move(tell);
  try {
    std::thread{[state] { state->serve(); }}.detach();
  } catch (const std::system_error& why) {
    return error(fmt::format("no thread for the access log: {}", why.what()));
  }
  return std::shared_ptr<LogFile>{new LogFile{std::move(state)}};
}

LogFile::~LogFile() {
  {
    const std::scoped_lock lock{state_->mutex};
    state_->give_up = Clock::now() + limits::kEdgeLogEnd;
  }
  state_->come.notify_all();
}

std::size_t LogFile::write(std::string_view lines) {
  State& state = *state_;
  {
    const std::scoped_lock lock{state.mutex};
    if (state.waiting.size() + state.writing + lines.size() > limits::kEdgeLogWaiting) {
      const auto count = static_cast<std::size_t>(std::ranges::count(lines, '\n'));
      state.lost += count;
      return count;
    }
    state.waiting += lines;
  }
  state.come.notify_one();
  return 0;
}

void LogFile::finish(Duration most) {
  std::unique_lock lock{state_->mutex};
  state_->gone.wait_for(lock, most,
                        [&] { return state_->waiting.empty() && state_->writing == 0; });
}

}  // namespace causeway::edge
