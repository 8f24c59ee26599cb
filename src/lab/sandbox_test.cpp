#include "lab/sandbox.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/scratch_folder.hpp"

namespace causeway::lab {
namespace {

namespace fs = std::filesystem;

// Namespaces need root with CAP_SYS_ADMIN. Without it, that refusal is what there is to see.
bool allowed() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(::unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) == 0 ? 0 : 1);
  int status = 1;
  ::waitpid(pid, &status, 0);
  return status == 0;
}

class SandboxTest : public ::testing::Test {
 protected:
  SandboxTest() { fs::create_directories(work_ / "out"); }

  Parsed<Sandbox> start(const std::string& script) {
    return Sandbox::start({.tree = work_, .authority = work_, .causeway = {}, .servers = {}},
                          work_ / "out", {"/bin/sh", "-c", script}, false);
  }
  std::string log() const {
    std::ifstream in(work_ / "out/log");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  ScratchFolder scratch_;
  fs::path work_ = scratch_.make().value();
};

bool ends_within(int pidfd, int milliseconds) {
  pollfd end{.fd = pidfd, .events = POLLIN, .revents = 0};
  return ::poll(&end, 1, milliseconds) == 1;
}

TEST_F(SandboxTest, HasItsOwnNetworkProcessesAndDirectories) {
  auto sandbox = start(
      "echo pid $$; ls /sys/class/net /tmp /run/lab; grep -c : /proc/net/dev; hostname; "
      "touch /run/lab/tree/x 2>/dev/null || echo read-only; touch /run/lab/out/written; exit 7");
  if (!allowed()) {
    EXPECT_THAT(sandbox ? "" : sandbox.error().text, ::testing::HasSubstr("root"));
    return;
  }
  ASSERT_TRUE(sandbox) << sandbox.error().text;
  EXPECT_EQ(sandbox->reap(), 7);
  EXPECT_THAT(log(), ::testing::HasSubstr("pid 1\n"));
  EXPECT_THAT(log(), ::testing::HasSubstr("\n1\nedge-1\nread-only\n")) << "one interface: lo";
  EXPECT_TRUE(fs::exists(work_ / "out/written"));
}

TEST_F(SandboxTest, KillTakesEveryProcessWithIt) {
  if (!allowed()) return;
  ASSERT_EQ(::mkfifo((work_ / "out/up").c_str(), 0600), 0);
  auto sandbox = start("setsid sh -c 'echo up >/run/lab/out/up; exec sleep 1000' & wait");
  ASSERT_TRUE(sandbox) << sandbox.error().text;
  std::ifstream up(work_ / "out/up");
  std::string word;
  up >> word;
  ASSERT_EQ(word, "up");
  sandbox->kill();
  ASSERT_TRUE(ends_within(sandbox->pidfd(), 5000));
  EXPECT_EQ(sandbox->reap(), -SIGKILL);
}

// The runner is killed without a chance to clean up: the kernel ends the namespaces.
TEST_F(SandboxTest, EndsWithItsParentEvenAfterSigkill) {
  if (!allowed()) return;
  ASSERT_EQ(::mkfifo((work_ / "out/up").c_str(), 0600), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    auto sandbox = start("(sleep 1000 & sleep 1000) & echo started >/run/lab/out/up; wait");
    ::pause();
    ::_exit(0);
  }
  std::ifstream up(work_ / "out/up");  // opens once the child inside has opened it for writing
  std::string word;
  up >> word;
  ASSERT_EQ(word, "started");
  // A namespace's process 1 ends only after all others in it (pid_namespaces(7)).
  pid_t inside = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream status(entry.path() / "status");
    std::string line;
    bool child = false;
    while (std::getline(status, line)) {
      if (line == "PPid:\t" + std::to_string(parent)) child = true;
    }
    if (child) inside = static_cast<pid_t>(std::stoi(entry.path().filename()));
  }
  ASSERT_GT(inside, 0);
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, inside, 0));
  ASSERT_GE(pidfd, 0);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(ends_within(pidfd, 5000));
  ::close(pidfd);
}

}  // namespace
}  // namespace causeway::lab
