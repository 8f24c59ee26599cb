// Event: something that happens, and coroutines of this thread that wait for it.
#pragma once

#include "net/loop.hpp"

namespace causeway::net {

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() {
    if (waiters_ != nullptr) detail::broken("an event was dropped while somebody waits for it");
  }

  void set() {
    is_set_ = true;
    while (waiters_ != nullptr) Loop::current().wake(*waiters_, true);
  }
  void clear() { is_set_ = false; }  // may be set and waited for again
  bool is_set() const { return is_set_; }

  class [[nodiscard]] Wait : private Waiter {
   public:
    bool await_ready() {
      fired = event_.is_set_;
      return fired || loop_.interrupted() || deadline <= loop_.now();
    }
    void await_suspend(std::coroutine_handle<> waiting) {
      handle = waiting;
      link(event_.waiters_);
      loop_.suspend(*this);
    }
    bool await_resume() const noexcept { return fired; }

   private:
    friend class Event;
    Wait(Event& event, Instant until) : event_(event), loop_(Loop::current()) { deadline = until; }
    Event& event_;
    Loop& loop_;
  };

  // Awaitable of bool: true = set, false = deadline passed or interrupted.
  Wait wait(Instant deadline) { return {*this, deadline}; }

 private:
  Waiter* waiters_ = nullptr;
  bool is_set_ = false;
};

}  // namespace causeway::net
