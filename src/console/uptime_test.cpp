#include "console/uptime.hpp"

#include <gtest/gtest.h>

namespace causeway::console {
namespace {

using std::chrono::hours;

TEST(UptimeFigure, LeavesOutWhatNobodySawAndCountsNothingTwice) {
  const WallTime day{std::chrono::sys_days{std::chrono::year{2026} / 11 / 25}};
  const auto from = day;
  const auto to = day + hours{10};
  const auto at = [&](int hour) { return day + hours{hour}; };
  const auto past = [&](WallTime since, const std::vector<store::Member>& downs,
                        const NotCounted& aside) {
    return Past{{.id = "t", .team = "sales", .created = since}, downs, aside, to};
  };
  const auto none = past(from, {}, {}).over(from, to);
  EXPECT_EQ(none.share, 1.0);
  // Two incidents at once, one of them open; two hours blind, one of them while down.
  const std::vector<store::Member> downs{
      {"a", "t", at(1), at(3), ""}, {"b", "t", at(2), at(4), ""}, {"c", "t", at(9), {}, ""}};
  const auto blind = not_counted({{0, "v", at(3), at(5), ""}}, {}, from, to);
  const auto some = past(from, downs, blind).over(from, to);
  EXPECT_EQ(some.observed, hours{8});
  EXPECT_EQ(some.down, hours{3});
  EXPECT_EQ(some.outages, 2);
  EXPECT_FALSE(past(to, {}, {}).over(from, to).share);  // not watched yet
  EXPECT_EQ(past(at(8), {}, {}).over(from, to).observed, hours{2});
}

TEST(UptimeFigure, MaintenanceIsNoDowntime) {
  const WallTime day{std::chrono::sys_days{std::chrono::year{2026} / 11 / 25}};
  const auto at = [&](int hour) { return day + hours{hour}; };
  const std::vector<store::Member> downs{{"a", "t", at(1), at(4), ""}};
  store::MaintenanceWindow window{.zone = "UTC",
                                  .starts = "2026-11-20T02:00",
                                  .minutes = 60,
                                  .repeats = "daily",
                                  .teams = {"sales"},
                                  .created = at(-100)};
  const auto down = [&](const std::string& team) {
    const auto aside = not_counted({}, {window}, at(0), at(10));
    return Past{{.id = "t", .team = team, .created = at(-100)}, downs, aside, at(10)}
        .over(at(0), at(10))
        .down;
  };
  EXPECT_EQ(down("sales"), hours{2});
  EXPECT_EQ(down("other"), hours{3});
  window.removed = at(5);
  EXPECT_EQ(down("sales"), hours{2}) << "what was planned then stays so";
  window.removed = at(2);
  EXPECT_EQ(down("sales"), hours{3});
  window.removed = {};
  window.created = at(5);
  EXPECT_EQ(down("sales"), hours{3}) << "a rule of today plans nothing of yesterday";
}

}  // namespace
}  // namespace causeway::console
