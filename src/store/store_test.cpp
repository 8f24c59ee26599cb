// The same suite on SQLite and on PostgreSQL.
#include "store/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "base/scratch_folder.hpp"
#include "store/alerts.hpp"
#include "store/backup.hpp"
#include "store/incidents.hpp"
#include "store/limits.hpp"
#include "store/private_postgresql.hpp"
#include "store/rollups.hpp"
#include "store/schema.hpp"
#include "store/targets.hpp"

namespace causeway::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

WallTime at(std::int64_t seconds) {
  return WallTime{std::chrono::milliseconds{1'790'000'000'000 + seconds * 1000}};
}

class Folder {
 public:
  std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  ScratchFolder scratch_;
  std::string path_ = scratch_.make().value();
};

class StoreTest : public ::testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    if (GetParam() == Dialect::postgresql) {
      ASSERT_EQ(private_postgresql().problem(), "");
      where_ = private_postgresql().fresh();
    } else {
      where_ = folder_ / "store";
    }
    open();
  }
  void open() {
    auto opened = Store::open(where_);
    ASSERT_TRUE(opened) << opened.error().text;
    store_ = std::move(*opened);
  }
  void put(Write what) {
    const auto kept = store_->write_now(std::move(what));
    ASSERT_TRUE(kept) << kept.error().text;
  }
  template <class Ask>
  auto ask(Ask ask) {
    auto answer = store_->read(std::move(ask));
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().text);
    return std::move(*answer);
  }

  Folder folder_;
  std::string where_;
  std::unique_ptr<Store> store_;
};

Incident incident_of(const std::string& id, std::int64_t opened) {
  return {.id = id,
          .severity = "down",
          .title = "shop is down",
          .cause = "unknown",
          .owner = "you",
          .failure = "connect.refused",
          .code = 521,
          .sentence = "The port refuses.",
          .shared_kind = "address",
          .shared_value = "203.0.113.7",
          .shared_all = 500,
          .shared_failing = 498,
          .expected_share = 0.002,
          .first_failed = at(opened - 60),
          .opened = at(opened),
          .updated = at(opened)};
}

TEST_P(StoreTest, KeepsTheNewestFactsOfEachAgent) {
  OriginFacts facts{.agent = "web-1",
                    .host = "web-1.example.net",
                    .at = at(1000),
                    .findings = 2,
                    .gravest = "The firewall stops the edge",
                    .document = R"({"schema":"causeway.facts/1"})"};
  put([&](Database& database) { return put_facts(database, facts); });
  facts.at = at(2000);
  facts.findings = 0;
  facts.gravest.clear();
  put([&](Database& database) { return put_facts(database, facts); });
  const auto all = ask([](Database& database) { return all_facts(database); });
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.front().at, at(2000));
  EXPECT_EQ(all.front().gravest, "");
  EXPECT_EQ(all.front().document, "");
  const auto one = ask([](Database& database) { return store::facts(database, "web-1"); });
  ASSERT_TRUE(one);
  EXPECT_EQ(one->document, facts.document);
  EXPECT_FALSE(ask([](Database& database) { return store::facts(database, "web-2"); }));
}

TEST_P(StoreTest, KeepsATargetAndItsState) {
  const Target shop{.id = "shop",
                    .name = "The shop",
                    .kind = "http",
                    .subject = "https://shop.example.net/",
                    .team = "sales",
                    .tags = {"eu", "with \"quotes\", and ümlaut"},
                    .owner = "ann",
                    .source = "file",
                    .spec = R"({"url":"https://shop.example.net/"})",
                    .created = at(0),
                    .updated = at(1)};
  put([&](Database& db) { return put_target(db, shop); });
  put([&](Database& db) {
    return put_state(db, {.target = "shop",
                          .outcome = "down",
                          .since = at(5),
                          .checked = at(9),
                          .failure = "connect.refused",
                          .status = 0,
                          .address = "203.0.113.7:443",
                          .detail = "refused",
                          .elapsed_us = 1234});
  });
  const auto found = ask([](Database& db) { return target(db, "shop"); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->tags, shop.tags);
  EXPECT_EQ(found->spec, shop.spec);
  EXPECT_EQ(found->created, at(0));
  const auto stands = ask([](Database& db) { return state(db, "shop"); });
  ASSERT_TRUE(stands);
  EXPECT_EQ(stands->elapsed_us, 1234);
  EXPECT_EQ(stands->certificate_until, WallTime{});

  put([](Database& db) { return remove_target(db, "shop", at(20)); });
  EXPECT_EQ(ask([](Database& db) { return target(db, "shop"); })->removed, at(20));
}

TEST_P(StoreTest, HandsOverHowAllStand) {
  for (const char* id : {"b", "a", "gone"}) {
    put([&](Database& db) {
      return put_target(
          db,
          {.id = id, .name = id, .kind = "tcp", .source = "file", .spec = "{}", .created = at(0)});
    });
  }
  put([](Database& db) { return remove_target(db, "gone", at(20)); });
  EXPECT_EQ(ask([](Database& db) { return targets_of(db, "file"); }).size(), 2U);
  EXPECT_EQ(ask([](Database& db) { return targets_of(db, "api"); }).size(), 0U);
  EXPECT_EQ(ask([](Database& db) { return ids_but_of(db, "api"); }).size(), 2U);
  EXPECT_TRUE(ask([](Database& db) { return ids_but_of(db, "file"); }).empty());
  put([](Database& db) {
    return put_state(db, {.target = "b",
                          .outcome = "down",
                          .since = at(5),
                          .checked = at(9),
                          .detail = "refused",
                          .facts = R"({"a":1})"});
  });
  const auto standings = [&](WithFacts facts) {
    std::string out;
    ask([&](Database& db) {
      return each_standing(db, facts, [&](const Target& one, const auto& state) {
        out += one.id + one.spec + one.kind;
        if (state) out += " " + state->target + state->outcome + state->detail + state->facts;
        out += ";";
      });
    });
    return out;
  };
  EXPECT_EQ(standings(WithFacts::no), "atcp;btcp bdownrefused;");
  EXPECT_EQ(standings(WithFacts::yes), "atcp;btcp bdownrefused{\"a\":1};");
}

TEST_P(StoreTest, ListsIncidentsOpenOnesFirst) {
  put([](Database& db) {
    Incident closed = incident_of("a", 100);
    closed.closed = at(200);
    auto kept = put_incident(db, closed);
    if (kept) kept = put_incident(db, incident_of("b", 50));
    if (kept)
      kept = put_member(db, {.incident = "a",
                             .target = "shop",
                             .since = at(40),
                             .until = at(200),
                             .failure = "connect.refused"});
    return kept;
  });
  const auto ids = [&](const IncidentFilter& filter) {
    std::vector<std::string> out;
    for (const auto& one : ask([&](Database& db) { return incidents(db, filter); })) {
      out.push_back(one.id);
    }
    return out;
  };
  EXPECT_THAT(ids({}), ElementsAre("b", "a"));
  EXPECT_THAT(ids({.open_only = true}), ElementsAre("b"));
  EXPECT_THAT(ids({.target = "shop"}), ElementsAre("a"));
  EXPECT_THAT(ids({.from = at(300), .to = at(400)}), ElementsAre("b"));
  EXPECT_THAT(ids({.most = 1, .skip = 1}), ElementsAre("a"));
  EXPECT_DOUBLE_EQ(ask([](Database& db) { return incident(db, "b"); })->expected_share, 0.002);
  put([](Database& db) {
    Incident taken = incident_of("c", 40);
    taken.acknowledged = at(45);
    return put_incident(db, taken);
  });
  const auto counts = ask([](Database& db) { return open_counts(db); });
  ASSERT_EQ(counts.size(), 1U) << "one cause";
  EXPECT_EQ(counts[0].all, 2);
  EXPECT_EQ(counts[0].unacknowledged, 1);
  EXPECT_EQ(ask([](Database& db) { return memberships(db, "shop", at(0), at(500)); }).size(), 1U);
  EXPECT_TRUE(ask([](Database& db) { return memberships(db, "shop", at(201), at(500)); }).empty());
}

TEST_P(StoreTest, QueuesAnAlertOnce) {
  const Alert first{.id = "1",
                    .token = "i/mail/opened",
                    .incident = "i",
                    .channel = "mail",
                    .kind = "opened",
                    .state = "pending",
                    .created = at(0),
                    .due = at(10),
                    .expires = at(1000),
                    .body = "{}"};
  Alert second = first;
  second.id = "2";
  bool queued = false;
  put([&](Database& db) { return queue_alert(db, first); });
  put([&](Database& db) {
    auto put = queue_alert(db, second);
    queued = put && *put;
    return put;
  });
  EXPECT_FALSE(queued);
  EXPECT_TRUE(ask([](Database& db) { return due_alerts(db, "mail", at(9), 10); }).empty());
  EXPECT_EQ(ask([](Database& db) { return due_alerts(db, "mail", at(10), 10); }).size(), 1U);
  EXPECT_EQ(ask([](Database& db) { return next_due(db, "mail"); }), at(10));
  EXPECT_TRUE(ask([](Database& db) { return was_alerted(db, "i", "mail"); }));
  EXPECT_FALSE(ask([](Database& db) { return was_alerted(db, "i", "pager"); }));
  put([](Database& db) { return cancel_alerts(db, "i", "opened", "it is over"); });
  EXPECT_FALSE(ask([](Database& db) { return was_alerted(db, "i", "mail"); }));
  EXPECT_FALSE(ask([](Database& db) { return next_due(db, "mail"); }));
  EXPECT_EQ(ask([](Database& db) { return alert(db, "1"); })->reason, "it is over");
}

TEST_P(StoreTest, FoldsMinutesIntoHoursAndDaysOnce) {
  const std::int64_t day = 1'790'035'200;  // a midnight, UTC
  const auto minute = [&](std::int64_t number, std::int64_t ok, std::int64_t least) {
    return Rollup{.target = "shop",
                  .vantage = "here",
                  .span = Span::minute,
                  .start = WallTime{std::chrono::seconds{day + number * 60}},
                  .ok = ok,
                  .down = 1,
                  .total_sum = ok * 100,
                  .total_min = ok > 0 ? least : 0,
                  .total_max = 300};
  };
  put([&](Database& db) {
    auto kept = put_target(db, {.id = "shop", .kind = "tcp", .spec = "{}", .created = at(0)});
    if (kept) kept = add_rollup(db, minute(0, 0, 0));
    if (kept) kept = add_rollup(db, minute(0, 2, 70));  // the same minute, in two parts
    if (kept) kept = add_rollup(db, minute(61, 3, 50));
    return kept;
  });
  const WallTime next_day{std::chrono::seconds{day + 86'400 + 180}};
  const auto keep = [&](WallTime now, const Retention& retention) {
    put([&](Database& db) -> Parsed<bool> {
      const auto more = keep_rollups(db, retention, now);
      if (more) EXPECT_FALSE(*more);
      return more ? Parsed<bool>{true} : more;
    });
  };
  keep(next_day, {});
  keep(next_day, {});
  const auto of = [&](Span span) {
    return ask([&](Database& db) { return rollups(db, "shop", span, WallTime{}, next_day); });
  };
  ASSERT_EQ(of(Span::hour).size(), 2U);
  EXPECT_EQ(of(Span::hour).front().ok, 2);
  EXPECT_EQ(of(Span::hour).front().down, 2);
  EXPECT_EQ(of(Span::hour).front().total_min, 70);
  ASSERT_EQ(of(Span::day).size(), 1U);
  EXPECT_EQ(of(Span::day).front().ok, 5);
  EXPECT_EQ(of(Span::day).front().total_min, 50);
  keep(next_day, {.minutes = std::chrono::hours{1}});
  EXPECT_EQ(of(Span::minute).size(), 2U) << "once an hour";
  keep(next_day + std::chrono::hours{1}, {.minutes = std::chrono::hours{1}});
  EXPECT_TRUE(of(Span::minute).empty());
  EXPECT_EQ(of(Span::hour).size(), 2U);
}

TEST_P(StoreTest, DeletesNoSumsThatAreNotFoldedYet) {
  const WallTime day{std::chrono::seconds{1'790'035'200}};
  const auto put_minute = [&](WallTime start) {
    put([&](Database& db) {
      return add_rollup(
          db, {.target = "shop", .vantage = "here", .span = Span::minute, .start = start, .ok = 1});
    });
  };
  put([](Database& db) {
    return put_target(db, {.id = "shop", .kind = "tcp", .spec = "{}", .created = at(0)});
  });
  const auto keep = [&](WallTime now) {
    put([&](Database& db) -> Parsed<bool> {
      const auto more =
          keep_rollups(db, {.minutes = std::chrono::hours{0}, .hours = std::chrono::hours{1}}, now);
      return more ? Parsed<bool>{true} : more;
    });
  };
  for (int hour = 0; hour < 24; ++hour) {
    put_minute(day + std::chrono::hours{hour});
    keep(day + std::chrono::hours{hour} + std::chrono::minutes{30});
    put_minute(day + std::chrono::hours{hour} + std::chrono::minutes{40});
  }
  keep(day + std::chrono::hours{24} + std::chrono::minutes{3});
  const auto days = ask([&](Database& db) {
    return rollups(db, "shop", Span::day, WallTime{}, day + std::chrono::hours{48});
  });
  ASSERT_EQ(days.size(), 1U);
  EXPECT_EQ(days.front().ok, 48);
}

TEST_P(StoreTest, AClockThatWasAheadStopsNoFolding) {
  const WallTime day{std::chrono::seconds{1'790'035'200}};
  put([&](Database& db) {
    auto kept = put_target(db, {.id = "shop", .kind = "tcp", .spec = "{}", .created = at(0)});
    if (!kept) return kept;
    return add_rollup(
        db, {.target = "shop", .vantage = "here", .span = Span::minute, .start = day, .ok = 1});
  });
  const auto keep = [&](WallTime now) {
    put([&](Database& db) -> Parsed<bool> {
      const auto more = keep_rollups(db, {}, now);
      return more ? Parsed<bool>{true} : more;
    });
  };
  keep(day - std::chrono::hours{1} + std::chrono::hours{24 * 10});  // ten days ahead
  const WallTime later = day + std::chrono::hours{5};
  put([&](Database& db) {
    return add_rollup(
        db, {.target = "shop", .vantage = "here", .span = Span::minute, .start = later, .ok = 1});
  });
  keep(later + std::chrono::minutes{70});
  const auto hours = ask([&](Database& db) {
    return rollups(db, "shop", Span::hour, WallTime{}, day + std::chrono::hours{48});
  });
  EXPECT_EQ(hours.size(), 2U);
}

TEST_P(StoreTest, KeepsSumsInPortionsAndGoesOnWhereItWas) {
  constexpr std::int64_t kHourStart = 1'790'035'200;
  const WallTime start{std::chrono::seconds{kHourStart}};
  const std::size_t many = 2 * limits::kStoreKept + 10;
  put([&](Database& db) {
    Parsed<bool> kept = true;
    for (std::size_t i = 0; kept && i < many; ++i) {
      const auto id = fmt::format("t{:05}", i);
      kept = put_target(db, {.id = id, .kind = "tcp", .spec = "{}", .created = at(0)});
      if (kept) {
        kept = add_rollup(
            db, {.target = id, .vantage = "here", .span = Span::minute, .start = start, .ok = 2});
      }
    }
    return kept;
  });
  const auto hours = [&] {
    return ask([&](Database& db) -> Parsed<std::int64_t> {
      const auto rows = db.run("SELECT count(*) FROM rollup WHERE span = 3600");
      if (!rows) return error(rows.error().text);
      return rows->front().integer(0);
    });
  };
  const auto keep = [&](WallTime now) {
    bool more = false;
    put([&](Database& db) -> Parsed<bool> {
      const auto left = keep_rollups(db, {}, now);
      if (!left) return left;
      more = *left;
      return true;
    });
    return more;
  };
  while (keep(start + std::chrono::minutes{59})) {
  }
  EXPECT_EQ(hours(), 0) << "it has not ended";
  const WallTime later = start + std::chrono::minutes{63};
  EXPECT_TRUE(keep(later));
  EXPECT_EQ(hours(), static_cast<std::int64_t>(limits::kStoreKept));
  store_.reset();  // it dies, and comes back in another hour
  open();
  EXPECT_TRUE(keep(later + std::chrono::hours{2}));
  EXPECT_FALSE(keep(later + std::chrono::hours{2}));
  EXPECT_EQ(hours(), static_cast<std::int64_t>(many));
}

TEST_P(StoreTest, AWriteThatFailsUndoesOnlyItself) {
  store_->write([](Database& db) { return put_beat(db, {.target = "a", .at = at(1)}); });
  store_->write([](Database& db) -> Parsed<bool> {
    auto kept = put_beat(db, {.target = "b", .at = at(1)});
    if (!kept) return kept;
    auto rows = db.run("SELECT nothing FROM nowhere");
    if (!rows) return error(rows.error().text);
    return true;
  });
  put([](Database& db) { return put_beat(db, {.target = "c", .at = at(1)}); });
  const auto kept = ask([](Database& db) { return beats(db); });
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].target, "a");
  EXPECT_EQ(kept[1].target, "c");
  EXPECT_EQ(store_->figures().failed, 1U);
  EXPECT_THAT(store_->figures().last_error, HasSubstr("nowhere"));
}

TEST_P(StoreTest, WhatIsQueuedIsThereAfterTheEnd) {
  for (int i = 0; i < 500; ++i) {
    store_->write([i](Database& db) {
      return add_event(db, {.incident = "i",
                            .at = at(i),
                            .kind = "note",
                            .author = "ann",
                            .text = fmt::format("{}", i)});
    });
  }
  store_.reset();
  open();
  const auto kept = ask([](Database& db) { return events(db, "i"); });
  ASSERT_EQ(kept.size(), 500U);
  EXPECT_EQ(kept.back().text, "499");
  EXPECT_EQ(ask([&](Database& db) { return events_after(db, kept[497].id, 10); }).size(), 2U);
}

TEST_P(StoreTest, BelongsToOneProcess) {
  const auto second = Store::open(where_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr("another causeway uses the store"));
}

TEST_P(StoreTest, RefusesANewerStore) {
  put([](Database& db) { return set_setting(db, "version", "9999"); });
  store_.reset();
  const auto opened = Store::open(where_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().text, HasSubstr("version 9999"));
}

TEST_P(StoreTest, ReadsBesideWrites) {
  std::vector<std::thread> readers;
  readers.reserve(12);
  std::atomic<int> failures = 0;
  for (int i = 0; i < 12; ++i) {
    readers.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        if (!store_->read([](Database& db) { return beats(db); })) ++failures;
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    put([i](Database& db) { return put_beat(db, {.target = fmt::format("{}", i), .at = at(i)}); });
  }
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(failures, 0);
}

TEST_P(StoreTest, BackupWhileInUseAndRestoreElsewhere) {
  put([](Database& db) { return put_incident(db, incident_of("a", 100)); });
  put([](Database& db) {
    return add_event(
        db, {.incident = "a", .at = at(1), .kind = "note", .author = "ann", .text = "first"});
  });
  const std::string file = folder_ / "backup";
  const auto made = backup(where_, file);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_THAT(backup(where_, file).error().text, HasSubstr("exists"));
  put([](Database& db) { return put_incident(db, incident_of("b", 200)); });

  EXPECT_FALSE(restore(file, where_, true));  // in use
  store_.reset();
  const auto refused = restore(file, where_, false);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("not empty"));
  const auto restored = restore(file, where_, true);
  ASSERT_TRUE(restored) << restored.error().text;
  EXPECT_EQ(restored->rows, made->rows);
  open();
  EXPECT_EQ(ask([](Database& db) { return incidents(db, {}); }).size(), 1U);
  put([](Database& db) {  // numbers go on after those restored
    return add_event(
        db, {.incident = "a", .at = at(2), .kind = "note", .author = "ann", .text = "second"});
  });
  EXPECT_EQ(ask([](Database& db) { return events(db, "a"); }).size(), 2U);
  const auto checked = check(where_);
  ASSERT_TRUE(checked) << checked.error().text;
  EXPECT_EQ(checked->damage, "");
  EXPECT_EQ(checked->version, newest_version());
}

constexpr StorePace kQuick{.retry = std::chrono::microseconds{10},
                           .retry_most = std::chrono::microseconds{100},
                           .answer = std::chrono::milliseconds{20},
                           .answer_away = std::chrono::milliseconds{1}};

// A write that takes its whole batch along, as a store that is away does, while `away`.
Write lost_while(const std::shared_ptr<std::atomic<int>>& away) {
  return [away](Database& db) -> Parsed<bool> {
    if (--*away < 0) return true;
    return db.script("ROLLBACK");
  };
}

TEST_P(StoreTest, AStoreThatIsAwayLosesNothing) {
  store_.reset();
  auto opened = Store::open(where_, kQuick);
  ASSERT_TRUE(opened) << opened.error().text;
  store_ = std::move(*opened);
  const auto away = std::make_shared<std::atomic<int>>(1'000'000'000);
  store_->write_soon([](Database& db) { return put_beat(db, {.target = "a", .at = at(1)}); });
  store_->write_soon(lost_while(away));
  const auto asked = store_->write_now([beat = store::Beat{.target = "b", .at = at(1)}](
                                           Database& db) { return put_beat(db, beat); });
  ASSERT_FALSE(asked);
  EXPECT_THAT(asked.error().text, HasSubstr("written when it comes back"));
  while (*away > 1'000'000'000 - 20) std::this_thread::yield();  // more often than any bound
  EXPECT_NE(store_->figures().failing_since, WallTime{});
  EXPECT_TRUE(ask([](Database& db) { return beats(db); }).empty());
  *away = 0;
  std::promise<bool> back;
  store_->write_soon([](Database& db) { return put_beat(db, {.target = "c", .at = at(1)}); },
                     [&](const Parsed<bool>& how) { back.set_value(how.has_value()); });
  EXPECT_TRUE(back.get_future().get());
  EXPECT_EQ(ask([](Database& db) { return beats(db); }).size(), 3U);
  EXPECT_EQ(store_->figures().failing_since, WallTime{});
}

TEST_P(StoreTest, TheEndWaitsForAStoreThatIsAwayInAFewTries) {
  store_.reset();
  auto opened = Store::open(where_, kQuick);
  ASSERT_TRUE(opened) << opened.error().text;
  store_ = std::move(*opened);
  bool told = false;
  store_->write_soon(lost_while(std::make_shared<std::atomic<int>>(1'000'000'000)),
                     [&](const Parsed<bool>& how) { told = !how; });
  store_->finish();
  EXPECT_TRUE(told);
  EXPECT_FALSE(store_->write_now([](Database&) -> Parsed<bool> { return true; }));
}

TEST_P(StoreTest, ATransactionThatEndsInItsMiddleDoublesNothing) {
  store_.reset();
  auto opened = Store::open(where_, kQuick);
  ASSERT_TRUE(opened) << opened.error().text;
  store_ = std::move(*opened);
  const auto sum = [](Database& db) {
    return add_rollup(
        db, {.target = "shop", .vantage = "here", .span = Span::minute, .start = at(0), .ok = 1});
  };
  store_->write(sum);
  store_->write(lost_while(std::make_shared<std::atomic<int>>(3)));
  store_->write(sum);
  std::promise<bool> ended;
  store_->write_soon(sum, [&](const Parsed<bool>& how) { ended.set_value(how.has_value()); });
  EXPECT_TRUE(ended.get_future().get());
  const auto kept =
      ask([](Database& db) { return rollups(db, "shop", Span::minute, WallTime{}, at(100)); });
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].ok, 3);
  EXPECT_EQ(store_->figures().failed, 0U);
}

INSTANTIATE_TEST_SUITE_P(Both, StoreTest, ::testing::Values(Dialect::sqlite, Dialect::postgresql),
                         [](const auto& info) {
                           return info.param == Dialect::sqlite ? "sqlite" : "postgresql";
                         });

TEST(Postgresql, WritesGoOnAfterTheServerRestarted) {
  ASSERT_EQ(private_postgresql().problem(), "");
  auto store = Store::open(private_postgresql().fresh());
  ASSERT_TRUE(store) << store.error().text;
  private_postgresql().restart();
  const auto kept =
      (*store)->write_now([](Database& db) { return put_beat(db, {.target = "a", .at = at(1)}); });
  EXPECT_TRUE(kept) << kept.error().text;
  const auto read = (*store)->read([](Database& db) { return beats(db); });
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->size(), 1U);
}

int sockets(std::vector<int>& out) {
  for (int fd = 0; fd < 256; ++fd) {
    struct stat facts{};
    if (::fstat(fd, &facts) == 0 && S_ISSOCK(facts.st_mode)) out.push_back(fd);
  }
  return static_cast<int>(out.size());
}

// The network is cut: this side sees an error, and the server nothing at all.
TEST(Postgresql, TheLockOfItsOwnLostConnectionStopsNobody) {
  ASSERT_EQ(private_postgresql().problem(), "");
  const std::string where = private_postgresql().fresh();
  std::vector<int> before;
  std::vector<int> after;
  sockets(before);
  auto store = Store::open(where, {.answer = std::chrono::seconds{60}});
  ASSERT_TRUE(store) << store.error().text;
  ASSERT_EQ(sockets(after), static_cast<int>(before.size()) + 1);
  int writer = -1;
  for (const int fd : after) {
    if (std::ranges::find(before, fd) == before.end()) writer = fd;
  }
  const int still_open = ::dup(writer);
  int nowhere[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, nowhere), 0);
  ::close(nowhere[1]);
  ASSERT_EQ(::dup2(nowhere[0], writer), writer);
  const auto kept =
      (*store)->write_now([](Database& db) { return put_beat(db, {.target = "a", .at = at(1)}); });
  EXPECT_TRUE(kept) << kept.error().text;
  ::close(nowhere[0]);
  ::close(still_open);
  const auto second = Store::open(where);
  EXPECT_FALSE(second) << "the lock is held by the new connection";
}

TEST(Sqlite, AFullDiskLosesNothing) {
  const Folder folder;
  auto store = Store::open(folder / "store", kQuick);
  ASSERT_TRUE(store) << store.error().text;
  const auto full = std::make_shared<int>(3);
  const std::string large(1'000'000, 'x');
  std::promise<bool> ended;
  (*store)->write([](Database& db) { return put_beat(db, {.target = "a", .at = at(1)}); });
  (*store)->write([full, large](Database& db) -> Parsed<bool> {
    const bool has_room = --*full < 0;
    const auto set =
        db.run(has_room ? "PRAGMA max_page_count = 100000" : "PRAGMA max_page_count = 1");
    if (!set) return error(set.error().text);
    return set_setting(db, "large", large);
  });
  (*store)->write_soon([](Database& db) { return put_beat(db, {.target = "b", .at = at(1)}); },
                       [&](const Parsed<bool>& how) { ended.set_value(how.has_value()); });
  EXPECT_TRUE(ended.get_future().get());
  EXPECT_EQ((*store)->figures().failed, 0U);
  const auto kept = (*store)->read([](Database& db) { return setting(db, "large"); });
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ((*kept)->size(), large.size());
}

TEST(Sqlite, RefusesAFileThatIsNoStore) {
  const Folder folder;
  const std::string path = folder / "text";
  std::ofstream{path} << "this is no database, and long enough to be read as one, surely it is\n";
  const auto opened = Store::open(path);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().text, HasSubstr(path));
}

TEST(Sqlite, FindsDamage) {
  const Folder folder;
  const std::string path = folder / "store";
  {
    auto store = Store::open(path);
    ASSERT_TRUE(store);
    for (int i = 0; i < 2000; ++i) {
      (*store)->write([i](Database& db) {
        return put_beat(db, {.target = fmt::format("target-{}", i), .at = at(i)});
      });
    }
  }
  const auto whole = std::filesystem::file_size(path);
  std::filesystem::copy_file(path, folder / "whole");
  for (std::uintmax_t page = 1; page < whole / 4096; ++page) {
    std::filesystem::copy_file(folder / "whole", path,
                               std::filesystem::copy_options::overwrite_existing);
    {
      std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
      file.seekp(static_cast<std::streamoff>(page) * 4096);
      file << std::string(4096, '\xff');
    }
    // A page that holds no data yet may be anything.
    const auto checked = check(path);
    if (page + 1 == whole / 4096) {
      ASSERT_TRUE(checked) << checked.error().text;
      EXPECT_FALSE(checked->damage.empty());
    } else {
      EXPECT_TRUE(checked) << "page " << page << ": " << checked.error().text;
    }
  }
}

TEST(Where, PasswordsAreNotShown) {
  EXPECT_EQ(without_password("postgresql://me:secret@host/db"), "postgresql://me@host/db");
  EXPECT_EQ(without_password("postgresql:///db?host=/tmp&password=secret&user=me"),
            "postgresql:///db?host=/tmp&password=...&user=me");
  EXPECT_EQ(without_password("/var/lib/causeway/store"), "/var/lib/causeway/store");
}

}  // namespace
}  // namespace causeway::store
