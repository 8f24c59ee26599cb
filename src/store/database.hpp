// One connection to a database: the small common part of SQLite and PostgreSQL that the store is
// written in. Statements are the same text for both, with $1, $2 ... as parameters.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace causeway::store {

// NULL, an integer, a floating point number or text (UTF-8, no NUL).
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

class Row {
 public:
  explicit Row(std::vector<Cell> cells) : cells_(std::move(cells)) {}

  std::size_t size() const { return cells_.size(); }
  const Cell& cell(std::size_t column) const { return cells_[column]; }
  bool null(std::size_t column) const {
    return std::holds_alternative<std::monostate>(cells_[column]);
  }
  // 0 and empty where the cell is NULL; numbers convert to each other.
  std::int64_t integer(std::size_t column) const;
  double real(std::size_t column) const;
  std::string text(std::size_t column) const;
  bool boolean(std::size_t column) const { return integer(column) != 0; }
  WallTime time(std::size_t column) const;  // kept as milliseconds since 1970, UTC

 private:
  std::vector<Cell> cells_;
};

using Rows = std::vector<Row>;

Cell cell(std::string_view text);
Cell cell(WallTime at);
inline Cell cell(std::int64_t number) { return Cell{number}; }
inline Cell cell(int number) { return Cell{std::int64_t{number}}; }
inline Cell cell(std::uint64_t number) { return Cell{static_cast<std::int64_t>(number)}; }
inline Cell cell(bool truth) { return Cell{std::int64_t{truth ? 1 : 0}}; }
inline Cell cell(double number) { return Cell{number}; }
inline Cell nothing() { return Cell{}; }
Cell cell_or_nothing(WallTime at);  // the epoch is NULL: "has not happened"

enum class Dialect : std::uint8_t { sqlite, postgresql };

class Database {
 public:
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  virtual ~Database() = default;

  virtual Dialect dialect() const = 0;
  // Several statements without parameters.
  virtual Parsed<bool> script(std::string_view sql) = 0;
  // Hands over each row as it comes; stops when `take` returns false.
  virtual Parsed<bool> each(std::string_view sql, std::span<const Cell> parameters,
                            const std::function<bool(Row)>& take) = 0;
  // Rows that the last statement of run() or each() changed.
  virtual std::int64_t changed() const = 0;
  // After an error: whether the connection itself is gone.
  virtual bool lost() const = 0;
  // A full disk can end a whole transaction in the middle of a statement: what follows would be
  // kept at once, by itself.
  virtual bool in_transaction() const = 0;
  // Whether an error since the last question was the machine's (a full disk, no memory, a lock),
  // not the statement's: the same may well go later.
  bool environment_failed() { return std::exchange(environment_failed_, false); }
  // Damage in the file or the server's tables, one sentence each; empty: none found.
  virtual Parsed<std::vector<std::string>> damage() = 0;
  virtual std::int64_t bytes() = 0;  // on disk; 0 when not known

  Parsed<Rows> run(std::string_view sql, std::span<const Cell> parameters = {});
  Parsed<Rows> run(std::string_view sql, std::initializer_list<Cell> parameters) {
    return run(sql, std::span<const Cell>{parameters.begin(), parameters.size()});
  }

 protected:
  bool environment_failed_ = false;
};

enum class Access : std::uint8_t { read, write };

// A file of this machine, or ":memory:". Made when it is not there and `access` is write.
Parsed<std::unique_ptr<Database>> open_sqlite(const std::string& path, Access access);
// "postgresql://..." as libpq reads it (its manual, section 34.1.1.2).
Parsed<std::unique_ptr<Database>> open_postgresql(const std::string& address, Access access);

// The one that `where` names: a postgresql:// or postgres:// address, or a file.
Parsed<std::unique_ptr<Database>> open_database(const std::string& where, Access access);
bool is_postgresql(std::string_view where);

}  // namespace causeway::store
