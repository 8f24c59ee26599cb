#include "net/http_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>

#include "net/event.hpp"
#include "net/group.hpp"
#include "net/loop.hpp"
#include "net/tcp.hpp"

namespace causeway::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::uint32_t kLoopback = 0x7f000001;

HttpServiceOptions on_loopback() { return {.listen = {IpAddress::v4(kLoopback), 0}}; }

// Says back what it was asked, and a few things on request.
Task<HttpReply> echo(const HttpRequest& request) {
  HttpReply reply;
  if (request.path == "/big") {
    reply.body = std::string(3'000'000, 'x');
  } else if (request.path == "/inject") {
    reply.fields.emplace_back("Location", "/a\r\nSet-Cookie: stolen=1");
  } else if (request.path == "/stream") {
    reply.stream = [](ReplyStream& out) -> Task<void> {
      for (const auto* piece : {"one\n", "two\n", "three\n"}) {
        if (!co_await out.write(piece)) co_return;
      }
    };
  } else if (request.path == "/forever") {
    reply.stream = [](ReplyStream& out) -> Task<void> {
      while (!out.stopping() && co_await out.write("tick\n")) {
        co_await Loop::current().sleep_until(Loop::current().now() + milliseconds{1});
      }
    };
  } else if (request.path == "/slow") {
    co_await Loop::current().sleep_until(kNever);
  } else {
    reply.body = std::string{request.method} + " " + std::string{request.path} + " ?" +
                 std::string{request.query} + " @" + std::string{request.host} + " " +
                 request.body + "\n";
  }
  co_return reply;
}

std::unique_ptr<HttpService> service(HttpServiceOptions options) {
  auto opened = HttpService::open(std::move(options), echo);
  EXPECT_TRUE(opened.has_value()) << opened.error().text;
  return *std::move(opened);
}

Task<std::unique_ptr<Stream>> dial(Endpoint to) {
  auto connected =
      co_await connect_tcp({.remote = to, .deadline = Loop::current().now() + seconds{5}});
  EXPECT_EQ(connected.outcome, ConnectOutcome::open);
  co_return plain_stream(std::move(connected.socket));
}

Task<bool> say(Stream& stream, std::string_view text) {
  const auto done = co_await stream.write(std::as_bytes(std::span{text.data(), text.size()}),
                                          Loop::current().now() + seconds{5});
  co_return done.end == WriteEnd::all;
}

// Until the service ends the connection, or `mark` has come.
Task<std::string> hear(Stream& stream, std::string_view mark = {}) {
  std::string all;
  std::array<std::byte, 4096> buffer{};
  while (mark.empty() || !all.contains(mark)) {
    const auto got = co_await stream.read(buffer, Loop::current().now() + seconds{5});
    EXPECT_NE(got.end, ReadEnd::timeout) << "heard only: " << all;
    if (got.end != ReadEnd::more) break;
    all.append(reinterpret_cast<const char*>(buffer.data()), got.bytes);
  }
  co_return all;
}

Task<std::string> exchange(Endpoint to, std::string request) {
  auto stream = co_await dial(to);
  EXPECT_TRUE(co_await say(*stream, request));
  co_return co_await hear(*stream);
}

std::string ask(const std::string& request, HttpServiceOptions options = on_loopback()) {
  Loop loop;
  auto own = service(std::move(options));
  return loop.run([](HttpService& serves, std::string text) -> Task<std::string> {
    Group group;
    group.start(serves.serve());
    auto answer = co_await exchange(serves.endpoint(), std::move(text));
    serves.drain();
    co_await group.finished();
    co_return answer;
  }(*own, request));
}

TEST(HttpService, AnswersARequest) {
  const auto answer = ask("GET /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: "));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr(" GMT\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nGET /a%20b ?x=1 @h \n"));
}

TEST(HttpService, ReadsBodiesOfBothFramingsAndRequestsInARow) {
  const auto answer =
      ask("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
          "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
          "chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
          "HEAD /h HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("POST /p ? @h hello\n"));
  EXPECT_THAT(answer, HasSubstr("PUT /c ? @h abc\n"));
  EXPECT_THAT(answer, EndsWith("\r\nConnection: close\r\n\r\n"));
}

TEST(HttpService, TakesAnAbsoluteTarget) {
  const auto answer =
      ask("GET http://other:8080/a?b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, EndsWith("GET /a ?b @other:8080 \n"));
}

TEST(HttpService, SendsWhatIsLargerThanAnyBuffer) {
  const auto answer = ask("GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 3000000\r\n"));
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 3'000'000U);
}

TEST(HttpService, StreamsInChunks) {
  const auto answer = ask("GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(answer, EndsWith("4\r\none\n\r\n4\r\ntwo\n\r\n6\r\nthree\n\r\n0\r\n\r\n"));
}

TEST(HttpService, StreamsBareBytesToOldClients) {
  const auto answer = ask("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_THAT(answer, EndsWith("\r\n\r\none\ntwo\nthree\n"));
}

TEST(HttpService, ContinuesWhenAsked) {
  Loop loop;
  auto own = service(on_loopback());
  loop.run([](HttpService& serves) -> Task<void> {
    Group group;
    group.start(serves.serve());
    auto stream = co_await dial(serves.endpoint());
    co_await say(
        *stream,
        "POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(co_await hear(*stream, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    co_await say(*stream, "ok");
    EXPECT_THAT(co_await hear(*stream, "ok\n"), HasSubstr("POST /e ? @h ok\n"));
    serves.drain();
    co_await group.finished();
  }(*own));
}

TEST(HttpService, NeverLetsAFieldEndItsLine) {
  const auto answer = ask("GET /inject HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Location: /aSet-Cookie: stolen=1\r\n"));
}

TEST(HttpService, RefusesWhatIsBrokenAndSaysWhy) {
  EXPECT_THAT(ask("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET /\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET / HTTP/3.0\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 505 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("\x16\x03\x01\x02\x01hello"), HasSubstr("400 Bad Request"));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n"),
              StartsWith("HTTP/1.1 501 "));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
}

TEST(HttpService, RefusesABodyThatIsTooLarge) {
  const auto small = [] {
    auto options = on_loopback();
    options.most_body_bytes = 10;
    return options;
  };
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n01234567890", small()),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "b\r\n01234567890\r\n0\r\n\r\n",
                  small()),
              StartsWith("HTTP/1.1 413 "));
}

TEST(HttpService, RefusesInTheWordsOfItsOwner) {
  auto options = on_loopback();
  options.most_body_bytes = 10;
  options.refusal = [](int status, std::string_view why) {
    HttpReply reply{.status = status};
    reply.fields.emplace_back("Content-Type", "application/problem+json");
    reply.body = std::string{why};
    return reply;
  };
  const auto answer = ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n01234567890",
                          std::move(options));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr("application/problem+json"));
  EXPECT_THAT(answer, Not(HasSubstr("text/plain")));
}

TEST(HttpService, GivesUpOnAHeadThatTrickles) {
  auto options = on_loopback();
  options.head_wait = milliseconds{5};
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost:", std::move(options)), StartsWith("HTTP/1.1 408 "));
}

TEST(HttpService, AnswersThoughItsHandlerDoesNot) {
  auto options = on_loopback();
  options.answer_wait = milliseconds{5};
  EXPECT_THAT(ask("GET /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", std::move(options)),
              StartsWith("HTTP/1.1 503 "));
}

TEST(HttpService, MakesRoomByEndingTheLongestIdle) {
  Loop loop;
  auto options = on_loopback();
  options.most_connections = 2;
  auto own = service(std::move(options));
  loop.run([](HttpService& serves) -> Task<void> {
    Group group;
    group.start(serves.serve());
    auto first = co_await dial(serves.endpoint());
    co_await say(*first, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    co_await hear(*first, "/1");
    auto second = co_await dial(serves.endpoint());
    co_await say(*second, "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    co_await hear(*second, "/2");
    EXPECT_THAT(co_await exchange(serves.endpoint(),
                                  "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
                HasSubstr("/3"));
    EXPECT_EQ(co_await hear(*first), "");  // ended by the service
    EXPECT_EQ(serves.counts().connections, 3U);
    EXPECT_EQ(serves.counts().requests, 3U);
    serves.drain();
    co_await group.finished();
  }(*own));
}

TEST(HttpService, DrainsStreamsAndIdleConnections) {
  Loop loop;
  auto own = service(on_loopback());
  loop.run([](HttpService& serves) -> Task<void> {
    Group group;
    group.start(serves.serve());
    auto idle = co_await dial(serves.endpoint());
    co_await say(*idle, "GET /idle HTTP/1.1\r\nHost: h\r\n\r\n");
    co_await hear(*idle, "/idle");
    auto streamed = co_await dial(serves.endpoint());
    co_await say(*streamed, "GET /forever HTTP/1.1\r\nHost: h\r\n\r\n");
    co_await hear(*streamed, "tick");
    serves.drain();
    co_await group.finished();
    EXPECT_EQ(co_await hear(*idle), "");
    EXPECT_THAT(co_await hear(*streamed), EndsWith("0\r\n\r\n"));
    EXPECT_EQ(serves.counts().open, 0U);
  }(*own));
}

TEST(HttpService, AbandonsWhoDoesNotEndInTime) {
  Loop loop;
  auto own = service(on_loopback());
  loop.run([](HttpService& serves) -> Task<void> {
    Group group;
    group.start(serves.serve());
    auto stuck = co_await dial(serves.endpoint());
    co_await say(*stuck, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    while (serves.counts().requests == 0) {
      co_await Loop::current().sleep_until(Loop::current().now() + milliseconds{1});
    }
    serves.drain(milliseconds{5});
    co_await group.finished();
    EXPECT_EQ(serves.counts().open, 0U);
  }(*own));
}

TEST(HttpService, SaysWhatToDoWhenThePortIsTaken) {
  Loop loop;
  const auto first = service(on_loopback());
  const auto second = HttpService::open({.listen = first->endpoint()}, echo);
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().text, HasSubstr("stop it or choose another"));
}

}  // namespace
}  // namespace causeway::net
