// The data path on real sockets: scripted origins behind an edge of one worker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "edge/edge_fixture.hpp"
#include "net/scripted_origin.hpp"

namespace causeway::edge {
namespace {

using testing::HasSubstr;
using testing::Not;
using std::literals::chrono_literals::operator""ms;
using std::literals::chrono_literals::operator""s;

const net::ScriptedCertificates kNone{};

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: www.test\r\nAccept: application/json\r\n\r\n";

// A request's end is counted after its answer has gone.
bool becomes(const Count& count, std::uint64_t value) {
  const Instant deadline = Clock::now() + 5s;
  while (count.get() != value && Clock::now() < deadline) std::this_thread::yield();
  return count.get() == value;
}

net::Script answering(const std::string& text) {
  return {step("read"), step("send", {text}), step("read"), step("send", {text}), step("stall")};
}

Config fast(std::vector<Origin> origins) {
  Config out = config_for(std::move(origins));
  out.timeouts.first_byte = 300ms;
  out.timeouts.request_ack = 300ms;
  out.timeouts.between_bytes = 300ms;
  out.timeouts.handshake = 1s;
  return out;
}

struct Failing {
  const char* why;
  net::Script script;
  int status;
  const char* failure;
  net::ScriptedOrigin::Hearing hearing = net::ScriptedOrigin::Hearing::good;
};

TEST(Relay, EveryFailureHasItsExactCode) {
  const std::vector<Failing> rows{
      {"empty reply", {step("read"), step("close")}, 520, "http.closed"},
      {"reset after the request", {step("read"), step("reset")}, 520, "http.reset"},
      {"silent", {step("read"), step("stall")}, 524, "http.silent"},
      {"deaf", {step("stall")}, 522, "http.request_unacked", net::ScriptedOrigin::Hearing::deaf},
      {"head cut",
       {step("read"), step("send", {"HTTP/1.1 200 OK\r\nA: b\r\n"}), step("close")},
       520,
       "http.headers_truncated"},
      {"not HTTP",
       {step("read"), step("send", {"SSH-2.0-OpenSSH\r\n"}), step("stall")},
       520,
       "http.malformed"},
      {"two lengths",
       answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy"), 520,
       "http.length_mismatch"},
      {"length and chunked",
       answering(
           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
       520, "http.length_mismatch"},
      {"bad chunk", answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 520,
       "http.bad_chunking"},
      {"small body cut",
       {step("read"), step("send", {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}),
        step("close")},
       520,
       "http.body_truncated"},
      {"small body stalls", answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), 524,
       "http.stalled_body"},
      {"headers without end",
       {step("read"), step("send", {"HTTP/1.1 200 OK\r\n"}),
        step("repeat", {"3000", "A: " + std::string(50, 'x') + "\r\n"}), step("stall")},
       520,
       "http.headers_too_large"},
      {"unasked upgrade", answering("HTTP/1.1 101 Switching Protocols\r\n\r\n"), 520,
       "http.malformed"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.why);
    const net::ScriptedOrigin origin{{row.script}, kNone, row.hearing};
    EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
    const std::string answer = ask(edge.endpoint(), kGet);
    EXPECT_EQ(status_of(answer), row.status) << answer;
    EXPECT_THAT(answer, HasSubstr(std::string{"\"failure\": \""} + row.failure + "\"")) << answer;
    EXPECT_THAT(answer, HasSubstr("proxy-status: "));
    EXPECT_THAT(answer, HasSubstr("Causeway-Ray: "));
  }
}

TEST(Relay, ARefusedConnectionIs521) {
  Endpoint nobody;
  {
    const auto socket = net::listen_tcp({.address = {IpAddress::v4(0x7f000001), 0}});
    nobody = *net::local_endpoint(*socket);
  }
  EdgeUnderTest edge{fast({origin_at(nobody)})};
  const std::string answer = ask(edge.endpoint(), kGet);
  EXPECT_EQ(status_of(answer), 521);
  EXPECT_THAT(answer, HasSubstr("connection_refused"));
}

TEST(Relay, AnAnswerPassesUntouched) {
  const net::ScriptedOrigin origin{
      {answering("HTTP/1.1 404 Nothing here\r\nServer: mine\r\nX-Own: 1\r\nConnection: x-own\r\n"
                 "Content-Length: 5\r\n\r\nhello")},
      kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  const std::string answer = ask(edge.endpoint(), kGet);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 Nothing here\r\n")) << answer;
  EXPECT_THAT(answer, HasSubstr("Server: mine\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("X-Own")));  // named by Connection
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhello"));
}

TEST(Relay, ConnectionsAreKeptOnBothSides) {
  const std::string page = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const net::Script twice{step("read"), step("send", {page}), step("read"), step("send", {page}),
                          step("stall")};
  const net::ScriptedOrigin origin{{twice, {step("reset")}}, kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  for (int i = 0; i < 2; ++i) {
    visitor.send(kGet);
    EXPECT_EQ(status_of(visitor.read_answer()), 200);
  }
  EXPECT_TRUE(becomes(edge.metrics().reused, 1));
}

TEST(Relay, PipelinedRequestsAreAnsweredInOrder) {
  const std::string page = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
  const net::ScriptedOrigin origin{{{step("read"), step("send", {page + "aa"}), step("read"),
                                     step("send", {page + "bb"}), step("stall")}},
                                   kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(std::string{kGet} + kGet);
  const std::string all = visitor.read_until("bb");
  EXPECT_LT(all.find("\r\n\r\naa"), all.find("\r\n\r\nbb"));
}

// The origin closes a kept connection under our feet: nobody should notice, if it is safe.
TEST(Relay, TheKeepAliveRaceIsRepeatedOnceWhenSafe) {
  const std::string page = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const net::Script race{step("read"), step("send", {page}), step("read"), step("close")};
  const net::ScriptedOrigin origin{{race, answering(page)}, kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(kGet);
  EXPECT_EQ(status_of(visitor.read_answer()), 200);
  visitor.send(kGet);
  EXPECT_EQ(status_of(visitor.read_answer()), 200);
}

TEST(Relay, APostIsNotRepeated) {
  const std::string page = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const net::Script race{step("read"), step("send", {page}), step("read"), step("close")};
  const net::ScriptedOrigin origin{{race, answering(page)}, kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(kGet);
  EXPECT_EQ(status_of(visitor.read_answer()), 200);
  visitor.send("POST / HTTP/1.1\r\nHost: www.test\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(status_of(visitor.read_answer()), 520);
}

TEST(Relay, TheNextOriginServesWhenOneIsDown) {
  Endpoint nobody;
  {
    const auto socket = net::listen_tcp({.address = {IpAddress::v4(0x7f000001), 0}});
    nobody = *net::local_endpoint(*socket);
  }
  const net::ScriptedOrigin good{{answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")},
                                 kNone};
  EdgeUnderTest edge{fast({origin_at(nobody), origin_at(good.endpoint())})};
  EXPECT_EQ(status_of(ask(edge.endpoint(), kGet)), 200);
  EXPECT_EQ(status_of(ask(edge.endpoint(), kGet)), 200);
}

TEST(Relay, ALongBodyIsStreamedBothWays) {
  const std::string piece(1000, 'x');
  const net::ScriptedOrigin origin{
      {{step("read"), step("send", {"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"}),
        step("repeat", {"3000", piece}), step("stall")}},
      kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send("POST / HTTP/1.1\r\nHost: www.test\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 1000; ++i) visitor.send(piece);
  const std::string answer = visitor.read_answer();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 3'000'000U);
}

TEST(Relay, ChunksComeOutAsTheBodyTheyHold) {
  const net::ScriptedOrigin origin{
      {answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "5;ext=1\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")},
      kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(kGet);
  EXPECT_TRUE(visitor.read_until("0\r\n\r\n").ends_with("b\r\nhello world\r\n0\r\n\r\n"));
  TestVisitor old{edge.endpoint()};
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.read_all().ends_with("\r\n\r\nhello world"));
}

TEST(Relay, ACutLongAnswerIsCutForTheVisitorToo) {
  const net::ScriptedOrigin origin{
      {{step("read"), step("send", {"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\nhalf"}),
        step("close")}},
      kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(kGet);
  const std::string answer = visitor.read_all();
  EXPECT_TRUE(answer.ends_with("half")) << answer;
  EXPECT_TRUE(becomes(edge.metrics().cut, 1));
}

TEST(Relay, AnUpgradeBecomesATunnel) {
  const net::ScriptedOrigin origin{
      {{step("read"),
        step("send", {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\n\r\nfrom the origin"}),
        step("read"), step("send", {" and back"}), step("close")}},
      kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(
      "GET /ws HTTP/1.1\r\nHost: www.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const std::string head = visitor.read_until("from the origin");
  EXPECT_EQ(status_of(head), 101);
  EXPECT_THAT(head, HasSubstr("Upgrade: websocket"));
  visitor.send("from the visitor\r\n\r\n");
  EXPECT_TRUE(visitor.read_all().ends_with(" and back"));
}

constexpr const char* kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
constexpr const char* kUpgrade =
    "POST /ws HTTP/1.1\r\nHost: www.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";

TEST(Relay, TheBodyOfAnUpgradeDoesNotGoIntoTheTunnelAgain) {
  const net::ScriptedOrigin origin{{{step("read"), step("send", {kSwitching}), step("echo")}},
                                   kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(std::string{kUpgrade} + "Content-Length: 4\r\n\r\nbodyEARLY");
  const std::string all = visitor.read_until("EARLY");
  EXPECT_EQ(status_of(all), 101);
  EXPECT_TRUE(all.ends_with("\r\n\r\nbodyEARLY")) << all;
}

TEST(Relay, WhatComesBehindTheLongBodyOfAnUpgradeIsTheTunnels) {
  const net::ScriptedOrigin origin{
      {{step("read"), step("read"), step("send", {kSwitching}), step("echo")}}, kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(std::string{kUpgrade} + "Expect: 100-continue\r\nContent-Length: 8\r\n\r\n");
  EXPECT_EQ(visitor.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  visitor.send("body\r\n\r\nEARLY");
  const std::string all = visitor.read_until("EARLY");
  EXPECT_EQ(status_of(all), 101);
  EXPECT_TRUE(all.ends_with("\r\n\r\nEARLY")) << all;
}

TEST(Relay, AnUpgradeIsSaidWhenTheBodyHasGone) {
  const std::string both = std::string{"HTTP/1.1 103 Early Hints\r\n\r\n"} + kSwitching;
  const net::ScriptedOrigin origin{{{step("read"), step("send", {both}), step("echo")}}, kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(std::string{kUpgrade} + "Content-Length: 4\r\n\r\n");
  EXPECT_EQ(visitor.read_until("\r\n\r\n"), "HTTP/1.1 103 Early Hints\r\n\r\n");
  visitor.send("bodyEARLY");
  const std::string all = visitor.read_until("EARLY");
  EXPECT_EQ(status_of(all), 101);
  EXPECT_TRUE(all.ends_with("\r\n\r\nbodyEARLY")) << all;
}

TEST(Relay, ContinueIsSaidWhenTheOriginIsThere) {
  const net::ScriptedOrigin origin{
      {{step("read"), step("read"),
        step("send", {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}), step("stall")}},
      kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(
      "POST / HTTP/1.1\r\nHost: www.test\r\nExpect: 100-continue\r\nContent-Length: 8\r\n\r\n");
  EXPECT_EQ(visitor.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  visitor.send("body\r\n\r\n");
  EXPECT_EQ(status_of(visitor.read_answer()), 200);
}

struct Refused {
  const char* request;
  int status;
};

TEST(Relay, WhatIsRefusedNeverReachesAnOrigin) {
  const net::ScriptedOrigin origin{{answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")},
                                   kNone};
  Config config = fast({origin_at(origin.endpoint())});
  config.limits.request_body_bytes = 100;
  EdgeUnderTest edge{std::move(config)};
  for (const auto& row :
       {Refused{"GET / HTTP/1.1\r\n\r\n", 400},
        Refused{
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
            400},
        Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400},
        Refused{"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
        Refused{"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
        Refused{"GET / HTTP/1.1\r\nHost: a\r\nCDN-Loop: other, causeway;v=1\r\n\r\n", 403},
        Refused{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", 413},
        Refused{"\x16\x03\x01\x02", 400}}) {
    SCOPED_TRACE(row.request);
    const std::string answer = ask(edge.endpoint(), row.request);
    EXPECT_EQ(status_of(answer), row.status) << answer;
  }
  EXPECT_EQ(edge.metrics().connect.sum_us.get(), 0U);
}

TEST(Relay, ChunkedBodiesBeyondTheLimitAreStopped) {
  const net::ScriptedOrigin origin{{{step("read"), step("stall")}}, kNone};
  Config config = fast({origin_at(origin.endpoint())});
  config.limits.request_body_bytes = 10;
  EdgeUnderTest edge{std::move(config)};
  EXPECT_EQ(status_of(ask(edge.endpoint(),
                          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "14\r\n12345678901234567890\r\n")),
            413);
}

TEST(Relay, ASlowHeadIs408) {
  const net::ScriptedOrigin origin{{answering("")}, kNone};
  Config config = fast({origin_at(origin.endpoint())});
  config.timeouts.visitor_head = 200ms;
  EdgeUnderTest edge{std::move(config)};
  EXPECT_EQ(status_of(ask(edge.endpoint(), "GET / HTTP/1.1\r\nHost: a\r\n")), 408);
}

TEST(Relay, TheProxyHeaderSaysWhoTheVisitorIs) {
  const net::ScriptedOrigin origin{{answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")},
                                   kNone};
  Config config = fast({origin_at(origin.endpoint())});
  config.listeners.push_back({.address = {}, .proxy_protocol = true});
  EdgeUnderTest edge{std::move(config)};
  EXPECT_EQ(status_of(ask(edge.endpoint(),
                          std::string{"PROXY TCP4 203.0.113.7 203.0.113.8 1 2\r\n"} + kGet)),
            200);
  EXPECT_EQ(ask(edge.endpoint(), kGet), "");  // not without one
}

// A worker that went on looking at it would serve nobody else, for ever.
TEST(Relay, HalfAProxyHeaderAndNoMoreEndsTheConnection) {
  const net::ScriptedOrigin origin{{answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")},
                                   kNone};
  Config config = fast({origin_at(origin.endpoint())});
  config.listeners.push_back({.address = {}, .proxy_protocol = true});
  EdgeUnderTest edge{std::move(config)};
  TestVisitor half{edge.endpoint()};
  half.send("PROXY TCP4 1");
  half.end_writing();
  EXPECT_TRUE(half.ended());
  TestVisitor whole{edge.endpoint()};  // all that it has to say is there
  whole.send(std::string{"PROXY TCP4 203.0.113.7 203.0.113.8 1 2\r\n"} + kGet);
  whole.end_writing();
  EXPECT_EQ(status_of(whole.read_answer()), 200);
}

// Wherever an origin stops, the visitor gets an answer or a cut one, never silence without end.
TEST(Relay, AnOriginThatStallsAtAnyByteIsFoundOut) {
  const std::string whole =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (std::size_t n = 0; n < whole.size(); n += 3) {
    const net::ScriptedOrigin origin{{answering(whole.substr(0, n))}, kNone};
    Config config = fast({origin_at(origin.endpoint())});
    config.timeouts.first_byte = config.timeouts.between_bytes = 60ms;
    EdgeUnderTest edge{std::move(config)};
    TestVisitor visitor{edge.endpoint()};
    visitor.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const int status = status_of(visitor.read_all());
    EXPECT_TRUE(status == 524 || (status == 200 && n >= 47)) << n << ": " << status;
  }
}

// Every delay counts as too long: a worker that is behind, as far as it can know.
TEST(Relay, AWorkerThatCannotFollowRefusesAShare) {
  const net::ScriptedOrigin origin{{answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")},
                                   kNone};
  Config config = fast({origin_at(origin.endpoint())});
  config.limits.shed_delay = std::chrono::nanoseconds{1};
  EdgeUnderTest edge{std::move(config)};
  const Instant deadline = Clock::now() + 20s;
  int status = 200;
  std::string answer;
  while (status != 503 && Clock::now() < deadline) {
    answer = ask(edge.endpoint(), kGet);
    status = status_of(answer);
  }
  EXPECT_EQ(status, 503);
  EXPECT_THAT(answer, HasSubstr("edge.overloaded"));
  EXPECT_THAT(answer, HasSubstr("retry-after: "));
  EXPECT_GT(edge.metrics().shed.get(), 0U);
}

TEST(Relay, ADrainEndsIdleConnectionsAndFinishesOthers) {
  const net::ScriptedOrigin origin{{answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")},
                                   kNone};
  EdgeUnderTest edge{fast({origin_at(origin.endpoint())})};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(kGet);
  EXPECT_EQ(status_of(visitor.read_answer()), 200);
  edge.worker().drain();
  EXPECT_TRUE(visitor.ended());
}

}  // namespace
}  // namespace causeway::edge
