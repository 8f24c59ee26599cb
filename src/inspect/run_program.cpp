#include "inspect/run_program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace causeway::inspect {
namespace {

constexpr std::array<std::string_view, 6> kDirectories{
    "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"};

// Tools print numbers and words the same way everywhere with these.
constexpr std::array<const char*, 5> kEnvironment{
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin", "LC_ALL=C", "HOME=/root",
    "TZ=UTC", nullptr};

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{Descriptor{ends[0]}, Descriptor{ends[1]}};
}

void never_block(const Descriptor& end) {
  ::fcntl(end.get(), F_SETFL, ::fcntl(end.get(), F_GETFL) | O_NONBLOCK);
}

// A child in a process group of its own, with the signals of a fresh process.
int spawn(const std::string& path, const Program& program, const Pipe& in, const Pipe& out,
          const Pipe& err, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  if (::posix_spawn_file_actions_init(&actions) != 0) return ENOMEM;
  if (::posix_spawnattr_init(&attributes) != 0) {
    ::posix_spawn_file_actions_destroy(&actions);
    return ENOMEM;
  }
  ::posix_spawn_file_actions_adddup2(&actions, in.read.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err.write.get(), STDERR_FILENO);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> words;
  words.reserve(program.words.size() + 1);
  for (const auto& word : program.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  auto environment = kEnvironment;
  const int problem = ::posix_spawn(&pid, path.c_str(), &actions, &attributes, words.data(),
                                    const_cast<char**>(environment.data()));
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  return problem;
}

class Running {
 public:
  explicit Running(const Program& program) : program_(program), begin_(Clock::now()) { start(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  Running(Running&& other) = delete;
  Running& operator=(Running&&) = delete;
  ~Running() {
    if (pid_ > 0) finish(Ran::End::failed);
  }

  bool done() const { return pid_ <= 0; }
  Instant deadline() const { return begin_ + program_.wait; }
  Ran take() { return std::move(ran_); }

  void watch(std::vector<pollfd>& into) const {
    into.push_back({.fd = ended_.get(), .events = POLLIN, .revents = 0});
    into.push_back({.fd = out_.get(), .events = POLLIN, .revents = 0});
    into.push_back({.fd = err_.get(), .events = POLLIN, .revents = 0});
    into.push_back({.fd = in_.get(), .events = POLLOUT, .revents = 0});
  }

  // One turn: reads what is there, writes what fits, ends what is over.
  void turn() {
    write_some();
    // Asked first: what the child wrote before its end is then in the pipes.
    const bool ended = has_ended();
    if (!read_some(out_, ran_.out, program_.most)) return finish(Ran::End::too_large);
    if (!read_some(err_, ran_.err, limits::kProgramErrors)) err_.close();
    if (ended) return finish(Ran::End::exited);
    if (Clock::now() >= deadline()) finish(Ran::End::too_slow);
  }

 private:
  void start() {
    const std::string path = program_.words.empty() ? "" : find_program(program_.words.front());
    if (path.empty()) return;
    auto in = make_pipe();
    auto out = make_pipe();
    auto err = make_pipe();
    if (!in || !out || !err) return failed(errno);
    pid_t pid = -1;
    const int problem = spawn(path, program_, *in, *out, *err, pid);
    if (problem != 0) return failed(problem);
    pid_ = pid;
    ended_ = Descriptor{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    in_ = std::move(in->write);
    out_ = std::move(out->read);
    err_ = std::move(err->read);
    for (const auto* end : {&in_, &out_, &err_}) never_block(*end);
    if (program_.input.empty()) in_.close();
  }

  void failed(int problem) {
    ran_.end = Ran::End::failed;
    ran_.status = problem;
  }

  bool has_ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
  }

  void write_some() {
    while (in_.open() && written_ < program_.input.size()) {
      const auto wrote =
          ::write(in_.get(), program_.input.data() + written_, program_.input.size() - written_);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0 && errno == EAGAIN) return;
      if (wrote < 0) break;  // it does not want to read: its exit code says whether that is well
      written_ += static_cast<std::size_t>(wrote);
    }
    in_.close();
  }

  // False: more than `most`.
  static bool read_some(Descriptor& from, std::string& into, std::size_t most) {
    std::array<char, limits::kReadBuffer> buffer{};
    while (from.open()) {
      const auto got = ::read(from.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return true;
      if (got <= 0) {
        from.close();
        return true;
      }
      const auto room = most - std::min(most, into.size());
      into.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
      if (static_cast<std::size_t>(got) > room) return false;
    }
    return true;
  }

  void finish(Ran::End end) {
    // The group outlives its leader when the program left something running.
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    ran_.end = end;
    if (end == Ran::End::exited) {
      ran_.end = WIFEXITED(status) ? Ran::End::exited : Ran::End::signalled;
      ran_.status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    }
    ran_.took = Clock::now() - begin_;
  }

  const Program& program_;
  Instant begin_;
  pid_t pid_ = -1;
  Descriptor ended_;
  Descriptor in_;
  Descriptor out_;
  Descriptor err_;
  std::size_t written_ = 0;
  Ran ran_;
};

// A child that does not read must not end us: the write then fails with EPIPE.
class WithoutBrokenPipe {
 public:
  WithoutBrokenPipe() {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &before_);
  }
  ~WithoutBrokenPipe() { ::sigaction(SIGPIPE, &before_, nullptr); }
  WithoutBrokenPipe(const WithoutBrokenPipe&) = delete;
  WithoutBrokenPipe& operator=(const WithoutBrokenPipe&) = delete;

 private:
  struct sigaction before_{};
};

void wait_for_any(const std::vector<std::unique_ptr<Running>>& all) {
  std::vector<pollfd> watched;
  Instant first = kNever;
  for (const auto& one : all) {
    if (one->done()) continue;
    one->watch(watched);
    first = std::min(first, one->deadline());
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(first - Clock::now()).count();
  ::poll(watched.data(), watched.size(), static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000)));
}

}  // namespace

std::string Ran::problem(std::string_view program) const {
  switch (end) {
    case End::missing: return fmt::format("{}: is not installed", program);
    case End::failed:
      return fmt::format("{}: cannot be started: {}", program, std::strerror(status));
    case End::too_slow:
      return fmt::format("{}: no end within {:.0f} s", program, milliseconds(took) / 1000);
    case End::too_large: return fmt::format("{}: prints more than {} bytes", program, out.size());
    case End::signalled: return fmt::format("{}: ended by signal {}", program, status);
    case End::exited: break;
  }
  if (status == 0) return "";
  const auto words =
      printable(trim(std::string_view{err}.substr(0, err.find('\n'))), limits::kTextKept);
  return fmt::format("{}: exit {}{}{}", program, status, words.empty() ? "" : ": ", words);
}

std::string find_program(std::string_view name) {
  if (name.find('/') != std::string_view::npos) {
    std::string path{name};
    return ::access(path.c_str(), X_OK) == 0 ? path : "";
  }
  for (const auto directory : kDirectories) {
    std::string path = fmt::format("{}/{}", directory, name);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

std::vector<Ran> run_programs(const std::vector<Program>& programs) {
  const WithoutBrokenPipe quiet;
  std::vector<std::unique_ptr<Running>> all;
  all.reserve(programs.size());
  for (const auto& program : programs) all.push_back(std::make_unique<Running>(program));
  while (!std::ranges::all_of(all, [](const auto& one) { return one->done(); })) {
    wait_for_any(all);
    for (const auto& one : all) {
      if (!one->done()) one->turn();
    }
  }
  std::vector<Ran> out;
  out.reserve(all.size());
  for (const auto& one : all) out.push_back(one->take());
  return out;
}

Ran run_program(const Program& program) { return std::move(run_programs({program}).front()); }

}  // namespace causeway::inspect
