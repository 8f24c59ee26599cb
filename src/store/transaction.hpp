// One transaction: rolled back unless committed.
#pragma once

#include "store/database.hpp"

namespace causeway::store {

class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {
    // SQLite: takes the write lock now, so that a batch never fails in its middle.
    auto started =
        database.script(database.dialect() == Dialect::sqlite ? "BEGIN IMMEDIATE" : "BEGIN");
    open_ = started.has_value();
    if (!open_) reason_ = started.error().text;
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!open_) return;
    [[maybe_unused]] const auto undone = database_.script("ROLLBACK");
  }

  bool begun() const { return open_; }
  const std::string& reason() const { return reason_; }

  Parsed<bool> commit() {
    auto done = database_.script("COMMIT");
    if (done) open_ = false;
    return done;
  }

 private:
  Database& database_;
  std::string reason_;
  bool open_ = false;
};

}  // namespace causeway::store
