#include "app/interrupt.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

namespace causeway::app {
namespace {

net::Task<bool> waits_its_time() {
  net::Loop& loop = net::Loop::current();
  co_return co_await loop.sleep_until(loop.now() + std::chrono::milliseconds{20});
}

bool undisturbed() {
  net::Loop loop;
  const InterruptOnSignal interrupt{loop};
  return loop.run(waits_its_time());
}

TEST(SignalsKept, ASignalBetweenTwoLoopsInterruptsTheNext) {
  const SignalsKept kept;
  EXPECT_TRUE(undisturbed());
  ASSERT_EQ(std::raise(SIGINT), 0);
  EXPECT_FALSE(undisturbed());
  EXPECT_TRUE(undisturbed());
}

TEST(SignalsKeptDeathTest, WithoutItASignalBetweenTwoLoopsEndsTheProgram) {
  EXPECT_TRUE(undisturbed());
  EXPECT_EXIT(std::raise(SIGTERM), testing::KilledBySignal(SIGTERM), "");
  EXPECT_EXIT(
      {
        const SignalsKept kept;
        std::raise(SIGTERM);
        std::raise(SIGTERM);
      },
      testing::ExitedWithCode(128 + SIGTERM), "");
}

}  // namespace
}  // namespace causeway::app
