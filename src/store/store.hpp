// The store of a watch: one SQLite file, or a PostgreSQL database, behind one interface.
//
// Writes are queued and applied in order by one writer thread, in batches: a batch is committed at
// most limits::kStoreBatch after its first write, at once when a write asks for it. So the death of
// the process at any moment loses at most that, and what write_now() reported is never lost.
// Reads run on the calling thread, on a connection of their own, and never wait for the writer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.hpp"
#include "store/database.hpp"

namespace causeway::store {

// What a write does; it runs inside the batch's transaction, on the writer's thread. Its error
// undoes only itself.
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
};

class Store {
 public:
  // `where`: a file's path or postgresql://...; see open_database(). Takes the store for this
  // process alone: a second watch on it is refused. Brings it to the newest version.
  static Parsed<std::unique_ptr<Store>> open(const std::string& where);
  ~Store();  // what is queued is written first
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Queued; order is kept. `done` hears how it ended, after the commit.
  void write(Write what, Done done = {});
  // The same, and the batch is committed without waiting for more.
  void write_soon(Write what, Done done = {});
  // Waits until it is committed. Not from the writer's thread.
  Parsed<bool> write_now(Write what);

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
  Store(std::string where, std::unique_ptr<Writer> writer);
  Parsed<std::unique_ptr<Database>> take_reader();
  void give_reader(std::unique_ptr<Database> reader);

  std::string where_;
  std::unique_ptr<Writer> writer_;
  struct Readers;
  std::unique_ptr<Readers> readers_;
};

// "postgresql://user@host/name" of an address with a password.
std::string without_password(std::string_view where);

}  // namespace causeway::store
