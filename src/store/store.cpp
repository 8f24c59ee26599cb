#include "store/store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
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

// One connection to a PostgreSQL server among all it ever had: its process, and since when.
struct Backend {
  std::int64_t process = 0;
  std::string since;
};

// Says "this store is taken" to other processes, until it goes away.
class Ownership {
 public:
  static Parsed<Ownership> take(const std::string& where, Database& database) {
    Ownership out;
    if (database.dialect() == Dialect::postgresql) {
      const auto taken = take_of_server(database);
      if (!taken) return error(taken.error().text);
      if (*taken) {
        auto own = own_backend(database);
        if (!own) return error(std::move(own.error().text));
        out.backend_ = std::move(*own);
        return out;
      }
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
  Ownership(Ownership&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), backend_(std::move(other.backend_)) {}
  Ownership& operator=(Ownership&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(backend_, other.backend_);
    return *this;
  }
  ~Ownership() {
    if (fd_ >= 0) ::close(fd_);
  }

  // After a cut in the network the server still thinks that this connection lives, and keeps its
  // lock. It is ended there, if it is the very same and holds the lock; nobody else's ever is.
  void end_at_server(Database& database) const {
    [[maybe_unused]] const auto ended = database.run(
        "SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = "
        "a.pid "
        "WHERE a.pid = $1::int AND extract(epoch FROM a.backend_start)::text = $2::text "
        "AND l.granted AND l.locktype = 'advisory' "
        "AND l.classid::bigint = $3::bigint >> 32 AND l.objid::bigint = $3::bigint & 4294967295",
        {cell(backend_.process), cell(backend_.since), cell(kOwnerLock)});
  }

 private:
  static Parsed<Backend> own_backend(Database& database) {
    auto rows = database.run(
        "SELECT pid, extract(epoch FROM backend_start)::text FROM pg_stat_activity "
        "WHERE pid = pg_backend_pid()");
    if (!rows) return error(std::move(rows.error().text));
    if (rows->empty()) return Backend{};
    return Backend{rows->front().integer(0), rows->front().text(1)};
  }

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

  int fd_ = -1;      // PostgreSQL: the lock is the connection's
  Backend backend_;  // its holder there
};

struct Queued {
  Write what;
  Done done;
};

}  // namespace

class Store::Writer {
 public:
  Writer(std::string where, StorePace pace, std::unique_ptr<Database> database, Ownership ownership)
      : where_(std::move(where)),
        pace_(pace),
        ownership_(std::move(ownership)),
        database_(std::move(database)),
        thread_([this] { work(); }) {}

  ~Writer() { finish(); }

  void finish() {
    const std::scoped_lock once{finishing_};
    {
      const std::scoped_lock lock{mutex_};
      ending_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void queue(Write what, Done done, bool soon) {
    std::unique_lock lock{mutex_};
    if (ended_) {
      ++figures_.dropped;
      lock.unlock();
      if (done) done(error("the store is closed"));
      return;
    }
    // What must not be lost (incidents, alerts, what people do) is little: let it in.
    if (!soon && queue_.size() >= limits::kStoreQueue) {
      ++figures_.dropped;
      return;
    }
    queue_.push_back({std::move(what), std::move(done)});
    soon_ = soon_ || soon;
    lock.unlock();
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
  Parsed<bool> whole(const Parsed<bool>& last);
  Parsed<bool> connect_again();
  bool wait_to_retry(int tries, const std::string& why);
  void count(const std::vector<Parsed<bool>>& ends, Duration took);

  std::string where_;
  StorePace pace_;
  Ownership ownership_;
  std::unique_ptr<Database> database_;
  bool distrusted_ = false;  // the connection
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Queued> queue_;
  StoreFigures figures_;
  bool soon_ = false;
  bool ending_ = false;
  bool ended_ = false;  // nothing is taken any more
  int tries_at_end_ = limits::kStoreTriesAtEnd;
  std::mutex finishing_;
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
  ended_ = queue_.empty();
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

// Whether the batch can go on after `last`. What follows the end of its transaction would be kept
// at once by itself, and a second time with the next try.
Parsed<bool> Store::Writer::whole(const Parsed<bool>& last) {
  const bool sick = database_->environment_failed();
  if (!database_->lost() && database_->in_transaction() && !sick) return true;
  if (!last) return error(last.error().text);
  return error(database_->lost() ? "the connection is lost" : "the transaction has ended");
}

Parsed<bool> Store::Writer::connect_again() {
  auto again = open_database(where_, Access::write);
  if (!again) return error(again.error().text);
  ownership_.end_at_server(**again);
  auto owned = Ownership::take(where_, **again);
  if (!owned) return error(owned.error().text);
  ownership_ = std::move(*owned);
  database_ = std::move(*again);
  distrusted_ = false;
  return true;
}

Parsed<bool> Store::Writer::commit(std::deque<Queued>& batch, std::vector<Parsed<bool>>& ends) {
  if (database_->lost() || distrusted_) {
    if (auto connected = connect_again(); !connected) return connected;
  }
  Transaction transaction{*database_};
  if (!transaction.begun()) {
    // A connection that begins nothing is of no use, whatever it says of itself.
    distrusted_ = database_->dialect() == Dialect::postgresql;
    return error(transaction.reason());
  }
  database_->environment_failed();  // what was before is no matter of this batch
  for (const Queued& one : batch) {
    ends.push_back(apply(one.what));
    if (auto still = whole(ends.back()); !still) return still;
  }
  return transaction.commit();
}

void Store::Writer::count(const std::vector<Parsed<bool>>& ends, Duration took) {
  const std::scoped_lock lock{mutex_};
  figures_.failing_since = {};
  ++figures_.batches;
  figures_.writes += ends.size();
  figures_.last_batch_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  for (const auto& end : ends) {
    if (end) continue;
    ++figures_.failed;
    figures_.last_error = end.error().text;
  }
}

// False: it is the end, and was tried often enough.
bool Store::Writer::wait_to_retry(int tries, const std::string& why) {
  std::unique_lock lock{mutex_};
  if (figures_.failing_since == WallTime{}) figures_.failing_since = wall_now();
  figures_.last_error = why;
  if (!ending_) {
    wake_.wait_for(lock, std::min(pace_.retry * tries, pace_.retry_most), [&] { return ending_; });
    return true;
  }
  if (tries_at_end_ == 0) return false;
  --tries_at_end_;
  wake_.wait_for(lock, pace_.retry, [] { return false; });
  return true;
}

void Store::Writer::work() {
  while (true) {
    std::deque<Queued> batch = next_batch();
    if (batch.empty()) return;
    const Instant began = Clock::now();
    std::vector<Parsed<bool>> ends;
    Parsed<bool> kept = commit(batch, ends);
    // Nothing of a batch that failed was committed: the whole of it is written again.
    for (int tries = 1; !kept && wait_to_retry(tries, kept.error().text); ++tries) {
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

Store::Store(std::string where, StorePace pace, std::unique_ptr<Writer> writer)
    : where_(std::move(where)),
      pace_(pace),
      writer_(std::move(writer)),
      readers_(std::make_unique<Readers>()) {}

Store::~Store() = default;

Parsed<std::unique_ptr<Store>> Store::open(const std::string& where, StorePace pace) {
  auto database = open_database(where, Access::write);
  if (!database) return error(std::move(database.error().text));
  auto owned = Ownership::take(where, **database);
  if (!owned) return error(std::move(owned.error().text));
  const auto version = migrate(**database);
  if (!version) return error(version.error().text);
  auto writer = std::make_unique<Writer>(where, pace, std::move(*database), std::move(*owned));
  return std::unique_ptr<Store>{new Store{where, pace, std::move(writer)}};
}

void Store::write(Write what, Done done) {
  writer_->queue(std::move(what), std::move(done), false);
}

void Store::write_soon(Write what, Done done) {
  writer_->queue(std::move(what), std::move(done), true);
}

Parsed<bool> Store::write_now(Write what) {
  const auto ended = std::make_shared<std::promise<Parsed<bool>>>();
  auto end = ended->get_future();
  const bool away = figures().failing_since != WallTime{};
  write_soon(std::move(what), [ended](const Parsed<bool>& how) { ended->set_value(how); });
  if (end.wait_for(away ? pace_.answer_away : pace_.answer) == std::future_status::ready) {
    return end.get();
  }
  const auto now = figures();
  return error(
      fmt::format("the store does not answer{}; what was asked is written when it comes back",
                  now.failing_since == WallTime{} ? "" : fmt::format(" ({})", now.last_error)));
}

void Store::finish() { writer_->finish(); }

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
