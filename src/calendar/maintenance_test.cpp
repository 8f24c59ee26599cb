#include "calendar/maintenance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::calendar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

store::MaintenanceWindow window(std::string starts, std::string repeats,
                                std::string zone = "Europe/Berlin", int minutes = 60) {
  return {.id = "w",
          .zone = std::move(zone),
          .starts = std::move(starts),
          .minutes = minutes,
          .repeats = std::move(repeats)};
}

// "2026-03-29T00:00:00Z 2026-03-29T01:00:00Z"
std::vector<std::string> times(const store::MaintenanceWindow& one, std::string_view from,
                               std::string_view to) {
  const auto found = occurrences(one, *parse_rfc3339(from), *parse_rfc3339(to));
  EXPECT_TRUE(found) << found.error().text;
  std::vector<std::string> out;
  if (!found) return out;
  for (const Times& each : *found) {
    out.push_back(rfc3339(each.from).substr(0, 16) + " " + rfc3339(each.to).substr(11, 5));
  }
  return out;
}

TEST(Maintenance, StaysAtLocalTimeWhenTheClocksChange) {
  // Berlin is UTC+1 until 2026-03-29 02:00, then UTC+2.
  EXPECT_THAT(
      times(window("2026-03-01T04:00", "weekly:sun"), "2026-03-21T00:00:00Z",
            "2026-04-06T00:00:00Z"),
      ElementsAre("2026-03-22T03:00 04:00", "2026-03-29T02:00 03:00", "2026-04-05T02:00 03:00"));
}

TEST(Maintenance, BeginsAtTheJumpWhenItsHourIsSkipped) {
  EXPECT_THAT(
      times(window("2026-03-01T02:30", "daily"), "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
      ElementsAre("2026-03-29T01:00 02:00", "2026-03-30T00:30 01:30"));
}

TEST(Maintenance, BeginsTheFirstTimeWhenItsHourComesTwice) {
  EXPECT_THAT(times(window("2026-10-25T02:30", ""), "2026-10-24T00:00:00Z", "2026-10-26T00:00:00Z"),
              ElementsAre("2026-10-25T00:30 01:30"));
}

TEST(Maintenance, OverMidnightAndInFarZones) {
  EXPECT_THAT(times(window("2026-11-25T23:30", "daily", "Pacific/Kiritimati"),
                    "2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z"),
              ElementsAre("2026-11-25T09:30 10:30"));
  EXPECT_EQ(times(window("2026-11-25T23:30", "", "UTC", 120), "2026-11-26T01:00:00Z",
                  "2026-11-26T02:00:00Z")
                .size(),
            1U);
}

TEST(Maintenance, TheLastDayOfEveryMonth) {
  EXPECT_THAT(
      times(window("2026-01-31T00:00", "monthly:31", "UTC"), "2026-02-01T00:00:00Z",
            "2026-05-01T00:00:00Z"),
      ElementsAre("2026-02-28T00:00 01:00", "2026-03-31T00:00 01:00", "2026-04-30T00:00 01:00"));
}

TEST(Maintenance, EndsAfterItsLastDay) {
  auto one = window("2026-11-01T12:00", "daily", "UTC");
  one.until = "2026-11-03";
  EXPECT_EQ(times(one, "2026-10-01T00:00:00Z", "2026-12-01T00:00:00Z").size(), 3U);
}

TEST(Maintenance, SaysWhatIsWrong) {
  const auto why = [](store::MaintenanceWindow one) { return validate(one).error().text; };
  EXPECT_THAT(why(window("2026-11-01T12:00", "", "Europe/Berlim")), HasSubstr("zone"));
  EXPECT_THAT(why(window("2026-11-01T12:00", "", "../etc/passwd")), HasSubstr("zone"));
  EXPECT_THAT(why(window("2026-13-01T12:00", "")), HasSubstr("starts"));
  EXPECT_THAT(why(window("2026-11-01T12:00", "weekly:someday")), HasSubstr("repeats"));
  EXPECT_THAT(why(window("2026-11-01T12:00", "", "UTC", 0)), HasSubstr("minutes"));
}

TEST(Maintenance, CoversByIdTeamAndTag) {
  auto one = window("2026-11-01T12:00", "");
  EXPECT_TRUE(covers(one, "shop", "sales", {"eu"}));
  one.teams = {"other"};
  EXPECT_FALSE(covers(one, "shop", "sales", {"eu"}));
  one.tags = {"eu"};
  EXPECT_TRUE(covers(one, "shop", "sales", {"eu"}));
}

TEST(Maintenance, WhatIsOverOrNeverComesIsTold) {
  const WallTime now = *parse_rfc3339("2026-11-26T12:00:00Z");
  EXPECT_THAT(past(window("2020-01-01T02:00", ""), now), HasSubstr("starts: "));
  EXPECT_EQ(past(window("2026-11-26T12:30", ""), now), "");  // under way
  EXPECT_EQ(past(window("2020-01-01T02:00", "daily"), now), "");
  EXPECT_EQ(past(window("2031-01-31T02:00", "monthly:31"), now), "");
  auto ended = window("2020-01-01T02:00", "daily");
  ended.until = "2021-01-01";
  EXPECT_THAT(past(ended, now), HasSubstr("until: "));
  ended.until = "2019-12-31";
  EXPECT_THAT(validate(ended).error().text, HasSubstr("lies before starts"));
}

}  // namespace
}  // namespace causeway::calendar
