// The probes beside the main question, against this machine's own loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <functional>
#include <vector>

#include "model/target_url.hpp"
#include "net/loop.hpp"
#include "net/sockaddr.hpp"
#include "reach/burst.hpp"
#include "reach/diagnose.hpp"
#include "reach/ping.hpp"
#include "reach/route.hpp"
#include "reach/self_check.hpp"
#include "reach/trace.hpp"
#include "reach/udp_probe.hpp"

namespace causeway::reach {
namespace {

using std::chrono::seconds;

const IpAddress kLoopback4 = *IpAddress::parse("127.0.0.1");
const IpAddress kLoopback6 = *IpAddress::parse("::1");

struct Bound {
  net::Fd socket;
  Endpoint at;
};

Bound bound(const IpAddress& address, int backlog) {
  Bound out{net::Fd{::socket(net::af_of(address.family()), SOCK_STREAM | SOCK_CLOEXEC, 0)}, {}};
  const auto any_port = net::to_sockaddr({address, 0});
  EXPECT_EQ(::bind(out.socket.get(), any_port.get(), any_port.length), 0);
  if (backlog > 0) {
    EXPECT_EQ(::listen(out.socket.get(), backlog), 0);
  }
  out.at = *net::local_endpoint(out.socket);
  return out;
}

class SideProbes : public testing::TestWithParam<IpAddress> {
 protected:
  std::vector<model::Observation> run(const std::function<net::Task<void>(Survey&)>& probe) {
    net::Loop loop;
    Record record;
    Survey survey{request, record, loop.now() + seconds{20}};
    const Instant began = Clock::now();
    loop.run(probe(survey));
    elapsed = Clock::now() - began;
    return record.take();
  }

  Request request;
  Duration elapsed{};
};

TEST_P(SideProbes, RouteIsFoundWithItsSource) {
  Record record;
  Survey survey{request, record, kNever};
  const RouteFacts facts = route_to(survey, GetParam());
  EXPECT_FALSE(facts.failure);
  EXPECT_EQ(facts.source, GetParam());
  EXPECT_GT(facts.mtu.value_or(0), 1000);
  ASSERT_EQ(record.observations().size(), 1U);
  EXPECT_EQ(record.observations().front().text("outcome"), "ok");
}

TEST_P(SideProbes, UdpHearsThatNothingListens) {
  const auto seen = run([&](Survey& survey) { return udp_probe(survey, GetParam()); });
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().text("outcome"), "icmp");
  EXPECT_EQ(seen.front().text("icmp"), "port-unreachable");
  EXPECT_EQ(seen.front().text("offender_is"), "target");
  EXPECT_LT(elapsed, seconds{3});
}

TEST_P(SideProbes, PingIsAnsweredOrNotPermitted) {
  const auto seen = run([&](Survey& survey) { return ping(survey, GetParam()); });
  ASSERT_EQ(seen.size(), 1U);
  const auto& answer = seen.front();
  if (answer.text("outcome") == "not-permitted") return;
  EXPECT_EQ(answer.text("outcome"), "reply");
  EXPECT_EQ(answer.integer("sent"), 3);
  EXPECT_EQ(answer.integer("received"), 3);
  EXPECT_EQ(answer.integer("reply_ttl"), 64);
  EXPECT_LE(answer.real("rtt_ms"), answer.real("rtt_max_ms"));
  EXPECT_LT(elapsed, seconds{3});
}

TEST_P(SideProbes, TraceEndsAtATargetThatIsHere) {
  for (const int backlog : {0, 64}) {
    const Bound target = bound(GetParam(), backlog);
    const auto seen = run([&](Survey& survey) { return trace(survey, target.at); });
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen.front().text("outcome"), "reached");
    EXPECT_EQ(seen.front().integer("target_ttl"), 1);
    EXPECT_THAT(seen.front().texts("hops"), testing::ElementsAre(GetParam().text()));
    EXPECT_LT(elapsed, seconds{2});
  }
}

TEST_P(SideProbes, BurstCountsWhatConnects) {
  const Bound target = bound(GetParam(), 64);
  BurstFacts facts;
  const auto seen = run([&](Survey& survey) -> net::Task<void> {
    facts = co_await burst(survey, target.at, BurstStyle::together, false);
  });
  EXPECT_EQ(facts.sent, limits::kBurstSize);
  EXPECT_EQ(facts.at_once, limits::kBurstSize);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().text("style"), "together");
  EXPECT_EQ(seen.front().integer("leading_ok"), limits::kBurstSize);
  EXPECT_EQ(seen.front().integer("silent"), 0);
}

TEST_P(SideProbes, BurstStopsWhenAllIsRefused) {
  const Bound target = bound(GetParam(), 0);
  const auto seen = run([&](Survey& survey) -> net::Task<void> {
    co_await burst(survey, target.at, BurstStyle::held, false);
  });
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().integer("sent"), 3);
  EXPECT_EQ(seen.front().integer("refused"), 3);
  EXPECT_EQ(seen.front().integer("leading_ok"), 0);
}

INSTANTIATE_TEST_SUITE_P(Loopback, SideProbes, testing::Values(kLoopback4, kLoopback6),
                         [](const auto& test) { return std::string{name(test.param.family())}; });

// Nobody who asks for localhost means an edge: it is tried, as an address literal is.
TEST(Localhost, IsTriedAndNotRefused) {
  const Bound closed = bound(kLoopback4, 0);
  Request request;
  request.target =
      model::parse_target("http://localhost:" + std::to_string(closed.at.port) + "/").value();
  request.mode = model::Mode::quick;
  net::Loop loop;
  Record record;
  std::vector<model::Attempt> attempts;
  loop.run(
      [](const Request& asked, Record& notes, std::vector<model::Attempt>& out) -> net::Task<void> {
        out = (co_await diagnose(asked, notes)).attempts;
      }(request, record, attempts));
  ASSERT_FALSE(attempts.empty());
  for (const auto& attempt : attempts) {
    ASSERT_NE(attempt.failed_stage(), nullptr);
    EXPECT_EQ(attempt.failed_stage()->stage, model::Stage::connect);
  }
}

TEST(SelfCheck, LooksAtLinksFilesPortsAndClock) {
  const Request request;
  Record record;
  Survey survey{request, record, kNever};
  self_check(survey);
  std::vector<std::string> checks;
  for (const auto& seen : record.observations()) checks.emplace_back(seen.text("check"));
  EXPECT_THAT(checks, testing::ElementsAre("link", "files", "ports", "clock"));
}

TEST(SelfCheck, SaysTheSameOnlyOnce) {
  const Request request;
  Record record;
  Survey survey{request, record, kNever};
  record_self(survey, {.check = "route", .ok = false, .detail = "x", .os_code = ENETUNREACH});
  record_self(survey, {.check = "route", .ok = false, .detail = "x", .os_code = ENETUNREACH});
  record_self(survey, {.check = "route", .ok = false, .detail = "y", .os_code = ENETUNREACH});
  EXPECT_EQ(record.observations().size(), 2U);
}

}  // namespace
}  // namespace causeway::reach
