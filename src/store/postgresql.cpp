// PostgreSQL behind store::Database, over libpq with text parameters. One connection, used by one
// thread at a time; a lost one is opened anew at the next statement outside a transaction.
#include <fmt/format.h>
#include <libpq-fe.h>

#include <charconv>
#include <cstdlib>
#include <map>

#include "base/late_library.hpp"
#include "base/text.hpp"
#include "store/database.hpp"
#include "store/limits.hpp"

namespace causeway::store {
namespace {

// Type numbers of pg_type.dat.
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kBool = 16;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;
constexpr Oid kNumeric = 1700;

// What is called of libpq, under its names without "PQ".
struct Libpq : LateLibrary {
  Libpq() : LateLibrary("libpq.so.5", "libpq5") {
    find("PQclear", clear);
    find("PQcmdTuples", cmd_tuples);
    find("PQconnectdbParams", connectdb_params);
    find("PQerrorMessage", error_message);
    find("PQexec", exec);
    find("PQfinish", finish);
    find("PQftype", ftype);
    find("PQgetResult", get_result);
    find("PQgetisnull", getisnull);
    find("PQgetlength", getlength);
    find("PQgetvalue", getvalue);
    find("PQnfields", nfields);
    find("PQntuples", ntuples);
    find("PQprepare", prepare);
    find("PQresultErrorField", result_error_field);
    find("PQresultStatus", result_status);
    find("PQsendQueryPrepared", send_query_prepared);
    find("PQsetNoticeProcessor", set_notice_processor);
    find("PQsetSingleRowMode", set_single_row_mode);
    find("PQstatus", status);
    find("PQtransactionStatus", transaction_status);
  }
  decltype(&::PQclear) clear = nullptr;
  decltype(&::PQcmdTuples) cmd_tuples = nullptr;
  decltype(&::PQconnectdbParams) connectdb_params = nullptr;
  decltype(&::PQerrorMessage) error_message = nullptr;
  decltype(&::PQexec) exec = nullptr;
  decltype(&::PQfinish) finish = nullptr;
  decltype(&::PQftype) ftype = nullptr;
  decltype(&::PQgetResult) get_result = nullptr;
  decltype(&::PQgetisnull) getisnull = nullptr;
  decltype(&::PQgetlength) getlength = nullptr;
  decltype(&::PQgetvalue) getvalue = nullptr;
  decltype(&::PQnfields) nfields = nullptr;
  decltype(&::PQntuples) ntuples = nullptr;
  decltype(&::PQprepare) prepare = nullptr;
  decltype(&::PQresultErrorField) result_error_field = nullptr;
  decltype(&::PQresultStatus) result_status = nullptr;
  decltype(&::PQsendQueryPrepared) send_query_prepared = nullptr;
  decltype(&::PQsetNoticeProcessor) set_notice_processor = nullptr;
  decltype(&::PQsetSingleRowMode) set_single_row_mode = nullptr;
  decltype(&::PQstatus) status = nullptr;
  decltype(&::PQtransactionStatus) transaction_status = nullptr;
};

const Libpq& libpq() {
  static const Libpq library;
  return library;
}

struct ClearResult {
  void operator()(PGresult* result) const { libpq().clear(result); }
};
using Answer = std::unique_ptr<PGresult, ClearResult>;

Cell cell_of(const PGresult& result, int row, int column) {
  if (libpq().getisnull(&result, row, column) != 0) return nothing();
  const char* text = libpq().getvalue(&result, row, column);
  const std::string_view words{text,
                               static_cast<std::size_t>(libpq().getlength(&result, row, column))};
  switch (libpq().ftype(&result, column)) {
    case kBool: return cell(words == "t");
    case kInt2:
    case kInt4:
    case kInt8: {
      std::int64_t number = 0;
      std::from_chars(words.data(), words.data() + words.size(), number);
      return cell(number);
    }
    case kNumeric:
      if (words.find('.') == std::string_view::npos) {
        std::int64_t number = 0;
        std::from_chars(words.data(), words.data() + words.size(), number);
        return cell(number);
      }
      return cell(std::strtod(text, nullptr));
    case kFloat4:
    case kFloat8: return cell(std::strtod(text, nullptr));
    default: return cell(words);
  }
}

class Postgresql final : public Database {
 public:
  Postgresql(std::string address, Access access) : address_(std::move(address)), access_(access) {}
  ~Postgresql() override { libpq().finish(link_); }

  Parsed<bool> connect();
  Dialect dialect() const override { return Dialect::postgresql; }
  Parsed<bool> script(std::string_view sql) override;
  Parsed<bool> each(std::string_view sql, std::span<const Cell> parameters,
                    const std::function<bool(Row)>& take) override;
  std::int64_t changed() const override { return changed_; }
  bool lost() const override { return link_ == nullptr || libpq().status(link_) != CONNECTION_OK; }
  bool in_transaction() const override {
    return libpq().transaction_status(link_) == PQTRANS_INTRANS;
  }
  Parsed<std::vector<std::string>> damage() override;
  std::int64_t bytes() override;

 private:
  std::unexpected<Error> failed(std::string_view sql, const PGresult* answer = nullptr);
  Parsed<std::string> prepared(std::string_view sql);
  Parsed<bool> take_rows(std::string_view sql, const std::function<bool(Row)>& take);

  std::string address_;
  Access access_;
  PGconn* link_ = nullptr;
  std::int64_t changed_ = 0;
  std::map<std::string, std::string, std::less<>> prepared_;
};

std::string one_line(std::string_view text) {
  std::string out{trim(text)};
  for (char& letter : out) {
    if (letter == '\n') letter = ' ';
  }
  return out;
}

// SQLSTATE (the manual's appendix A): no resources, the server's own ends and errors, a deadlock, a
// lock that is not to be had. 57014 is a statement that ran too long: it would again.
bool of_the_environment(std::string_view state) {
  return (state.starts_with("53") || state.starts_with("57") || state.starts_with("58") ||
          state.starts_with("40") || state == "55P03") &&
         state != "57014";
}

std::unexpected<Error> Postgresql::failed(std::string_view sql, const PGresult* answer) {
  const char* state =
      answer == nullptr ? nullptr : libpq().result_error_field(answer, PG_DIAG_SQLSTATE);
  if (state != nullptr && of_the_environment(state)) environment_failed_ = true;
  return error(fmt::format("PostgreSQL: {} (in '{}')", one_line(libpq().error_message(link_)),
                           printable(trim(sql), limits::kSqlShown)));
}

Parsed<bool> Postgresql::connect() {
  libpq().finish(link_);
  prepared_.clear();
  // What stands before the address is what the address may say otherwise.
  const std::array<const char*, 9> keys{"keepalives_idle",
                                        "keepalives_interval",
                                        "keepalives_count",
                                        "tcp_user_timeout",
                                        "dbname",
                                        "connect_timeout",
                                        "application_name",
                                        "client_encoding",
                                        nullptr};
  const std::string silence = fmt::format("{}", limits::kStoreSilence.count());
  const std::string probe = fmt::format("{}", limits::kStoreProbe.count());
  const std::string unheard =
      fmt::format("{}", std::chrono::milliseconds{limits::kStoreSilence}.count());
  const std::string wait = fmt::format("{}", limits::kStoreConnect.count());
  const std::array<const char*, 9> values{silence.c_str(), probe.c_str(),    "3",
                                          unheard.c_str(), address_.c_str(), wait.c_str(),
                                          "causeway",      "UTF8",           nullptr};
  link_ = libpq().connectdb_params(keys.data(), values.data(), 1);
  if (libpq().status(link_) != CONNECTION_OK) {
    return error(fmt::format("cannot open the store: {}", one_line(libpq().error_message(link_))));
  }
  // Notices ("relation exists, skipping") are nothing for a terminal.
  libpq().set_notice_processor(link_, [](void*, const char*) {}, nullptr);
  // The same at the server's side: after a cut it would keep our locks and places for hours. On a
  // socket of this machine these mean nothing.
  [[maybe_unused]] const auto kept = script(fmt::format(
      "SET tcp_keepalives_idle = {}; SET tcp_keepalives_interval = {}; SET tcp_keepalives_count = "
      "3; SET tcp_user_timeout = {}",
      silence, probe, unheard));
  environment_failed_ = false;
  if (access_ == Access::read) return script("SET default_transaction_read_only = on");
  return true;
}

Parsed<bool> Postgresql::script(std::string_view sql) {
  const std::string text{sql};
  const Answer answer{libpq().exec(link_, text.c_str())};
  const auto status = libpq().result_status(answer.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failed(sql, answer.get());
  return true;
}

Parsed<std::string> Postgresql::prepared(std::string_view sql) {
  const auto known = prepared_.find(sql);
  if (known != prepared_.end()) return known->second;
  std::string made = fmt::format("s{}", prepared_.size());
  const std::string text{sql};
  const Answer answer{libpq().prepare(link_, made.c_str(), text.c_str(), 0, nullptr)};
  if (libpq().result_status(answer.get()) != PGRES_COMMAND_OK) return failed(sql, answer.get());
  prepared_.emplace(sql, made);
  return made;
}

Parsed<bool> Postgresql::take_rows(std::string_view sql, const std::function<bool(Row)>& take) {
  bool wanted = true;
  std::string why;
  while (const Answer answer{libpq().get_result(link_)}) {
    const auto status = libpq().result_status(answer.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      const std::string_view count = libpq().cmd_tuples(answer.get());
      changed_ = 0;
      std::from_chars(count.data(), count.data() + count.size(), changed_);
    } else if (status != PGRES_SINGLE_TUPLE) {
      why = failed(sql, answer.get()).error().text;
    }
    const int rows = status == PGRES_SINGLE_TUPLE ? libpq().ntuples(answer.get()) : 0;
    for (int row = 0; wanted && row < rows; ++row) {
      std::vector<Cell> cells;
      const int columns = libpq().nfields(answer.get());
      cells.reserve(static_cast<std::size_t>(columns));
      for (int i = 0; i < columns; ++i) cells.push_back(cell_of(*answer, row, i));
      wanted = take(Row{std::move(cells)});
    }
  }
  if (!why.empty()) return error(std::move(why));
  return true;
}

Parsed<bool> Postgresql::each(std::string_view sql, std::span<const Cell> parameters,
                              const std::function<bool(Row)>& take) {
  if (lost()) {
    auto again = connect();
    if (!again) return again;
  }
  auto named = prepared(sql);
  if (!named) return error(std::move(named.error().text));
  std::vector<std::string> texts(parameters.size());
  std::vector<const char*> values(parameters.size(), nullptr);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Cell& value = parameters[i];
    if (std::holds_alternative<std::monostate>(value)) continue;
    const auto* text = std::get_if<std::string>(&value);
    const auto* real = std::get_if<double>(&value);
    texts[i] = text != nullptr   ? *text
               : real != nullptr ? fmt::format("{}", *real)
                                 : fmt::format("{}", std::get<std::int64_t>(value));
    values[i] = texts[i].c_str();
  }
  const int sent = libpq().send_query_prepared(
      link_, named->c_str(), static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0);
  if (sent == 0) return failed(sql);
  libpq().set_single_row_mode(link_);
  return take_rows(sql, take);
}

// The server guards its own pages (data checksums, pg_amcheck); what can be asked of it here is
// whether every table can be read to its end.
Parsed<std::vector<std::string>> Postgresql::damage() {
  auto tables =
      run("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1");
  if (!tables) return error(std::move(tables.error().text));
  std::vector<std::string> out;
  for (const Row& table : *tables) {
    auto read = run(fmt::format("SELECT count(*) FROM \"{}\"", table.text(0)));
    if (!read) out.push_back(read.error().text);
  }
  return out;
}

std::int64_t Postgresql::bytes() {
  const auto rows = run("SELECT pg_database_size(current_database())");
  return rows && !rows->empty() ? rows->front().integer(0) : 0;
}

}  // namespace

Parsed<std::unique_ptr<Database>> open_postgresql(const std::string& address, Access access) {
  if (!libpq()) return error(fmt::format("cannot open the store: {}", libpq().why()));
  auto out = std::make_unique<Postgresql>(address, access);
  auto connected = out->connect();
  if (!connected) return error(std::move(connected.error().text));
  return out;
}

}  // namespace causeway::store
