// Threads for calls that block and that epoll knows nothing of: files on a disk. They begin with
// the first call; what waits for one of them is bounded.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/time.hpp"
#include "net/fd.hpp"
#include "net/task.hpp"

namespace causeway::net {

class BlockingThreads {
 public:
  BlockingThreads(std::size_t threads, std::size_t waiting);
  BlockingThreads(const BlockingThreads&) = delete;
  BlockingThreads& operator=(const BlockingThreads&) = delete;
  // Waits for what has begun; what has not is dropped.
  ~BlockingThreads();

  // True: `work` has run, on another thread. False: too much waits already, no thread is to be had,
  // the deadline passed or the loop was interrupted. It may then still run, as it may when the task
  // is destroyed: `work` must own all that it touches.
  Task<bool> run(std::function<void()> work, Instant deadline);

 private:
  struct Job {
    std::function<void()> work;
    Fd bell;
    std::atomic<bool> done = false;
    void ring() const;
  };

  bool take(std::shared_ptr<Job> job);
  bool one_more();
  void serve();

  std::size_t most_threads_;
  std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool ending_ = false;
};

}  // namespace causeway::net
