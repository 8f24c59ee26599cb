// The store of a watch: one SQLite file, or a PostgreSQL database, behind one interface.
//
// Writes are queued and applied in order by one writer thread, in batches: a batch is committed at
// most limits::kStoreBatch after its first write, at once when a write asks for it. So the death of
// the process at any moment loses at most that, and what write_now() reported is never lost.
// A write's own error undoes only that write; a batch fails only for the environment's sake (the
// server restarts, the disk is full). So it is tried again for as long as the process lives.
// Reads run on the calling thread, on a connection of their own, and never wait for the writer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/database.hpp"
#include "store/limits.hpp"

namespace causeway::store {

// What a write does; it runs inside the batch's transaction, on the writer's thread, once more with
// each try. Its error undoes only itself. A store that is away may let it run long after the call
// that asked for it has returned: it owns what it needs.
using Write = std::function<Parsed<bool>(Database&)>;
using Done = std::function<void(const Parsed<bool>&)>;  // on the writer's thread

struct StoreFigures {
  std::uint64_t writes = 0;
  std::uint64_t failed = 0;   // writes that ended with an error
  std::uint64_t batches = 0;  // committed
  std::uint64_t dropped = 0;  // refused because limits::kStoreQueue were waiting
  std::uint64_t waiting = 0;  // queued now
  std::int64_t last_batch_us = 0;
  std::string last_error;
  WallTime failing_since;  // nothing can be written since then; the epoch: all is well
};

// How long it waits for a store that is away.
struct StorePace {
  Duration retry = limits::kStoreRetry;
  Duration retry_most = limits::kStoreRetryMost;
  Duration answer = limits::kStoreAnswer;
  Duration answer_away = limits::kStoreAnswerAway;
};

class Store {
 public:
  // `where`: a file's path or postgresql://...; see open_database(). Takes the store for this
  // process alone: a second watch on it is refused. Brings it to the newest version.
  static Parsed<std::unique_ptr<Store>> open(const std::string& where, StorePace pace = {});
  ~Store();  // finish()
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Queued; order is kept. `done` hears how it ended, after the commit. Dropped, and `done` not
  // called, when limits::kStoreQueue are waiting.
  void write(Write what, Done done = {});
  // The same, but the batch is committed without waiting for more, and it is never dropped.
  void write_soon(Write what, Done done = {});
  // Waits until it is committed, or until the store does not answer: an error says so, and it is
  // still written when the store is back. Not from the writer's thread.
  Parsed<bool> write_now(Write what);
  // Writes what is queued, in a few tries, and takes no more: whoever is told by a `done` may go
  // afterwards.
  void finish();

  // One question: `ask(Database&)`, whose result is returned. Thread-safe; a few milliseconds.
  template <class Ask>
  std::invoke_result_t<Ask, Database&> read(Ask&& ask) {
    using Answer = std::invoke_result_t<Ask, Database&>;
    auto reader = take_reader();
    if (!reader) return Answer{std::unexpected<Error>(reader.error())};
    Answer out = std::forward<Ask>(ask)(**reader);
    give_reader(std::move(*reader));
    return out;
  }

  StoreFigures figures() const;
  const std::string& where() const { return where_; }
  std::string shown() const;  // without a password

 private:
  class Writer;
  Store(std::string where, StorePace pace, std::unique_ptr<Writer> writer);
  Parsed<std::unique_ptr<Database>> take_reader();
  void give_reader(std::unique_ptr<Database> reader);

  std::string where_;
  StorePace pace_;
  std::unique_ptr<Writer> writer_;
  struct Readers;
  std::unique_ptr<Readers> readers_;
};

// "postgresql://user@host/name" of an address with a password.
std::string without_password(std::string_view where);

}  // namespace causeway::store
