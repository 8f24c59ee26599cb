// SQLite behind store::Database: write-ahead log, full synchronisation at each commit (a batch of
// 250 ms costs one fsync), no memory-mapped I/O (a torn page of another process must not be a
// signal).
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "base/text.hpp"
#include "store/database.hpp"
#include "store/limits.hpp"

namespace causeway::store {
namespace {

constexpr long kNfs = NFS_SUPER_MAGIC;
constexpr long kSmb = SMB_SUPER_MAGIC;
constexpr long kSmb2 = 0xFE534D42;  // linux/magic.h has it since 5.18 only
constexpr long kCifs = 0xFF534D42;
constexpr long kNinePees = V9FS_MAGIC;

// File locks over a network are why stores get damaged (sqlite.org/howtocorrupt.html, 2.1).
std::string network_file_system(const std::string& path) {
  const auto folder = std::filesystem::path{path}.parent_path();
  struct statfs facts{};
  if (::statfs(folder.empty() ? "." : folder.c_str(), &facts) != 0) return {};
  switch (static_cast<long>(facts.f_type)) {
    case kNfs: return "NFS";
    case kSmb:
    case kSmb2:
    case kCifs: return "SMB";
    case kNinePees: return "9P";
    default: return {};
  }
}

class Sqlite final : public Database {
 public:
  explicit Sqlite(sqlite3* handle) : handle_(handle) {}
  ~Sqlite() override {
    for (auto& [text, statement] : prepared_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
  }

  Dialect dialect() const override { return Dialect::sqlite; }
  Parsed<bool> script(std::string_view sql) override;
  Parsed<bool> each(std::string_view sql, std::span<const Cell> parameters,
                    const std::function<bool(Row)>& take) override;
  std::int64_t changed() const override { return sqlite3_changes64(handle_); }
  bool lost() const override { return false; }
  bool in_transaction() const override { return sqlite3_get_autocommit(handle_) == 0; }
  Parsed<std::vector<std::string>> damage() override;
  std::int64_t bytes() override;

 private:
  std::unexpected<Error> failed(std::string_view sql);
  Parsed<sqlite3_stmt*> prepared(std::string_view sql);

  sqlite3* handle_;
  std::map<std::string, sqlite3_stmt*, std::less<>> prepared_;
};

std::unexpected<Error> Sqlite::failed(std::string_view sql) {
  const int code = sqlite3_errcode(handle_);
  if (code == SQLITE_FULL || code == SQLITE_NOMEM || code == SQLITE_BUSY) {
    environment_failed_ = true;
  }
  return error(fmt::format("SQLite: {} (in '{}')", sqlite3_errmsg(handle_),
                           printable(trim(sql), limits::kSqlShown)));
}

Parsed<bool> Sqlite::script(std::string_view sql) {
  const std::string text{sql};
  if (sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failed(sql);
  }
  return true;
}

Parsed<sqlite3_stmt*> Sqlite::prepared(std::string_view sql) {
  const auto known = prepared_.find(sql);
  if (known != prepared_.end()) return known->second;
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK) {
    return failed(sql);
  }
  prepared_.emplace(sql, made);
  return made;
}

// "$1" is a named parameter to SQLite, so its place is looked up by that name.
bool bind(sqlite3_stmt* statement, std::size_t number, const Cell& value) {
  const int place = sqlite3_bind_parameter_index(statement, fmt::format("${}", number).c_str());
  if (place == 0) return true;  // a parameter that the statement does not use
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, place, *integer) == SQLITE_OK;
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return sqlite3_bind_double(statement, place, *real) == SQLITE_OK;
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, place, text->data(), text->size(), SQLITE_TRANSIENT,
                               SQLITE_UTF8) == SQLITE_OK;
  }
  return sqlite3_bind_null(statement, place) == SQLITE_OK;
}

Row row_of(sqlite3_stmt* statement) {
  std::vector<Cell> cells;
  const int columns = sqlite3_column_count(statement);
  cells.reserve(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) {
    switch (sqlite3_column_type(statement, i)) {
      case SQLITE_INTEGER:
        cells.emplace_back(std::int64_t{sqlite3_column_int64(statement, i)});
        break;
      case SQLITE_FLOAT: cells.emplace_back(sqlite3_column_double(statement, i)); break;
      case SQLITE_NULL: cells.emplace_back(); break;
      default: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
        cells.emplace_back(text == nullptr ? std::string{} : std::string{text, length});
      }
    }
  }
  return Row{std::move(cells)};
}

Parsed<bool> Sqlite::each(std::string_view sql, std::span<const Cell> parameters,
                          const std::function<bool(Row)>& take) {
  auto made = prepared(sql);
  if (!made) return error(std::move(made.error().text));
  sqlite3_stmt* statement = *made;
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!bind(statement, i + 1, parameters[i])) return failed(sql);
  }
  int step = sqlite3_step(statement);
  while (step == SQLITE_ROW) {
    if (!take(row_of(statement))) {
      step = SQLITE_DONE;
      break;
    }
    step = sqlite3_step(statement);
  }
  if (step != SQLITE_DONE) {
    auto why = failed(sql);
    sqlite3_reset(statement);
    return why;
  }
  sqlite3_reset(statement);
  return true;
}

Parsed<std::vector<std::string>> Sqlite::damage() {
  auto rows = run("PRAGMA integrity_check(20)");
  // Damage may also be where the check itself needs to read.
  if (!rows && sqlite3_errcode(handle_) == SQLITE_CORRUPT) return std::vector{rows.error().text};
  if (!rows) return error(std::move(rows.error().text));
  std::vector<std::string> out;
  for (const Row& row : *rows) {
    if (row.text(0) != "ok") out.push_back(row.text(0));
  }
  return out;
}

std::int64_t Sqlite::bytes() {
  const auto rows =
      run("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()");
  return rows && !rows->empty() ? rows->front().integer(0) : 0;
}

constexpr std::string_view kWriterSettings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    "PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=67108864;"
    "PRAGMA temp_store=MEMORY;";
constexpr std::string_view kReaderSettings = "PRAGMA query_only=ON; PRAGMA temp_store=MEMORY;";

// Each connection keeps its pages in one block. A reader drops all of them whenever somebody has
// written: page by page they would come from, and leave holes in, a heap of small things that live
// long (sqlite.org/malloc.html, 3.2.1).
void keep_pages_together() {
  static const int once =
      ::sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, -limits::kStorePagesKib);
  static_cast<void>(once);  // refused when SQLite runs already: then as it was
}

// A folder that cannot be written takes none of the files that SQLite puts beside a store to read
// it. Without a log there nobody is changing it: it is read as it stands (sqlite.org/wal.html,
// "Read-Only Databases").
bool stands_still(const std::string& path) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  if (::faccessat(AT_FDCWD, folder.c_str(), W_OK, AT_EACCESS) == 0) return false;
  std::error_code none;
  const auto log = std::filesystem::file_size(path + "-wal", none);
  return none || log == 0;
}

// RFC 8089, as far as SQLite reads it (sqlite.org/uri.html).
std::string still_name(const std::string& path) {
  std::string out = "file:";
  for (const char letter : path) {
    if (letter == '%' || letter == '?' || letter == '#') {
      out += fmt::format("%{:02X}", letter);
    } else {
      out += letter;
    }
  }
  return out + "?immutable=1";
}

}  // namespace

Parsed<std::unique_ptr<Database>> open_sqlite(const std::string& path, Access access) {
  const std::string network = network_file_system(path);
  if (!network.empty()) {
    return error(fmt::format(
        "'{}' is on a network file system ({}), whose locks do not protect a store; expected a "
        "file on a local disk, or postgresql://...",
        path, network));
  }
  keep_pages_together();
  sqlite3* handle = nullptr;
  const bool still = access == Access::read && stands_still(path);
  const int flags = still                     ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
                    : access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                              : SQLITE_OPEN_READWRITE;
  const int opened = sqlite3_open_v2(still ? still_name(path).c_str() : path.c_str(), &handle,
                                     flags | SQLITE_OPEN_NOMUTEX, nullptr);
  auto out = std::make_unique<Sqlite>(handle);
  if (opened != SQLITE_OK) {
    return error(fmt::format("cannot open the store '{}': {}", path, sqlite3_errmsg(handle)));
  }
  sqlite3_busy_timeout(handle, static_cast<int>(limits::kStoreBusy.count()));
  if (path != ":memory:" && !still) ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
  auto set = out->script(access == Access::write ? kWriterSettings : kReaderSettings);
  if (!set) return error(fmt::format("cannot use the store '{}': {}", path, set.error().text));
  return out;
}

}  // namespace causeway::store
