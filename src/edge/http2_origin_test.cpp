// HTTP/2 towards origins, and what follows a body, on real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "edge/edge_fixture.hpp"
#include "edge/http2_origin.hpp"
#include "net/scripted_origin.hpp"

namespace causeway::edge {
namespace {

using testing::HasSubstr;
using testing::Not;
using std::literals::chrono_literals::operator""ms;
using std::literals::chrono_literals::operator""s;

const net::ScriptedCertificates kNone{};

Origin by_prior_knowledge(Endpoint endpoint) {
  Origin out = origin_at(endpoint);
  out.http = OriginHttp::http2;
  return out;
}

Config fast(Origin origin) {
  Config out = config_for({std::move(origin)});
  out.timeouts.first_byte = 300ms;
  out.timeouts.request_ack = 300ms;
  out.timeouts.between_bytes = 300ms;
  return out;
}

std::string get(std::string_view path, std::string_view more = {}) {
  return "GET " + std::string{path} +
         " HTTP/1.1\r\nHost: www.test\r\nAccept: application/json\r\n" + std::string{more} + "\r\n";
}

const std::string kHead = h2_frame(1, 4, 1, "\x88" + h2_literal("content-length", "5"));
const std::string kPage = kHead + h2_frame(0, 1, 1, "hello");

std::string goaway(std::uint32_t last) {
  std::string payload(8, '\0');
  payload[3] = static_cast<char>(last);
  return h2_frame(7, 0, 0, payload);
}

std::string reset(int code) {
  std::string payload(4, '\0');
  payload[3] = static_cast<char>(code);
  return h2_frame(3, 0, 1, payload);
}

// A head larger than any edge takes, over several frames.
std::string endless_head() {
  std::string out = h2_frame(1, 0, 1, "\x88");
  std::string piece;
  for (int i = 0; i < 75; ++i) piece += h2_literal("x-" + std::to_string(i), std::string(200, 'a'));
  for (int i = 0; i < 8; ++i) out += h2_frame(9, i == 7 ? 4 : 0, 1, piece);
  return out;
}

TEST(Http2Origin, ServesVisitorsOfHttp1) {
  const Http2Origin origin;
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  const std::string answer = ask(edge.endpoint(), get("/page"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nx-origin: h2\r\n")) << answer;
  EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhello")) << answer;
}

TEST(Http2Origin, IsToldWhatAnyOriginIsTold) {
  const Http2Origin origin;
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(
      get("/saw", "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-Kept: 2\r\nTE: trailers\r\n"));
  const std::string answer = visitor.read_until("0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr(":authority=www.test\n"));
  EXPECT_THAT(answer, HasSubstr(":scheme=http\n"));
  EXPECT_THAT(answer, HasSubstr("x-kept=2\n"));
  EXPECT_THAT(answer, HasSubstr("te=trailers\n"));
  EXPECT_THAT(answer, HasSubstr("cdn-loop=causeway\n"));
  EXPECT_THAT(answer, HasSubstr("x-forwarded-for=127.0.0.1\n"));
  EXPECT_THAT(answer, Not(HasSubstr("x-hop=")));
  EXPECT_THAT(answer, Not(HasSubstr("connection=")));
  EXPECT_THAT(answer, Not(HasSubstr("host=")));
}

struct Failing {
  const char* why;
  net::Script script;
  int status;
  const char* failure;
  net::ScriptedOrigin::Hearing hearing = net::ScriptedOrigin::Hearing::good;
};

net::Script saying(const std::string& bytes, const std::string& then = "stall") {
  return {step("read"), step("send", {h2_settings() + bytes}), step(then)};
}

TEST(Http2Origin, EveryFailureHasItsExactCode) {
  const std::vector<Failing> rows{
      {"closed", {step("read"), step("close")}, 520, "http.closed"},
      {"reset", {step("read"), step("reset")}, 520, "http.reset"},
      {"says nothing", {step("read"), step("stall")}, 524, "http.silent"},
      {"agrees and is silent", saying(""), 524, "http.silent"},
      {"deaf", {step("stall")}, 522, "http.request_unacked", net::ScriptedOrigin::Hearing::deaf},
      {"speaks HTTP/1.1",
       {step("read"), step("send", {"HTTP/1.1 400 Bad Request\r\n\r\n"}), step("stall")},
       520,
       "http.h2_error"},
      {"goes away before it looks", saying(goaway(0)), 520, "http.goaway"},
      {"goes away and closes", saying(goaway(0), "close"), 520, "http.goaway"},
      {"resets the stream", saying(reset(2)), 520, "http.h2_error"},
      {"refuses the stream", saying(reset(7)), 520, "http.h2_error"},
      {"wants HTTP/1.1", saying(reset(13)), 520, "http.h2_error"},
      {"breaks the compression", saying(h2_frame(1, 5, 1, "\xff\xff\xff\xff\xff\xff")), 520,
       "http.h2_error"},
      {"no status", saying(h2_frame(1, 5, 1, h2_literal("a", "b"))), 520, "http.h2_error"},
      {"no number of a status", saying(h2_frame(1, 4, 1, h2_literal(":status", "020"))), 520,
       "http.h2_error"},
      {"a field of HTTP/1.1", saying(h2_frame(1, 5, 1, "\x88" + h2_literal("connection", "close"))),
       520, "http.h2_error"},
      {"headers without end", saying(endless_head()), 520, "http.headers_too_large"},
      {"small body cut", saying(kHead + h2_frame(0, 0, 1, "he"), "close"), 520,
       "http.body_truncated"},
      {"small body reset", saying(kHead + h2_frame(0, 0, 1, "he") + reset(2)), 520,
       "http.body_truncated"},
      {"small body stalls", saying(kHead + h2_frame(0, 0, 1, "he")), 524, "http.stalled_body"},
      {"less than announced", saying(kHead + h2_frame(0, 1, 1, "he")), 520, "http.h2_error"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.why);
    const net::ScriptedOrigin origin{{row.script}, kNone, row.hearing};
    EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
    const std::string answer = ask(edge.endpoint(), get("/"));
    EXPECT_EQ(status_of(answer), row.status) << answer;
    EXPECT_THAT(answer, HasSubstr(std::string{"\"failure\": \""} + row.failure + "\""));
  }
}

TEST(Http2Origin, InterimAnswersPassButNotForEver) {
  std::string many;
  for (int i = 0; i < 40; ++i) many += h2_frame(1, 4, 1, h2_literal(":status", "103"));
  const net::ScriptedOrigin origin{{saying(many)}, kNone};
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(get("/"));
  const std::string answer = visitor.read_until("}\n");
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 103 Early Hints\r\n\r\n"));
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 52"));
}

// What the origin says it has not looked at may be asked again, whatever it is.
TEST(Http2Origin, WhatWasNotLookedAtIsAskedAgain) {
  const std::string post =
      "POST / HTTP/1.1\r\nHost: www.test\r\nAccept: application/json\r\nContent-Length: "
      "2\r\n\r\nxy";
  {
    const net::ScriptedOrigin origin{{saying(goaway(0)), saying(kPage)}, kNone};
    EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
    EXPECT_EQ(status_of(ask(edge.endpoint(), post)), 200);
  }
  {
    const Http2Origin origin;
    EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
    EXPECT_EQ(status_of(ask(edge.endpoint(),
                            "POST /refuse-once HTTP/1.1\r\nHost: www.test\r\n"
                            "Content-Length: 2\r\n\r\nxy")),
              200);
    EXPECT_EQ(origin.connections(), 1);
  }
  const net::ScriptedOrigin origin{{saying(reset(2)), saying(kPage)}, kNone};
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  EXPECT_EQ(status_of(ask(edge.endpoint(), post)), 520) << "it may have been acted on";
}

// The connection that a GOAWAY ends serves what is on it, and nobody else.
TEST(Http2Origin, AGoawayLetsEarlierRequestsEnd) {
  const net::ScriptedOrigin origin{{saying(goaway(1) + kPage), saying(kPage)}, kNone};
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  TestVisitor visitor{edge.endpoint()};
  for (int i = 0; i < 2; ++i) {
    visitor.send(get("/"));
    EXPECT_EQ(status_of(visitor.read_answer()), 200);
  }
}

TEST(Http2Origin, ManyRequestsShareOneConnection) {
  const Http2Origin origin;
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  std::vector<std::unique_ptr<TestVisitor>> visitors;
  for (int i = 0; i < 20; ++i) {
    visitors.push_back(std::make_unique<TestVisitor>(edge.endpoint()));
    visitors.back()->send(
        "POST /chat HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
  }
  for (auto& visitor : visitors) {
    EXPECT_THAT(visitor->read_until("2\r\nhi\r\n"), HasSubstr("200 OK"));
  }
  EXPECT_EQ(origin.connections(), 1);
  EXPECT_EQ(origin.at_once(), 20);
  for (auto& visitor : visitors) visitor->send("0\r\n\r\n");
  for (auto& visitor : visitors) EXPECT_EQ(visitor->read_until("0\r\n\r\n"), "0\r\n\r\n");
}

TEST(Http2Origin, WhatItTakesAtOnceIsRespected) {
  Http2Origin origin;
  origin.allow(3);
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  ASSERT_EQ(status_of(ask(edge.endpoint(), get("/page"))), 200);  // its SETTINGS are known now
  std::vector<std::unique_ptr<TestVisitor>> visitors;
  for (int i = 0; i < 7; ++i) {
    visitors.push_back(std::make_unique<TestVisitor>(edge.endpoint()));
    visitors.back()->send(
        "POST /chat HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
  }
  for (auto& visitor : visitors) {
    EXPECT_THAT(visitor->read_until("2\r\nhi\r\n"), HasSubstr("200 OK"));
  }
  EXPECT_LE(origin.at_once(), 3);
  EXPECT_GE(origin.connections(), 3);
}

TEST(Http2Origin, LongBodiesGoBothWays) {
  const Http2Origin origin;
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  TestVisitor down{edge.endpoint()};
  down.send(get("/long", "Connection: close\r\n"));
  const std::string answer = down.read_all();
  EXPECT_EQ(std::count(answer.begin(), answer.end(), 'x'), 3'000'000);
  EXPECT_TRUE(answer.ends_with("\r\n0\r\n\r\n"));
  TestVisitor up{edge.endpoint()};
  up.send("POST /saw HTTP/1.1\r\nHost: www.test\r\nContent-Length: 2000000\r\n\r\n");
  for (int i = 0; i < 2000; ++i) up.send(std::string(1000, 'y'));
  const std::string seen = up.read_until("0\r\n\r\n");
  EXPECT_THAT(seen, HasSubstr("body=2000000\n"));
  EXPECT_THAT(seen, HasSubstr("content-length=2000000\n"));
}

// Who does not read stops one stream; the others on the connection go on.
TEST(Http2Origin, ASlowVisitorStopsNobodyElse) {
  const Http2Origin origin;
  EdgeUnderTest edge{config_for({by_prior_knowledge(origin.endpoint())})};
  std::vector<std::unique_ptr<TestVisitor>> asleep;
  for (int i = 0; i < 30; ++i) {
    asleep.push_back(std::make_unique<TestVisitor>(edge.endpoint()));
    asleep.back()->send(get("/long"));
  }
  for (int i = 0; i < 10; ++i) {
    const std::string answer = ask(edge.endpoint(), get("/page"));
    EXPECT_TRUE(answer.ends_with("hello")) << answer;
  }
}

TEST(Http2Origin, ACutAnswerIsCutForTheVisitorToo) {
  const Http2Origin origin;
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(get("/cut"));
  const std::string answer = visitor.read_all();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_FALSE(answer.ends_with("0\r\n\r\n")) << answer;
}

TEST(Http2Origin, AVisitorWhoLeavesEndsItsStreamAlone) {
  const Http2Origin origin;
  Config config = fast(by_prior_knowledge(origin.endpoint()));
  config.timeouts.first_byte = 20s;
  EdgeUnderTest edge{std::move(config)};
  {
    TestVisitor leaving{edge.endpoint()};
    leaving.send(get("/never"));
    EXPECT_EQ(status_of(ask(edge.endpoint(), get("/page"))), 200);
  }
  EXPECT_EQ(status_of(ask(edge.endpoint(), get("/page"))), 200);
  EXPECT_EQ(origin.connections(), 1);
}

// --- what follows a body ---

TEST(Trailers, ComeToWhoSaidThatTheyAreTaken) {
  const Http2Origin origin;
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  const std::string body = "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
  TestVisitor taking{edge.endpoint()};
  taking.send("POST /chat HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE, close\r\n" + body);
  EXPECT_TRUE(taking.read_all().ends_with("2\r\nhi\r\n0\r\ngrpc-status: 0\r\n\r\n"));
  TestVisitor not_taking{edge.endpoint()};
  not_taking.send("POST /chat HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + body);
  EXPECT_TRUE(not_taking.read_all().ends_with("2\r\nhi\r\n0\r\n\r\n"));
}

TEST(Trailers, OfARequestReachTheOriginWithoutWhatHasNoPlaceThere) {
  const std::string request =
      "POST /saw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      "2\r\nhi\r\n0\r\nX-Sum: 9\r\nContent-Length: 7\r\nHost: evil\r\nCF-Connecting-IP: 1.1.1.1\r\n"
      "X_Sum: 8\r\nCookie: a=b\r\n\r\n";
  const Http2Origin origin;
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(request);
  const std::string seen = visitor.read_all();
  EXPECT_THAT(seen, HasSubstr("body=2\ntrailer x-sum=9\n\r\n0\r\n\r\n")) << seen;
  for (const char* never : {"evil", "1.1.1.1", "a=b", "trailer x_sum"}) {
    EXPECT_THAT(seen, Not(HasSubstr(never)));
  }
}

TEST(Trailers, PassFromAndToHttp1) {
  const net::ScriptedOrigin origin{
      {{step("read"), step("read"),
        step("send", {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
                      "2\r\nhi\r\n0\r\nX-Sum: 9\r\nSet-Cookie: a=b\r\n\r\n"}),
        step("stall")}},
      kNone};
  EdgeUnderTest edge{fast(origin_at(origin.endpoint()))};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nhi\r\n0\r\nX-Sum: 9\r\n\r\n");
  const std::string answer = visitor.read_until("X-Sum: 9\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Trailer: X-Sum\r\n"));
  EXPECT_TRUE(answer.ends_with("2\r\nhi\r\n0\r\nX-Sum: 9\r\n\r\n")) << answer;
}

TEST(Trailers, ABrokenOneOfAVisitorIsRefused) {
  const Http2Origin origin;
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  TestVisitor visitor{edge.endpoint()};
  visitor.send(
      "POST /saw HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nhi\r\n0\r\nX Sum: 9\r\n\r\n");
  EXPECT_EQ(status_of(visitor.read_answer()), 400);
}

TEST(Trailers, AHeadThatIsAllOfAnAnswerPasses) {
  const Http2Origin origin;
  EdgeUnderTest edge{fast(by_prior_knowledge(origin.endpoint()))};
  const std::string answer = ask(edge.endpoint(), get("/trailers-only"));
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_THAT(answer, HasSubstr("grpc-status: 5\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 0\r\n"));
}

}  // namespace
}  // namespace causeway::edge
