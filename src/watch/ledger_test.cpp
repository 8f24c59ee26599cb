// What scenarios cannot say: looks at the own network that come in an order of their own.
#include "watch/ledger.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() : ledger_({}, [this] { return "i" + std::to_string(++ids_); }) {
    Target shop;
    shop.id = "shop";
    shop.confirm = {.open_failures = 1, .open_of = 1, .close_successes = 1, .close_of = 1};
    ledger_.add(0, shop);
  }
  Moment now() const {
    return {Instant{} + std::chrono::hours{1} + elapsed_,
            WallTime{milliseconds{1'790'000'000'000}} + elapsed_};
  }
  void down(const char* vantage) {
    CheckResult result;
    result.outcome = Outcome::down;
    result.failure = model::FailureId::connect_refused;
    const Moment began = now();
    elapsed_ += milliseconds{100};
    ledger_.take(0, vantage, result, began, now());
    elapsed_ += milliseconds{100};
  }

  int ids_ = 0;
  milliseconds elapsed_{};
  Ledger ledger_;
};

TEST_F(LedgerTest, ALookOfAnotherVantageLeavesWhatWaitsHere) {
  down("here");
  EXPECT_TRUE(ledger_.wishes().own_check);
  EXPECT_EQ(ledger_.open_incidents(), 0U) << "it waits for a look at the own network";
  ledger_.own("fra1", true, "", now());  // it has no result of this target yet
  EXPECT_EQ(ledger_.open_incidents(), 0U) << "another's network says nothing about ours";
  ledger_.own("here", true, "", now());
  EXPECT_EQ(ledger_.open_incidents(), 1U);
}

TEST_F(LedgerTest, WhatWaitsAtTwoVantagesIsBelievedWhenBothHaveLooked) {
  down("here");
  down("fra1");
  ledger_.own("fra1", true, "", now());
  ledger_.own("here", false, "no anchor answers", now());
  EXPECT_EQ(ledger_.standing(0).outcome, Outcome::down) << "fra1 sees, and it is the only one";
}

TEST_F(LedgerTest, ANoticeIsStillTheSameAfterARestart) {
  ledger_.notice(0, "certificate", "unknown", "It ends soon.", now());
  const auto changes = ledger_.changes();
  ASSERT_EQ(changes.size(), 1U);
  Ledger next{{}, [this] { return "i" + std::to_string(++ids_); }};
  Target shop;
  shop.id = "shop";
  next.add(0, shop);
  next.restore(changes.front().incident, changes.front().members, now());
  next.notice(0, "certificate", "unknown", "It ends soon.", now());
  next.notice(0, "domain-soon", "unknown", "That ends, too.", now());
  EXPECT_EQ(next.open_incidents(), 2U);
  next.notice_over(0, "certificate", now());
  EXPECT_EQ(next.open_incidents(), 1U);
}

// Very many targets, each in a network of its own; those of one provider share a tag.
class Pile {
 public:
  Pile(std::uint32_t targets, std::uint32_t providers)
      : ledger_({}, [this] { return fmt::format("i{:09}", ++ids_); }), targets_(targets) {
    for (std::uint32_t i = 0; i < targets; ++i) {
      Target one;
      one.id = fmt::format("t{}", i);
      one.confirm = {.open_failures = 1, .open_of = 1, .close_successes = 1, .close_of = 1};
      ledger_.add(i, one);
      std::vector<Share> shares{{ShareKind::prefix, fmt::format("network {}", i)}};
      if (providers > 0) {
        shares.push_back({ShareKind::provider, fmt::format("p{}", i % providers)});
      }
      ledger_.share(i, std::move(shares));
      check(i, Outcome::ok);
    }
  }

  // Of the first so many; what was begun before the look is judged by it.
  void check_all(std::uint32_t count, Outcome outcome) {
    elapsed_ += seconds{5};
    for (std::uint32_t i = 0; i < count; ++i) check(i, outcome);
  }
  void check_each_with_a_look(std::uint32_t count, Outcome outcome) {
    elapsed_ += seconds{5};
    for (std::uint32_t i = 0; i < count; ++i) {
      ledger_.own("here", true, "", now());
      check(i, outcome);
    }
  }
  void look() { ledger_.own("here", true, "", now()); }
  void notices_over() {
    for (std::uint32_t i = 0; i < targets_; ++i) ledger_.notice_over(i, "certificate", now());
  }
  // Every half second the driver ticks and takes what there is.
  void pass(seconds span) {
    for (milliseconds gone{}; gone < span; gone += milliseconds{500}) {
      elapsed_ += milliseconds{500};
      ledger_.tick(now());
      for (std::size_t i = 0; i < 10; ++i) changes_ += ledger_.changes(10).size();
    }
  }
  Ledger& ledger() { return ledger_; }
  std::size_t changes() const { return changes_; }

 private:
  void check(std::uint32_t number, Outcome outcome) {
    CheckResult result;
    result.outcome = outcome;
    if (outcome == Outcome::down) result.failure = model::FailureId::connect_refused;
    ledger_.take(number, "here", result, now(), now());
  }
  Moment now() const {
    return {Instant{} + std::chrono::hours{1} + elapsed_,
            WallTime{milliseconds{1'790'000'000'000}} + elapsed_};
  }

  int ids_ = 0;
  milliseconds elapsed_{};
  Ledger ledger_;
  std::uint32_t targets_;
  std::size_t changes_ = 0;
};

// What it costs when `share` of all targets fail, are down for half a minute and come back.
double steps_a_target(std::uint32_t targets, std::uint32_t providers, double share,
                      std::size_t incidents) {
  Pile pile{targets, providers};
  const auto failing = static_cast<std::uint32_t>(targets * share);
  const std::uint64_t before = pile.ledger().steps();
  pile.check_all(failing, Outcome::down);
  pile.look();
  EXPECT_EQ(pile.ledger().open_incidents(), incidents);
  pile.pass(seconds{30});
  EXPECT_EQ(pile.ledger().open_incidents(), incidents);
  pile.notices_over();
  pile.check_all(failing, Outcome::ok);
  EXPECT_EQ(pile.ledger().open_incidents(), 0U);
  return static_cast<double>(pile.ledger().steps() - before) / targets;
}

TEST(LedgerWork, OfThousandsThatFailAtOnceGrowsWithThemAndNotWithTheirSquare) {
  for (const double share : {0.3, 1.0}) {
    const auto all = static_cast<std::size_t>(2000 * share);
    EXPECT_LT(steps_a_target(4000, 0, share, 2 * all), 1.1 * steps_a_target(2000, 0, share, all));
  }
  // A third of one provider's: counted at each tick, and it explains nothing.
  EXPECT_LT(steps_a_target(4000, 1, 0.3, 1200), 1.1 * steps_a_target(2000, 1, 0.3, 600));
  // Every provider's: none explains it, though each is counted at every tick.
  EXPECT_LT(steps_a_target(4000, 4, 1.0, 4000), 1.1 * steps_a_target(2000, 4, 1.0, 2000));
}

TEST(LedgerWork, BetweenTwoTicksIsBounded) {
  Pile pile{5000, 1};
  const std::uint64_t before = pile.ledger().steps();
  pile.check_each_with_a_look(2000, Outcome::down);
  EXPECT_EQ(pile.ledger().open_incidents(), 2000U);
  EXPECT_LT(pile.ledger().steps() - before, limits::kWatchGatherSteps + 20'000);
  // What opened without a look at its group is gathered at a tick.
  pile.check_each_with_a_look(3000, Outcome::down);
  pile.pass(seconds{1});
  EXPECT_LT(pile.ledger().open_incidents(), 3000U);
}

TEST(LedgerWork, ChangesComeInPortions) {
  Pile pile{100, 0};
  pile.check_all(100, Outcome::down);
  pile.look();
  std::set<std::string> seen;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(pile.ledger().changed());
    for (const Change& change : pile.ledger().changes(10)) seen.insert(change.incident.id);
  }
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_FALSE(pile.ledger().changed());
  EXPECT_THAT(pile.ledger().members("i000000001"), ::testing::ElementsAre(0));
}

}  // namespace
}  // namespace causeway::watch
