// What the disk store knows of its files without reading them: which answers there are, how large,
// when they were used last. Pure bookkeeping; files and locks are the business of its owner.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "edge/cache_policy.hpp"
#include "edge/disk_format.hpp"

namespace causeway::edge {

struct DiskEntry {
  DiskLabel label;
  StoredPtr pending;         // not written yet, or newer than what is
  std::uint64_t bytes = 0;   // of its file; 0: there is none yet
  std::int64_t used = 0;     // wall clock, milliseconds
  std::uint64_t turn = 0;    // among those used in the same millisecond
  std::int64_t touched = 0;  // as the file's time says
  std::optional<Instant> written;
};

class DiskIndex {
 public:
  struct Found {
    const std::string* name = nullptr;
    DiskEntry* entry = nullptr;  // null: none for this request
    bool vary_missed = false;
  };
  Found find(std::string_view key, const CacheRequest& request);
  DiskEntry* at(const std::string& name);

  // An answer to be written. Returns the names of files to be removed: a URL has too many variants.
  std::vector<std::string> keep(const std::string& name, std::string_view key, StoredPtr answer);
  // A file that was found. False: it is known.
  bool adopt(const std::string& name, DiskLabel label, std::uint64_t bytes, std::int64_t used);
  // What waited is in its file now. False: it was purged or is newer meanwhile, and the file is to
  // be removed.
  bool written(const std::string& name, const StoredPtr& answer, std::uint64_t bytes, Instant now,
               std::int64_t wall);
  void use(const std::string& name, std::int64_t wall);
  // `names` begin with `digits` and are all that were there at `then`; what else is known is gone.
  void reconcile(std::string_view digits, const std::unordered_set<std::string_view>& names,
                 Instant then);
  void drop(const std::string& name);
  // What is to be written is given up; the file before it stays, if there is one.
  void give_up(const std::string& name);
  std::optional<std::string> longest_unused() const;  // of those with a file

  // Names of what was there, and is no longer.
  std::vector<std::string> take(const std::function<bool(const DiskLabel&)>& wanted);
  std::vector<std::string> take_key(std::string_view key);

  std::uint64_t bytes() const { return bytes_; }  // of all files, in units of the disk
  std::uint64_t files() const { return by_use_.size(); }
  // What the index itself takes, roughly. Keys are as long as visitors make them: without a bound
  // of its own it would be theirs.
  std::uint64_t memory() const { return memory_; }
  static constexpr std::uint64_t kMemoryEach = 512;  // allowed for each file that may be there
  std::size_t pending() const { return pending_; }
  std::size_t pending_bytes() const { return pending_bytes_; }

 private:
  // Ordered by name: the variants of a key stand side by side.
  using Entries = std::map<std::string, DiskEntry, std::less<>>;

  void drop(Entries::iterator at);
  void list(Entries::iterator at, std::int64_t wall);
  void unlist(DiskEntry& entry);
  void set_pending(DiskEntry& entry, StoredPtr answer);
  void set_label(DiskEntry& entry, DiskLabel label);

  Entries entries_;
  // By when it was used and its turn; views of the names above.
  std::map<std::pair<std::int64_t, std::uint64_t>, std::string_view> by_use_;
  std::uint64_t turns_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t memory_ = 0;
  std::size_t pending_ = 0;
  std::size_t pending_bytes_ = 0;
};

}  // namespace causeway::edge
