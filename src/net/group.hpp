// Group: several tasks side by side, and somebody who waits until all have ended.
#pragma once

#include <cstddef>

#include "net/task.hpp"

namespace causeway::net {

class Group {
 public:
  Group() = default;
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() {
    if (running_ != 0) detail::broken("a group was dropped while its tasks run");
  }

  void start(Task<void> task) {
    ++running_;
    run(*this, std::move(task));
  }

  // All that were started, also those started while waiting. One waiter at a time. An interrupt of
  // the loop does not end this wait: it ends the waits of the tasks, and so the tasks.
  Task<void> finished() {
    while (running_ != 0) co_await LastOne{*this};
  }

  std::size_t running() const { return running_; }

 private:
  struct Detached {
    struct promise_type {
      static void* operator new(std::size_t bytes) { return take_frame(bytes); }
      static void operator delete(void* frame, std::size_t bytes) noexcept {
        give_frame(frame, bytes);
      }
      Detached get_return_object() const noexcept { return {}; }
      std::suspend_never initial_suspend() const noexcept { return {}; }
      std::suspend_never final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
  };

  struct LastOne {
    Group& group;
    bool await_ready() const noexcept { return group.running_ == 0; }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept { group.waiting_ = waiting; }
    void await_resume() const noexcept {}
  };

  static Detached run(Group& group, Task<void> task) {
    co_await std::move(task);
    if (--group.running_ == 0 && group.waiting_) std::exchange(group.waiting_, {}).resume();
  }

  std::size_t running_ = 0;
  std::coroutine_handle<> waiting_;
};

}  // namespace causeway::net
