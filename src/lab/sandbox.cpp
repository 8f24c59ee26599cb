#include "lab/sandbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

namespace causeway::lab {
namespace {

constexpr std::uint64_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;

struct Binding {
  std::filesystem::path source;  // empty: nothing to bind
  const char* target = nullptr;
  bool directory = false;
  bool writable = false;
  int opened = -1;
};
using Bindings = std::array<Binding, 5>;

// From here to execve the child has nobody to report to but its log.
[[noreturn]] void give_up(const char* what) {
  const std::string line = fmt::format("lab: {}: {}\n", what, std::strerror(errno));
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(125);
}

void must(bool done, const char* what) {
  if (!done) give_up(what);
}

void mount_tmpfs(const char* where, const char* options) {
  must(::mount("lab", where, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0, where);
}

// Sources are opened before /run and /tmp are hidden, so that what lies there can still be bound;
// and in this mount namespace, because a mount of another one cannot be bound (mount(2), EINVAL).
void furnish(Bindings bindings) {
  for (auto& binding : bindings) {
    if (binding.source.empty()) continue;
    binding.opened = ::open(binding.source.c_str(), O_PATH | O_CLOEXEC);
    must(binding.opened >= 0, binding.source.c_str());
  }
  must(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
  mount_tmpfs("/run", "mode=755");
  must(::mkdir("/run/lab", 0755) == 0, "/run/lab");
  for (const auto& binding : bindings) {
    if (binding.opened < 0) continue;
    if (binding.directory) {
      must(::mkdir(binding.target, 0755) == 0, binding.target);
    } else {
      const int file = ::open(binding.target, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
      must(file >= 0, binding.target);
      ::close(file);
    }
    const std::string source = fmt::format("/proc/self/fd/{}", binding.opened);
    must(::mount(source.c_str(), binding.target, nullptr, MS_BIND, nullptr) == 0, binding.target);
    if (!binding.writable) {
      must(
          ::mount(nullptr, binding.target, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0,
          binding.target);
    }
  }
  mount_tmpfs("/tmp", "mode=1777");
  mount_tmpfs("/var/log", "mode=755");
  must(::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0, "/proc");
}

// The kernel kills us when the thread that cloned us ends, however it ends. If that happened before
// the request was made, the other end of `alive` is already closed.
void die_with_parent(int alive) {
  must(::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "PR_SET_PDEATHSIG");
  pollfd end{.fd = alive, .events = POLLIN, .revents = 0};
  if (::poll(&end, 1, 0) != 0) ::_exit(125);
}

void redirect(int log) {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  must(nothing >= 0 && ::dup2(nothing, STDIN_FILENO) >= 0, "/dev/null");
  must(::dup2(log, STDOUT_FILENO) >= 0 && ::dup2(log, STDERR_FILENO) >= 0, "log");
}

[[noreturn]] void live(const Bindings& bindings, int alive, int log,
                       const std::vector<std::string>& command) {
  if (log >= 0) redirect(log);
  die_with_parent(alive);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  ::signal(SIGPIPE, SIG_DFL);
  must(::sethostname("edge-1", 6) == 0, "sethostname");
  furnish(bindings);
  must(::chdir("/") == 0, "/");
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  give_up(arguments[0]);
}

}  // namespace

Parsed<Sandbox> Sandbox::start(const Furniture& furniture, const std::filesystem::path& out,
                               const std::vector<std::string>& command, bool terminal) {
  const int log =
      terminal ? -1
               : ::open((out / "log").c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  std::array<int, 2> alive{-1, -1};
  if ((!terminal && log < 0) || ::pipe2(alive.data(), O_CLOEXEC) != 0) {
    return error(fmt::format("{}: {}", out.string(), std::strerror(errno)));
  }
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = kNamespaces | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid < 0) {
    const int problem = errno;
    for (const int fd : {alive[0], alive[1], log}) ::close(fd);
    return error(fmt::format("cannot make namespaces: {} (the lab needs root with CAP_SYS_ADMIN)",
                             std::strerror(problem)));
  }
  if (pid == 0) {
    ::close(alive[1]);
    live({{{furniture.tree, "/run/lab/tree", true, false},
           {furniture.authority, "/run/lab/ca", true, false},
           {out, "/run/lab/out", true, true},
           {furniture.causeway, "/run/lab/causeway", false, false},
           {furniture.servers, "/run/lab/servers", false, false}}},
         alive[0], log, command);
  }
  // The write end stays open, on purpose, as long as this process lives.
  ::close(alive[0]);
  if (log >= 0) ::close(log);
  return Sandbox(pid, pidfd, alive[1]);
}

Sandbox::Sandbox(Sandbox&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::exchange(other.pidfd_, -1)),
      alive_(std::exchange(other.alive_, -1)) {}

Sandbox& Sandbox::operator=(Sandbox&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(alive_, other.alive_);
  return *this;
}

Sandbox::~Sandbox() {
  if (pid_ > 0) {
    kill();
    reap();
  }
  if (pidfd_ >= 0) ::close(pidfd_);
  if (alive_ >= 0) ::close(alive_);
}

void Sandbox::kill() const {
  if (pid_ > 0) ::syscall(SYS_pidfd_send_signal, pidfd_, SIGKILL, nullptr, 0);
}

int Sandbox::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

Parsed<std::filesystem::path> private_directory() {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("lab", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0) {
    return error(fmt::format("cannot make namespaces: {} (the lab needs root with CAP_SYS_ADMIN)",
                             std::strerror(errno)));
  }
  return std::filesystem::path("/run");
}

}  // namespace causeway::lab
