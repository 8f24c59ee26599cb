// Cancelling by destruction: a wait may end at any point of its life, and nothing may be left behind.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>

#include "net/event.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/task.hpp"

namespace causeway::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

struct Flag {  // says when its frame goes away
  bool* gone;
  ~Flag() { *gone = true; }
};

Task<void> sleep_long(bool* gone) {
  const Flag flag{gone};
  co_await Loop::current().sleep_until(Loop::current().now() + hours{1});
}

Task<void> nested(bool* gone) { co_await sleep_long(gone); }

TEST(Cancel, AbandonDestroysNestedFramesAndLeavesNoDeadline) {
  Loop loop;
  bool gone = false;
  loop.run([](bool* out) -> Task<void> {
    Group group;
    group.start(nested(out));
    EXPECT_EQ(group.running(), 1U);
    co_await Loop::current().sleep_until(Loop::current().now() + milliseconds{1});
    group.abandon();
    EXPECT_EQ(group.running(), 0U);
    EXPECT_TRUE(*out);
    co_await group.finished();
    co_await Loop::current().sleep_until(Loop::current().now() + milliseconds{1});
  }(&gone));
}

TEST(Cancel, AStartedTaskDiesWithItsOwner) {
  Loop loop;
  bool gone = false;
  loop.run([](bool* out) -> Task<void> {
    { auto started = start(nested(out)); }
    EXPECT_TRUE(*out);
    co_return;
  }(&gone));
}

Task<void> read_for_ever(Fd fd, int* reads) {
  for (;;) {
    if (!co_await Loop::current().readable(fd, Loop::current().now() + hours{1})) co_return;
    std::array<char, 1> byte{};
    if (::read(fd.get(), byte.data(), 1) == 1) ++*reads;
  }
}

// Both sleepers wake in the same turn; the first to run takes the other away while it stands in the
// queue of the woken.
TEST(Cancel, AWaitThatIsAlreadyWokenCanStillBeTakenAway) {
  Loop loop;
  int ran = 0;
  loop.run([](int* out) -> Task<void> {
    auto victim = std::make_unique<Group>();
    Group killers;
    const Instant at = Loop::current().now() + milliseconds{2};
    const auto kill = [](Instant when, std::unique_ptr<Group>& target, int* count) -> Task<void> {
      co_await Loop::current().sleep_until(when);
      ++*count;
      target.reset();
    };
    const auto live = [](Instant when, int* count) -> Task<void> {
      co_await Loop::current().sleep_until(when);
      ++*count;
    };
    killers.start(kill(at, victim, out));
    for (int i = 0; i < 5; ++i) victim->start(live(at, out));
    co_await killers.finished();
    co_await Loop::current().sleep_until(at + milliseconds{3});
  }(&ran));
  EXPECT_GE(ran, 1);
  EXPECT_LE(ran, 6);
}

TEST(Cancel, ADescriptorWaitGoesWithItsDescriptor) {
  Loop loop;
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
  int reads = 0;
  const Fd other{pair[1]};
  loop.run([](Fd mine, const Fd& theirs, int* count) -> Task<void> {
    Group group;
    group.start(read_for_ever(std::move(mine), count));
    EXPECT_EQ(::write(theirs.get(), "x", 1), 1);
    while (*count == 0) {
      co_await Loop::current().sleep_until(Loop::current().now() + milliseconds{1});
    }
    group.abandon();
    EXPECT_EQ(::send(theirs.get(), "x", 1, MSG_NOSIGNAL), -1);  // its end is closed
  }(Fd{pair[0]}, other, &reads));
  EXPECT_EQ(reads, 1);
}

TEST(Cancel, TheWaiterMayTakeTheGroupAwayTheMomentItEnds) {
  Loop loop;
  loop.run([]() -> Task<void> {
    for (int i = 0; i < 100; ++i) {
      auto group = std::make_unique<Group>();
      group->start([]() -> Task<void> {
        co_await Loop::current().sleep_until(Loop::current().now() + std::chrono::microseconds{10});
      }());
      co_await group->finished();
      group.reset();
    }
  }());
}

TEST(Cancel, AnEventForgetsAWaiterThatWentAway) {
  Loop loop;
  loop.run([]() -> Task<void> {
    Event event;
    {
      Group group;
      group.start([](Event& awaited) -> Task<void> {
        co_await awaited.wait(Loop::current().now() + hours{1});
      }(event));
    }
    event.set();
    co_return;
  }());
}

}  // namespace
}  // namespace causeway::net
