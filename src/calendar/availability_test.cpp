#include "calendar/availability.hpp"

#include <gtest/gtest.h>

namespace causeway::calendar {
namespace {

WallTime at(int minute) { return WallTime{std::chrono::minutes{minute}}; }
Interval span(int from, int to) { return {at(from), at(to)}; }

TEST(Availability, CountsOverlappingOutagesOnce) {
  const auto found = availability(span(0, 100), {span(0, 100)}, {span(10, 20), span(15, 30)}, {});
  EXPECT_EQ(found.down, std::chrono::minutes{20});
  EXPECT_EQ(found.outages, 1);
  EXPECT_DOUBLE_EQ(*found.share, 0.8);
}

TEST(Availability, BlindTimeIsNeitherUpNorDown) {
  const auto found = availability(span(0, 100), {span(0, 100)}, {span(10, 30)}, {span(20, 60)});
  EXPECT_EQ(found.observed, std::chrono::minutes{60});
  EXPECT_EQ(found.down, std::chrono::minutes{10});
}

TEST(Availability, AnOutageInAHoleIsNoneAndThroughOneIsOne) {
  EXPECT_EQ(availability(span(0, 100), {span(0, 100)}, {span(10, 20)}, {span(5, 25)}).outages, 0);
  EXPECT_EQ(availability(span(0, 100), {span(0, 100)}, {span(10, 40)}, {span(20, 30)}).outages, 1);
}

TEST(Availability, OnlyWhatWasWatchedCounts) {
  const auto found = availability(span(0, 100), {span(50, 100)}, {span(40, 60)}, {});
  EXPECT_EQ(found.observed, std::chrono::minutes{50});
  EXPECT_DOUBLE_EQ(*found.share, 0.8);
}

TEST(Availability, NothingObservedIsNoFigure) {
  EXPECT_FALSE(availability(span(0, 100), {}, {}, {}).share);
  EXPECT_FALSE(availability(span(0, 100), {span(0, 100)}, {}, {span(0, 100)}).share);
}

}  // namespace
}  // namespace causeway::calendar
