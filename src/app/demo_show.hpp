// What `causeway up` without a configuration tells the terminal while the watch, the edge and the
// console already run: the diagnosis of each origin, then that the watch has named each cause too.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "app/demo_origins.hpp"
#include "base/time.hpp"
#include "net/loop.hpp"
#include "store/store.hpp"
#include "watch/watcher.hpp"

namespace causeway::app {

struct DemoEnd {             // when the demonstration ends by itself
  bool once = false;         // as soon as the watch has named each cause, or a minute has passed
  Duration stay = kNoLimit;  // at most so long
  static constexpr Duration kNoLimit = Duration::max();
};

class DemoShow {
 public:
  // Begins at once, on a thread of its own; at its end the process gets SIGTERM. What it is given
  // must outlive it.
  DemoShow(const DemoOrigins& demo, watch::Watcher& watcher, store::Store& store,
           std::string console, DemoEnd end);
  ~DemoShow();  // ends at once
  DemoShow(const DemoShow&) = delete;
  DemoShow& operator=(const DemoShow&) = delete;

  bool all_named() const { return named_; }

 private:
  void run();
  void diagnose();
  bool wait_for_names();
  bool pause();
  std::size_t named_origins();

  const DemoOrigins& demo_;
  watch::Watcher& watcher_;
  store::Store& store_;
  std::string console_;
  DemoEnd end_;
  Instant began_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  net::Loop* loop_ = nullptr;  // of the diagnoses, while they run
  std::atomic<bool> stop_ = false;
  std::atomic<bool> named_ = false;
  std::thread thread_;
};

}  // namespace causeway::app
