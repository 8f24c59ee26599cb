// Active checks and the queue in front of an origin, on real sockets.
#include "edge/health_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "edge/edge_fixture.hpp"
#include "net/loop.hpp"
#include "net/scripted_origin.hpp"

namespace causeway::edge {
namespace {

using model::FailureId;
using testing::HasSubstr;
using std::literals::chrono_literals::operator""ms;
using std::literals::chrono_literals::operator""s;

const net::ScriptedCertificates kNone{};
constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: www.test\r\nAccept: application/json\r\n\r\n";
constexpr const char* kFine = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

// A port where nothing listens.
Endpoint nobody() {
  const auto socket = net::listen_tcp({.address = {IpAddress::v4(0x7f000001), 0}});
  return *net::local_endpoint(*socket);
}

Config checked(std::vector<Origin> origins, CheckKind kind) {
  Config out = config_for(std::move(origins));
  auto& check = out.pools[0].check;
  check.kind = kind;
  check.interval = 100ms;
  check.timeout = 300ms;
  check.failures = 2;
  check.successes = 2;
  return out;
}

CheckOutcome once(const Config& config) {
  const Runtime runtime{std::make_shared<const Config>(config), nullptr};
  auto& pools = const_cast<Runtime&>(runtime).pools();
  net::Loop loop;
  return loop.run(check_once(runtime, *pools[0], *pools[0]->origins[0]));
}

bool becomes(const EdgeUnderTest& edge, const Origin& origin, Health wanted) {
  const Instant deadline = Clock::now() + 10s;
  const auto* evidence = edge.evidence().find("test", origin.name);
  while (evidence->check().health != wanted && Clock::now() < deadline) std::this_thread::yield();
  return evidence->check().health == wanted;
}

struct Answering {
  const char* why;
  net::Script script;
  std::optional<FailureId> failure;
  int status;
};

TEST(HealthCheck, AnHttpCheckNamesWhatAVisitorWouldMeet) {
  const std::vector<Answering> rows{
      {"fine", {step("read"), step("send", {kFine}), step("stall")}, std::nullopt, 200},
      {"a redirect is well",
       {step("read"), step("send", {"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n"})},
       std::nullopt,
       301},
      {"an error is not",
       {step("read"), step("send", {"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"})},
       FailureId::http_status,
       503},
      {"silence", {step("read"), step("stall")}, FailureId::http_silent, 0},
      {"an empty reply", {step("read"), step("close")}, FailureId::http_closed, 0},
      {"garbage", {step("read"), step("send", {"SSH-2.0-x\r\n"})}, FailureId::http_malformed, 0},
  };
  for (const auto& row : rows) {
    const net::ScriptedOrigin origin{{row.script}, kNone};
    const auto outcome = once(checked({origin_at(origin.endpoint())}, CheckKind::http));
    EXPECT_EQ(outcome.attempt.failure, row.failure) << row.why;
    EXPECT_EQ(outcome.status, row.status) << row.why;
  }
}

TEST(HealthCheck, TheTextMustBeThere) {
  const net::ScriptedOrigin origin{{{step("read"), step("send", {kFine}), step("close")},
                                    {step("read"), step("send", {kFine}), step("close")}},
                                   kNone};
  auto config = checked({origin_at(origin.endpoint())}, CheckKind::http);
  config.pools[0].check.text = "ell";
  EXPECT_TRUE(once(config).healthy());
  config.pools[0].check.text = "goodbye";
  const auto outcome = once(config);
  EXPECT_EQ(outcome.attempt.failure, FailureId::http_status);
  EXPECT_THAT(outcome.attempt.because, HasSubstr("goodbye"));
}

TEST(HealthCheck, TcpAsksForAConnectionAlone) {
  const net::ScriptedOrigin silent{{{step("stall")}}, kNone};
  EXPECT_TRUE(once(checked({origin_at(silent.endpoint())}, CheckKind::tcp)).healthy());
  EXPECT_EQ(once(checked({origin_at(nobody())}, CheckKind::tcp)).attempt.failure,
            FailureId::connect_refused);
}

TEST(HealthCheck, TlsNeedsAHandshake) {
  const net::ScriptedOrigin plain{{{step("send", {"220 smtp\r\n"}), step("stall")}}, kNone};
  const auto outcome = once(checked({origin_at(plain.endpoint())}, CheckKind::tls));
  EXPECT_EQ(outcome.attempt.failure, FailureId::tls_not_spoken);
}

TEST(HealthCheck, AnOriginThatIsDownGetsNoVisitors) {
  const net::ScriptedOrigin broken{{{step("read"), step("close")}}, kNone};
  const net::ScriptedOrigin good{{{step("read"), step("send", {kFine}), step("close")}}, kNone};
  const auto first = origin_at(broken.endpoint());
  const auto second = origin_at(good.endpoint());
  auto config = checked({first, second}, CheckKind::http);
  config.pools[0].policy = Policy::failover;
  const EdgeUnderTest edge{config};
  ASSERT_TRUE(becomes(edge, first, Health::down));
  ASSERT_TRUE(becomes(edge, second, Health::up));
  EXPECT_EQ(status_of(ask(edge.endpoint(), kGet)), 200);
  EXPECT_EQ(edge.metrics().retries.get(), 0U) << "the one that is down was not tried";
  EXPECT_THAT(edge.evidence().json("edge", wall_now()),
              HasSubstr("\"check_failure\": \"http.closed\""));
  EXPECT_THAT(
      edge.evidence().metrics(),
      HasSubstr("causeway_edge_origin_up{pool=\"test\",origin=\"" + first.name + "\"} 0\n"));
}

TEST(HealthCheck, WhenAllAreDownTheyAreTriedAndTheCodeIsExact) {
  const auto origin = origin_at(nobody());
  const EdgeUnderTest edge{checked({origin}, CheckKind::tcp)};
  ASSERT_TRUE(becomes(edge, origin, Health::down));
  EXPECT_EQ(status_of(ask(edge.endpoint(), kGet)), 521);
}

// --- the queue ---

Config one_at_a_time(const net::ScriptedOrigin& origin, std::size_t queue, Duration wait) {
  auto first = origin_at(origin.endpoint());
  first.connections = 1;
  auto config = config_for({first});
  config.pools[0].queue = queue;
  config.pools[0].queue_wait = wait;
  return config;
}

const net::Script kSlow{step("read"), step("wait", {"300ms"}), step("send", {kFine}),
                        step("close")};

TEST(OriginQueue, WhoWaitsIsServedWhenThePlaceIsFree) {
  const net::ScriptedOrigin origin{{{step("read"), step("send", {kFine}), step("close")}}, kNone};
  const EdgeUnderTest edge{one_at_a_time(origin, 10, 10s)};
  TestVisitor first{edge.endpoint()};
  TestVisitor second{edge.endpoint()};
  first.send(kGet);
  second.send(kGet);
  EXPECT_EQ(status_of(first.read_answer()), 200);
  EXPECT_EQ(status_of(second.read_answer()), 200);
}

TEST(OriginQueue, AFullQueueIs503WithItsOwnName) {
  const net::ScriptedOrigin origin{{{step("read"), step("stall")}}, kNone};
  auto config = one_at_a_time(origin, 0, 10s);
  config.timeouts.first_byte = 1s;
  const EdgeUnderTest edge{config};
  TestVisitor first{edge.endpoint()};
  first.send(kGet);
  // The first must have its place before the second comes.
  const Instant deadline = Clock::now() + 5s;
  std::string answer;
  do {
    answer = ask(edge.endpoint(), kGet);
  } while (status_of(answer) != 503 && Clock::now() < deadline);
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_THAT(answer, HasSubstr("error=connection_limit_reached; details=\"choose.queue_full\""));
}

TEST(OriginQueue, NobodyWaitsForEver) {
  const net::ScriptedOrigin origin{{{step("read"), step("stall")}}, kNone};
  auto config = one_at_a_time(origin, 10, 100ms);
  config.timeouts.first_byte = 3s;
  const EdgeUnderTest edge{config};
  TestVisitor first{edge.endpoint()};
  TestVisitor second{edge.endpoint()};
  first.send(kGet);
  second.send(kGet);
  const int one = status_of(second.read_answer());
  const int other = status_of(first.read_answer());
  EXPECT_EQ(std::min(one, other), 503);
  EXPECT_EQ(std::max(one, other), 524);
}

}  // namespace
}  // namespace causeway::edge
