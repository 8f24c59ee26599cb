#include "edge/cache_store.hpp"

#include <algorithm>
#include <deque>
#include <list>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "edge/balance.hpp"
#include "edge/disk_store.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

struct Held {
  std::string key;
  StoredPtr answer;
  std::size_t bytes = 0;
  int asked = 0;  // since it came into its queue, at most kAskedMost
  bool in_main = false;
};

constexpr int kAskedMost = 3;

std::uint64_t variant_hash(std::string_view key, std::string_view vary) {
  return hash_of(key) ^ mixed(hash_of(vary));
}

}  // namespace

class CacheStore::Part {
 public:
  explicit Part(std::size_t most) : most_(most), small_most_(most / 10) {}

  CacheLookup find(std::string_view key, const CacheRequest& request) {
    const std::scoped_lock lock{mutex_};
    const auto at = by_key_.find(key);
    if (at == by_key_.end()) return {};
    for (const auto held : at->second) {
      if (vary_key(held->answer->vary, request) != held->answer->vary_key) continue;
      held->asked = std::min(held->asked + 1, kAskedMost);
      return {held->answer, false};
    }
    return {nullptr, true};
  }

  bool put(std::string_view key, StoredPtr answer) {
    const std::size_t bytes = answer->bytes() + key.size();
    if (bytes > most_) return false;
    const std::scoped_lock lock{mutex_};
    drop_variant(key, *answer);
    auto& variants = by_key_[std::string{key}];
    if (variants.size() >= limits::kCacheVariants) drop(variants.front());
    const bool remembered = ghosts_.erase(variant_hash(key, answer->vary_key)) > 0;
    auto& queue = remembered ? main_ : small_;
    (remembered ? main_bytes_ : small_bytes_) += bytes;
    queue.push_front({std::string{key}, std::move(answer), bytes, 0, remembered});
    by_key_[std::string{key}].push_back(queue.begin());
    ++counts_.inserted;
    while (small_bytes_ + main_bytes_ > most_) evict();
    return true;
  }

  bool holds(std::string_view key, std::string_view vary_key) const {
    const std::scoped_lock lock{mutex_};
    const auto at = by_key_.find(key);
    return at != by_key_.end() && std::ranges::any_of(at->second, [&](const auto held) {
             return held->answer->vary_key == vary_key;
           });
  }

  template <class Wanted>
  void purge_where(const Wanted& wanted, std::vector<DiskLabel>& labels) {
    const std::scoped_lock lock{mutex_};
    std::vector<Queue::iterator> gone;
    for (auto* queue : {&small_, &main_}) {
      for (auto at = queue->begin(); at != queue->end(); ++at) {
        if (wanted(at->key, at->answer->tags)) gone.push_back(at);
      }
    }
    purge(gone, labels);
  }

  void purge_url(std::string_view key, std::vector<DiskLabel>& labels) {
    const std::scoped_lock lock{mutex_};
    const auto at = by_key_.find(key);
    if (at != by_key_.end()) purge(std::vector{at->second}, labels);
  }

  void add_counts(CacheCounts& out) const {
    const std::scoped_lock lock{mutex_};
    out.entries += small_.size() + main_.size();
    out.bytes += small_bytes_ + main_bytes_;
    out.evicted += counts_.evicted;
    out.inserted += counts_.inserted;
    out.purged += counts_.purged;
  }

 private:
  using Queue = std::list<Held>;  // newest first

  void purge(const std::vector<Queue::iterator>& gone, std::vector<DiskLabel>& labels) {
    for (const auto held : gone) {
      labels.push_back(label_of(held->key, *held->answer));
      drop(held);
    }
    counts_.purged += gone.size();
  }

  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return hash_of(key); }
  };

  void drop_variant(std::string_view key, const StoredAnswer& answer) {
    const auto at = by_key_.find(key);
    if (at == by_key_.end()) return;
    const auto same = std::ranges::find_if(at->second, [&](const Queue::iterator held) {
      return held->answer->vary == answer.vary && held->answer->vary_key == answer.vary_key;
    });
    if (same != at->second.end()) drop(*same);
  }

  void drop(Queue::iterator held) {
    const auto at = by_key_.find(std::string_view{held->key});
    std::erase(at->second, held);
    if (at->second.empty()) by_key_.erase(at);
    (held->in_main ? main_bytes_ : small_bytes_) -= held->bytes;
    (held->in_main ? main_ : small_).erase(held);
  }

  void evict() {
    if (!small_.empty() && (small_bytes_ > small_most_ || main_.empty())) {
      const auto last = std::prev(small_.end());
      if (last->asked > 1) {
        promote(last);
        return;
      }
      remember(variant_hash(last->key, last->answer->vary_key));
      ++counts_.evicted;
      drop(last);
      return;
    }
    const auto last = std::prev(main_.end());
    if (last->asked > 0) {
      --last->asked;
      main_.splice(main_.begin(), main_, last);
      return;
    }
    ++counts_.evicted;
    drop(last);
  }

  void promote(Queue::iterator held) {
    small_bytes_ -= held->bytes;
    main_bytes_ += held->bytes;
    held->in_main = true;
    held->asked = 0;
    main_.splice(main_.begin(), small_, held);  // iterators stay good
  }

  // What was pushed out lately: when it comes again it was wanted.
  void remember(std::uint64_t hash) {
    if (ghosts_.insert(hash).second) ghost_order_.push_back(hash);
    const std::size_t most = std::max<std::size_t>(64, main_.size() + small_.size());
    while (ghost_order_.size() > std::min(most, limits::kCacheGhosts)) {
      ghosts_.erase(ghost_order_.front());
      ghost_order_.pop_front();
    }
  }

  mutable std::mutex mutex_;
  std::size_t most_;
  std::size_t small_most_;
  std::size_t small_bytes_ = 0;
  std::size_t main_bytes_ = 0;
  Queue small_;
  Queue main_;
  std::unordered_map<std::string, std::vector<Queue::iterator>, KeyHash, std::equal_to<>> by_key_;
  std::unordered_set<std::uint64_t> ghosts_;
  std::deque<std::uint64_t> ghost_order_;
  CacheCounts counts_;
};

CacheStore::CacheStore(std::size_t most_bytes, std::shared_ptr<DiskStore> disk)
    : most_gathered_(std::max(most_bytes / 2, limits::kCacheGathered)), disk_(std::move(disk)) {
  for (auto& each : parts_) each = std::make_unique<Part>(most_bytes / kParts);
  if (disk_) disk_->stand_before(this);
}

CacheStore::~CacheStore() {
  if (disk_) disk_->leave(this);
}

CacheStore::Part& CacheStore::part(std::string_view key) const {
  return *parts_.at(hash_of(key) % kParts);
}

CacheLookup CacheStore::find(std::string_view key, const CacheRequest& request) {
  return part(key).find(key, request);
}

net::Task<CacheLookup> CacheStore::find_on_disk(std::string_view key, const CacheRequest& request) {
  auto found = co_await disk_->find(key, request);
  CacheLookup out{.answer = std::move(found.answer),
                  .vary_missed = found.vary_missed,
                  .from_disk = !found.name.empty()};
  if (out.answer && out.from_disk && !out.answer->file) {
    part(key).put(key, out.answer);
    if (!disk_->has(found.name)) {  // purged between: memory was looked through before it came
      std::vector<DiskLabel> gone;
      part(key).purge_url(key, gone);
      co_return CacheLookup{};
    }
  }
  co_return out;
}

bool CacheStore::put(std::string_view key, StoredPtr answer) {
  const bool on_disk = disk_ && disk_->put(key, answer);
  if (!answer->file) return part(key).put(key, std::move(answer)) || on_disk;
  return on_disk;
}

bool CacheStore::gather(std::size_t bytes) {
  if (gathering_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= most_gathered_) return true;
  gathered(bytes);
  return false;
}

void CacheStore::gathered(std::size_t bytes) {
  gathering_.fetch_sub(bytes, std::memory_order_relaxed);
}

bool CacheStore::holds(std::string_view key, std::string_view vary_key) const {
  return part(key).holds(key, vary_key);
}

namespace {

// What memory and the disk have given up, each answer once.
std::size_t count(const std::vector<DiskLabel>& memory, DiskStore::Names disk) {
  if (disk.empty()) return memory.size();
  for (const auto& label : memory) disk.push_back(file_name(label));
  std::ranges::sort(disk);
  return static_cast<std::size_t>(std::ranges::unique(disk).begin() - disk.begin());
}

}  // namespace

void CacheStore::invalidate(std::string_view key) {
  if (disk_) disk_->invalidate(key);
  std::vector<DiskLabel> gone;
  part(key).purge_url(key, gone);
}

// The disk first: what is read from it comes into memory only while it is there.
std::size_t CacheStore::purge_url(std::string_view key) {
  auto names = disk_ ? disk_->purge_url(key) : DiskStore::Names{};
  std::vector<DiskLabel> gone;
  part(key).purge_url(key, gone);
  return count(gone, std::move(names));
}

template <class Wanted>
std::size_t CacheStore::purge_where(const Wanted& wanted) {
  auto names =
      disk_ ? disk_->purge([&](const DiskLabel& label) { return wanted(label.key, label.tags); })
            : DiskStore::Names{};
  std::vector<DiskLabel> gone;
  for (auto& each : parts_) each->purge_where(wanted, gone);
  return count(gone, std::move(names));
}

std::size_t CacheStore::purge_prefix(std::string_view prefix) {
  return purge_where([&](std::string_view key, const auto& /*tags*/) {
    return key_without_scheme(key).starts_with(prefix);
  });
}

std::size_t CacheStore::purge_tag(std::string_view tag) {
  return purge_where([&](std::string_view /*key*/, const auto& tags) {
    return std::ranges::find(tags, tag) != tags.end();
  });
}

std::size_t CacheStore::purge_all() {
  return purge_where([](std::string_view /*key*/, const auto& /*tags*/) { return true; });
}

void CacheStore::forget_all() {
  std::vector<DiskLabel> gone;
  for (auto& each : parts_) {
    each->purge_where([](std::string_view /*key*/, const auto& /*tags*/) { return true; }, gone);
  }
}

CacheCounts CacheStore::counts() const {
  CacheCounts out;
  for (const auto& each : parts_) each->add_counts(out);
  return out;
}

}  // namespace causeway::edge
