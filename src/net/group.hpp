// Group: several tasks side by side, and somebody who waits until all have ended, or gives them up.
#pragma once

#include <coroutine>
#include <cstddef>
#include <utility>

#include "net/task.hpp"

namespace causeway::net {

class Group {
 public:
  Group() = default;
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() { abandon(); }

  void start(Task<void> task) {
    ++running_;
    run(*this, std::move(task));
  }

  // All that were started, also those started while waiting. One waiter at a time. An interrupt of
  // the loop does not end this wait: it ends the waits of the tasks, and so the tasks.
  Task<void> finished() {
    while (running_ != 0) co_await LastOne{*this};
  }

  // Cancels every task that still runs. Not from within one of them.
  void abandon() {
    while (members_ != nullptr) {
      std::coroutine_handle<Detached::promise_type>::from_promise(*members_).destroy();
      --running_;
    }
    if (waiting_) std::exchange(waiting_, {}).resume();
  }

  std::size_t running() const { return running_; }

 private:
  // The frame is gone before anybody hears of its end: who waits may take the group away.
  struct Ended {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      Group& group = self.promise().group;
      self.destroy();
      if (--group.running_ != 0 || !group.waiting_) return std::noop_coroutine();
      return std::exchange(group.waiting_, {});
    }
    void await_resume() const noexcept {}
  };

  struct Detached {
    // Also the task's place in the group's list.
    struct promise_type {
      Group& group;
      promise_type* next;
      promise_type** back;

      promise_type(Group& the_group, Task<void>& /*task*/)
          : group(the_group), next(the_group.members_), back(&the_group.members_) {
        if (next != nullptr) next->back = &next;
        group.members_ = this;
      }
      promise_type(const promise_type&) = delete;
      promise_type& operator=(const promise_type&) = delete;
      ~promise_type() {
        *back = next;
        if (next != nullptr) next->back = back;
      }
      static void* operator new(std::size_t bytes) { return take_frame(bytes); }
      static void operator delete(void* frame, std::size_t bytes) noexcept {
        give_frame(frame, bytes);
      }
      Detached get_return_object() const noexcept { return {}; }
      std::suspend_never initial_suspend() const noexcept { return {}; }
      Ended final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
  };

  struct LastOne {
    Group& group;
    bool await_ready() const noexcept { return group.running_ == 0; }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept { group.waiting_ = waiting; }
    void await_resume() const noexcept {}
    ~LastOne() { group.waiting_ = {}; }
  };

  static Detached run(Group& /*group*/, Task<void> task) { co_await std::move(task); }

  Detached::promise_type* members_ = nullptr;
  std::size_t running_ = 0;
  std::coroutine_handle<> waiting_;
};

}  // namespace causeway::net
