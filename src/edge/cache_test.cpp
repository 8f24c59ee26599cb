// The cache: RFC 9111 as tables, attacks that must not work, and a store that keeps its bounds.
#include <gmock/gmock.h>

#include <random>

#include "base/text.hpp"
#include "edge/cache_collapse.hpp"
#include "edge/cache_control.hpp"
#include "edge/cache_policy.hpp"
#include "edge/cache_status.hpp"
#include "edge/cache_store.hpp"

namespace causeway::edge {
namespace {

using codec::HeaderField;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

const Instant kNow{seconds{100'000}};
const std::chrono::sys_seconds kWall{*parse_http_date("Wed, 25 Nov 2026 19:00:00 GMT")};

// "Name: value" lines as fields; views into the text.
std::vector<HeaderField> fields(std::string_view text) {
  std::vector<HeaderField> out;
  for (const auto line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    out.push_back({line.substr(0, colon), trim(line.substr(colon + 1))});
  }
  return out;
}

struct Case {
  std::string_view request = "";
  std::string_view response = "";
  std::string_view target = "/page";
  std::string_view method = "GET";
  int status = 200;
  bool body = false;
};

Storing storing(const Case& given) {
  const auto asked = fields(given.request);
  const auto got = fields(given.response);
  return may_store(
      {.method = given.method,
       .secure = true,
       .authority = "www.example.net",
       .target = given.target,
       .fields = asked,
       .has_body = given.body},
      {.status = given.status, .fields = got, .asked = kNow, .received = kNow, .wall = kWall}, {});
}

TEST(Cache, WhatIsStoredAndWhatIsNot) {
  const std::vector<std::pair<Case, std::string_view>> cases = {
      {{.response = "Cache-Control: max-age=60"}, ""},
      {{.response = "Cache-Control: s-maxage=60"}, ""},
      {{.response = "Expires: Wed, 25 Nov 2026 20:00:00 GMT"}, ""},
      {{.response = "CDN-Cache-Control: max-age=60\nCache-Control: no-store"}, ""},
      {{.response = "Cache-Control: max-age=60", .status = 404}, ""},
      {{.response = "Cache-Control: no-cache\nETag: \"a\""}, ""},
      {{.response = "Cache-Control: max-age=0\nLast-Modified: Wed, 25 Nov 2026 18:00:00 GMT"}, ""},
      // Nothing said: no guess.
      {{.response = ""}, "not-allowed"},
      {{.response = "Last-Modified: Wed, 25 Nov 2015 18:00:00 GMT"}, "not-allowed"},
      {{.response = "Cache-Control: public"}, "not-allowed"},
      {{.response = "Expires: 0"}, "not-allowed"},
      {{.response = "Cache-Control: max-age=abc"}, "not-allowed"},
      {{.response = "Cache-Control: max-age=-5"}, "not-allowed"},
      {{.response = "Cache-Control: max-age=0, max-age=60"}, "not-allowed"},
      {{.response = "Cache-Control: max-age=60, no-store"}, "no-store"},
      {{.response = "Cache-Control: private, max-age=60"}, "private"},
      {{.response = "Cache-Control: private=\"set-cookie, x\", max-age=60"}, "private"},
      {{.response = "CDN-Cache-Control: no-store\nCache-Control: max-age=60"}, "no-store"},
      {{.response = "Cache-Control: max-age=60\nSet-Cookie: a=b"}, "set-cookie"},
      {{.response = "Cache-Control: max-age=60\nVary: *"}, "vary-all"},
      {{.response = "Cache-Control: max-age=60\nVary: Accept, *"}, "vary-all"},
      {{.response = "Cache-Control: max-age=60", .status = 500}, "status"},
      {{.response = "Cache-Control: max-age=60", .status = 206}, "status"},
      {{.response = "Cache-Control: max-age=60\nContent-Range: bytes 0-1/9"}, "partial"},
      {{.request = "Range: bytes=0-1", .response = "Cache-Control: max-age=60"}, "range"},
      {{.request = "Cache-Control: no-store", .response = "Cache-Control: max-age=60"}, "no-store"},
      {{.response = "Cache-Control: max-age=60", .method = "POST"}, "method"},
      {{.response = "Cache-Control: max-age=60", .method = "HEAD"}, "method"},
      // RFC 9111 3.5.
      {{.request = "Authorization: x", .response = "Cache-Control: max-age=60"}, "authorization"},
      {{.request = "Authorization: x", .response = "Cache-Control: max-age=60, public"}, ""},
      {{.request = "Authorization: x", .response = "Cache-Control: s-maxage=60"}, ""},
  };
  for (const auto& [given, why] : cases) {
    EXPECT_EQ(name(storing(given).refusal), why) << given.request << " | " << given.response;
  }
}

// Poisoned caches: what shapes an answer and stands in no key must keep it out.
TEST(Cache, NothingAStrangerCouldHaveShaped) {
  constexpr std::string_view kAllowed = "Cache-Control: max-age=60";
  for (const auto header :
       {"X-HTTP-Method-Override: POST", "X-Original-URL: /admin", "x-rewrite-url: /admin",
        "X-Forwarded-Scheme: nothttps", "X-Original-Host: evil.example"}) {
    EXPECT_EQ(name(storing({.request = header, .response = kAllowed}).refusal), "shaping-header")
        << header;
  }
  EXPECT_EQ(name(storing({.response = kAllowed, .body = true}).refusal), "has-body");
  EXPECT_EQ(name(storing({.request = "Upgrade: websocket", .response = kAllowed}).refusal),
            "upgrade");
}

// Cache deception: a private page under the name of a file that everybody may have.
TEST(Cache, APageThatCallsItselfAFileIsNotStored) {
  constexpr std::string_view kPage = "Cache-Control: max-age=60\nContent-Type: text/html";
  for (const auto target :
       {"/account/x.css", "/account;x.css", "/account%2fx.css", "/account%00.css", "/account%0a.js",
        "/account%3fx.png", "/account/..%2fx.JPG", "/me/avatar.woff2", "/account.css?x=1"}) {
    EXPECT_EQ(name(storing({.response = kPage, .target = target}).refusal), "deceptive") << target;
  }
  EXPECT_EQ(name(storing({.response = "Cache-Control: max-age=60", .target = "/x.css"}).refusal),
            "deceptive")
      << "no type at all";
  EXPECT_EQ(name(storing({.response = "Cache-Control: max-age=60\nContent-Type: application/json",
                          .target = "/me/x.js"})
                     .refusal),
            "deceptive");
  for (const auto target : {"/index.html", "/page", "/v1.2/page", "/?x=a.css", "/a.css/page"}) {
    EXPECT_EQ(name(storing({.response = kPage, .target = target}).refusal), "") << target;
  }
  EXPECT_EQ(name(storing({.response = "Cache-Control: max-age=60\nContent-Type: text/css",
                          .target = "/x.css"})
                     .refusal),
            "");
}

TEST(Cache, KeysTellApartWhatTheOriginTellsApart) {
  const CacheRequest base{
      .method = "GET", .secure = true, .authority = "www.example.net", .target = "/a?b"};
  EXPECT_EQ(cache_key(base), "https://www.example.net/a?b");
  auto other = base;
  other.secure = false;
  EXPECT_NE(cache_key(other), cache_key(base));
  other = base;
  other.target = "/A?b";
  EXPECT_NE(cache_key(other), cache_key(base));
  other = base;
  other.authority = "WWW.Example.NET";
  EXPECT_EQ(cache_key(other), cache_key(base));
  other = base;
  other.authority = "www.example.net:8443";
  EXPECT_NE(cache_key(other), cache_key(base));
  // No value can pretend to be two.
  const auto one = fields("A: x;b:1=y;\nB: z");
  const auto two = fields("A: x\nB: y;b:1=z");
  const std::vector<std::string> vary{"a", "b"};
  EXPECT_NE(vary_key(vary, {.method = "GET", .fields = one}),
            vary_key(vary, {.method = "GET", .fields = two}));
}

TEST(Cache, Lifetimes) {
  const auto life = [](std::string_view response) {
    return storing({.response = response}).lifetime;
  };
  EXPECT_EQ(life("Cache-Control: max-age=60, s-maxage=30").fresh, seconds{30});
  EXPECT_EQ(life("Cache-Control: max-age=60\nExpires: 0").fresh, seconds{60});
  EXPECT_EQ(
      life("Date: Wed, 25 Nov 2026 19:00:00 GMT\nExpires: Wed, 25 Nov 2026 19:05:00 GMT").fresh,
      seconds{300});
  EXPECT_EQ(life("Cache-Control: max-age=60\nAge: 20").initial_age, seconds{20});
  EXPECT_EQ(life("Cache-Control: max-age=60\nDate: Wed, 25 Nov 2026 18:59:30 GMT").initial_age,
            seconds{30});
  EXPECT_EQ(life("Cache-Control: max-age=99999999999999999999").fresh, seconds{1LL << 31});
  // Further away than nanoseconds count.
  EXPECT_EQ(life("Expires: Sun Nov  6 08:49:37 2904").fresh, seconds{1LL << 31});
  EXPECT_EQ(life("Cache-Control: max-age=60\nDate: Sun Nov  6 08:49:37 1604").initial_age,
            seconds{1LL << 31});
  const auto lax = life("Cache-Control: max-age=60, stale-while-revalidate=10, stale-if-error=20");
  EXPECT_EQ(lax.while_revalidate, seconds{10});
  EXPECT_EQ(lax.if_error, seconds{20});
  for (const auto strict : {"must-revalidate", "proxy-revalidate", "s-maxage=60"}) {
    const auto got = life(std::string{"Cache-Control: max-age=60, stale-while-revalidate=10, "
                                      "stale-if-error=20, "} +
                          strict);
    EXPECT_EQ(got.while_revalidate, Duration{}) << strict;
    EXPECT_EQ(got.if_error, Duration{}) << strict;
  }
}

StoredAnswer stored(std::string_view response, std::string_view request = "",
                    std::string body = "0123456789") {
  const auto asked = fields(request);
  const auto got = fields(response);
  const CacheRequest question{
      .method = "GET", .authority = "www.example.net", .target = "/", .fields = asked};
  const CacheResponse answer{
      .status = 200, .fields = got, .asked = kNow, .received = kNow, .wall = kWall};
  auto out = stored_form(question, answer, may_store(question, answer, {}).lifetime);
  out.body = std::move(body);
  return out;
}

TEST(Cache, UseOverTime) {
  const auto answer = stored("Cache-Control: max-age=60, stale-while-revalidate=10");
  EXPECT_EQ(use_of(answer, kNow + seconds{59}), Use::fresh);
  EXPECT_EQ(use_of(answer, kNow + seconds{60}), Use::stale_while_revalidate);
  EXPECT_EQ(use_of(answer, kNow + seconds{69}), Use::stale_while_revalidate);
  EXPECT_EQ(use_of(answer, kNow + seconds{70}), Use::must_ask);
  EXPECT_EQ(use_of(stored("Cache-Control: no-cache\nETag: \"a\""), kNow), Use::must_ask);
  EXPECT_EQ(use_of(stored("Cache-Control: max-age=60\nAge: 60"), kNow), Use::must_ask);
}

TEST(Cache, StaleWhenTheOriginFails) {
  using model::FailureId;
  CacheRules rules;
  rules.stale_if_error = hours{1};
  rules.always_online = true;
  const auto plain = stored("Cache-Control: max-age=60");
  const auto late = kNow + hours{48};
  EXPECT_TRUE(may_serve_stale(plain, late, rules, FailureId::connect_silent, 0));
  EXPECT_TRUE(may_serve_stale(plain, late, rules, FailureId::resolve_not_found, 0));
  EXPECT_FALSE(may_serve_stale(plain, late, rules, FailureId::choose_queue_full, 0));
  EXPECT_FALSE(may_serve_stale(plain, late + hours{24}, rules, {}, 503)) << "its own answer";
  EXPECT_TRUE(may_serve_stale(plain, kNow + seconds{90}, rules, {}, 503));
  EXPECT_FALSE(may_serve_stale(plain, kNow + seconds{90}, rules, {}, 404));
  EXPECT_FALSE(may_serve_stale(plain, kNow + seconds{90}, rules, {}, 501));
  const auto strict = stored("Cache-Control: max-age=60, must-revalidate");
  EXPECT_FALSE(may_serve_stale(strict, kNow + seconds{61}, rules, FailureId::connect_silent, 0));
  rules.always_online = false;
  EXPECT_FALSE(may_serve_stale(plain, late + hours{24}, rules, FailureId::connect_silent, 0));
}

TEST(Cache, StoredFormIsEndToEnd) {
  const auto answer = stored(
      "Cache-Control: max-age=60\nConnection: X-Hop, close\nX-Hop: 1\nSet-Cookie: a=b\nAge: 5\n"
      "Content-Length: 10\nContent-Type: text/plain\nCache-Tag: a, b ,\nVary: Accept, ACCEPT, X");
  EXPECT_EQ(answer.fields, (StoredFields{{"cache-control", "max-age=60"},
                                         {"content-type", "text/plain"},
                                         {"cache-tag", "a, b ,"},
                                         {"vary", "Accept, ACCEPT, X"}}));
  EXPECT_EQ(answer.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(answer.vary, (std::vector<std::string>{"accept", "x"}));
}

TEST(Cache, A304MakesItFreshAgain) {
  const auto old =
      stored("Cache-Control: max-age=60\nETag: \"a\"\nContent-Type: text/plain\nX: old");
  EXPECT_EQ(conditional_fields(old), (StoredFields{{"if-none-match", "\"a\""}}));
  const auto got =
      fields("Cache-Control: max-age=90\nX: new\nContent-Type: text/html\nETag: \"a\"");
  const auto now = kNow + seconds{100};
  const auto fresh =
      freshened(old, {.method = "GET", .authority = "www.example.net", .target = "/"},
                {.status = 304, .fields = got, .asked = now, .received = now, .wall = kWall}, {});
  EXPECT_EQ(fresh.body, old.body);
  EXPECT_EQ(fresh.lifetime.fresh, seconds{90});
  EXPECT_EQ(use_of(fresh, now + seconds{89}), Use::fresh);
  const auto has = [&](std::string_view name) {
    for (const auto& [key, value] : fresh.fields) {
      if (key == name) return value;
    }
    return std::string{};
  };
  EXPECT_EQ(has("x"), "new");
  EXPECT_EQ(has("content-type"), "text/plain");
}

struct Served {
  int status;
  std::string body;
  std::string range;
};

Served serve_with(std::string_view request, std::string_view method = "GET") {
  const auto answer = stored(
      "Cache-Control: max-age=60\nETag: \"v1\"\nLast-Modified: Wed, 25 Nov 2026 18:00:00 GMT");
  const auto asked = fields(request);
  const auto out = serve(answer, {.method = method, .fields = asked}, kNow + seconds{7}, "c; hit");
  Served got{out.status, "", ""};
  if (out.body) {
    got.body = out.range ? answer.body.substr(out.range->from, out.range->size) : answer.body;
  }
  for (const auto& [name, value] : out.fields) {
    if (name == "content-range") got.range = value;
    if (name == "age") EXPECT_EQ(value, "7");
  }
  return got;
}

TEST(Cache, ConditionsAndRanges) {
  struct Row {
    std::string_view request;
    int status;
    std::string_view body;
    std::string_view range;
  };
  const std::vector<Row> rows = {
      {"", 200, "0123456789", ""},
      {"If-None-Match: \"v1\"", 304, "", ""},
      {"If-None-Match: W/\"v1\"", 304, "", ""},
      {"If-None-Match: \"v0\", \"v1\"", 304, "", ""},
      {"If-None-Match: *", 304, "", ""},
      {"If-None-Match: \"v0\"", 200, "0123456789", ""},
      {"If-None-Match: \"v0\"\nIf-Modified-Since: Wed, 25 Nov 2026 18:30:00 GMT", 200, "0123456789",
       ""},
      {"If-Modified-Since: Wed, 25 Nov 2026 18:00:00 GMT", 304, "", ""},
      {"If-Modified-Since: Wed, 25 Nov 2026 17:00:00 GMT", 200, "0123456789", ""},
      {"If-Modified-Since: yesterday", 200, "0123456789", ""},
      {"Range: bytes=0-3", 206, "0123", "bytes 0-3/10"},
      {"Range: bytes=7-", 206, "789", "bytes 7-9/10"},
      {"Range: bytes=-2", 206, "89", "bytes 8-9/10"},
      {"Range: bytes=-200", 206, "0123456789", "bytes 0-9/10"},
      {"Range: bytes=5-99", 206, "56789", "bytes 5-9/10"},
      {"Range: bytes=10-", 416, "", "bytes */10"},
      {"Range: bytes=-0", 416, "", "bytes */10"},
      {"Range: bytes=5-2", 200, "0123456789", ""},
      {"Range: bytes=0-1,3-4", 200, "0123456789", ""},
      {"Range: lines=0-1", 200, "0123456789", ""},
      {"Range: bytes=99999999999999999999-", 200, "0123456789", ""},
      {"Range: bytes=0-3\nIf-Range: \"v1\"", 206, "0123", "bytes 0-3/10"},
      {"Range: bytes=0-3\nIf-Range: W/\"v1\"", 200, "0123456789", ""},
      {"Range: bytes=0-3\nIf-Range: \"v0\"", 200, "0123456789", ""},
  };
  for (const auto& row : rows) {
    const auto got = serve_with(row.request);
    EXPECT_EQ(got.status, row.status) << row.request;
    EXPECT_EQ(got.body, row.body) << row.request;
    EXPECT_EQ(got.range, row.range) << row.request;
  }
  EXPECT_EQ(serve_with("Range: bytes=0-3", "HEAD").status, 200);
  EXPECT_EQ(serve_with("", "HEAD").body, "");
}

TEST(CacheControl, Reads) {
  const auto read = [](std::string_view text) {
    const auto list = fields(text);
    return parse_cache_control(list);
  };
  EXPECT_EQ(read("Cache-Control: max-age = 5").max_age, seconds{5});
  EXPECT_EQ(read("Cache-Control: Max-Age=\"5\"").max_age, seconds{5});
  EXPECT_EQ(read("Cache-Control: a=\"x, max-age=9\", max-age=5").max_age, seconds{5});
  EXPECT_TRUE(read("Cache-Control: x\nCache-Control: no-store").no_store);
  EXPECT_FALSE(read("Cache-Control: no-storee").no_store);
  EXPECT_TRUE(read("Cache-Control: a=\"unclosed, no-store").present);
}

TEST(HttpDate, ThreeForms) {
  const auto when = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(when);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), when);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), when);
  for (const auto wrong : {"", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 32 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"}) {
    EXPECT_FALSE(parse_http_date(wrong)) << wrong;
  }
}

TEST(CacheStatus, Members) {
  EXPECT_EQ(write(CacheStatus{.hit = true, .ttl = seconds{376}}), "causeway; hit; ttl=376");
  EXPECT_EQ(
      write(CacheStatus{
          .forward = Forward::uri_miss, .forward_status = 200, .stored = true, .collapsed = true}),
      "causeway; fwd=uri-miss; fwd-status=200; stored; collapsed");
  EXPECT_EQ(
      write(CacheStatus{.cache = "my cache", .forward = Forward::bypass, .detail = "set-cookie"}),
      "\"my cache\"; fwd=bypass; detail=set-cookie");
  EXPECT_EQ(word({.hit = true, .ttl = seconds{-5}}), "stale");
  EXPECT_EQ(word({.forward = Forward::stale, .forward_status = 304}), "revalidated");
}

StoredPtr answer_of(std::size_t bytes, std::string vary = {}, std::string tag = {}) {
  auto out = std::make_shared<StoredAnswer>();
  out->body.assign(bytes, 'x');
  if (!vary.empty()) {
    out->vary = {"accept"};
    const auto asked = fields(vary);
    out->vary_key = vary_key(out->vary, {.method = "GET", .fields = asked});
  }
  if (!tag.empty()) out->tags = {tag};
  return out;
}

TEST(CacheStore, VariantsAreKeptApart) {
  CacheStore store{1 << 20};
  store.put("k", answer_of(10, "Accept: a"));
  store.put("k", answer_of(20, "Accept: b"));
  const auto find = [&](std::string_view accept) {
    const auto asked = fields(accept);
    return store.find("k", {.method = "GET", .fields = asked});
  };
  EXPECT_EQ(find("Accept: a").answer->body.size(), 10U);
  EXPECT_EQ(find("Accept: b").answer->body.size(), 20U);
  EXPECT_EQ(find("Accept: c").answer, nullptr);
  EXPECT_TRUE(find("Accept: c").vary_missed);
  store.put("k", answer_of(30, "Accept: a"));
  EXPECT_EQ(find("Accept: a").answer->body.size(), 30U);
  EXPECT_EQ(store.counts().entries, 2U);
  for (int i = 0; i < 200; ++i) store.put("k", answer_of(5, "Accept: v" + std::to_string(i)));
  EXPECT_LE(store.counts().entries, 32U);
}

TEST(CacheStore, Purges) {
  CacheStore store{1 << 20};
  store.put("https://a.example/shop/1", answer_of(10, "", "shoes"));
  store.put("http://a.example/shop/2", answer_of(10, "", "hats"));
  store.put("https://a.example/", answer_of(10, "", "shoes"));
  EXPECT_EQ(store.purge_prefix("a.example/shop/"), 2U);
  EXPECT_EQ(store.purge_tag("shoes"), 1U);
  EXPECT_EQ(store.purge_url("https://a.example/"), 0U);
  store.put("https://a.example/", answer_of(10));
  EXPECT_EQ(store.purge_url("https://a.example/"), 1U);
  EXPECT_EQ(store.counts().bytes, 0U);
}

TEST(CacheStore, NeverLargerThanItMayBeAndAlwaysConsistent) {
  std::mt19937_64 chance{9};
  CacheStore store{1 << 20};
  for (int i = 0; i < 50'000; ++i) {
    const auto key = "k" + std::to_string(chance() % 3000);
    switch (chance() % 8) {
      case 0: store.purge_url(key); break;
      case 1:
        store.put(key, answer_of(chance() % 40'000, "Accept: " + std::to_string(chance() % 3)));
        break;
      case 2: store.put(key, answer_of(chance() % 4000)); break;
      default: {
        const auto got = store.find(key, {.method = "GET"}).answer;
        if (got) EXPECT_LE(got->body.size(), 40'000U);
      }
    }
    EXPECT_LE(store.counts().bytes, 1U << 20U);
  }
  store.purge_all();
  EXPECT_EQ(store.counts().entries, 0U);
  EXPECT_EQ(store.counts().bytes, 0U);
}

TEST(CacheStore, AScanDoesNotPushOutWhatPeopleWant) {
  CacheStore store{16 << 20};
  const CacheRequest request{.method = "GET"};
  const auto wanted = [](int i) { return "wanted" + std::to_string(i); };
  for (int i = 0; i < 400; ++i) store.put(wanted(i), answer_of(16'000));
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 400; ++i) static_cast<void>(store.find(wanted(i), request));
  }
  for (int i = 0; i < 5000; ++i) store.put("scan" + std::to_string(i), answer_of(16'000));
  int kept = 0;
  for (int i = 0; i < 400; ++i) kept += store.find(wanted(i), request).answer ? 1 : 0;
  EXPECT_GT(kept, 360);
}

TEST(CacheStore, BodiesOnTheirWayHaveARoomTogether) {
  CacheStore store{1 << 20};
  EXPECT_TRUE(store.gather(limits::kCacheGathered - 10));
  EXPECT_FALSE(store.gather(11));
  EXPECT_TRUE(store.gather(10));
  store.gathered(limits::kCacheGathered);
  EXPECT_TRUE(store.gather(limits::kCacheGathered));
}

TEST(CacheStore, WhatIsTooLargeIsRefused) {
  CacheStore store{1 << 20};
  EXPECT_FALSE(store.put("k", answer_of(1 << 20)));
  EXPECT_EQ(store.counts().entries, 0U);
}

TEST(Collapse, OneGoesTheOthersWait) {
  Collapse collapse;
  EXPECT_EQ(collapse.enter("k", kNow), Collapse::Role::lead);
  EXPECT_EQ(collapse.enter("k", kNow), Collapse::Role::follow);
  EXPECT_EQ(collapse.enter("other", kNow), Collapse::Role::lead);
  collapse.finished("k", true, kNow);
  EXPECT_EQ(collapse.enter("k", kNow), Collapse::Role::lead);
  collapse.finished("k", false, kNow);
  EXPECT_EQ(collapse.enter("k", kNow), Collapse::Role::alone);  // nobody is lined up for nothing
  EXPECT_EQ(collapse.enter("k", kNow + seconds{31}), Collapse::Role::lead);
}

}  // namespace
}  // namespace causeway::edge
