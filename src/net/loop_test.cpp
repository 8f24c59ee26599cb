#include "net/loop.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "net/event.hpp"
#include "net/group.hpp"

namespace causeway::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Pair {
  Fd a;
  Fd b;
};

Pair socket_pair(int type = SOCK_STREAM) {
  std::array<int, 2> fds{};
  EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
  return {Fd{fds[0]}, Fd{fds[1]}};
}

Task<int> give(int value) { co_return value; }

Task<int> sum_to(int n) {
  int sum = 0;
  for (int i = 1; i <= n; ++i) sum += co_await give(i);
  co_return sum;
}

TEST(Task, GivesItsResultToTheAwaiter) {
  Loop loop;
  EXPECT_EQ(loop.run(sum_to(10'000)), 50'005'000);
}

Task<std::unique_ptr<int>> give_owned() { co_return std::make_unique<int>(7); }

TEST(Task, CarriesMoveOnlyValues) {
  Loop loop;
  EXPECT_EQ(*loop.run(give_owned()), 7);
}

TEST(Task, IsDroppedUnstartedWithoutHarm) {
  bool ran = false;
  {
    auto never = [](bool& flag) -> Task<void> {
      flag = true;
      co_return;
    }(ran);
  }
  EXPECT_FALSE(ran);
}

Task<void> throws() {
  throw std::runtime_error("left the coroutine");
  co_return;
}

TEST(TaskDeath, EndsTheProcessOnAnException) {
  Loop loop;
  EXPECT_DEATH(loop.run(throws()), "");
}

Task<void> note(std::vector<std::string>& log, std::string name, milliseconds after) {
  Loop& loop = Loop::current();
  log.push_back(name + " begins");
  co_await loop.sleep_until(loop.now() + after);
  log.push_back(name + " ends");
}

TEST(Started, RunsAtOnceAndIsAwaitedLater) {
  Loop loop;
  std::vector<std::string> log;
  loop.run([](std::vector<std::string>& out) -> Task<void> {
    auto slow = start(note(out, "slow", milliseconds{2}));
    auto quick = start(note(out, "quick", milliseconds{1}));
    out.emplace_back("both run");
    co_await slow;
    EXPECT_TRUE(quick.done());
    co_await quick;
  }(log));
  EXPECT_THAT(log, testing::ElementsAre("slow begins", "quick begins", "both run", "quick ends",
                                        "slow ends"));
}

TEST(Group, WaitsForAllAlsoForThoseStartedMeanwhile) {
  Loop loop;
  int ended = 0;
  loop.run([](int& count) -> Task<void> {
    Group group;
    auto leaf = [](int& done) -> Task<void> {
      co_await Loop::current().sleep_until(Loop::current().now() + milliseconds{1});
      ++done;
    };
    auto node = [&group, &leaf](int& done) -> Task<void> {
      co_await Loop::current().sleep_until(Loop::current().now() + milliseconds{1});
      group.start(leaf(done));
      ++done;
    };
    for (int i = 0; i < 50; ++i) group.start(node(count));
    EXPECT_EQ(group.running(), 50U);
    co_await group.finished();
    EXPECT_EQ(count, 100);
    co_await group.finished();  // nothing left: at once
  }(ended));
}

TEST(Event, WakesEverybodyOnceSet) {
  Loop loop;
  int woken = 0;
  loop.run([](int& count) -> Task<void> {
    Event event;
    Group group;
    auto waiting = [](Event& what, int& out) -> Task<void> {
      if (co_await what.wait(kNever)) ++out;
    };
    for (int i = 0; i < 3; ++i) group.start(waiting(event, count));
    EXPECT_EQ(count, 0);
    event.set();
    co_await group.finished();
    EXPECT_TRUE(co_await event.wait(kNever));
  }(woken));
  EXPECT_EQ(woken, 3);
}

TEST(Event, IsGivenUpAtTheDeadline) {
  Loop loop;
  EXPECT_FALSE(loop.run([]() -> Task<bool> {
    Event event;
    co_return co_await event.wait(Loop::current().now() + milliseconds{1});
  }()));
}

TEST(Loop, WakesSleepersInTheOrderOfTheirDeadlines) {
  Loop loop;
  std::vector<int> order;
  loop.run([](std::vector<int>& out) -> Task<void> {
    Group group;
    const Instant base = Loop::current().now();
    auto sleeper = [](std::vector<int>& log, int id, Instant at) -> Task<void> {
      co_await Loop::current().sleep_until(at);
      log.push_back(id);
    };
    std::vector<int> ids(200);
    for (int i = 0; i < 200; ++i) ids[static_cast<std::size_t>(i)] = i;
    std::shuffle(ids.begin(), ids.end(), std::mt19937{1});
    for (const int id : ids) {
      group.start(sleeper(out, id, base + milliseconds{5} + std::chrono::microseconds{id * 10}));
    }
    co_await group.finished();
  }(order));
  EXPECT_EQ(order.size(), 200U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(DeadlineHeap, AgreesWithSortingWhateverIsTakenOut) {
  std::mt19937 random{42};
  std::vector<DeadlineNode> nodes(500);
  DeadlineHeap heap;
  const Instant base{};
  for (auto& node : nodes) {
    node.deadline = base + milliseconds{random() % 100};
    heap.add(node);
  }
  std::vector<DeadlineNode*> left;
  left.reserve(nodes.size());
  for (auto& node : nodes) left.push_back(&node);
  std::ranges::shuffle(left, random);
  Instant last = base;
  while (!left.empty()) {
    if (random() % 2 == 0) {
      heap.remove(*left.back());
      left.pop_back();
      last = base;
    } else {
      DeadlineNode* first = heap.first();
      const auto least = std::ranges::min(left, {}, &DeadlineNode::deadline)->deadline;
      ASSERT_EQ(first->deadline, least);
      heap.remove(*first);
      std::erase(left, first);
    }
  }
  EXPECT_TRUE(heap.empty());
  EXPECT_EQ(last, base);
}

TEST(Loop, TellsReadinessFromADeadline) {
  Loop loop;
  loop.run([]() -> Task<void> {
    Loop& here = Loop::current();
    auto [a, b] = socket_pair();
    EXPECT_FALSE(co_await here.readable(a, here.now() + milliseconds{1}));
    EXPECT_TRUE(co_await here.writable(a, here.now() + seconds{5}));
    EXPECT_EQ(::write(b.get(), "xy", 2), 2);
    EXPECT_TRUE(co_await here.readable(a, here.now() + seconds{5}));
    // Still readable, though no new edge will come: the kernel is asked.
    EXPECT_TRUE(co_await here.readable(a, here.now() + seconds{5}));
    std::array<char, 2> bytes{};
    EXPECT_EQ(::read(a.get(), bytes.data(), 2), 2);
    EXPECT_FALSE(co_await here.readable(a, here.now() + milliseconds{1}));
    b.reset();
    EXPECT_TRUE(co_await here.readable(a, here.now() + seconds{5}));
  }());
}

TEST(Loop, ForgetsADescriptorThatIsClosedAndReused) {
  Loop loop;
  loop.run([]() -> Task<void> {
    Loop& here = Loop::current();
    for (int i = 0; i < 100; ++i) {
      auto [a, b] = socket_pair();
      EXPECT_EQ(::write(b.get(), "x", 1), 1);
      EXPECT_TRUE(co_await here.readable(a, here.now() + seconds{5}));
      auto [c, d] = socket_pair();
      b.reset();
      a.reset();
      EXPECT_FALSE(co_await here.readable(c, here.now()));
    }
  }());
}

TEST(Loop, WaitsForTheNextCopyOfASocketUnderTheNumberOfTheLast) {
  Loop loop;
  loop.run([]() -> Task<void> {
    Loop& here = Loop::current();
    auto [a, b] = socket_pair();
    const int number = ::fcntl(a.get(), F_DUPFD_CLOEXEC, 3);
    ::close(number);
    for (int i = 0; i < 5; ++i) {
      const Fd copy{::fcntl(a.get(), F_DUPFD_CLOEXEC, 3)};
      EXPECT_EQ(copy.get(), number);
      EXPECT_FALSE(co_await here.readable(copy, here.now()));
      EXPECT_EQ(::write(b.get(), "x", 1), 1);
      EXPECT_TRUE(co_await here.readable(copy, here.now() + seconds{5}));
      char byte = 0;
      EXPECT_EQ(::read(copy.get(), &byte, 1), 1);
    }
  }());
}

TEST(Loop, LeavesDescriptorsThatOutliveIt) {
  auto [a, b] = socket_pair();
  {
    Loop loop;
    EXPECT_TRUE(loop.run([](const Fd& fd) -> Task<bool> {
      co_return co_await Loop::current().writable(fd, kNever);
    }(a)));
  }
  Loop loop;
  a.reset();
  const int raw = b.release();
  EXPECT_EQ(::close(raw), 0);
}

TEST(Loop, LeavesVeryManyThatEndInSeveralThreads) {
  std::vector<Pair> pairs;
  pairs.reserve(200);
  for (int i = 0; i < 200; ++i) pairs.push_back(socket_pair());
  {
    Loop loop;
    loop.run([](const std::vector<Pair>& all) -> Task<void> {
      for (const Pair& one : all) {
        EXPECT_TRUE(co_await Loop::current().writable(one.a, kNever));
        EXPECT_FALSE(co_await Loop::current().readable(one.b, Loop::current().now()));
      }
    }(pairs));
  }
  const auto half = pairs.begin() + 100;
  std::thread other{
      [gone = std::vector<Pair>{std::make_move_iterator(half),
                                std::make_move_iterator(pairs.end())}]() mutable { gone.clear(); }};
  pairs.erase(pairs.begin(), half);
  other.join();
}

TEST(Loop, WakesOfSeveralAtOneDescriptorWhoeverItsEventIsFor) {
  Loop loop;
  loop.run([]() -> Task<void> {
    auto [a, b] = socket_pair();
    std::vector<char> much(1 << 20);
    while (::write(a.get(), much.data(), much.size()) > 0) {
    }
    Loop::drained_write(a);
    std::string order;
    auto wait = [](bool reads, const Fd& fd, std::string& told) -> Task<void> {
      Loop& here = Loop::current();
      EXPECT_TRUE(reads ? co_await here.readable(fd, here.now() + seconds{20})
                        : co_await here.writable(fd, here.now() + seconds{20}));
      told += reads ? 'r' : 'w';
    };
    Group group;
    group.start(wait(false, a, order));
    group.start(wait(true, a, order));
    group.start(wait(true, a, order));
    EXPECT_FALSE(co_await Loop::current().error_queued(a, Loop::current().now()));
    EXPECT_EQ(::write(b.get(), "x", 1), 1);
    while (order.size() < 2) co_await Loop::current().turn(kNever);
    EXPECT_EQ(order, "rr");
    while (::read(b.get(), much.data(), much.size()) > 0) {
    }
    co_await group.finished();
    EXPECT_EQ(order, "rrw");
  }());
}

TEST(Loop, InterruptFromAnotherThreadEndsEveryWait) {
  Loop loop;
  const Instant began = Clock::now();
  std::thread other{[&loop] { loop.interrupt(); }};
  loop.run([]() -> Task<void> {
    Loop& here = Loop::current();
    auto [a, b] = socket_pair();
    Event event;
    Group group;
    auto read = [](const Fd& fd) -> Task<void> {
      EXPECT_FALSE(co_await Loop::current().readable(fd, kNever));
    };
    auto wait = [](Event& what) -> Task<void> { EXPECT_FALSE(co_await what.wait(kNever)); };
    auto sleep = []() -> Task<void> {
      EXPECT_FALSE(co_await Loop::current().sleep_until(Loop::current().now() + seconds{60}));
    };
    group.start(read(a));
    group.start(wait(event));
    group.start(sleep());
    co_await group.finished();
    EXPECT_TRUE(here.interrupted());
    EXPECT_FALSE(co_await here.readable(a, kNever));  // and every later one
  }());
  other.join();
  EXPECT_LT(Clock::now() - began, seconds{30});
}

TEST(Loop, LetsOthersRunBesideABusyOne) {
  Loop loop;
  bool other_ran = false;
  loop.run([](bool& flag) -> Task<void> {
    auto other = [](bool& out) -> Task<void> {
      co_await Loop::current().sleep_until(Loop::current().now() + milliseconds{1});
      out = true;
    };
    auto running = start(other(flag));
    const Instant give_up = Clock::now() + seconds{30};
    while (!flag && Clock::now() < give_up) co_await Loop::current().turn(kNever);
    co_await running;
  }(other_ran));
  EXPECT_TRUE(other_ran);
}

TEST(LoopDeath, SaysSoWhenNothingIsLeftToWaitFor) {
  struct Never {
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<>) const {}
    void await_resume() const {}
  };
  Loop loop;
  EXPECT_DEATH(loop.run([]() -> Task<void> { co_await Never{}; }()), "nothing left to wait for");
}

}  // namespace
}  // namespace causeway::net
