#include "watch/schedule.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace causeway::watch {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Instant kBegin{hours{5}};

TEST(Schedule, TakesWhatIsDueAndNothingElse) {
  Schedule schedule{kBegin};
  schedule.put(1, kBegin + seconds{1});
  schedule.put(2, kBegin + seconds{2});
  schedule.put(3, kBegin + hours{2});  // many turns of the wheel later
  EXPECT_THAT(schedule.take(kBegin + milliseconds{900}, 9), IsEmpty());
  EXPECT_THAT(schedule.take(kBegin + milliseconds{1100}, 9), ElementsAre(1));
  EXPECT_THAT(schedule.take(kBegin + seconds{3}, 9), ElementsAre(2));
  EXPECT_THAT(schedule.take(kBegin + hours{1}, 9), IsEmpty());
  EXPECT_THAT(schedule.take(kBegin + hours{2} + milliseconds{50}, 9), ElementsAre(3));
}

TEST(Schedule, MovesAndDrops) {
  Schedule schedule{kBegin};
  schedule.put(1, kBegin + seconds{9});
  schedule.put(1, kBegin + seconds{1});
  schedule.put(2, kBegin + seconds{1});
  schedule.drop(2);
  EXPECT_THAT(schedule.take(kBegin + seconds{2}, 9), ElementsAre(1));
  EXPECT_THAT(schedule.take(kBegin + seconds{20}, 9), IsEmpty());
  EXPECT_EQ(schedule.due(1), kNever);
}

TEST(Schedule, WhatIsTooMuchStaysDue) {
  Schedule schedule{kBegin};
  for (std::uint32_t i = 0; i < 5; ++i) schedule.put(i, kBegin + milliseconds{10});
  EXPECT_EQ(schedule.take(kBegin + seconds{1}, 2).size(), 2U);
  EXPECT_EQ(schedule.take(kBegin + seconds{1}, 2).size(), 2U);
  EXPECT_EQ(schedule.take(kBegin + seconds{1}, 2).size(), 1U);
}

TEST(Schedule, NothingIsLostOrTakenTwiceOverADay) {
  Schedule schedule{kBegin};
  std::map<std::uint32_t, int> taken;
  const Duration interval = seconds{61};
  for (std::uint32_t i = 0; i < 100; ++i) {
    schedule.put(i, kBegin + first_delay(fmt::format("t{}", i), interval));
  }
  for (Instant now = kBegin; now < kBegin + hours{4}; now += milliseconds{730}) {
    for (const auto number : schedule.take(now, 1000)) {
      ++taken[number];
      schedule.put(number, now + interval);
    }
  }
  for (const auto& [number, times] : taken) {
    EXPECT_GE(times, 4 * 3600 / 62 - 2) << number;
    EXPECT_LE(times, 4 * 3600 / 61 + 1) << number;
  }
  EXPECT_EQ(taken.size(), 100U);
}

TEST(Schedule, SpreadsTheFirstChecks) {
  std::map<std::int64_t, int> tenths;
  for (int i = 0; i < 10'000; ++i) {
    ++tenths[first_delay(fmt::format("site-{}.example.net", i), seconds{60}) / seconds{6}];
  }
  ASSERT_EQ(tenths.size(), 10U);
  for (const auto& [tenth, count] : tenths) EXPECT_NEAR(count, 1000, 150) << tenth;
}

TEST(Schedule, KeepsItsRhythmAndSkipsWhatWasMissed) {
  EXPECT_EQ(next_beat(kBegin, seconds{30}, kBegin + seconds{5}), kBegin + seconds{30});
  EXPECT_EQ(next_beat(kBegin, seconds{30}, kBegin + seconds{95}), kBegin + seconds{120});
  EXPECT_EQ(next_beat(kBegin, seconds{30}, kBegin), kBegin + seconds{30});
}

TEST(Schedule, RetriesBetweenTwoBeatsMoveNone) {
  Instant due = kBegin;
  for (int retry = 0; retry < 5; ++retry) {
    due = next_beat(due, seconds{30}, kBegin + seconds{5} * retry);
    EXPECT_EQ(due, kBegin + seconds{30}) << retry;
  }
}

}  // namespace
}  // namespace causeway::watch
