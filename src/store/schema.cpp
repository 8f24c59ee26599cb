#include "store/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/embedded.hpp"
#include "store/transaction.hpp"

namespace causeway::store {
namespace {

struct Word {
  std::string_view postgresql;
  std::string_view sqlite;
};

// The longer first: the second is a part of it.
constexpr std::array kWords{
    Word{"BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"},
    Word{"DOUBLE PRECISION", "REAL"},
    Word{"BIGINT", "INTEGER"},
    Word{"\n);", "\n) STRICT;"},
};

int number_of(std::string_view file) {
  const std::string_view base = file.substr(file.rfind('/') + 1);
  int number = 0;
  std::from_chars(base.data(), base.data() + base.size(), number);
  return number;
}

Parsed<bool> table_exists(Database& database, std::string_view table) {
  const std::string_view question =
      database.dialect() == Dialect::sqlite
          ? "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1"
          : "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1";
  auto rows = database.run(question, {cell(table)});
  if (!rows) return error(std::move(rows.error().text));
  return rows->front().integer(0) > 0;
}

Parsed<bool> apply(Database& database, const EmbeddedFile& step) {
  Transaction transaction{database};
  if (!transaction.begun()) return error(transaction.reason());
  auto made = database.script(in_dialect(step.text, database.dialect()));
  if (!made) return error(fmt::format("migration {}: {}", step.name, made.error().text));
  auto kept = database.run(
      "INSERT INTO meta (name, value) VALUES ('version', $1) "
      "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      {cell(fmt::format("{}", number_of(step.name)))});
  if (!kept) return error(std::move(kept.error().text));
  return transaction.commit();
}

}  // namespace

std::string in_dialect(std::string_view sql, Dialect dialect) {
  std::string out{sql};
  if (dialect == Dialect::postgresql) return out;
  for (const Word& word : kWords) {
    for (std::size_t at = 0; (at = out.find(word.postgresql, at)) != std::string::npos;) {
      out.replace(at, word.postgresql.size(), word.sqlite);
      at += word.sqlite.size();
    }
  }
  return out;
}

int newest_version() {
  int newest = 0;
  for (const auto& step : embedded_files()) newest = std::max(newest, number_of(step.name));
  return newest;
}

Parsed<int> version_of(Database& database) {
  const auto there = table_exists(database, "meta");
  if (!there) return error(there.error().text);
  if (!*there) return 0;
  auto rows = database.run("SELECT value FROM meta WHERE name = 'version'");
  if (!rows) return error(std::move(rows.error().text));
  return rows->empty() ? 0 : static_cast<int>(rows->front().integer(0));
}

Parsed<int> migrate(Database& database) {
  const auto found = version_of(database);
  if (!found) return error(found.error().text);
  if (*found > newest_version()) {
    return error(fmt::format(
        "the store is of version {}, this program knows versions up to {}; expected a newer "
        "program, or a backup of the older store",
        *found, newest_version()));
  }
  for (const auto& step : embedded_files()) {  // sorted by name, so by number
    if (number_of(step.name) <= *found) continue;
    const auto applied = apply(database, step);
    if (!applied) return error(applied.error().text);
  }
  return newest_version();
}

}  // namespace causeway::store
