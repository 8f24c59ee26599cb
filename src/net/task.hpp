// Task<T>: a coroutine that runs when awaited and hands its result to the awaiter by symmetric
// transfer. Started<T>: one that runs at once and is awaited later. Destroying either before its
// end cancels it: its frame, and what it waits for, go away with everything they own.
//
// An exception that leaves a coroutine ends the process: failures travel as values
// (base/result.hpp), exceptions of libraries are caught where the library is called.
#pragma once

#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>

#include "net/frame_pool.hpp"

namespace causeway::net {

template <class T = void>
class Task;

namespace detail {

[[noreturn]] inline void broken(const char* what) {
  std::fprintf(stderr, "causeway: internal error: %s\n", what);
  std::abort();
}

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  static void* operator new(std::size_t bytes) { return take_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { give_frame(frame, bytes); }

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().continuation;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  Final final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;

  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

// Owns a frame. Shared by Task and Started.
template <class T>
class Frame {
 public:
  using Handle = std::coroutine_handle<Promise<T>>;

  Frame() = default;
  explicit Frame(Handle handle) noexcept : handle_(handle) {}
  Frame(Frame&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Frame& operator=(Frame&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Frame() {
    if (handle_) handle_.destroy();
  }

  Handle get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

 private:
  Handle handle_;
};

}  // namespace detail

template <class T>
class Started;

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;

  Task(Task&&) noexcept = default;
  Task& operator=(Task&&) noexcept = default;

  struct Awaiter {
    std::coroutine_handle<promise_type> handle;
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) const noexcept {
      handle.promise().continuation = waiting;
      return handle;
    }
    T await_resume() const { return handle.promise().take(); }
  };
  Awaiter operator co_await() const&& noexcept { return Awaiter{frame_.get()}; }

 private:
  friend promise_type;
  friend Started<T>;
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : frame_(handle) {}

  detail::Frame<T> frame_;
};

// Runs beside its starter on the same thread; cancelled when it goes away before its end. Must not
// be destroyed by its own task.
template <class T>
class [[nodiscard]] Started {
 public:
  explicit Started(Task<T> task) : frame_(std::move(task.frame_)) { frame_.get().resume(); }
  Started(Started&&) noexcept = default;
  Started& operator=(Started&&) noexcept = default;

  bool done() const noexcept { return frame_.get().done(); }
  std::coroutine_handle<> handle() const noexcept { return frame_.get(); }
  T take() { return frame_.get().promise().take(); }  // only when done()

  struct Awaiter {
    std::coroutine_handle<detail::Promise<T>> handle;
    bool await_ready() const noexcept { return handle.done(); }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept {
      handle.promise().continuation = waiting;
    }
    T await_resume() const { return handle.promise().take(); }
  };
  Awaiter operator co_await() const noexcept { return Awaiter{frame_.get()}; }

 private:
  detail::Frame<T> frame_;
};

template <class T>
Started<T> start(Task<T> task) {
  return Started<T>{std::move(task)};
}

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>{std::coroutine_handle<Promise<T>>::from_promise(*this)};
}

inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>{std::coroutine_handle<Promise<void>>::from_promise(*this)};
}

}  // namespace detail

}  // namespace causeway::net
