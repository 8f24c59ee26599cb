// Reports of every scenario of the judge, with secrets planted in each: the evidence is in, they
// are not.
#include "report/report.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.hpp"
#include "judge/scenario.hpp"
#include "model/json.hpp"
#include "report/redact.hpp"

namespace causeway::report {
namespace {

namespace fs = std::filesystem;
using model::Kind;
using model::Observation;
using ::testing::HasSubstr;
using ::testing::Not;

// Each must be in no file of the bundle, in no part of it.
constexpr std::array<std::string_view, 14> kSecrets{
    "canaryuserpw1", "canarytoken2",  "canarycookie3",  "canarybearer4", "canarydb5",
    "canarykey6",    "canary7@priv",  "canary8home",    "10.77.88.99",   "canarypem9",
    "canaryoauth10", "canarybasic11", "eyJjYW5hcnkxMi", "canaryapi13",
};

Observation fact(std::string_view what, std::string_view detail) {
  Observation out{Kind::fact, "inspect", "origin"};
  out.set("what", what).set("detail", detail);
  return out;
}

void plant(judge::Evidence& evidence) {
  auto& all = evidence.observations;
  for (auto& seen : all) {
    if (seen.kind == Kind::target)
      seen.set(
          "url",
          "https://shopuser:canaryuserpw1@www.example.net/cb?page=2&access_token=canarytoken2&x=1");
  }
  all.push_back(fact("config", "proxy_set_header Authorization \"Bearer canarybearer4\";"));
  all.push_back(fact("config", "env DB_PASSWORD=canarydb5; fastcgi_param API_KEY canarykey6x9;"));
  all.push_back(
      fact("log", "mail to canary7@private.example from /home/canary8home/www, peer 10.77.88.99"));
  all.push_back(fact("key", "-----BEGIN PRIVATE KEY-----\ncanarypem9\n-----END PRIVATE KEY-----"));
  all.push_back(
      fact("log",
           "GET /login?code=canaryoauth10&next=/ HTTP/1.1, Authorization: Basic canarybasic11=="));
  all.push_back(fact(
      "log", "jwt eyJjYW5hcnkxMi.eyJhIjoiYiJ9.c2lnbmF0dXJl and {\"api_key\": \"canaryapi13\"}"));
  Observation http{Kind::http, "exchange", "203.0.113.10:443"};
  http.set("address", "203.0.113.200").set("port", 443).set("via", "direct").set("variant", "side");
  http.set("outcome", "malformed");
  http.set("first_text",
           "HTTP/1.1 200 OK\\x0d\\x0aSet-Cookie: sid=canarycookie3; Path=/\\x0d\\x0aServer: nginx");
  all.push_back(http);
  int number = 0;
  for (auto& seen : all) {
    ++number;
    if (seen.id.empty()) seen.id = "o" + std::to_string(number + 500);
    if (seen.vantage.empty()) seen.vantage = "here";
  }
}

model::Diagnosis diagnose(judge::Scenario scenario) {
  plant(scenario.evidence);
  model::Diagnosis out;
  out.id = "0123456789abcdef";
  out.started = parse_rfc3339("2026-11-25T14:02:11.123Z").value();
  out.duration = std::chrono::milliseconds{4300};
  out.vantage = {"here", {"10.77.88.99"}};
  for (auto& derived : judge::derive(scenario.evidence))
    scenario.evidence.observations.push_back(std::move(derived));
  out.verdict = judge::judge(scenario.evidence);
  out.attempts = scenario.evidence.attempts;
  for (const auto& seen : scenario.evidence.observations) {
    if (seen.kind != Kind::target) continue;
    out.target.url = seen.text("url");
    out.target.host = seen.text("host");
    out.target.scheme = seen.text("scheme");
    out.target.port = static_cast<std::uint16_t>(seen.integer("port"));
  }
  out.observations = std::move(scenario.evidence.observations);
  return out;
}

Report report_of(const model::Diagnosis& diagnosis) {
  Redactor redactor{Rules{}};
  keep_subjects(redactor, diagnosis);
  auto redacted = redactor.diagnosis(diagnosis);
  Context context{.zone_minutes = 60, .code_title = "title"};
  context.attachments.push_back(
      {"access.log",
       redactor.text(
           "203.0.113.7 - - \"GET /?password=canarydb5 HTTP/1.1\" Cookie: a=canarycookie3\n",
           "access.log")});
  context.hidden.push_back({"token", redactor.found().size()});
  return build(std::move(redacted), std::move(context));
}

std::vector<std::string> scenarios() {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator{"test/scenario/judge"}) {
    if (entry.path().extension() == ".scn") out.push_back(entry.path().string());
  }
  std::ranges::sort(out);
  return out;
}

judge::Scenario scenario_in(const std::string& path) {
  std::ifstream in{path};
  std::ostringstream text;
  text << in.rdbuf();
  auto out = judge::read_scenario(text.str(), path);
  EXPECT_TRUE(out) << out.error().text;
  return out ? std::move(*out) : judge::Scenario{};
}

TEST(Report, EveryFaultIsProvedAndNoSecretIsTold) {
  std::size_t count = 0;
  for (const auto& path : scenarios()) {
    SCOPED_TRACE(path);
    const auto diagnosis = diagnose(scenario_in(path));
    const auto report = report_of(diagnosis);
    const auto files = bundle_files(report, "<html></html>");
    const auto mail = as_mail(report, "support@host.example", as_text(report));
    for (const auto& file : files) {
      for (const auto secret : kSecrets)
        EXPECT_THAT(file.bytes, Not(HasSubstr(secret))) << file.name;
    }
    const auto text = as_text(report);
    const auto& verdict = diagnosis.verdict;
    if (verdict.causes.empty() || verdict.causes.front().cause == model::CauseId::none) continue;
    ++count;
    EXPECT_THAT(text, HasSubstr(std::string{model::name(verdict.causes.front().cause)}));
    EXPECT_FALSE(report.questions.empty());
    for (const auto& question : report.questions) EXPECT_THAT(question, Not(HasSubstr("{")));
    // What the first cause rests on is there, packet by packet.
    for (const auto& reason : verdict.causes.front().reasons) {
      for (const auto& id : reason.observations) {
        const auto at = std::ranges::find(diagnosis.observations, id, &Observation::id);
        if (at == diagnosis.observations.end() || packet_line(*at).empty()) continue;
        EXPECT_TRUE(std::ranges::any_of(report.packets, [&](const Line& line) {
          return line.observations.front() == id;
        })) << id;
      }
    }
  }
  EXPECT_GT(count, 100U);
}

TEST(Report, TheSameInputMakesTheSameBytes) {
  const auto diagnosis = diagnose(scenario_in("test/scenario/judge/connect/silent-everything.scn"));
  const auto first = report_of(diagnosis);
  const auto second = report_of(diagnosis);
  EXPECT_EQ(first.id, second.id);
  EXPECT_EQ(as_bundle(first, "page"), as_bundle(second, "page"));
  EXPECT_EQ(as_mail(first, "a@b.example", "page"), as_mail(second, "a@b.example", "page"));
  EXPECT_FALSE(as_bundle(first, "page").empty());
}

TEST(Report, NobodySmugglesAHeaderIntoTheMail) {
  const auto report =
      report_of(diagnose(scenario_in("test/scenario/judge/connect/silent-everything.scn")));
  const auto mail = as_mail(report, "a@b.example\r\nBcc: c@d.example", "page");
  EXPECT_THAT(mail, Not(HasSubstr("\nBcc:")));
}

TEST(Report, EveryCauseHasAQuestion) {
  const auto diagnosis = diagnose(scenario_in("test/scenario/judge/connect/silent-everything.scn"));
  for (const auto& row : model::cause_rows()) {
    const auto question = question_for(row.cause, diagnosis);
    EXPECT_GT(question.size(), 30U) << row.id;
    EXPECT_THAT(question, Not(HasSubstr("{"))) << row.id;
  }
}

std::string redacted(std::string_view text, Rules rules = {}) {
  Redactor redactor{std::move(rules)};
  redactor.keep_address(IpAddress::parse("203.0.113.10").value());
  redactor.keep_name("www.example.net");
  return redactor.text(text, "test");
}

TEST(Redact, SecretsGoAndTheRestStays) {
  EXPECT_EQ(redacted("GET /a?token=abc&x=1 HTTP/1.1"), "GET /a?token=[token 1]&x=1 HTTP/1.1");
  EXPECT_EQ(redacted("Cookie: a=b; c=d\nHost: x"), "Cookie: [token 1]\nHost: x");
  EXPECT_EQ(redacted("Authorization: Bearer abc123"), "Authorization: [token 1]");
  EXPECT_EQ(redacted("password=a password=a password=b"),
            "password=[token 1] password=[token 1] password=[token 2]");
  EXPECT_EQ(redacted("https://bob:secret1@www.example.net/"),
            "https://[user 1]:[token 1]@www.example.net/");
  EXPECT_EQ(redacted("\"apiKey\": \"k-123\","), "\"apiKey\": \"[token 1]\",");
  EXPECT_EQ(redacted("write to bob.b+x@mail.example."), "write to [mail 1].");
  EXPECT_EQ(redacted("10.0.0.5:443 and 203.0.113.10:443, 127.0.0.1"),
            "[network 1]:443 and 203.0.113.10:443, 127.0.0.1");
}

TEST(Redact, WhatAReportNeedsIsNotTakenForASecret) {
  for (const auto* text : {
           "proxy_pass http://203.0.113.10:8080;",
           "status code=503",
           "exit code: 3",
           "serial 68E516A1EF2938F551422764751092CD001FFC1B",
           "ray 8f1a2b3c4d5e6f70-FRA",
           "The cookie is too large.",
           "no key is shared",
           "2026-11-25T14:02:11.123Z",
           "firewall.drop and http.headers-too-large",
           "ssl_session_timeout 10m;",
       }) {
    EXPECT_EQ(redacted(text), text);
  }
}

TEST(Redact, RulesOfOnesOwn) {
  Rules rules;
  ASSERT_TRUE(
      read_rules("# mine\nhide Project X\nhide-after id=\nkeep 10.0.0.5\n", "r.txt", rules));
  EXPECT_EQ(redacted("Project X id=77, 10.0.0.5 10.0.0.6", rules),
            "[rule 1] id=[rule 2], 10.0.0.5 [network 1]");
  Rules wrong;
  EXPECT_THAT(
      read_rules("hide a\n  hyde b\n", "r.txt", wrong).error().text,
      HasSubstr(
          "r.txt:2:3: 'hyde' is no rule; expected hide, hide-after or keep; did you mean 'hide'?"));
  EXPECT_THAT(read_rules("keep\n", "r.txt", wrong).error().text, HasSubstr("r.txt:1:1:"));
  EXPECT_THAT(hidden_kinds("mail,adress").error().text, HasSubstr("did you mean 'address'?"));
  rules.kinds = hidden_kinds("address,name").value();
  EXPECT_EQ(redacted("198.51.100.7 db.internal.example www.example.net", rules),
            "[address 1] [name 1] www.example.net");
}

}  // namespace
}  // namespace causeway::report
