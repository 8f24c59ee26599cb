// The journal on disk: written before anything is changed, so that a crash at any step can be
// undone, or finished, by whoever comes next.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "guard/grant.hpp"

namespace causeway::guard {

class Store {
 public:
  explicit Store(std::string folder) : folder_(std::move(folder)) {}
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store() { unlock(); }

  // One command at a time: held until unlock() or the end of the process, however it ends. An error
  // when another has it for `most` and longer; Duration::max(): however long.
  Parsed<void> lock(Duration most);
  void unlock();
  // In a child: the parent keeps its lock.
  void forget_lock();

  // No file yet: a settled journal without grants.
  Parsed<Journal> load() const;
  // All of it or nothing, also after a power cut: written beside, synced, renamed.
  Parsed<void> save(const Journal& journal) const;

  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  int lock_ = -1;
};

}  // namespace causeway::guard
