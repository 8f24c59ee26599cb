// An owned file descriptor. It remembers its place in the loop that watches it, so that a wait
// needs neither a system call nor a table look-up.
#pragma once

#include <utility>

namespace causeway::net {

struct Watch;  // net/loop.hpp

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), watch_(std::exchange(other.watch_, nullptr)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
      watch_ = std::exchange(other.watch_, nullptr);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset() noexcept;   // closes
  int release() noexcept;  // gives the descriptor away, unwatched

 private:
  friend class Loop;
  int fd_ = -1;
  mutable Watch* watch_ = nullptr;
};

}  // namespace causeway::net
