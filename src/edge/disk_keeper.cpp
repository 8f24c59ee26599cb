// The thread that writes, removes and evicts.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "edge/disk_body.hpp"
#include "edge/disk_store.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

std::int64_t wall_ms() { return wall_now().time_since_epoch().count(); }

// Not the disk's fault: this answer is not written, others are.
constexpr int kNotThisOne = -1;

}  // namespace

void DiskStore::keep() {
  std::unique_lock lock{mutex_};
  while (!ending_) {
    const Instant now = Clock::now();
    if (waiting() == 0 && removals_.empty()) idle_.notify_all();
    if (!anything_due(now)) {
      const Instant first = due_.empty() ? kNever : due_.begin()->first;
      wake_.wait_until(lock, std::min(next_tick_, first));
      continue;
    }
    lock.unlock();
    remove_files();
    write_next(now);
    look_on();
    tick(now);
    lock.lock();
  }
  lock.unlock();
  remove_files();  // what is no longer true must not come back
}

std::uint64_t DiskStore::waiting() const {
  return std::max<std::uint64_t>(index_.pending(), writing_ ? 1 : 0);
}

bool DiskStore::anything_due(Instant now) const {
  const bool to_write = !due_.empty() && (draining_ || due_.begin()->first <= now);
  return !removals_.empty() || to_write || (folder_ && look_next_ < kAll) || now >= next_tick_;
}

void DiskStore::open_folder(Instant now) {
  auto opened = DiskFolder::open(path_);
  if (!opened) return trouble(opened.error().text, now);
  auto folder = std::make_shared<const DiskFolder>(std::move(*opened));
  {
    const std::scoped_lock alone{commit_mutex_};
    if (opened_) {
      heed_purges(*folder);
    } else {
      purges_seen_ = folder->purges().value_or(0);
    }
    opened_ = true;
  }
  look_next_ = 0;
  look_again_ = now + limits::kDiskScan;
  const std::scoped_lock lock{mutex_};
  folder_ = std::move(folder);
  closed_ = false;
}

void DiskStore::look_on() {
  const auto folder = folder_now();
  if (!folder || look_next_ >= kAll) return;
  look_at(*folder, look_next_++);
  if (looked_at_.load(std::memory_order_relaxed) < look_next_) {
    looked_at_.store(look_next_, std::memory_order_release);
  }
  if (look_next_ == kAll) evict(*folder);
}

void DiskStore::remove_files() {
  Names names;
  {
    const std::scoped_lock lock{mutex_};
    names = removals_;
  }
  if (names.empty()) return;
  const auto folder = folder_now();
  bool all = true;
  for (const auto& name : names) all = folder && folder->remove(name) && all;
  if (!all) counters_.errors.fetch_add(1, std::memory_order_relaxed);
  const std::scoped_lock lock{mutex_};
  if (!all) not_before_ = wall_ms();
  // Until now they stood there, so that nobody takes them for news.
  removals_.erase(removals_.begin(), removals_.begin() + static_cast<std::ptrdiff_t>(names.size()));
}

void DiskStore::write_next(Instant now) {
  const auto due = take_due(now);
  if (!due) return;
  write_due(*due, now);
  const std::scoped_lock lock{mutex_};
  writing_ = false;
}

std::optional<DiskStore::Due> DiskStore::take_due(Instant now) {
  const std::scoped_lock lock{mutex_};
  if (due_.empty() || (!draining_ && due_.begin()->first > now)) return {};
  std::string name = due_.begin()->second;
  due_.erase(due_.begin());
  const DiskEntry* entry = index_.at(name);
  if (entry == nullptr || !entry->pending || !folder_) return {};
  writing_ = true;
  return Due{std::move(name), entry->label.key, entry->pending, folder_};
}

void DiskStore::write_due(const Due& due, Instant now) {
  const int failed = write(*due.folder, due.name, due.key, due.answer);
  if (failed == 0) {
    counters_.written.fetch_add(1, std::memory_order_relaxed);
    well();
    return evict(*due.folder);
  }
  {
    const std::scoped_lock lock{mutex_};
    const DiskEntry* entry = index_.at(due.name);
    if (entry != nullptr && entry->pending == due.answer) {
      index_.give_up(due.name);
      counters_.unwritten.fetch_add(1, std::memory_order_relaxed);
    } else if (entry != nullptr && entry->pending) {
      due_.emplace(now, due.name);  // newer meanwhile
    }
  }
  if (failed != kNotThisOne) trouble(fmt::format("{}: {}", path_, std::strerror(failed)), now);
}

int DiskStore::write(const DiskFolder& folder, const std::string& name, const std::string& key,
                     const StoredPtr& answer) {
  const OpenBody* from = answer->file ? &answer->file->open() : nullptr;
  const BodyProof proof = from != nullptr ? from->proof : proof_of(answer->body);
  const std::string head =
      write_head(key, *answer, stored_on_the_wall(*answer, wall_now(), Clock::now()), proof);
  if (head.empty()) return kNotThisOne;
  auto part = folder.begin(name);
  if (!part) return part.error();
  if (const int failed = part->write(head)) return failed;
  if (from == nullptr) {
    if (const int failed = part->write(answer->body)) return failed;
  }
  for (std::size_t i = 0; from != nullptr && i < from->blocks(); ++i) {
    const auto block = from->read_block(i);
    if (!block) return kNotThisOne;
    if (const int failed = part->write(*block)) return failed;
  }
  return commit(folder, *part, name, answer, head.size() + proof.bytes);
}

// The file gets its name, unless what it holds was purged while it was written.
int DiskStore::commit(const DiskFolder& folder, DiskPart& part, const std::string& name,
                      const StoredPtr& answer, std::uint64_t bytes) {
  const std::scoped_lock alone{commit_mutex_};
  const DiskFolder::Lock others{folder, false};
  heed_purges(folder);
  {
    const std::scoped_lock lock{mutex_};
    const DiskEntry* entry = index_.at(name);
    if (entry == nullptr || entry->pending != answer) return kNotThisOne;
  }
  if (const int failed = part.commit(name)) return failed;
  {
    const std::scoped_lock lock{mutex_};
    if (index_.written(name, answer, bytes, Clock::now(), wall_ms())) return 0;
  }
  folder.remove(name);
  return kNotThisOne;
}

void DiskStore::evict(const DiskFolder& folder) {
  int spared = 0;
  while (true) {
    std::string name;
    DiskLabel label;
    bool waits = false;
    {
      const std::scoped_lock lock{mutex_};
      if (index_.bytes() <= most_bytes_ && index_.files() <= most_files_ &&
          index_.memory() <= most_files_ * DiskIndex::kMemoryEach) {
        return;
      }
      const auto oldest = index_.longest_unused();
      if (!oldest) return;
      name = *oldest;
      label = index_.at(name)->label;
      waits = index_.at(name)->pending != nullptr;
    }
    // Those in memory serve from there, and look unused from here.
    if (spared < limits::kDiskSpared && (waits || in_memory(label))) {
      ++spared;
      folder.touch(name);
      const std::scoped_lock lock{mutex_};
      index_.use(name, wall_ms());
      continue;
    }
    {
      const std::scoped_lock lock{mutex_};
      index_.drop(name);
      removals_.push_back(name);
    }
    remove_files();
    counters_.evicted.fetch_add(1, std::memory_order_relaxed);
  }
}

bool DiskStore::in_memory(const DiskLabel& label) {
  const std::scoped_lock lock{front_mutex_};
  return front_ != nullptr && front_->holds(label.key, label.vary_key);
}

void DiskStore::tick(Instant now) {
  if (now < next_tick_) return;
  next_tick_ = now + limits::kDiskTick;
  bool again = false;
  {
    const std::scoped_lock lock{mutex_};
    again = closed_ && now >= rest_until_;
  }
  if (again) open_folder(now);
  const auto folder = folder_now();
  if (!folder) return;
  {
    const std::scoped_lock alone{commit_mutex_};
    heed_purges(*folder);
  }
  if (now >= look_again_) {
    look_next_ = 0;
    look_again_ = now + limits::kDiskScan;
  }
  evict(*folder);
}

// Told once, however long it lasts.
void DiskStore::trouble(const std::string& what, Instant now) {
  counters_.errors.fetch_add(1, std::memory_order_relaxed);
  {
    const std::scoped_lock lock{mutex_};
    closed_ = true;
    rest_until_ = now + rest_;
    for (const auto& [due, name] : due_) index_.give_up(name);
    due_.clear();
  }
  if (trouble_ == what) return;
  trouble_ = what;
  tell_(fmt::format("the disk store rests: {}. Answers are kept in memory alone meanwhile", what));
}

void DiskStore::well() {
  if (trouble_.empty()) return;
  trouble_.clear();
  tell_(fmt::format("the disk store works again: {}", path_));
}

}  // namespace causeway::edge
