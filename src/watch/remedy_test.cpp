#include "watch/remedy.hpp"

#include <gtest/gtest.h>

namespace causeway::watch {
namespace {

WallTime at(int minute) {
  return WallTime{std::chrono::hours{1000}} + std::chrono::minutes{minute};
}

store::RemedyRun run_at(int minute, std::string incident = "old") {
  return {.incident = std::move(incident),
          .name = "restart",
          .at = at(minute),
          .dry = false,
          .outcome = "verified"};
}

Remedy restart() { return {.name = "restart", .command = {"true"}, .dry_run = false}; }

TEST(Remedy, RunsOnceAnIncidentAndCoolsDown) {
  EXPECT_EQ(may_run(restart(), "connect.refused", "i", {}, at(0)), RemedyAnswer::run);
  EXPECT_EQ(may_run(restart(), "connect.refused", "i", {run_at(0, "i")}, at(60)),
            RemedyAnswer::same_run);
  EXPECT_EQ(may_run(restart(), "connect.refused", "i", {run_at(0)}, at(29)), RemedyAnswer::cooling);
  EXPECT_EQ(may_run(restart(), "connect.refused", "i", {run_at(0)}, at(31)), RemedyAnswer::run);
}

TEST(Remedy, IsDryUnlessToldOtherwise) {
  Remedy remedy{.name = "restart", .command = {"true"}};
  EXPECT_EQ(may_run(remedy, "", "i", {}, at(0)), RemedyAnswer::dry_run);
}

TEST(Remedy, OnlySoOftenADayAndOnlyForItsFailures) {
  const std::vector runs{run_at(0), run_at(100), run_at(200)};
  EXPECT_EQ(may_run(restart(), "", "i", runs, at(400)), RemedyAnswer::spent);
  EXPECT_EQ(may_run(restart(), "", "i", runs, at(24 * 60 + 150)), RemedyAnswer::run);
  Remedy narrow = restart();
  narrow.failures = {"connect.refused"};
  EXPECT_EQ(may_run(narrow, "http.silent", "i", {}, at(0)), RemedyAnswer::not_for_it);
}

TEST(Remedy, SaysWhenItKeepsBeingNeeded) {
  EXPECT_FALSE(keeps_being_needed(restart(), {run_at(0), run_at(100)}, at(200)));
  EXPECT_TRUE(keeps_being_needed(restart(), {run_at(0), run_at(100), run_at(200)}, at(300)));
  EXPECT_FALSE(
      keeps_being_needed(restart(), {run_at(0), run_at(100), run_at(200)}, at(8 * 24 * 60)));
}

}  // namespace
}  // namespace causeway::watch
