// One thread's event loop: edge-triggered epoll, each descriptor registered once, one clock read a
// turn. Everything that waits has a deadline and is woken by interrupt().
//
// Two ways to wait for a descriptor:
//   readable/writable/error_queued   ask the kernel first (poll(2)): right in every situation
//   read_edge/write_edge             for whoever has just met EAGAIN, or a short read, and said so
//   with
//                                    drained_read()/drained_write(): no system call at all
// After a hang-up read_edge waits no more, whatever drained_read() says: the end may have come with
// the last data, without an edge of its own. Whoever waits with it must read until the end or an
// error; whoever only looks (MSG_PEEK) must ask hung_up() and look once more, then stop.
#pragma once

#include <array>
#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "net/deadline_heap.hpp"
#include "net/fd.hpp"
#include "net/task.hpp"

namespace causeway::net {

class Loop;

// A suspended coroutine: waits for something (linked there by `next`/`back`) until a deadline, then
// stands in the loop's queue of the woken. It lives in the frame of the coroutine that waits, so
// destroying that frame at any time is how a wait is cancelled.
struct Waiter : DeadlineNode {
  std::coroutine_handle<> handle;
  Waiter* next = nullptr;
  Waiter** back = nullptr;    // what points here; null when it waits for time alone
  Loop* suspended = nullptr;  // the loop whose deadlines or woken hold it
  bool woken = false;
  bool fired = false;      // what it waited for has happened
  std::uint8_t wants = 0;  // of a descriptor: one Readiness

  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter();
  void link(Waiter*& list);
  void unlink();
};

enum Readiness : std::uint8_t { kCanRead = 1, kCanWrite = 2, kHasError = 4, kHungUp = 8 };

struct Places;

// A descriptor's place in its loop. There is one for each connection: 32 bytes.
struct Watch {
  union {
    Places* all = nullptr;  // while it is taken
    Watch* next_free;       // while it is not
  };
  Waiter* waiters = nullptr;  // rarely more than two: who reads and who writes
  int fd = -1;
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  // tells a late event of a closed descriptor from one of the next
  std::uint8_t ready = 0;

  static constexpr std::uint32_t kBlock = 64;  // are allocated together
};

// The places of a loop's descriptors, in blocks that never move: an allocation for each would add
// half of what it holds. A descriptor that outlives the loop keeps them.
struct Places {
  Loop* loop = nullptr;  // null when the loop is gone
  std::vector<std::unique_ptr<std::array<Watch, Watch::kBlock>>> blocks;
  Watch* free = nullptr;
  std::uint32_t taken = 0;
  std::atomic<std::uint32_t> left = 0;  // of the taken, since the loop is gone

  Watch& at(std::uint32_t index) { return (*blocks[index / Watch::kBlock])[index % Watch::kBlock]; }
  Watch& take() {
    if (free == nullptr) add_block();
    Watch& place = *free;
    free = place.next_free;
    place.all = this;
    ++taken;
    return place;
  }
  void give(Watch& place) noexcept {
    place.fd = -1;
    ++place.generation;
    place.next_free = free;
    free = &place;
    --taken;
  }
  void add_block();
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  static Loop& current();  // the loop of this thread; there must be one

  Instant now() const { return now_; }  // when this turn began

  // Drives until `task` has ended.
  template <class T>
  T run(Task<T> task) {
    refresh();
    Started<T> root{std::move(task)};
    drive(root.handle());
    return root.take();
  }

  // From any thread or signal handler: every wait, now and later, ends at once as if at its
  // deadline.
  void interrupt() noexcept;
  bool interrupted() const noexcept { return interrupted_.load(std::memory_order_relaxed); }

  // Awaitables of bool: true = happened, false = deadline passed or interrupted.
  class [[nodiscard]] FdWait;
  FdWait readable(const Fd& fd, Instant deadline);
  FdWait writable(const Fd& fd, Instant deadline);
  FdWait error_queued(const Fd& fd, Instant deadline);  // POLLERR: error queue or SO_ERROR
  FdWait read_edge(const Fd& fd, Instant deadline);
  FdWait write_edge(const Fd& fd, Instant deadline);

  // True = the time has come, false = interrupted before.
  class [[nodiscard]] Sleep;
  Sleep sleep_until(Instant at);

  // For whoever works without ever having to wait, such as a reader of a fast peer: passes at once
  // until this turn's operations are spent, then lets the others run. False as above.
  class [[nodiscard]] Turn;
  Turn turn(Instant deadline);

  // Whether a read or write is worth a system call: false only after drained_*() and before the
  // next edge.
  static bool may_read(const Fd& fd) { return may(fd, kCanRead | kHungUp); }
  static bool may_write(const Fd& fd) { return may(fd, kCanWrite); }
  // The peer has closed its side, or the connection broke. Asks the kernel where nobody has waited
  // for the descriptor yet.
  static bool hung_up(const Fd& fd) {
    if (fd.watch_ == nullptr) return kernel_says_hung_up(fd.get());
    return (fd.watch_->ready & (kHungUp | kHasError)) != 0;
  }
  static void drained_read(const Fd& fd) { drained(fd, kCanRead); }
  static void drained_write(const Fd& fd) { drained(fd, kCanWrite); }

  // For other awaitables: suspend, and wake in this turn or the next.
  void suspend(Waiter& waiter) {
    waiter.suspended = this;
    deadlines_.add(waiter);
  }
  void wake(Waiter& waiter, bool fired);

 private:
  friend class Fd;
  friend struct Waiter;

  static bool kernel_says_hung_up(int fd);
  static bool may(const Fd& fd, int what) {
    return fd.watch_ == nullptr || (fd.watch_->ready & what) != 0;
  }
  static void drained(const Fd& fd, Readiness what) {
    if (fd.watch_ != nullptr) fd.watch_->ready &= static_cast<std::uint8_t>(~what);
  }

  Watch* watch(const Fd& fd);
  static void forget(Watch& watch) noexcept;
  void refresh();
  void drive(std::coroutine_handle<> root);
  void wait_for_events();
  void take_event(std::uint64_t key, std::uint32_t events);
  void wake_all(Watch& watch, Readiness what);
  void end_passed_deadlines();
  void run_woken();

  Fd epoll_;
  Fd interrupt_fd_;
  Loop* previous_;  // of this thread
  Instant now_;
  DeadlineHeap deadlines_;
  Waiter* woken_ = nullptr;  // to run in the next turn
  Waiter** woken_end_ = &woken_;
  Waiter* turn_ = nullptr;  // left to run in this turn
  std::unique_ptr<Places> places_;
  std::atomic<bool> interrupted_ = false;
  int operations_left_;
  bool driving_ = false;
};

class Loop::FdWait : private Waiter {
 public:
  bool await_ready();
  void await_suspend(std::coroutine_handle<> waiting);
  bool await_resume() const noexcept { return fired; }

 private:
  friend class Loop;
  FdWait(Loop& loop, const Fd& the_fd, Readiness what, bool asks_kernel, Instant until)
      : asks_kernel_(asks_kernel), watch_(*loop.watch(the_fd)) {
    deadline = until;
    wants = what;
  }
  Loop& loop() const { return *watch_.all->loop; }

  // It lies in the frame of each coroutine that waits: first what fits into the base's last word.
  bool asks_kernel_;
  Watch& watch_;
};

class Loop::Sleep : private Waiter {
 public:
  bool await_ready() {
    fired = deadline <= loop_.now();
    return fired || loop_.interrupted();
  }
  void await_suspend(std::coroutine_handle<> waiting) {
    handle = waiting;
    loop_.suspend(*this);
  }
  bool await_resume() const noexcept { return fired || !loop_.interrupted(); }

 private:
  friend class Loop;
  Sleep(Loop& loop, Instant at) : loop_(loop) { deadline = at; }
  Loop& loop_;
};

class Loop::Turn : private Waiter {
 public:
  bool await_ready() {
    fired = --loop_.operations_left_ >= 0;
    return fired || loop_.interrupted();
  }
  void await_suspend(std::coroutine_handle<> waiting) {
    handle = waiting;
    loop_.suspend(*this);
    loop_.wake(*this, false);
  }
  bool await_resume() const noexcept {
    return fired || (until_ > loop_.now() && !loop_.interrupted());
  }

 private:
  friend class Loop;
  Turn(Loop& loop, Instant until) : loop_(loop), until_(until) {}
  Loop& loop_;
  Instant until_;
};

inline Loop::FdWait Loop::readable(const Fd& fd, Instant deadline) {
  return {*this, fd, kCanRead, true, deadline};
}
inline Loop::FdWait Loop::writable(const Fd& fd, Instant deadline) {
  return {*this, fd, kCanWrite, true, deadline};
}
inline Loop::FdWait Loop::error_queued(const Fd& fd, Instant deadline) {
  return {*this, fd, kHasError, true, deadline};
}
inline Loop::FdWait Loop::read_edge(const Fd& fd, Instant deadline) {
  return {*this, fd, kCanRead, false, deadline};
}
inline Loop::FdWait Loop::write_edge(const Fd& fd, Instant deadline) {
  return {*this, fd, kCanWrite, false, deadline};
}
inline Loop::Sleep Loop::sleep_until(Instant at) { return {*this, at}; }
inline Loop::Turn Loop::turn(Instant deadline) { return {*this, deadline}; }

}  // namespace causeway::net
