#include "store/rollups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "store/limits.hpp"
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

struct Fold {
  Span from;
  Span to;
  WallTime since;  // start of the rows of `from`
  WallTime until;  // exclusive
};

Parsed<bool> fold(Database& database, const std::string& target, const Fold& fold) {
  if (fold.until <= fold.since) return true;
  return done(database.run(
      "INSERT INTO rollup (target, vantage, span, start, ok, degraded, down, unknown, total_sum, "
      "total_min, total_max, resolve_sum, connect_sum, secure_sum, wait_sum) "
      "SELECT target, vantage, $2, start - start % $3, sum(ok), sum(degraded), sum(down), "
      "sum(unknown), sum(total_sum), coalesce(min(CASE WHEN ok + degraded > 0 THEN total_min END), "
      "0), max(total_max), sum(resolve_sum), sum(connect_sum), sum(secure_sum), sum(wait_sum) "
      "FROM rollup WHERE span = $1 AND target = $6 AND start >= $4 AND start < $5 "
      "GROUP BY target, vantage, start - start % $3 "
      "ON CONFLICT (span, target, start, vantage) DO NOTHING",
      {cell(static_cast<std::int64_t>(fold.from)), cell(static_cast<std::int64_t>(fold.to)),
       cell(static_cast<std::int64_t>(fold.to) * kSecond), cell(fold.since), cell(fold.until),
       cell(target)}));
}

WallTime begin_of(Span span, WallTime at) {
  const std::int64_t length = static_cast<std::int64_t>(span) * kSecond;
  const std::int64_t ms = at.time_since_epoch().count();
  return WallTime{std::chrono::milliseconds{ms - ms % length}};
}

Parsed<WallTime> time_setting(Database& database, const char* name) {
  const auto kept = setting(database, name);
  if (!kept) return error(kept.error().text);
  const bool known = kept->has_value() && !(*kept)->empty();
  return WallTime{std::chrono::milliseconds{known ? std::stoll(**kept) : 0}};
}

Parsed<bool> set_time(Database& database, const char* name, WallTime at) {
  return set_setting(database, name, fmt::format("{}", at.time_since_epoch().count()));
}

// One time over all targets. It stands in the settings while it lasts.
struct Round {
  WallTime now;       // when it began; the epoch: none is needed
  std::string after;  // the target that was the last so far
  std::array<Fold, 2> folds;
};

constexpr const char* kHourMark = "folded.hour";  // how far the folding has come
constexpr const char* kDayMark = "folded.day";
constexpr const char* kRoundBegan = "rollups.round";
constexpr const char* kRoundAfter = "rollups.after";

Parsed<Round> present_round(Database& database, WallTime now) {
  const auto hours = time_setting(database, kHourMark);
  if (!hours) return error(hours.error().text);
  const auto days = time_setting(database, kDayMark);
  if (!days) return error(days.error().text);
  const auto began = time_setting(database, kRoundBegan);
  if (!began) return error(began.error().text);
  const auto after = setting(database, kRoundAfter);
  if (!after) return error(after.error().text);
  Round out{.now = *began, .after = after->value_or(""), .folds = {}};
  // A clock that was ahead left times that have not come: they say nothing.
  if (out.now == WallTime{} || out.now > now) {
    if (begin_of(Span::hour, now - limits::kStoreLate) == *hours) return Round{};
    out.now = now;
    out.after.clear();
  }
  const WallTime over = out.now - limits::kStoreLate;
  const auto step = [&](Span from, Span to, WallTime mark) {
    const WallTime until = begin_of(to, over);
    return Fold{from, to, mark > until ? WallTime{} : mark, until};
  };
  out.folds = {step(Span::minute, Span::hour, *hours), step(Span::hour, Span::day, *days)};
  return out;
}

Parsed<bool> keep_target(Database& database, const std::string& target, const Round& round,
                         const Retention& retention) {
  for (const Fold& each : round.folds) {
    if (auto folded = fold(database, target, each); !folded) return folded;
  }
  struct Old {
    Span span;
    WallTime before;
  };
  // What is not folded yet stays, however short it is kept.
  const std::array<Old, 3> old{
      {{Span::minute, std::min<WallTime>(round.now - retention.minutes, round.folds[0].until)},
       {Span::hour, std::min<WallTime>(round.now - retention.hours, round.folds[1].until)},
       {Span::day, round.now - retention.days}}};
  for (const auto& [span, before] : old) {
    auto gone =
        done(database.run("DELETE FROM rollup WHERE span = $1 AND target = $2 AND start < $3",
                          {cell(static_cast<std::int64_t>(span)), cell(target), cell(before)}));
    if (!gone) return gone;
  }
  return true;
}

Parsed<bool> end_round(Database& database, const Round& round) {
  auto kept = set_time(database, kHourMark, round.folds[0].until);
  if (kept) kept = set_time(database, kDayMark, round.folds[1].until);
  if (kept) kept = set_time(database, kRoundBegan, WallTime{});
  return kept;
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

Parsed<bool> keep_rollups(Database& database, const Retention& retention, WallTime now) {
  const auto round = present_round(database, now);
  if (!round) return error(round.error().text);
  if (round->now == WallTime{}) return false;
  const auto targets =
      database.run("SELECT id FROM target WHERE id > $1 ORDER BY id LIMIT $2",
                   {cell(round->after), cell(static_cast<std::int64_t>(limits::kStoreKept))});
  if (!targets) return error(targets.error().text);
  for (const Row& row : *targets) {
    auto kept = keep_target(database, row.text(0), *round, retention);
    if (!kept) return kept;
  }
  const bool more = targets->size() == limits::kStoreKept;
  auto noted = more ? set_time(database, kRoundBegan, round->now) : end_round(database, *round);
  if (noted && more) noted = set_setting(database, kRoundAfter, targets->back().text(0));
  if (!noted) return noted;
  return more;
}

Parsed<bool> forget(Database& database, const Retention& retention, WallTime now) {
  bool more = false;
  const auto most = static_cast<std::int64_t>(limits::kStoreForget);
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
