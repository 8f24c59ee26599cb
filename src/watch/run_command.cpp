#include "watch/run_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "net/fd.hpp"
#include "net/loop.hpp"
#include "net/memory_file.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

void read_all(const net::Fd& pipe, std::string& output) {
  std::array<char, 4096> bytes;
  while (true) {
    const auto got = ::read(pipe.get(), bytes.data(), bytes.size());
    if (got <= 0) return;
    const std::size_t room = limits::kWatchCommandOutput - output.size();
    output.append(bytes.data(), std::min(room, static_cast<std::size_t>(got)));
  }
}

struct Spawned {
  pid_t process = -1;
  net::Fd exit;    // readable when the process has ended
  net::Fd output;  // the reading end
  std::string why;
};

Spawned spawn(std::vector<std::string>& arguments, std::vector<std::string>& environment,
              const std::string& input) {
  Spawned out;
  const net::Fd in = net::memory_file(input);
  std::array<int, 2> ends{-1, -1};
  if (!in || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    out.why = std::strerror(errno);
    return out;
  }
  out.output = net::Fd{ends[0]};
  const net::Fd write_end{ends[1]};
  ::fcntl(out.output.get(), F_SETFL, O_NONBLOCK);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, write_end.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own, so that its children end with it; signals as a new program expects them.
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  auto argv = pointers(arguments);
  auto envp = pointers(environment);
  envp.pop_back();
  for (char** own = ::environ; *own != nullptr; ++own) envp.push_back(*own);
  envp.push_back(nullptr);
  const int failed =
      ::posix_spawnp(&out.process, argv[0], &files, &attributes, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    out.process = -1;
    out.why = fmt::format("{}: {}", arguments[0], std::strerror(failed));
    return out;
  }
  out.exit = net::Fd{static_cast<int>(::syscall(SYS_pidfd_open, out.process, 0))};
  return out;
}

// Ends the group however the coroutine goes away.
struct Reaper {
  pid_t process;
  bool ended = false;
  ~Reaper() {
    if (ended) return;
    ::kill(-process, SIGKILL);
    int status = 0;
    ::waitpid(process, &status, 0);
  }
};

}  // namespace

net::Task<Ran> run_command(std::vector<std::string> arguments, std::vector<std::string> environment,
                           std::string input, Duration wait) {
  Ran out;
  if (arguments.empty()) {
    out.why = "no program is named";
    co_return out;
  }
  Spawned child = spawn(arguments, environment, input);
  if (child.process < 0 || !child.exit) {
    out.why = child.why.empty() ? "pidfd_open is not possible" : child.why;
    co_return out;
  }
  out.started = true;
  Reaper reaper{child.process};
  std::string output;
  const Instant deadline = Clock::now() + wait;
  net::Loop& loop = net::Loop::current();
  // Its output is taken away while it runs, so that it never waits for us.
  while (true) {
    const Instant soon = std::min(deadline, Clock::now() + std::chrono::milliseconds{50});
    if (co_await loop.readable(child.exit, soon)) break;
    read_all(child.output, output);
    if (Clock::now() >= deadline || loop.interrupted()) {
      out.timed_out = true;
      break;
    }
  }
  if (!out.timed_out) {
    int status = 0;
    ::waitpid(child.process, &status, 0);
    reaper.ended = true;
    out.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  read_all(child.output, output);
  out.output = printable(trim(output), limits::kWatchCommandOutput);
  co_return out;
}

}  // namespace causeway::watch
