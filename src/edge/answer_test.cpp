// Every form of the edge's own answers. The pages stand in test/golden; after a wanted change:
// CAUSEWAY_GOLDEN=write build/dev/edge_test --gtest_filter='Answer.*', then read the diff.
#include "edge/answer.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "edge/proxy_status.hpp"
#include "model/code.hpp"

namespace causeway::edge {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = "test/golden/edge/" + name;
  const char* mode = std::getenv("CAUSEWAY_GOLDEN");
  if (mode != nullptr && std::string_view{mode} == "write") {
    std::ofstream{path, std::ios::binary} << text;
    return;
  }
  std::ifstream file{path, std::ios::binary};
  ASSERT_TRUE(file) << path << " is missing";
  std::ostringstream want;
  want << file.rdbuf();
  EXPECT_EQ(text, want.str()) << path;
}

AnswerFacts facts() {
  return {.host = "www.example.net",
          .ray_id = "8f0c2a6b1d3e4f50",
          .client_address = "2001:db8::7",
          .contact = "help@example.net",
          .at = *parse_rfc3339("2026-11-25T18:00:05.250Z")};
}

std::string header(const Answer& answer, std::string_view name) {
  for (const auto& each : answer.headers) {
    if (each.name == name) return each.value;
  }
  return {};
}

TEST(Accept, ChoosesByWeightThenSpecificityThenOrder) {
  using enum BodyForm;
  const std::vector<std::pair<std::string_view, BodyForm>> cases = {
      {"", html},
      {"*/*", html},
      {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", html},
      {"application/json", json},
      {"application/problem+json", problem_json},
      {"application/problem+json, application/json", problem_json},
      {"application/json, text/plain, */*", json},
      {"text/plain, application/json", text},
      {"application/json;q=0.5, text/html;q=0.9", html},
      {"application/json; q=0.900, text/html; q=0.8", json},
      {"text/html;q=0, */*", problem_json},
      {"text/*", markdown},
      {"text/*, application/json", json},
      {"text/markdown", markdown},
      {"TEXT/MARKDOWN", markdown},
      {"text/html;level=1, application/json;q=0.4", json},
      {"text/html; charset=utf-8", html},
      {"application/*", problem_json},
      {"application/vnd.example+json", problem_json},
      {"image/avif,image/webp,image/png", text},
      {"*/*;q=0", text},
      {"application/json;q=2, text/plain", text},
      {"application/json;q=0.1234, text/plain;q=0.1", text},
      {"nonsense", html},
      {",,;;/,/", html},
      {"*/json", html},
      {"application/json;q=0.001", json},
  };
  for (const auto& [accept, form] : cases) {
    EXPECT_EQ(negotiate(accept), form) << accept;
  }
}

TEST(Problem, EveryFailureHasWholeWords) {
  for (const auto& row : model::failure_rows()) {
    const auto told = problem(row.failure);
    EXPECT_EQ(told.status, row.code == 0 ? 500 : row.code) << row.id;
    EXPECT_GE(told.code, 400) << row.id;
    for (const auto text : {told.id, told.stage, told.token, told.title, told.name, told.category,
                            told.happened, told.detail, told.visitor_advice, told.owner_advice}) {
      EXPECT_FALSE(text.empty()) << row.id;
    }
  }
}

TEST(Problem, EveryConditionHasWholeWordsAndStandsAtItsPlace) {
  for (const auto condition : all_conditions()) {
    const auto told = problem(condition);
    EXPECT_EQ(all_conditions()[static_cast<std::size_t>(condition)], condition);
    for (const auto text : {told.id, told.token, told.title, told.name, told.category,
                            told.happened, told.visitor_advice, told.owner_advice}) {
      EXPECT_FALSE(text.empty()) << told.id;
    }
  }
}

// Retry-After as Cloudflare's reference tabulates it (edge errors by code).
TEST(Problem, RetryAfterByCode) {
  using model::FailureId;
  const std::vector<std::pair<FailureId, int>> cases = {
      {FailureId::http_closed, 60},       {FailureId::connect_refused, 120},
      {FailureId::connect_silent, 120},   {FailureId::route_host_unreachable, 120},
      {FailureId::http_silent, 120},      {FailureId::tls_closed, 0},
      {FailureId::cert_expired, 0},       {FailureId::resolve_not_found, 0},
      {FailureId::choose_queue_full, 60}, {FailureId::internal, 30},
  };
  for (const auto& [failure, seconds] : cases) {
    EXPECT_EQ(problem(failure).retry_after.count(), seconds) << model::name(failure);
  }
}

TEST(Problem, OwnTroubleIsNotBlamedOnTheOrigin) {
  using model::FailureId;
  for (const auto own : {FailureId::route_no_local_route, FailureId::route_local_block,
                         FailureId::connect_out_of_ports, FailureId::connect_out_of_files,
                         FailureId::resolve_resolver_unreachable, FailureId::internal}) {
    EXPECT_EQ(problem(own).guilty, Guilty::edge) << model::name(own);
    EXPECT_NE(problem(own).category, "origin") << model::name(own);
  }
  EXPECT_EQ(problem(FailureId::connect_refused).guilty, Guilty::origin);
}

TEST(ProxyStatus, WritesOneMember) {
  EXPECT_EQ(write({.token = "connection_refused", .details = "connect.refused"}),
            "causeway; error=connection_refused; details=\"connect.refused\"");
  EXPECT_EQ(write({.edge = "my edge", .received_status = 503}), "\"my edge\"; received-status=503");
  EXPECT_EQ(write({.token = "dns_error", .rcode = "NXDOMAIN", .info_code = 22}),
            "causeway; error=dns_error; rcode=\"NXDOMAIN\"; info-code=22");
  EXPECT_EQ(write({.token = "tls_alert_received", .alert_id = 40}),
            "causeway; error=tls_alert_received; alert-id=40");
  // Parameters of one error type do not stray into another's.
  EXPECT_EQ(write({.token = "connection_refused", .rcode = "NXDOMAIN", .alert_id = 40}),
            "causeway; error=connection_refused");
  EXPECT_EQ(write({.details = "a \"quote\" \\ and a line\r\nX: y \xc3\xa9"}),
            "causeway; details=\"a \\\"quote\\\" \\\\ and a line??X: y ??\"");
}

TEST(ProxyStatus, IsTheLastMember) {
  EXPECT_EQ(appended("inner; received-status=200", "causeway"),
            "inner; received-status=200, causeway");
  EXPECT_EQ(appended("  ", "causeway"), "causeway");
}

TEST(Answer, JsonSaysWhatTheHeadersSay) {
  for (const auto& row : model::failure_rows()) {
    const auto told = problem(row.failure);
    const auto made = answer(told, facts(), "application/problem+json");
    const auto json = nlohmann::json::parse(made.body);
    EXPECT_EQ(json["status"], made.status) << row.id;
    EXPECT_EQ(json["error_code"], told.code);
    EXPECT_EQ(json["failure"], row.id);
    EXPECT_EQ(json["ray_id"], "8f0c2a6b1d3e4f50");
    EXPECT_EQ(json["timestamp"], "2026-11-25T18:00:05Z");
    EXPECT_EQ(json["retryable"], !header(made, "retry-after").empty());
    EXPECT_EQ(json.contains("retry_after"), json["retryable"].get<bool>());
    EXPECT_THAT(header(made, "proxy-status"), StartsWith("causeway; error="));
    EXPECT_EQ(header(made, "cache-control"), "private, no-store");
    EXPECT_EQ(header(made, "content-type"), "application/problem+json");
  }
}

TEST(Answer, RetryAfterOfTheCaseWins) {
  auto own = facts();
  own.retry_after = std::chrono::seconds{7};
  EXPECT_EQ(header(answer(problem(model::FailureId::choose_breaker_open), own, ""), "retry-after"),
            "7");
  own.retry_after = std::chrono::seconds{0};
  EXPECT_EQ(header(answer(problem(Condition::maintenance), own, ""), "retry-after"), "");
}

TEST(Answer, Golden) {
  using model::FailureId;
  const std::vector<std::pair<std::string, FailureId>> pages = {
      {"521-connect.refused", FailureId::connect_refused},
      {"523-route.neighbour_silent", FailureId::route_neighbour_silent},
      {"526-cert.expired", FailureId::cert_expired},
      {"1016-resolve.not_found", FailureId::resolve_not_found},
      {"523-route.no_local_route", FailureId::route_no_local_route},
  };
  for (const auto& [name, failure] : pages) {
    expect_golden(name + ".html", answer(problem(failure), facts(), "text/html").body);
  }
  const auto refused = problem(FailureId::connect_refused);
  expect_golden("521-connect.refused.problem",
                answer(refused, facts(), "application/problem+json").body);
  expect_golden("521-connect.refused.md", answer(refused, facts(), "text/markdown").body);
  expect_golden("521-connect.refused.txt", answer(refused, facts(), "text/plain").body);
  expect_golden("431-request.headers_too_large.html",
                answer(problem(Condition::headers_too_large), facts(), "").body);
  expect_golden("503-edge.maintenance.html",
                answer(problem(Condition::maintenance), facts(), "").body);
}

TEST(Answer, PageIsSelfContainedAndEscaped) {
  auto hostile = facts();
  hostile.host = "<script>alert(1)</script>.example";
  hostile.ray_id = "\"><img src=x onerror=y>";
  hostile.client_address = "::1' onload='z";
  for (const auto accept : {"text/html", "text/markdown", "application/json", "text/plain"}) {
    const auto made = answer(problem(model::FailureId::connect_silent), hostile, accept);
    if (std::string_view{accept} != "text/html") continue;
    EXPECT_THAT(made.body, Not(HasSubstr("<script")));
    EXPECT_THAT(made.body, Not(HasSubstr("<img")));
    EXPECT_THAT(made.body, Not(HasSubstr("src=\"http")));
    EXPECT_THAT(made.body, Not(HasSubstr("url(")));
  }
  EXPECT_NO_THROW(static_cast<void>(nlohmann::json::parse(
      answer(problem(model::FailureId::connect_silent), hostile, "application/json").body)));
}

TEST(PageTemplate, FillsOwnAndForeignTokens) {
  const auto page = PageTemplate::parse(
      "<h1>{{ code }} {{title}}</h1>::RAY_ID:: ::CLIENT_IP:: {{failure}} {{host}}");
  ASSERT_TRUE(page) << page.error().text;
  auto own = facts();
  own.host = "a<b";
  const auto made = answer(problem(model::FailureId::connect_silent), own, "text/html", &*page);
  EXPECT_EQ(made.body,
            "<h1>522 Connection timed out</h1>8f0c2a6b1d3e4f50 2001:db8::7 connect.silent a&lt;b");
  EXPECT_EQ(header(made, "content-security-policy"), "");
  const auto boxed = PageTemplate::parse("::CLOUDFLARE_ERROR_500S_BOX::{{style}}");
  ASSERT_TRUE(boxed);
  EXPECT_THAT(boxed->render(problem(model::FailureId::connect_silent), own),
              HasSubstr("class=\"path\""));
}

TEST(PageTemplate, RefusesUnknownTokensWithTheirPlace) {
  const auto wrong = PageTemplate::parse("<p>\n  {{ray}}</p>");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().text, StartsWith("2:3: unknown token {{ray}}"));
  const auto near = PageTemplate::parse("{{titel}}");
  ASSERT_FALSE(near);
  EXPECT_THAT(near.error().text, EndsWith("did you mean title?"));
  EXPECT_FALSE(PageTemplate::parse("{{title"));
}

}  // namespace
}  // namespace causeway::edge
