#include "reach/trace_reading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/icmp.hpp"

namespace causeway::reach {
namespace {

using net::Offender;
using testing::ElementsAre;

const IpAddress kTarget = *IpAddress::parse("203.0.113.10");

Hop by(const char* address, const char* name = "ttl-exceeded",
       Offender offender = Offender::router) {
  net::ConnectResult result;
  result.outcome = net::ConnectOutcome::icmp;
  net::IcmpNote note;
  note.offender = *IpAddress::parse(address);
  note.offender_is = offender;
  note.name = name;
  result.icmp = note;
  return read_hop(result);
}

Hop ended(net::ConnectOutcome outcome) {
  net::ConnectResult result;
  result.outcome = outcome;
  return read_hop(result);
}

const Hop kSilent;

TEST(Path, IsReachedWhereTheTargetAnswers) {
  for (const auto outcome : {net::ConnectOutcome::open, net::ConnectOutcome::refused}) {
    const Path path =
        read_path({by("198.51.100.1"), kSilent, ended(outcome), ended(outcome)}, kTarget);
    EXPECT_EQ(path.outcome, "reached");
    EXPECT_EQ(path.target_ttl, 3);
    EXPECT_EQ(path.last_hop, "198.51.100.1");
    EXPECT_EQ(path.last_ttl, 1);
    EXPECT_THAT(path.hops, ElementsAre("198.51.100.1", "*", "203.0.113.10"));
    EXPECT_TRUE(path.settled);
    EXPECT_FALSE(path.icmp);
  }
}

TEST(Path, IsReachedWhenTheTargetsFirewallAnswers) {
  const Path path = read_path(
      {by("198.51.100.1"), by("203.0.113.10", "port-unreachable", Offender::target)}, kTarget);
  EXPECT_EQ(path.outcome, "reached");
  EXPECT_EQ(path.target_ttl, 2);
  ASSERT_TRUE(path.icmp);
  EXPECT_EQ(path.icmp->name, "port-unreachable");
}

TEST(Path, EndsInARoutersRefusal) {
  const Path path = read_path(
      {by("198.51.100.1"), by("192.0.2.130"), by("192.0.2.130", "admin-prohibited")}, kTarget);
  EXPECT_EQ(path.outcome, "icmp");
  EXPECT_EQ(path.last_hop, "192.0.2.130");
  EXPECT_EQ(path.last_ttl, 2);
  EXPECT_EQ(path.target_ttl, 0);
  ASSERT_TRUE(path.icmp);
  EXPECT_EQ(path.icmp->offender_is, Offender::router);
}

TEST(Path, StopsBehindTheLastRouterThatAnswers) {
  const Path path = read_path(
      {by("198.51.100.1"), by("192.0.2.130"), kSilent, kSilent, kSilent, kSilent}, kTarget);
  EXPECT_EQ(path.outcome, "stops");
  EXPECT_EQ(path.last_hop, "192.0.2.130");
  EXPECT_EQ(path.last_ttl, 2);
  EXPECT_THAT(path.hops, ElementsAre("198.51.100.1", "192.0.2.130", "*"));
  EXPECT_FALSE(path.settled);
}

TEST(Path, IsNothingWhenNobodyAnswers) {
  const Path path = read_path({kSilent, kSilent, kSilent}, kTarget);
  EXPECT_EQ(path.outcome, "nothing");
  EXPECT_THAT(path.hops, ElementsAre("*"));
  EXPECT_EQ(path.last_ttl, 0);
}

TEST(Path, SeesALoopAndNotARouterThatAnswersTwice) {
  const Path loop = read_path({by("198.51.100.1"), by("192.0.2.130"), by("198.51.100.1")}, kTarget);
  EXPECT_EQ(loop.outcome, "loop");
  EXPECT_TRUE(loop.settled);
  const Path twice =
      read_path({by("198.51.100.1"), by("198.51.100.1"), by("192.0.2.130")}, kTarget);
  EXPECT_EQ(twice.outcome, "stops");
  const Path gap = read_path({by("198.51.100.1"), kSilent, by("198.51.100.1")}, kTarget);
  EXPECT_EQ(gap.outcome, "stops");
}

// A router that translates addresses expires the packet in the target's name.
TEST(Path, DoesNotTakeTimeExceededInTheTargetsNameForTheTarget) {
  const Path path = read_path(
      {by("198.51.100.1"), by("203.0.113.10", "ttl-exceeded", Offender::target), kSilent}, kTarget);
  EXPECT_EQ(path.outcome, "stops");
  EXPECT_EQ(path.last_hop, "203.0.113.10");
}

TEST(Path, IsNotTestedWhenNothingLeavesThisMachine) {
  const Path path = read_path({ended(net::ConnectOutcome::local), kSilent}, kTarget);
  EXPECT_EQ(path.outcome, "not-tested");
  EXPECT_TRUE(path.settled);
  EXPECT_TRUE(path.hops.empty());
}

TEST(SilentTail, CountsFromTheEnd) {
  EXPECT_EQ(silent_tail({}), 0);
  EXPECT_EQ(silent_tail({kSilent, by("198.51.100.1"), kSilent, kSilent}), 2);
  EXPECT_EQ(silent_tail({kSilent, kSilent}), 2);
}

}  // namespace
}  // namespace causeway::reach
