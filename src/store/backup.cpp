#include "store/backup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/text.hpp"
#include "store/rows.hpp"
#include "store/schema.hpp"
#include "store/store.hpp"
#include "store/transaction.hpp"

namespace causeway::store {
namespace {

Parsed<std::vector<std::string>> tables_of(Database& database) {
  return all(
      database.run(database.dialect() == Dialect::sqlite
                       ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
                         "'sqlite_%' ORDER BY name"
                       : "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
                         "ORDER BY tablename"),
      [](const Row& row) { return row.text(0); });
}

Parsed<std::vector<std::string>> columns_of(Database& database, const std::string& table) {
  return all(
      database.dialect() == Dialect::sqlite
          ? database.run("SELECT name FROM pragma_table_info($1) ORDER BY name", {cell(table)})
          : database.run("SELECT column_name::text FROM information_schema.columns WHERE "
                         "table_schema = current_schema() AND table_name = $1 "
                         "ORDER BY column_name",
                         {cell(table)}),
      [](const Row& row) { return row.text(0); });
}

std::string insertion(const std::string& table, const std::vector<std::string>& columns,
                      Dialect dialect) {
  std::vector<std::string> places;
  for (std::size_t i = 1; i <= columns.size(); ++i) places.push_back(fmt::format("${}", i));
  return fmt::format("INSERT INTO {} ({}) {}VALUES ({})", table, join(columns, ", "),
                     // The numbers that other rows refer to are kept.
                     dialect == Dialect::postgresql ? "OVERRIDING SYSTEM VALUE " : "",
                     join(places, ", "));
}

Parsed<std::int64_t> copy_table(Database& from, Database& to, const std::string& table) {
  auto columns = columns_of(to, table);
  if (!columns) return error(columns.error().text);
  const std::string insert = insertion(table, *columns, to.dialect());
  std::int64_t rows = 0;
  std::string why;
  auto read = from.each(fmt::format("SELECT {} FROM {}", join(*columns, ", "), table), {},
                        [&](const Row& row) {
                          std::vector<Cell> cells;
                          cells.reserve(row.size());
                          for (std::size_t i = 0; i < row.size(); ++i) {
                            cells.push_back(row.cell(i));
                          }
                          auto put = to.run(insert, cells);
                          if (!put) why = put.error().text;
                          rows += put ? 1 : 0;
                          return put.has_value();
                        });
  if (!read) return error(read.error().text);
  if (!why.empty()) return error(fmt::format("table {}: {}", table, why));
  return rows;
}

// PostgreSQL: the numbers given next must lie after those that were copied.
Parsed<bool> continue_numbers(Database& to, const std::string& table) {
  if (to.dialect() != Dialect::postgresql) return true;
  auto rows = to.run(
      "SELECT pg_get_serial_sequence($1, 'id') FROM information_schema.columns "
      "WHERE table_schema = current_schema() AND table_name = $1 "
      "AND column_name = 'id' AND is_identity = 'YES'",
      {cell(table)});
  if (!rows) return error(rows.error().text);
  if (rows->empty() || rows->front().null(0)) return true;
  return done(
      to.run(fmt::format("SELECT setval('{}', coalesce((SELECT max(id) FROM {}), 0) + 1, "
                         "false)",
                         rows->front().text(0), table)));
}

Parsed<Copied> copy_all(Database& from, Database& to) {
  auto tables = tables_of(to);
  if (!tables) return error(tables.error().text);
  // One moment for all tables.
  auto begun = from.script(from.dialect() == Dialect::sqlite
                               ? "BEGIN"
                               : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (!begun) return error(begun.error().text);
  Transaction transaction{to};
  if (!transaction.begun()) return error(transaction.reason());
  Copied out;
  for (const std::string& table : *tables) {
    auto emptied = to.script(fmt::format("DELETE FROM {}", table));
    if (!emptied) return error(emptied.error().text);
    const auto rows = copy_table(from, to, table);
    if (!rows) return error(rows.error().text);
    const auto numbered = continue_numbers(to, table);
    if (!numbered) return error(numbered.error().text);
    out.rows += *rows;
    ++out.tables;
  }
  const auto kept = transaction.commit();
  if (!kept) return error(kept.error().text);
  [[maybe_unused]] const auto ended = from.script("ROLLBACK");  // it only read
  return out;
}

Parsed<bool> same_version(Database& from, const std::string& name) {
  const auto version = version_of(from);
  if (!version) return error(version.error().text);
  if (*version == newest_version()) return true;
  return error(fmt::format(
      "'{}' is a store of version {}, this program works with version {}; expected to open it "
      "once with 'causeway watch' of this version",
      without_password(name), *version, newest_version()));
}

}  // namespace

Parsed<Copied> backup(const std::string& store, const std::string& file) {
  if (std::filesystem::exists(file)) {
    return error(fmt::format("'{}' exists; expected the name of a new file", file));
  }
  auto from = open_database(store, Access::read);
  if (!from) return error(from.error().text);
  const auto fits = same_version(**from, store);
  if (!fits) return error(fits.error().text);
  const std::string part = file + ".part";
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  Parsed<Copied> out;
  {
    auto to = open_sqlite(part, Access::write);
    if (!to) return error(to.error().text);
    const auto made = migrate(**to);
    if (!made) return error(made.error().text);
    out = copy_all(**from, **to);
    // One file, without a log beside it.
    if (out) {
      [[maybe_unused]] const auto single = (*to)->script("PRAGMA journal_mode=DELETE");
    }
  }
  if (!out) {
    std::filesystem::remove(part, ignored);
    return out;
  }
  std::error_code failed;
  std::filesystem::rename(part, file, failed);
  if (failed) return error(fmt::format("cannot write '{}': {}", file, failed.message()));
  return out;
}

Parsed<Copied> restore(const std::string& file, const std::string& store, bool replace) {
  if (!std::filesystem::exists(file)) {
    return error(
        fmt::format("'{}' does not exist; expected a file that 'causeway watch backup' "
                    "made",
                    file));
  }
  auto from = open_sqlite(file, Access::read);
  if (!from) return error(from.error().text);
  const auto fits = same_version(**from, file);
  if (!fits) return error(fits.error().text);
  {
    auto owner = Store::open(store);  // brings it to this version, and nobody else may use it
    if (!owner) return error(owner.error().text);
    auto used = (*owner)->read([](Database& database) -> Parsed<bool> {
      auto rows = database.run(
          "SELECT (SELECT count(*) FROM target) + (SELECT count(*) FROM "
          "incident)");
      if (!rows) return error(rows.error().text);
      return rows->front().integer(0) > 0;
    });
    if (!used) return error(used.error().text);
    if (*used && !replace) {
      return error(fmt::format("the store '{}' is not empty; expected an empty one, or --replace",
                               without_password(store)));
    }
  }
  auto to = open_database(store, Access::write);
  if (!to) return error(to.error().text);
  return copy_all(**from, **to);
}

Parsed<Checked> check(const std::string& store) {
  auto database = open_database(store, Access::read);
  if (!database) return error(database.error().text);
  const auto damage = (*database)->damage();
  if (!damage) return error(damage.error().text);
  const auto version = version_of(**database);
  if (!version && damage->empty()) return error(version.error().text);
  return Checked{
      .version = version.value_or(0), .bytes = (*database)->bytes(), .damage = join(*damage, "\n")};
}

}  // namespace causeway::store
