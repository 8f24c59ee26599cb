#include "store/rollups.hpp"

#include <fmt/format.h>

#include <array>

#include "base/limits.hpp"
#include "store/rows.hpp"
#include "store/targets.hpp"

namespace causeway::store {
namespace {

constexpr std::string_view kColumns =
    "target, vantage, span, start, ok, degraded, down, unknown, total_sum, total_min, total_max, "
    "resolve_sum, connect_sum, secure_sum, wait_sum";

Rollup rollup_of(const Row& row) {
  return {.target = row.text(0),
          .vantage = row.text(1),
          .span = static_cast<Span>(row.integer(2)),
          .start = row.time(3),
          .ok = row.integer(4),
          .degraded = row.integer(5),
          .down = row.integer(6),
          .unknown = row.integer(7),
          .total_sum = row.integer(8),
          .total_min = row.integer(9),
          .total_max = row.integer(10),
          .resolve_sum = row.integer(11),
          .connect_sum = row.integer(12),
          .secure_sum = row.integer(13),
          .wait_sum = row.integer(14)};
}

constexpr std::int64_t kSecond = 1000;  // of the store's milliseconds

// One step of folding: rows of `from` that start in [since, until) into rows of `to`.
Parsed<std::int64_t> fold(Database& database, Span from, Span to, WallTime since, WallTime until) {
  const auto done_rows = database.run(
      "INSERT INTO rollup (target, vantage, span, start, ok, degraded, down, unknown, total_sum, "
      "total_min, total_max, resolve_sum, connect_sum, secure_sum, wait_sum) "
      "SELECT target, vantage, $2, start - start % $3, sum(ok), sum(degraded), sum(down), "
      "sum(unknown), sum(total_sum), coalesce(min(CASE WHEN ok + degraded > 0 THEN total_min END), "
      "0), max(total_max), sum(resolve_sum), sum(connect_sum), sum(secure_sum), sum(wait_sum) "
      "FROM rollup WHERE span = $1 AND start >= $4 AND start < $5 "
      "GROUP BY target, vantage, start - start % $3 "
      "ON CONFLICT (span, target, start, vantage) DO NOTHING",
      {cell(static_cast<std::int64_t>(from)), cell(static_cast<std::int64_t>(to)),
       cell(static_cast<std::int64_t>(to) * kSecond), cell(since), cell(until)});
  if (!done_rows) return error(done_rows.error().text);
  return database.changed();
}

WallTime begin_of(Span span, WallTime at) {
  const std::int64_t length = static_cast<std::int64_t>(span) * kSecond;
  const std::int64_t ms = at.time_since_epoch().count();
  return WallTime{std::chrono::milliseconds{ms - ms % length}};
}

struct Forgotten {
  std::string_view table;
  std::string_view key;
  std::string_view condition;  // with $1 as the time before which it goes
  std::chrono::hours Retention::* kept;
};

constexpr std::array kForgotten{
    Forgotten{"transition", "id", "at < $1", &Retention::transitions},
    Forgotten{"delivery", "id", "at < $1", &Retention::deliveries},
    Forgotten{"document", "id",
              "at < $1 AND incident NOT IN (SELECT id FROM incident WHERE closed IS NULL)",
              &Retention::documents},
    Forgotten{"alert", "id", "created < $1 AND state <> 'pending'", &Retention::deliveries},
    Forgotten{"remedy", "id", "at < $1", &Retention::transitions},
};

}  // namespace

Parsed<bool> add_rollup(Database& database, const Rollup& r) {
  // An existing row without answers has no least time yet.
  return done(database.run(
      "INSERT INTO rollup (target, vantage, span, start, ok, degraded, down, unknown, total_sum, "
      "total_min, total_max, resolve_sum, connect_sum, secure_sum, wait_sum) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) "
      "ON CONFLICT (span, target, start, vantage) DO UPDATE SET ok = rollup.ok + excluded.ok, "
      "degraded = rollup.degraded + excluded.degraded, down = rollup.down + excluded.down, "
      "unknown = rollup.unknown + excluded.unknown, "
      "total_sum = rollup.total_sum + excluded.total_sum, "
      "total_min = CASE WHEN rollup.ok + rollup.degraded = 0 THEN excluded.total_min "
      "WHEN excluded.ok + excluded.degraded = 0 THEN rollup.total_min "
      "WHEN rollup.total_min < excluded.total_min THEN rollup.total_min "
      "ELSE excluded.total_min END, "
      "total_max = CASE WHEN rollup.total_max > excluded.total_max THEN rollup.total_max "
      "ELSE excluded.total_max END, "
      "resolve_sum = rollup.resolve_sum + excluded.resolve_sum, "
      "connect_sum = rollup.connect_sum + excluded.connect_sum, "
      "secure_sum = rollup.secure_sum + excluded.secure_sum, "
      "wait_sum = rollup.wait_sum + excluded.wait_sum",
      {cell(r.target), cell(r.vantage), cell(static_cast<std::int64_t>(r.span)), cell(r.start),
       cell(r.ok), cell(r.degraded), cell(r.down), cell(r.unknown), cell(r.total_sum),
       cell(r.total_min), cell(r.total_max), cell(r.resolve_sum), cell(r.connect_sum),
       cell(r.secure_sum), cell(r.wait_sum)}));
}

Parsed<std::vector<Rollup>> rollups(Database& database, const std::string& target, Span span,
                                    WallTime from, WallTime to) {
  return all(
      database.run(joined("SELECT ", kColumns,
                          " FROM rollup WHERE span = $1 AND target = $2 AND start >= $3 "
                          "AND start < $4 ORDER BY start, vantage"),
                   {cell(static_cast<std::int64_t>(span)), cell(target), cell(from), cell(to)}),
      rollup_of);
}

Parsed<std::int64_t> fold_rollups(Database& database, WallTime now) {
  struct Step {
    Span from;
    Span to;
    const char* mark;  // the setting that says how far it has come
  };
  constexpr std::array kSteps{Step{Span::minute, Span::hour, "folded.hour"},
                              Step{Span::hour, Span::day, "folded.day"}};
  std::int64_t made = 0;
  for (const Step& step : kSteps) {
    const auto mark = setting(database, step.mark);
    if (!mark) return error(mark.error().text);
    const WallTime since{std::chrono::milliseconds{mark->has_value() ? std::stoll(**mark) : 0}};
    const WallTime until = begin_of(step.to, now);
    if (until <= since) continue;
    const auto rows = fold(database, step.from, step.to, since, until);
    if (!rows) return rows;
    made += *rows;
    const auto kept =
        set_setting(database, step.mark, fmt::format("{}", until.time_since_epoch().count()));
    if (!kept) return error(kept.error().text);
  }
  return made;
}

Parsed<bool> forget(Database& database, const Retention& retention, WallTime now) {
  bool more = false;
  const auto most = static_cast<std::int64_t>(limits::kStoreForget);
  const std::array<std::pair<Span, std::chrono::hours>, 3> spans{{{Span::minute, retention.minutes},
                                                                  {Span::hour, retention.hours},
                                                                  {Span::day, retention.days}}};
  for (const auto& [span, kept] : spans) {
    // By whole minutes of time, oldest first, so that one call stays short.
    const auto gone = database.run(
        "DELETE FROM rollup WHERE span = $1 AND start < $2 AND start <= (SELECT max(start) FROM "
        "(SELECT start FROM rollup WHERE span = $1 AND start < $2 ORDER BY start LIMIT $3) oldest)",
        {cell(static_cast<std::int64_t>(span)), cell(now - kept), cell(most)});
    if (!gone) return error(gone.error().text);
    more = more || database.changed() >= most;
  }
  for (const Forgotten& row : kForgotten) {
    const auto gone =
        database.run(joined("DELETE FROM ", row.table, " WHERE ", row.key, " IN (SELECT ", row.key,
                            " FROM ", row.table, " WHERE ", row.condition, " LIMIT $2)"),
                     {cell(now - retention.*row.kept), cell(most)});
    if (!gone) return error(gone.error().text);
    more = more || database.changed() >= most;
  }
  return more;
}

}  // namespace causeway::store
