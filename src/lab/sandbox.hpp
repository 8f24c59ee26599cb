// One fault's own world: fresh network, mount, process, host-name and IPC namespaces around one
// process, and an end that leaves nothing.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace causeway::lab {

// What the process inside sees at /run/lab; everything else of the machine is there as it is,
// except /run, /tmp and /var/log, which are empty and its own.
struct Furniture {
  std::filesystem::path tree;       // /run/lab/tree: the lab directory
  std::filesystem::path authority;  // /run/lab/ca
  std::filesystem::path causeway;   // /run/lab/causeway, may be empty
  std::filesystem::path servers;    // /run/lab/servers, may be empty
};

// Owns the child: the destructor kills it, and with it every process of its namespace.
class Sandbox {
 public:
  // `out` becomes /run/lab/out (writable); standard output and error go to out/log unless
  // `terminal`.
  static Parsed<Sandbox> start(const Furniture& furniture, const std::filesystem::path& out,
                               const std::vector<std::string>& command, bool terminal);
  Sandbox(Sandbox&& other) noexcept;
  Sandbox& operator=(Sandbox&& other) noexcept;
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  ~Sandbox();

  int pidfd() const { return pidfd_; }  // readable once the child has ended
  void kill() const;
  // Waits for the end (blocking) and returns the exit status, or -signal.
  int reap();

 private:
  Sandbox(pid_t pid, int pidfd, int alive) : pid_(pid), pidfd_(pidfd), alive_(alive) {}

  pid_t pid_ = -1;
  int pidfd_ = -1;
  int alive_ = -1;  // write end of a pipe: closed means that we are gone
};

// A directory that only this process and its children see, and that ends with them: a tmpfs in a
// mount namespace of our own. Call while the process has one thread. Needs CAP_SYS_ADMIN.
Parsed<std::filesystem::path> private_directory();

}  // namespace causeway::lab
