#include "store/store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "base/time.hpp"
#include "store/limits.hpp"
#include "store/schema.hpp"
#include "store/transaction.hpp"

namespace causeway::store {
namespace {

// Any number will do as long as every causeway uses the same one.
constexpr std::int64_t kOwnerLock = 0x43415553;

// Says "this store is taken" to other processes, until it goes away.
class Ownership {
 public:
  static Parsed<Ownership> take(const std::string& where, Database& database) {
    Ownership out;
    if (database.dialect() == Dialect::postgresql) {
      const auto taken = take_of_server(database);
      if (!taken) return error(taken.error().text);
      if (*taken) return out;
    } else {
      const std::string path = where + ".owner";
      out.fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
      if (out.fd_ < 0) {
        return error(fmt::format("cannot create '{}': {}", path, std::strerror(errno)));
      }
      if (::flock(out.fd_, LOCK_EX | LOCK_NB) == 0) return out;
    }
    return error(fmt::format(
        "another causeway uses the store '{}'; expected to stop it first, or another --store",
        without_password(where)));
  }

  Ownership() = default;
  Ownership(Ownership&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Ownership& operator=(Ownership&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Ownership() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  // A server hears of the end of a connection a moment after it: who is started again at once must
  // not be refused for its own shadow. The server waits for it, then the question is asked anew.
  static Parsed<bool> take_of_server(Database& database) {
    const auto bounded = database.script(fmt::format(
        "SET lock_timeout = {}", limits::kStoreHandOver / std::chrono::milliseconds{1}));
    if (!bounded) return bounded;
    const std::vector<Cell> lock{cell(kOwnerLock)};
    const bool taken{database.run("SELECT pg_advisory_lock($1::bigint)", lock)};
    if (const auto unbounded = database.script("RESET lock_timeout"); !unbounded) return unbounded;
    if (taken) return true;
    auto rows = database.run("SELECT pg_try_advisory_lock($1::bigint)", lock);
    if (!rows) return error(std::move(rows.error().text));
    return rows->front().boolean(0);
  }

  int fd_ = -1;  // PostgreSQL: the lock is the connection's
};

struct Queued {
  Write what;
  Done done;
};

}  // namespace

class Store::Writer {
 public:
  Writer(std::string where, std::unique_ptr<Database> database, Ownership ownership)
      : where_(std::move(where)),
        ownership_(std::move(ownership)),
        database_(std::move(database)),
        thread_([this] { work(); }) {}

  ~Writer() {
    {
      const std::scoped_lock lock{mutex_};
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void queue(Write what, Done done, bool soon) {
    {
      const std::scoped_lock lock{mutex_};
      // Writes that must not be lost are waited for by who asks, so they are few: let them in.
      if (!soon && queue_.size() >= limits::kStoreQueue) {
        ++figures_.dropped;
        return;
      }
      queue_.push_back({std::move(what), std::move(done)});
      soon_ = soon_ || soon;
    }
    wake_.notify_one();
  }

  StoreFigures figures() const {
    const std::scoped_lock lock{mutex_};
    StoreFigures out = figures_;
    out.waiting = queue_.size();
    return out;
  }

 private:
  void work();
  std::deque<Queued> next_batch();
  Parsed<bool> commit(std::deque<Queued>& batch, std::vector<Parsed<bool>>& ends);
  Parsed<bool> apply(const Write& what);
  void count(const std::vector<Parsed<bool>>& ends, Duration took);

  std::string where_;
  Ownership ownership_;
  std::unique_ptr<Database> database_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Queued> queue_;
  StoreFigures figures_;
  bool soon_ = false;
  bool ending_ = false;
  std::thread thread_;
};

// Empty only at the end.
std::deque<Queued> Store::Writer::next_batch() {
  std::unique_lock lock{mutex_};
  wake_.wait(lock, [&] { return ending_ || !queue_.empty(); });
  if (!soon_ && !ending_) {
    wake_.wait_for(lock, limits::kStoreBatch, [&] { return soon_ || ending_; });
  }
  soon_ = false;
  return std::exchange(queue_, {});
}

Parsed<bool> Store::Writer::apply(const Write& what) {
  auto marked = database_->script("SAVEPOINT one");
  if (!marked) return marked;
  Parsed<bool> out = what(*database_);
  const auto ended = database_->script(out ? "RELEASE one" : "ROLLBACK TO one; RELEASE one");
  if (out && !ended) return ended;
  return out;
}

Parsed<bool> Store::Writer::commit(std::deque<Queued>& batch, std::vector<Parsed<bool>>& ends) {
  if (database_->lost()) {
    auto again = open_database(where_, Access::write);
    if (!again) return error(again.error().text);
    auto owned = Ownership::take(where_, **again);
    if (!owned) return error(owned.error().text);
    database_ = std::move(*again);
  }
  Transaction transaction{*database_};
  if (!transaction.begun()) return error(transaction.reason());
  for (const Queued& one : batch) {
    ends.push_back(apply(one.what));
    if (database_->lost())
      return error(ends.back() ? "the connection is lost" : ends.back().error().text);
  }
  return transaction.commit();
}

void Store::Writer::count(const std::vector<Parsed<bool>>& ends, Duration took) {
  const std::scoped_lock lock{mutex_};
  ++figures_.batches;
  figures_.writes += ends.size();
  figures_.last_batch_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  for (const auto& end : ends) {
    if (end) continue;
    ++figures_.failed;
    figures_.last_error = end.error().text;
  }
}

void Store::Writer::work() {
  while (true) {
    std::deque<Queued> batch = next_batch();
    if (batch.empty()) return;
    const Instant began = Clock::now();
    std::vector<Parsed<bool>> ends;
    Parsed<bool> kept = commit(batch, ends);
    // A database that went away (its server restarts) gets the whole batch again: nothing of it
    // was committed.
    for (int tries = 1; !kept && tries < limits::kStoreTries; ++tries) {
      std::unique_lock lock{mutex_};
      wake_.wait_for(lock, limits::kStoreRetry * tries, [&] { return ending_; });
      lock.unlock();
      ends.clear();
      kept = commit(batch, ends);
    }
    if (!kept) ends.assign(batch.size(), kept);
    count(ends, Clock::now() - began);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].done) batch[i].done(ends[i]);
    }
  }
}

struct Store::Readers {
  std::mutex mutex;
  std::condition_variable given;
  std::vector<std::unique_ptr<Database>> idle;
  std::size_t made = 0;
};

Store::Store(std::string where, std::unique_ptr<Writer> writer)
    : where_(std::move(where)), writer_(std::move(writer)), readers_(std::make_unique<Readers>()) {}

Store::~Store() = default;

Parsed<std::unique_ptr<Store>> Store::open(const std::string& where) {
  auto database = open_database(where, Access::write);
  if (!database) return error(std::move(database.error().text));
  auto owned = Ownership::take(where, **database);
  if (!owned) return error(std::move(owned.error().text));
  const auto version = migrate(**database);
  if (!version) return error(version.error().text);
  auto writer = std::make_unique<Writer>(where, std::move(*database), std::move(*owned));
  return std::unique_ptr<Store>{new Store{where, std::move(writer)}};
}

void Store::write(Write what, Done done) {
  writer_->queue(std::move(what), std::move(done), false);
}

void Store::write_soon(Write what, Done done) {
  writer_->queue(std::move(what), std::move(done), true);
}

Parsed<bool> Store::write_now(Write what) {
  std::promise<Parsed<bool>> ended;
  auto end = ended.get_future();
  write_soon(std::move(what), [&](const Parsed<bool>& how) { ended.set_value(how); });
  return end.get();
}

Parsed<std::unique_ptr<Database>> Store::take_reader() {
  std::unique_lock lock{readers_->mutex};
  readers_->given.wait(
      lock, [&] { return !readers_->idle.empty() || readers_->made < limits::kStoreReaders; });
  if (!readers_->idle.empty()) {
    auto out = std::move(readers_->idle.back());
    readers_->idle.pop_back();
    return out;
  }
  ++readers_->made;
  lock.unlock();
  auto opened = open_database(where_, Access::read);
  if (!opened) {
    const std::scoped_lock again{readers_->mutex};
    --readers_->made;
  }
  return opened;
}

void Store::give_reader(std::unique_ptr<Database> reader) {
  {
    const std::scoped_lock lock{readers_->mutex};
    if (reader->lost()) {
      --readers_->made;
    } else {
      readers_->idle.push_back(std::move(reader));
    }
  }
  readers_->given.notify_one();
}

StoreFigures Store::figures() const { return writer_->figures(); }
std::string Store::shown() const { return without_password(where_); }

std::string without_password(std::string_view where) {
  std::string out{where};
  if (!is_postgresql(where)) return out;
  const std::size_t begin = out.find("//") + 2;
  const std::size_t at = out.find('@', begin);
  const std::size_t colon = out.find(':', begin);
  if (at != std::string::npos && colon < at) out.erase(colon, at - colon);
  const std::size_t key = out.find("password=");
  if (key != std::string::npos) {
    const std::size_t end = std::min(out.find('&', key), out.size());
    out.replace(key, end - key, "password=...");
  }
  return out;
}

}  // namespace causeway::store
