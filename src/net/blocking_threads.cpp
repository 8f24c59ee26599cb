#include "net/blocking_threads.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "net/loop.hpp"

namespace causeway::net {

void BlockingThreads::Job::ring() const { ::eventfd_write(bell.get(), 1); }

BlockingThreads::BlockingThreads(std::size_t threads, std::size_t waiting)
    : most_threads_(threads), most_waiting_(waiting) {}

BlockingThreads::~BlockingThreads() {
  std::deque<std::shared_ptr<Job>> dropped;
  {
    const std::scoped_lock lock{mutex_};
    ending_ = true;
    dropped.swap(jobs_);
  }
  wake_.notify_all();
  for (const auto& job : dropped) job->ring();
  for (auto& thread : threads_) thread.join();
}

bool BlockingThreads::take(std::shared_ptr<Job> job) {
  {
    const std::scoped_lock lock{mutex_};
    if (ending_ || jobs_.size() >= most_waiting_) return false;
    jobs_.push_back(std::move(job));
    if (jobs_.size() > idle_ && threads_.size() < most_threads_ && !one_more() &&
        threads_.empty()) {
      jobs_.pop_back();  // nobody would ever do it
      return false;
    }
  }
  wake_.notify_one();
  return true;
}

// False: the system gives no more threads.
bool BlockingThreads::one_more() {
  try {
    threads_.emplace_back([this] { serve(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void BlockingThreads::serve() {
  std::unique_lock lock{mutex_};
  while (true) {
    ++idle_;
    wake_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
    --idle_;
    if (ending_) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job->work();
    job->done.store(true, std::memory_order_release);
    job->ring();
    job.reset();
    lock.lock();
  }
}

Task<bool> BlockingThreads::run(std::function<void()> work, Instant deadline) {
  const Fd waiting{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!waiting) co_return false;
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  // A descriptor of its own: the waiter may be gone, and its number another's, when it rings.
  job->bell = Fd{::dup(waiting.get())};
  if (!job->bell || !take(job)) co_return false;
  const bool rung = co_await Loop::current().readable(waiting, deadline);
  co_return rung && job->done.load(std::memory_order_acquire);
}

}  // namespace causeway::net
