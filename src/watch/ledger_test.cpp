// What scenarios cannot say: looks at the own network that come in an order of their own.
#include "watch/ledger.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace causeway::watch
