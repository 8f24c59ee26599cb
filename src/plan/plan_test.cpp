#include "plan/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/compare.hpp"
#include "plan/page.hpp"

namespace causeway::plan {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Page, WhatChangesFromAnswerToAnswerIsNoDifference) {
  const auto before = page_lines(
      "<meta name=\"csrf\" content=\"9f8a7b6c5d4e3f2a1b0c\"><p>Hello</p>\n<!-- 2026-11-25 10:17:22 "
      "-->");
  const auto after = page_lines(
      "<meta name=\"csrf\" content=\"00112233445566778899\"><p>Hello</p>\n<!-- 2026-11-25 10:18:40 "
      "-->");
  EXPECT_THAT(line_differences(before, after), IsEmpty());
}

TEST(Page, WhatAPersonSeesIs) {
  EXPECT_THAT(line_differences(page_lines("<p>Tea: 4 EUR</p>\n<p>Same</p>"),
                               page_lines("<p>Tea: 3 EUR</p>\n<p>Same</p>")),
              ElementsAre("- Tea: 4 EUR", "+ Tea: 3 EUR"));
  EXPECT_THAT(line_differences(page_lines("a\nb"), page_lines("b\na")), IsEmpty()) << "only moved";
  EXPECT_THAT(line_differences({"x", "x"}, {"x"}), ElementsAre("- x"));
}

TEST(Page, LinksOfTheSameHost) {
  const auto links = page_links(
      "<a href='/a#b'>x</a><a href=\"https://www.a.test/c?d\">x</a>"
      "<a href=http://other.test/>x</a><img src=e.png><a href='#f'>x</a>"
      "<a href='/a'>twice</a><a href='mailto:x@a.test'>x</a>",
      "https://www.a.test/dir/page", "www.a.test");
  EXPECT_THAT(links, ElementsAre("/a", "/c?d", "/dir/e.png"));
}

TEST(Page, LinksOfHostsThatOnlyBeginAlike) {
  EXPECT_THAT(page_links("<a href='https://www.a.test.evil.example/x'>x</a>", "https://www.a.test/",
                         "www.a.test"),
              IsEmpty());
}

TEST(Page, CookiesWithoutTheirValuesAndTimes) {
  const Fields fields{
      {"Set-Cookie", "sid=abc; Path=/; HttpOnly; Expires=Wed, 25 Nov 2026 10:00:00 GMT"},
      {"set-cookie", "a=b"}};
  EXPECT_THAT(cookies_of(fields), ElementsAre("a", "sid; httponly; path=/"));
}

Fetched page(int status, Fields fields, std::string body) {
  Fetched out;
  out.status = status;
  out.fields = std::move(fields);
  out.body_hash = std::to_string(std::hash<std::string>{}(body));
  out.body = std::move(body);
  return out;
}

std::vector<std::string> whats(const PagePair& pair) {
  std::vector<std::string> out;
  for (const auto& difference : differences(pair)) out.push_back(difference.what);
  return out;
}

TEST(Compare, TellsWhatDiffers) {
  const Fields html{{"Content-Type", "text/html; charset=utf-8"}};
  EXPECT_THAT(whats({"/", page(200, html, "a"),
                     page(200, {{"content-type", "text/html;charset=UTF-8"}}, "a")}),
              IsEmpty());
  EXPECT_THAT(whats({"/", page(200, html, "a"), page(404, html, "no")}), ElementsAre("status"));
  EXPECT_THAT(whats({"/", page(200, html, "a"), page(200, {{"Content-Type", "text/plain"}}, "a")}),
              ElementsAre("header"));
  EXPECT_THAT(whats({"/", page(200, html, "a"), page(200, html, "b")}), ElementsAre("content"));
  Fetched moved = page(301, html, "");
  Fetched elsewhere = moved;
  moved.location = "https://a.test/x";
  elsewhere.location = "http://a.test/x";
  EXPECT_THAT(whats({"/", moved, elsewhere}), ElementsAre("redirect"));
  Fetched silent;
  silent.failure = model::FailureId::http_silent;
  EXPECT_THAT(whats({"/", page(200, html, "a"), silent}), ElementsAre("answer"));
  EXPECT_THAT(whats({"/", silent, page(200, html, "a")}), IsEmpty()) << "nothing to compare with";
}

EndpointSeen answering(const char* address, std::uint16_t port) {
  return {.endpoint = {*IpAddress::parse(address), port},
          .tls = port == 443,
          .failure = {},
          .because = {},
          .status = 200,
          .has_certificate = port == 443,
          .certificate_names = {"www.a.test"},
          .certificate_days = 60};
}

Fetched page_read() {
  return {.failure = {}, .because = {}, .status = 200, .fields = {}, .location = {}, .body = "a"};
}

Seen healthy() {
  Seen out;
  out.before = {*IpAddress::parse("192.0.2.1")};
  out.after = {*IpAddress::parse("192.0.2.2")};
  out.hosts = {{.name = "www.a.test",
                .before = {answering("192.0.2.1", 443), answering("192.0.2.1", 80)},
                .after = {answering("192.0.2.2", 443), answering("192.0.2.2", 80)},
                .pages = {{.path = "/", .before = page_read(), .after = page_read()}}}};
  out.filter = {{.port = 443, .family = "ipv4", .value = "accept", .detail = {}}};
  out.zone = "a.test";
  out.records = {{.name = "www.a.test", .type = "A", .content = "192.0.2.1", .ttl = 300}};
  out.at = *parse_rfc3339("2026-11-25T10:00:00Z");
  return out;
}

std::vector<std::string> of_state(const Plan& plan, State state) {
  std::vector<std::string> out;
  for (const auto& check : plan.checks) {
    if (check.state == state) out.push_back(check.id);
  }
  return out;
}

TEST(Plan, GoWhereNothingStandsInTheWay) {
  const Plan plan = make_plan(healthy());
  EXPECT_TRUE(plan.go);
  EXPECT_THAT(of_state(plan, State::stop), IsEmpty());
  EXPECT_THAT(of_state(plan, State::warn), IsEmpty());
  EXPECT_THAT(of_state(plan, State::unknown), IsEmpty());
}

TEST(Plan, WhatNobodyLookedAtIsNoGo) {
  Seen seen = healthy();
  seen.hosts.front().after.clear();
  EXPECT_FALSE(make_plan(seen).go);
}

TEST(Plan, WhatWasNotComparedIsNoGo) {
  Seen seen = healthy();
  seen.hosts.front().pages.clear();  // --pages 0: its owner's own wish
  EXPECT_THAT(of_state(make_plan(seen), State::unknown), ElementsAre("content.compared"));
  for (auto& end : seen.hosts.front().before) end.failure = model::FailureId::connect_silent;
  EXPECT_FALSE(make_plan(seen).go);
  EXPECT_THAT(of_state(make_plan(seen), State::stop), ElementsAre("content.compared"));
}

TEST(Plan, EveryMistakeStops) {
  Seen seen = healthy();
  auto& end = seen.hosts.front().after.front();
  end.failure = model::FailureId::connect_refused;
  EXPECT_THAT(of_state(make_plan(seen), State::stop), ElementsAre("reach.port"));
  seen = healthy();
  seen.hosts.front().after.front().certificate_failures = {"cert.wrong_name"};
  EXPECT_THAT(of_state(make_plan(seen), State::stop), ElementsAre("tls.certificate"));
  seen.strict = false;
  EXPECT_THAT(of_state(make_plan(seen), State::warn), ElementsAre("tls.certificate"));
  seen = healthy();
  seen.hosts.front().after.front().page = "default-page";
  EXPECT_THAT(of_state(make_plan(seen), State::stop), ElementsAre("name.virtual-host"));
  seen = healthy();
  seen.filter->front().value = "drop";
  EXPECT_THAT(of_state(make_plan(seen), State::stop), ElementsAre("filter.edge"));
  seen.filter.reset();
  EXPECT_THAT(of_state(make_plan(seen), State::unknown), ElementsAre("filter.edge"));
  seen = healthy();
  seen.records.push_back(
      {.name = "www.a.test", .type = "AAAA", .content = "2001:db8::1", .ttl = 300});
  seen.before.push_back(*IpAddress::parse("2001:db8::1"));
  EXPECT_THAT(of_state(make_plan(seen), State::stop), ElementsAre("family.ipv6"));
}

TEST(Plan, AClientCertificateIsDemandedAndShownOrNot) {
  Seen seen = healthy();
  auto& end = seen.hosts.front().after.front();
  end.failure = model::FailureId::tls_client_cert_required;
  end.status = 0;
  EXPECT_THAT(of_state(make_plan(seen), State::unknown),
              ElementsAre("content.content", "tls.origin-pulls"));
  seen.origin_pulls = "off";
  EXPECT_THAT(of_state(make_plan(seen), State::stop), ElementsAre("tls.origin-pulls"));
  seen.origin_pulls = "on";
  EXPECT_TRUE(make_plan(seen).go);
  EXPECT_THAT(of_state(make_plan(seen), State::good), Contains("tls.origin-pulls"));
  seen = healthy();
  EXPECT_THAT(of_state(make_plan(seen), State::warn), IsEmpty());
  seen.origin_pulls = "on";
  EXPECT_THAT(of_state(make_plan(seen), State::warn), ElementsAre("tls.origin-pulls"));
  seen = healthy();
  seen.hosts.front().before.front().page = "client-cert-required";
  EXPECT_THAT(of_state(make_plan(seen), State::warn), ElementsAre("tls.origin-pulls"));
}

TEST(Plan, APortThatTheOldOriginDoesNotServeEitherIsNoStop) {
  Seen seen = healthy();
  seen.hosts.front().before.back().failure = model::FailureId::connect_refused;
  seen.hosts.front().after.back().failure = model::FailureId::connect_refused;
  const Plan plan = make_plan(seen);
  EXPECT_TRUE(plan.go);
  EXPECT_THAT(of_state(plan, State::warn), ElementsAre("reach.port"));
}

TEST(Plan, RecordsThatMoveAndThoseThatMustNot) {
  Seen seen = healthy();
  seen.records = {
      {.name = "www.a.test", .type = "A", .content = "192.0.2.1", .ttl = 86'400},
      {.name = "mail.a.test", .type = "A", .content = "192.0.2.1", .ttl = 300},
      {.name = "ftp.a.test", .type = "A", .content = "192.0.2.1", .ttl = 300},
      {.name = "a.test", .type = "MX", .content = "mail.a.test", .ttl = 300, .priority = 10},
      {.name = "a.test", .type = "TXT", .content = "\"v=spf1 ip4:192.0.2.1 -all\"", .ttl = 300}};
  const Plan plan = make_plan(seen);
  EXPECT_TRUE(plan.go);
  EXPECT_THAT(of_state(plan, State::warn),
              testing::UnorderedElementsAre("dns.mail", "dns.left-behind", "dns.spf", "dns.ttl"));
  EXPECT_THAT(plan.steps.front().when, "T-48 h");
  EXPECT_THAT(plan.steps.front().commands,
              ElementsAre("causeway dns set www.a.test A 192.0.2.1 --ttl 300 --yes"));
  const auto change = std::ranges::find(plan.steps, "Change the records", &Step::text);
  EXPECT_THAT(change->commands, ElementsAre("causeway dns set www.a.test A 192.0.2.2 --yes"));
  const auto raise = std::ranges::find(plan.steps, "T+1 d", &Step::when);
  EXPECT_THAT(raise->commands,
              ElementsAre("causeway dns set www.a.test A 192.0.2.2 --ttl 86400 --yes"));
  EXPECT_EQ(raise->offset, std::chrono::hours{24});
  EXPECT_EQ(plan.steps.front().offset, -std::chrono::hours{48});
  EXPECT_TRUE(std::ranges::is_sorted(plan.steps, {}, &Step::offset));
  const auto back = std::ranges::find(plan.steps, true, &Step::point_of_return);
  EXPECT_THAT(back->commands, ElementsAre("causeway dns set www.a.test A 192.0.2.1 --yes"));
}

TEST(Plan, ASpfAddressIsAWholeWord) {
  Seen seen = healthy();
  seen.records.push_back(
      {.name = "a.test", .type = "TXT", .content = "v=spf1 ip4:192.0.2.10 -all", .ttl = 300});
  EXPECT_THAT(of_state(make_plan(seen), State::warn), IsEmpty());
}

TEST(Plan, ADifferenceOnEveryPageIsSaidOnce) {
  Seen seen = healthy();
  for (const char* path : {"/", "/a", "/b"}) {
    seen.hosts.front().pages.push_back(
        {path, page(200, {{"content-type", "text/html"}, {"set-cookie", "s=1"}}, path),
         page(200, {{"content-type", "text/html"}}, path)});
  }
  const Plan plan = make_plan(seen);
  EXPECT_THAT(of_state(plan, State::stop), ElementsAre("content.cookie"));
  EXPECT_THAT(plan.checks.front().evidence, ElementsAre("/", "/a", "/b"));
  EXPECT_THAT(to_json(plan), HasSubstr("\"go\": false"));
}

}  // namespace
}  // namespace causeway::plan
