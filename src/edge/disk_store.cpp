#include "edge/disk_store.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "edge/disk_body.hpp"
#include "edge/limits.hpp"
#include "net/loop.hpp"

namespace causeway::edge {
namespace {

using std::chrono::milliseconds;

std::int64_t wall_ms() { return wall_now().time_since_epoch().count(); }

constexpr std::int64_t kTouchAfter = milliseconds{limits::kDiskTouch}.count();

int shard_of(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  return value(digits[0]) * 16 + value(digits[1]);
}

}  // namespace

// What a thread of the readers does and finds. Nothing of the store: it may be gone by then.
struct DiskStore::Reading {
  FolderPtr folder;
  std::string name;
  bool touch = false;
  DiskFolder::File file;
  std::string body;

  void run() {
    file = folder->read(name);
    if (file.found != DiskFolder::Found::whole) return;
    if (touch) folder->touch(name);
    if (file.body.proof.bytes > limits::kDiskWhole) return;
    if (!DiskFolder::read_body(file, body)) file.found = DiskFolder::Found::damaged;
  }
};

DiskStore::DiskStore(const DiskRules& rules, Tell tell)
    : path_(rules.folder),
      rest_(rules.rest),
      tell_(std::move(tell)),
      readers_(std::make_shared<net::BlockingThreads>(limits::kDiskReaders, limits::kDiskReads)),
      most_bytes_(rules.most_bytes),
      most_files_(rules.most_files) {}

DiskStore::~DiskStore() {
  {
    const std::scoped_lock lock{mutex_};
    ending_ = true;
  }
  wake_.notify_all();
  if (keeper_.joinable()) keeper_.join();
}

// The folder is opened here and now: the first visitor may be one whom only the disk can serve.
void DiskStore::begin() {
  open_folder(Clock::now());
  keeper_ = std::thread{[this] { keep(); }};
}

void DiskStore::use(const DiskRules& rules) {
  const std::scoped_lock lock{mutex_};
  most_bytes_ = rules.most_bytes;
  most_files_ = rules.most_files;
}

void DiskStore::stand_before(InFront* memory) {
  const std::scoped_lock lock{front_mutex_};
  front_ = memory;
}

void DiskStore::leave(const InFront* memory) {
  const std::scoped_lock lock{front_mutex_};
  if (front_ == memory) front_ = nullptr;
}

DiskStore::FolderPtr DiskStore::folder_now() const {
  const std::scoped_lock lock{mutex_};
  return folder_;
}

bool DiskStore::put(std::string_view key, const StoredPtr& answer) {
  const std::string name = file_name(label_of(key, *answer));
  const Instant now = Clock::now();
  {
    const std::scoped_lock lock{mutex_};
    const bool room = index_.pending() < limits::kDiskPending &&
                      index_.pending_bytes() + answer->bytes() <= limits::kDiskPendingBytes &&
                      disk_use(answer->bytes() + answer->file_bytes) <= most_bytes_;
    if (closed_ || draining_ || !room) {
      counters_.unwritten.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    const DiskEntry* before = index_.at(name);
    const bool waits = before != nullptr && before->pending;
    const auto due = before != nullptr && before->written
                         ? std::max(now, *before->written + limits::kDiskRewrite)
                         : now;
    std::ranges::move(index_.keep(name, key, answer), std::back_inserter(removals_));
    if (!waits) due_.emplace(due, name);
  }
  wake_.notify_one();
  return true;
}

bool DiskStore::has(const std::string& name) {
  const std::scoped_lock lock{mutex_};
  return index_.at(name) != nullptr;
}

// The first look takes a while: until its folder's turn has come, a key is looked for by itself.
net::Task<void> DiskStore::look_ahead(std::string digits) {
  const auto folder = folder_now();
  if (!folder || looked_at_.load(std::memory_order_acquire) > shard_of(digits)) co_return;
  auto seen = std::make_shared<std::vector<Seen>>();
  const bool ran = co_await readers_->run(
      [folder, seen, digits] {
        auto names = folder->list(shard_of(digits));
        std::erase_if(names, [&](const auto& name) { return !name.starts_with(digits); });
        *seen = look(*folder, names);
      },
      net::Loop::current().now() + limits::kDiskWait);
  if (ran) adopt(std::move(*seen));
}

net::Task<DiskStore::Found> DiskStore::find(std::string_view key, const CacheRequest& request) {
  if (looked_at_.load(std::memory_order_acquire) < kAll) co_await look_ahead(key_digits(key));
  auto reading = std::make_shared<Reading>();
  {
    const std::scoped_lock lock{mutex_};
    const auto found = index_.find(key, request);
    if (found.entry == nullptr || !folder_) {
      co_return Found{.answer = nullptr, .vary_missed = found.vary_missed, .name = {}};
    }
    if (found.entry->pending) {
      co_return Found{.answer = found.entry->pending, .vary_missed = false, .name = {}};
    }
    reading->folder = folder_;
    reading->name = *found.name;
    const auto wall = wall_ms();
    reading->touch = wall - found.entry->touched > kTouchAfter;
    if (reading->touch) found.entry->touched = wall;
    index_.use(reading->name, wall);
  }
  const bool ran = co_await readers_->run([reading] { reading->run(); },
                                          net::Loop::current().now() + limits::kDiskWait);
  if (!ran) {
    counters_.errors.fetch_add(1, std::memory_order_relaxed);
    co_return Found{};
  }
  auto& file = reading->file;
  if (file.found != DiskFolder::Found::whole) {
    failed_read(reading->name, file.found);
    co_return Found{};
  }
  const auto label = label_of(file.head.key, file.head.answer);
  if (label.key != key || vary_key(label.vary, request) != label.vary_key) co_return Found{};
  {
    const std::scoped_lock lock{mutex_};
    const DiskEntry* entry = index_.at(reading->name);
    if (entry == nullptr) co_return Found{};  // purged meanwhile
    if (entry->pending) {
      co_return Found{.answer = entry->pending, .vary_missed = false, .name = {}};
    }
  }
  auto answer = std::make_shared<StoredAnswer>(std::move(file.head.answer));
  go_on_ageing(*answer, file.head.stored, wall_now(), Clock::now());
  if (file.body.proof.bytes <= limits::kDiskWhole) {
    answer->body = std::move(reading->body);
  } else {
    answer->file_bytes = static_cast<std::size_t>(file.body.proof.bytes);
    answer->file = std::make_shared<const DiskBody>(
        std::move(file.body), readers_, [weak = weak_from_this(), name = reading->name] {
          if (const auto store = weak.lock()) {
            store->failed_read(name, DiskFolder::Found::damaged);
          }
        });
  }
  counters_.hits.fetch_add(1, std::memory_order_relaxed);
  co_return Found{
      .answer = std::move(answer), .vary_missed = false, .name = std::move(reading->name)};
}

void DiskStore::failed_read(const std::string& name, DiskFolder::Found found) {
  using enum DiskFolder::Found;
  if (found == failed) {
    counters_.errors.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  {
    const std::scoped_lock lock{mutex_};
    const DiskEntry* entry = index_.at(name);
    if (entry == nullptr || entry->pending) return;  // known already, or about to be replaced
    index_.drop(name);
    if (found == gone) return;
    removals_.push_back(name);
  }
  counters_.damaged.fetch_add(1, std::memory_order_relaxed);
  wake_.notify_one();
}

void DiskStore::invalidate(std::string_view key) {
  {
    const std::scoped_lock lock{mutex_};
    auto gone = index_.take_key(key);
    if (gone.empty()) return;
    std::ranges::move(gone, std::back_inserter(removals_));
  }
  wake_.notify_one();
}

// What other processes have written and this one has not seen yet goes as well, and theirs that
// waits to be written does not come after it.
DiskStore::Names DiskStore::purge_files(const std::function<Names()>& take, int first, int last) {
  const std::scoped_lock alone{commit_mutex_};
  const auto folder = folder_now();
  std::optional<DiskFolder::Lock> others;
  if (folder) {
    others.emplace(*folder, true);
    heed_purges(*folder);
    if (const auto count = folder->count_purge()) purges_seen_ = *count;
    for (int shard = first; shard < last; ++shard) look_at(*folder, shard);
  }
  Names gone;
  {
    const std::scoped_lock lock{mutex_};
    gone = take();
  }
  bool all = folder != nullptr;
  std::set<int> touched;
  for (const auto& name : gone) {
    if (!folder) break;
    all = folder->remove(name) && all;
    touched.insert(shard_of(name));
  }
  for (const int shard : touched) folder->sync(shard);
  if (!all) {
    counters_.errors.fetch_add(1, std::memory_order_relaxed);
    const std::scoped_lock lock{mutex_};
    not_before_ = wall_ms();
  }
  return gone;
}

DiskStore::Names DiskStore::purge_url(std::string_view key) {
  const int shard = shard_of(key_digits(key));
  return purge_files([&] { return index_.take_key(key); }, shard, shard + 1);
}

DiskStore::Names DiskStore::purge(const std::function<bool(const DiskLabel&)>& wanted) {
  return purge_files([&] { return index_.take(wanted); }, 0, kAll);
}

void DiskStore::drain() {
  {
    const std::scoped_lock lock{mutex_};
    draining_ = true;
  }
  wake_.notify_one();
}

void DiskStore::finish(Duration most) {
  drain();
  std::unique_lock lock{mutex_};
  idle_.wait_for(lock, most, [&] { return waiting() == 0 && removals_.empty(); });
}

DiskCounts DiskStore::counts() const {
  const auto get = [](const std::atomic<std::uint64_t>& count) {
    return count.load(std::memory_order_relaxed);
  };
  const std::scoped_lock lock{mutex_};
  return {.files = index_.files(),
          .bytes = index_.bytes(),
          .waiting = waiting(),
          .working = !closed_,
          .hits = get(counters_.hits),
          .written = get(counters_.written),
          .unwritten = get(counters_.unwritten),
          .evicted = get(counters_.evicted),
          .damaged = get(counters_.damaged),
          .errors = get(counters_.errors)};
}

}  // namespace causeway::edge
