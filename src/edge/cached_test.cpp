// Cache, choice and evidence in the data path: scripted origins behind an edge of one worker.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "edge/edge_fixture.hpp"
#include "net/scripted_origin.hpp"

namespace causeway::edge {
namespace {

using testing::HasSubstr;
using testing::Not;
using std::literals::chrono_literals::operator""ms;
using std::literals::chrono_literals::operator""s;

const net::ScriptedCertificates kNone{};

std::string get(Endpoint edge, std::string_view more = "", std::string_view path = "/page") {
  return ask(edge, "GET " + std::string{path} + " HTTP/1.1\r\nHost: www.test\r\n" +
                       std::string{more} + "\r\n");
}

Config cached(const net::ScriptedOrigin& origin) {
  Config out = config_for({origin_at(origin.endpoint())});
  out.cache.on = true;
  out.cache.memory_bytes = 1 << 20;
  return out;
}

TEST(Cached, TheSecondVisitorIsServedFromMemory) {
  net::ScriptedOrigin origin{{once(page("Cache-Control: max-age=60\r\n")), {step("reset")}}, kNone};
  EdgeUnderTest edge{cached(origin)};
  const auto first = get(edge.endpoint());
  EXPECT_THAT(first, HasSubstr("Cache-Status: causeway; fwd=uri-miss; fwd-status=200; stored"));
  const auto second = get(edge.endpoint());
  EXPECT_EQ(status_of(second), 200);
  EXPECT_THAT(second, HasSubstr("cache-status: causeway; hit; ttl="));
  EXPECT_THAT(second, HasSubstr("age: 0"));
  EXPECT_THAT(second, HasSubstr("\r\n\r\nhello"));
  const auto part = get(edge.endpoint(), "Range: bytes=1-2\r\n");
  EXPECT_EQ(status_of(part), 206);
  EXPECT_THAT(part, HasSubstr("\r\n\r\nel"));
}

TEST(Cached, WhatMayNotBeStoredIsAskedForEachTime) {
  net::ScriptedOrigin origin{
      {once(page("Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\n", "one")),
       once(page("Cache-Control: private, max-age=60\r\n", "two")), once(page("", "three"))},
      kNone};
  EdgeUnderTest edge{cached(origin)};
  EXPECT_THAT(get(edge.endpoint()), HasSubstr("detail=set-cookie"));
  EXPECT_THAT(get(edge.endpoint()), HasSubstr("two"));
  EXPECT_THAT(get(edge.endpoint()), HasSubstr("three"));
}

// The site stays up while its origin is down.
TEST(Cached, AStaleCopyServesWhileTheOriginFails) {
  net::ScriptedOrigin origin{
      {once(page("Cache-Control: max-age=60\r\nAge: 100\r\nETag: \"a\"\r\n")),
       {step("read"), step("close")}},
      kNone};
  EdgeUnderTest edge{cached(origin)};
  EXPECT_EQ(status_of(get(edge.endpoint())), 200);
  for (int i = 0; i < 3; ++i) {
    const auto stale = get(edge.endpoint());
    EXPECT_EQ(status_of(stale), 200);
    EXPECT_THAT(stale, HasSubstr("hello"));
    EXPECT_THAT(stale, HasSubstr("detail=stale-if-error"));
  }
  // And a page that nobody has a copy of gets the true code.
  EXPECT_EQ(status_of(get(edge.endpoint(), "", "/other")), 520);
}

TEST(Cached, NotModifiedServesTheCopyAgain) {
  net::ScriptedOrigin origin{
      {once(page("Cache-Control: max-age=60\r\nAge: 100\r\nETag: \"a\"\r\n")),
       once("HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\n\r\n"),
       {step("reset")}},
      kNone};
  EdgeUnderTest edge{cached(origin)};
  EXPECT_EQ(status_of(get(edge.endpoint())), 200);
  const auto again = get(edge.endpoint());
  EXPECT_EQ(status_of(again), 200);
  EXPECT_THAT(again, HasSubstr("fwd=stale; fwd-status=304"));
  EXPECT_THAT(again, HasSubstr("hello"));
  EXPECT_THAT(get(edge.endpoint()), HasSubstr("causeway; hit"));
}

TEST(Cached, ACutAnswerIsNotStored) {
  const std::string head =
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 100000\r\n\r\n";
  net::ScriptedOrigin origin{
      {{step("read"), step("send", {head}), step("repeat", {"70000", "x"}), step("close")},
       once(page("Cache-Control: max-age=60\r\n", "whole"))},
      kNone};
  EdgeUnderTest edge{cached(origin)};
  static_cast<void>(get(edge.endpoint()));
  EXPECT_THAT(get(edge.endpoint()), HasSubstr("whole"));
}

TEST(Cached, AnUnsafeRequestMakesTheCopyUntrue) {
  net::ScriptedOrigin origin{
      // A POST is not sent again on a connection that ends as it is sent.
      {once(page("Cache-Control: max-age=60\r\nConnection: close\r\n", "old")),
       once(page("Connection: close\r\n", "done")),
       once(page("Cache-Control: max-age=60\r\n", "new"))},
      kNone};
  EdgeUnderTest edge{cached(origin)};
  EXPECT_THAT(get(edge.endpoint()), HasSubstr("old"));
  EXPECT_THAT(
      ask(edge.endpoint(), "POST /page HTTP/1.1\r\nHost: www.test\r\nContent-Length: 0\r\n\r\n"),
      HasSubstr("done"));
  EXPECT_THAT(get(edge.endpoint()), HasSubstr("new"));
}

TEST(Cached, OnlyIfCachedNeverAsks) {
  net::ScriptedOrigin origin{{{step("reset")}}, kNone};
  EdgeUnderTest edge{cached(origin)};
  EXPECT_EQ(status_of(get(edge.endpoint(), "Cache-Control: only-if-cached\r\n")), 504);
}

TEST(Cached, OnlyIfCachedGetsNothingStale) {
  net::ScriptedOrigin origin{
      {once(page("Cache-Control: max-age=60, must-revalidate\r\nAge: 100\r\nETag: \"a\"\r\n")),
       {step("reset")}},
      kNone};
  EdgeUnderTest edge{cached(origin)};
  EXPECT_EQ(status_of(get(edge.endpoint())), 200);
  EXPECT_EQ(status_of(get(edge.endpoint(), "Cache-Control: only-if-cached\r\n")), 504);
}

// --- what the origin was asked is what the copy is for ---

// A field that Connection names never reaches the origin: the answer is that for nobody's Origin.
TEST(Cached, AVariantIsOfWhatTheOriginGot) {
  constexpr const char* kVary = "Cache-Control: max-age=60\r\nVary: Origin\r\n";
  net::ScriptedOrigin origin{{once(page(kVary, "plain")), once(page(kVary, "shared"))}, kNone};
  EdgeUnderTest edge{cached(origin)};
  const std::string_view mine = "Origin: https://www.test\r\n";
  const std::string hidden = "Connection: Origin\r\n" + std::string{mine};
  EXPECT_TRUE(get(edge.endpoint(), hidden).ends_with("plain"));
  EXPECT_TRUE(get(edge.endpoint(), mine).ends_with("shared"));
  EXPECT_TRUE(get(edge.endpoint(), hidden).ends_with("plain"));
  EXPECT_TRUE(get(edge.endpoint()).ends_with("plain"));
  EXPECT_TRUE(get(edge.endpoint(), mine).ends_with("shared"));
}

TEST(Cached, WhatVariesByTheVisitorsAddressIsNotStored) {
  constexpr const char* kVary = "Cache-Control: max-age=60\r\nVary: x-forwarded-for\r\n";
  net::ScriptedOrigin origin{{once(page(kVary, "one")), once(page(kVary, "two"))}, kNone};
  EdgeUnderTest edge{cached(origin)};
  EXPECT_THAT(get(edge.endpoint()), HasSubstr("detail=vary-all"));
  EXPECT_TRUE(get(edge.endpoint()).ends_with("two"));
}

// Behind a proxy that ends TLS: what is stored for http, a redirect mostly, is none for https.
TEST(Cached, TheSchemeIsTheOneTheOriginIsTold) {
  net::ScriptedOrigin origin{{once("HTTP/1.1 301 Moved Permanently\r\nCache-Control: max-age=60\r\n"
                                   "Location: https://www.test/page\r\nContent-Length: 0\r\n\r\n"),
                              once(page("Cache-Control: max-age=60\r\n", "secure"))},
                             kNone};
  Config config = cached(origin);
  config.headers.trusted = {Prefix::parse("127.0.0.0/8").value()};
  EdgeUnderTest edge{std::move(config)};
  EXPECT_EQ(status_of(get(edge.endpoint(), "X-Forwarded-Proto: http\r\n")), 301);
  EXPECT_EQ(status_of(get(edge.endpoint(), "X-Forwarded-Proto: https\r\n")), 200);
  // The peer's own line stands behind the visitor's.
  EXPECT_EQ(
      status_of(get(edge.endpoint(), "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n")),
      301);
}

TEST(Cached, AStrangersSchemeIsItsOwn) {
  net::ScriptedOrigin origin{
      {once(page("Cache-Control: max-age=60\r\n", "plain")), {step("reset")}}, kNone};
  EdgeUnderTest edge{cached(origin)};
  EXPECT_EQ(status_of(get(edge.endpoint())), 200);
  EXPECT_EQ(status_of(get(edge.endpoint(), "X-Forwarded-Proto: https\r\n")), 200);
}

// --- refreshing behind a visitor's back ---

constexpr const char* kStale =
    "Cache-Control: max-age=60, stale-while-revalidate=600\r\nAge: 100\r\n";
constexpr const char* kFresh = "Cache-Control: max-age=60\r\n";

// Asks until what comes is no longer the old page.
std::string refreshed(Endpoint edge, std::string_view request) {
  const Instant deadline = Clock::now() + 5s;
  std::string out;
  do {
    out = ask(edge, request);
  } while (out.ends_with("old") && Clock::now() < deadline);
  return out;
}

TEST(Cached, ARefreshGoesWhereTheTargetSays) {
  net::ScriptedOrigin victim{{once(page(kStale, "old")), once(page(kFresh, "new"))}, kNone};
  net::ScriptedOrigin attacker{{once(page(kFresh, "evil"))}, kNone};
  Config config = cached(victim);
  config.pools.push_back(config.pools[0]);
  config.pools[1].name = "other";
  config.pools[1].origins = {origin_at(attacker.endpoint())};
  config.routes = {{.hosts = {"victim.test"}, .pool = "test"},
                   {.hosts = {"attacker.test"}, .pool = "other"}};
  EdgeUnderTest edge{std::move(config)};
  const std::string_view request =
      "GET http://victim.test/page HTTP/1.1\r\nHost: attacker.test\r\n\r\n";
  EXPECT_TRUE(ask(edge.endpoint(), request).ends_with("old"));
  EXPECT_TRUE(refreshed(edge.endpoint(), request).ends_with("new"));
}

TEST(Cached, ARefreshNeedsNoHost) {
  net::ScriptedOrigin origin{{once(page(kStale, "old")), once(page(kFresh, "new"))}, kNone};
  EdgeUnderTest edge{cached(origin)};
  const std::string_view request = "GET /page HTTP/1.0\r\n\r\n";
  EXPECT_TRUE(ask(edge.endpoint(), request).ends_with("old"));
  EXPECT_TRUE(refreshed(edge.endpoint(), request).ends_with("new"));
}

TEST(Cached, ARefreshIsAsLongAsItsRequest) {
  net::ScriptedOrigin origin{{once(page(kStale, "old")), once(page(kFresh, "new"))}, kNone};
  Config config = cached(origin);
  config.limits.url_bytes = 2 * limits::kUrlBytes;
  EdgeUnderTest edge{std::move(config)};
  const std::string request =
      "GET /" + std::string(limits::kUrlBytes, 'a') + " HTTP/1.1\r\nHost: www.test\r\n\r\n";
  EXPECT_TRUE(ask(edge.endpoint(), request).ends_with("old"));
  EXPECT_TRUE(refreshed(edge.endpoint(), request).ends_with("new"));
}

// --- choice ---

net::Script forever(const std::string& text) {
  net::Script out;
  for (int i = 0; i < 20; ++i) {
    out.push_back(step("read"));
    out.push_back(step("send", {text}));
  }
  out.push_back(step("stall"));
  return out;
}

TEST(Chosen, ACookieKeepsAVisitorWithOneOrigin) {
  net::ScriptedOrigin a{{forever(page("", "from-a"))}, kNone};
  net::ScriptedOrigin b{{forever(page("", "from-b"))}, kNone};
  auto config = config_for({origin_at(a.endpoint()), origin_at(b.endpoint())});
  config.pools[0].sticky_cookie = "stay";
  EdgeUnderTest edge{std::move(config)};
  const auto first = get(edge.endpoint());
  const auto at = first.find("Set-Cookie: stay=");
  ASSERT_NE(at, std::string::npos);
  const auto cookie = "Cookie: x=y; stay=" + first.substr(at + 17, 16) + "\r\n";
  const std::string wanted = first.contains("from-a") ? "from-a" : "from-b";
  for (int i = 0; i < 6; ++i) {
    const auto again = get(edge.endpoint(), cookie);
    EXPECT_THAT(again, HasSubstr(wanted));
    EXPECT_THAT(again, Not(HasSubstr("Set-Cookie")));
  }
}

TEST(Chosen, BackupServesOnlyWhileThePrimaryIsDown) {
  Endpoint gone;
  {
    gone = net::ScriptedOrigin{{{step("close")}}, kNone}.endpoint();
  }
  net::ScriptedOrigin backup{{forever(page("", "backup"))}, kNone};
  auto config = config_for({origin_at(gone), origin_at(backup.endpoint())});
  config.pools[0].origins[1].priority = 1;
  EdgeUnderTest edge{std::move(config)};
  for (int i = 0; i < 5; ++i) EXPECT_THAT(get(edge.endpoint()), HasSubstr("backup"));
  // The circuit remembers: not every visitor knocks at the dead one.
  EXPECT_LT(edge.metrics()
                .by_failure.at(static_cast<std::size_t>(model::FailureId::connect_refused))
                .get(),
            5U);
}

// --- evidence ---

TEST(Told, LiveFailuresBecomeAVerdict) {
  Endpoint gone;
  {
    gone = net::ScriptedOrigin{{{step("close")}}, kNone}.endpoint();
  }
  EdgeUnderTest edge{config_for({origin_at(gone)})};
  EXPECT_EQ(status_of(get(edge.endpoint())), 521);
  const Instant deadline = Clock::now() + 5s;
  nlohmann::json told;
  do {  // the end of a request is told after its answer has gone
    told = nlohmann::json::parse(edge.evidence().json("edge-1", wall_now()));
  } while (told["origins"][0]["failures"] == 0 && Clock::now() < deadline);
  EXPECT_EQ(told["origins"][0]["diagnosis"]["verdict"]["code"], 521);
  EXPECT_EQ(told["origins"][0]["diagnosis"]["verdict"]["failure"], "connect.refused");
  const auto circuit = told["origins"][0]["circuit"];
  EXPECT_NE(circuit["state"], "closed");  // open, or its short rest is over
  EXPECT_EQ(circuit["workers"], 1);
  EXPECT_EQ(circuit["failure"], "connect.refused");
}

}  // namespace
}  // namespace causeway::edge
