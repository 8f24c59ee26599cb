// Stored answers on a disk, behind those in memory: they outlive restarts and upgrades, so that a
// site stays up when its origin is down while the edge starts.
//
// Nothing here holds up a worker. What is stored is written by a thread of its own, the keeper, a
// little later; what is looked for is read by a few threads, and the coroutine that wants it waits.
// A disk that is full, read-only or gone costs one line for the operator and a count: answers are
// then kept in memory alone, until it works again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "edge/disk_folder.hpp"
#include "edge/disk_index.hpp"
#include "edge/in_front.hpp"
#include "edge/limits.hpp"
#include "net/blocking_threads.hpp"
#include "net/task.hpp"

namespace causeway::edge {

struct DiskRules {
  std::string folder;
  std::uint64_t most_bytes = 0;
  std::uint64_t most_files = 0;
  Duration rest = limits::kDiskRest;  // after a write that failed
};

struct DiskCounts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t waiting = 0;  // not written yet, or not yet counted and made room for
  bool working = false;
  std::uint64_t hits = 0;
  std::uint64_t written = 0;
  std::uint64_t unwritten = 0;  // stored in memory alone
  std::uint64_t evicted = 0;
  std::uint64_t damaged = 0;  // files that were removed unread
  std::uint64_t errors = 0;
};

class DiskStore : public std::enable_shared_from_this<DiskStore> {
 public:
  // One line for the person who started it. Called by `begin` and on the keeper's thread.
  using Tell = std::function<void(const std::string&)>;

  DiskStore(const DiskRules& rules, Tell tell);
  ~DiskStore();  // at once: what waits to be written is lost, see `finish`
  DiskStore(const DiskStore&) = delete;
  DiskStore& operator=(const DiskStore&) = delete;

  void begin();                        // opens the folder and starts the keeper
  void use(const DiskRules& rules);    // the same folder, other bounds
  void stand_before(InFront* memory);  // until it leaves, or another does
  void leave(const InFront* memory);

  // False: it is not written, nor will be.
  bool put(std::string_view key, const StoredPtr& answer);

  struct Found {
    StoredPtr answer;
    bool vary_missed = false;
    std::string name;  // empty: it was not read from a file
  };
  net::Task<Found> find(std::string_view key, const CacheRequest& request);
  bool has(const std::string& name);

  // Names of what is gone. All but `invalidate` return when the disk knows it; they wait for it.
  using Names = std::vector<std::string>;
  void invalidate(std::string_view key);
  Names purge_url(std::string_view key);
  Names purge(const std::function<bool(const DiskLabel&)>& wanted);

  void drain();                // writes what waits, takes no more
  void finish(Duration most);  // until all of it is written, and gone what is to go
  // Every file that was there at the beginning is known.
  bool looked_at_all() const { return looked_at_.load(std::memory_order_acquire) >= kAll; }

  DiskCounts counts() const;
  const std::string& folder() const { return path_; }

 private:
  static constexpr int kAll = DiskFolder::kShards;
  using FolderPtr = std::shared_ptr<const DiskFolder>;
  struct Reading;
  struct Counters {
    std::atomic<std::uint64_t> hits, written, unwritten, evicted, damaged, errors;
  };
  struct Due {  // an answer that is being written
    std::string name, key;
    StoredPtr answer;
    FolderPtr folder;
  };
  struct Seen {  // a file that was looked at
    std::string name;
    DiskFolder::Found found = DiskFolder::Found::gone;
    DiskLabel label;
    std::uint64_t bytes = 0;
    std::int64_t used = 0;
  };

  // disk_store.cpp: what workers and the operator call
  net::Task<void> look_ahead(std::string digits);
  void failed_read(const std::string& name, DiskFolder::Found found);
  FolderPtr folder_now() const;
  Names purge_files(const std::function<Names()>& take, int first, int last);

  // disk_look.cpp: files that nobody here has written
  static std::vector<Seen> look(const DiskFolder& folder, const Names& names);
  void look_at(const DiskFolder& folder, int shard);
  void adopt(std::vector<Seen> seen);
  void heed_purges(const DiskFolder& folder);  // under commit_mutex_

  // disk_keeper.cpp: the keeper's thread
  void keep();
  std::uint64_t waiting() const;         // under mutex_
  bool anything_due(Instant now) const;  // under mutex_
  void open_folder(Instant now);
  void look_on();
  void remove_files();
  void write_next(Instant now);
  std::optional<Due> take_due(Instant now);
  void write_due(const Due& due, Instant now);
  int write(const DiskFolder& folder, const std::string& name, const std::string& key,
            const StoredPtr& answer);
  int commit(const DiskFolder& folder, DiskPart& part, const std::string& name,
             const StoredPtr& answer, std::uint64_t bytes);
  void evict(const DiskFolder& folder);
  bool in_memory(const DiskLabel& label);
  void tick(Instant now);
  void trouble(const std::string& what, Instant now);
  void well();

  const std::string path_;
  const Duration rest_;
  Tell tell_;
  std::shared_ptr<net::BlockingThreads> readers_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;  // nothing waits to be written or removed
  std::uint64_t most_bytes_;
  std::uint64_t most_files_;
  FolderPtr folder_;  // null: it cannot be used
  DiskIndex index_;
  std::set<std::pair<Instant, std::string>> due_;  // what is to be written, and when at the soonest
  Names removals_;
  // A file that is older and not known was to be removed and could not be: it must not come back.
  std::int64_t not_before_ = 0;
  bool ending_ = false;
  bool draining_ = false;
  bool writing_ = false;  // the keeper, what `take_due` gave it
  bool closed_ = true;    // nothing is taken to be written: the disk rests
  Instant rest_until_{};

  std::mutex commit_mutex_;  // a file gets its name, or operators purge; never both
  std::uint64_t purges_seen_ = 0;
  std::mutex front_mutex_;
  InFront* front_ = nullptr;

  std::atomic<int> looked_at_ = 0;  // shards of the first look
  // The keeper's own.
  bool opened_ = false;  // once at least
  int look_next_ = 0;    // kAll: done
  Instant look_again_{};
  Instant next_tick_{};
  std::string trouble_;  // as it was told
  Counters counters_{};
  std::thread keeper_;
};

}  // namespace causeway::edge
