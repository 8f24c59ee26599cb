#include "inspect/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::inspect {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(RunProgram, GivesOutputAndExitCode) {
  const auto ran = run_program({.words = {"sh", "-c", "echo out; echo err >&2; exit 3"}});
  EXPECT_EQ(ran.end, Ran::End::exited);
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(ran.out, "out\n");
  EXPECT_EQ(ran.problem("sh"), "sh: exit 3: err");
  EXPECT_FALSE(ran.good());
}

TEST(RunProgram, WordsAreNotRead) {
  const auto ran = run_program({.words = {"printf", "%s", "$(id); `id` && x > /tmp/y"}});
  EXPECT_EQ(ran.out, "$(id); `id` && x > /tmp/y");
}

TEST(RunProgram, FeedsMoreThanAPipeHolds) {
  std::string input(1'000'000, 'x');
  const auto ran = run_program({.words = {"cat"}, .input = input});
  EXPECT_TRUE(ran.good());
  EXPECT_EQ(ran.out, input);
}

TEST(RunProgram, AChildThatDoesNotReadIsNoTrouble) {
  const auto ran = run_program({.words = {"true"}, .input = std::string(1'000'000, 'x')});
  EXPECT_TRUE(ran.good());
}

TEST(RunProgram, EndsWhatIsTooSlowWithAllItStarted) {
  const auto begin = Clock::now();
  const auto ran =
      run_program({.words = {"sh", "-c", "sleep 100 & sleep 100"}, .wait = milliseconds{50}});
  EXPECT_EQ(ran.end, Ran::End::too_slow);
  EXPECT_THAT(ran.problem("sh"), HasSubstr("no end within"));
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds{10});
}

TEST(RunProgram, DoesNotWaitForWhatAProgramLeavesBehind) {
  const auto ran = run_program({.words = {"sh", "-c", "echo here; sleep 100 & exit 0"}});
  EXPECT_TRUE(ran.good());
  EXPECT_EQ(ran.out, "here\n");
}

TEST(RunProgram, EndsWhatPrintsTooMuch) {
  const auto ran = run_program({.words = {"yes"}, .most = 1000});
  EXPECT_EQ(ran.end, Ran::End::too_large);
  EXPECT_EQ(ran.out.size(), 1000U);
}

TEST(RunProgram, SaysWhatIsNotThere) {
  const auto ran = run_program({.words = {"no-such-program-here"}});
  EXPECT_EQ(ran.end, Ran::End::missing);
  EXPECT_EQ(ran.problem("no-such-program-here"), "no-such-program-here: is not installed");
  EXPECT_EQ(run_program({.words = {"/etc/passwd"}}).end, Ran::End::missing);
}

TEST(RunProgram, SaysWhichSignalEndedIt) {
  const auto ran = run_program({.words = {"sh", "-c", "kill -TERM $$"}});
  EXPECT_EQ(ran.end, Ran::End::signalled);
  EXPECT_EQ(ran.status, 15);
}

TEST(RunProgram, ManyRunAtTheSameTime) {
  const auto begin = Clock::now();
  const std::vector<Program> four(4, {.words = {"sleep", "0.2"}});
  for (const auto& ran : run_programs(four)) EXPECT_TRUE(ran.good());
  EXPECT_LT(Clock::now() - begin, milliseconds{700});
}

TEST(RunProgram, TheEnvironmentOfSomebodyElseIsNotPassedOn) {
  ::setenv("LD_PRELOAD_FOR_TEST", "x", 1);
  const auto ran = run_program({.words = {"env"}});
  EXPECT_THAT(ran.out, testing::Not(HasSubstr("LD_PRELOAD_FOR_TEST")));
  EXPECT_THAT(ran.out, HasSubstr("LC_ALL=C"));
}

}  // namespace
}  // namespace causeway::inspect
