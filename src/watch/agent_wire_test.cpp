#include "watch/agent_wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "watch/agent.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

Target site(const std::string& url) { return target_of(url).value_or(Target{}); }

TEST(AgentWire, AReportComesThroughWhole) {
  AgentReport sent{.healthy = false, .detail = "none of 2 anchors answers", .lost = 7};
  CheckResult down;
  down.outcome = Outcome::down;
  down.failure = model::FailureId::connect_refused;
  down.address = "203.0.113.7:443";
  down.detail = "refused";
  down.elapsed = milliseconds{12};
  down.phases.connect = milliseconds{11};
  sent.results.push_back({"shop", milliseconds{1500}, down});
  sent.runs.push_back({"o1", "ran", "exit status 0"});
  const auto read = agent_report(to_json(sent));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_FALSE(read->healthy);
  EXPECT_EQ(read->lost, 7U);
  ASSERT_EQ(read->results.size(), 1U);
  EXPECT_EQ(read->results[0].age, milliseconds{1500});
  EXPECT_EQ(read->results[0].result.outcome, Outcome::down);
  EXPECT_EQ(read->results[0].result.failure, model::FailureId::connect_refused);
  EXPECT_EQ(read->results[0].result.phases.connect, milliseconds{11});
  ASSERT_EQ(read->runs.size(), 1U);
  EXPECT_EQ(read->runs[0].outcome, "ran");
}

TEST(AgentWire, TheLongestOfEverythingIsTaken) {
  AgentReport sent{.detail = std::string(5000, 'd')};
  CheckResult down;
  down.outcome = Outcome::down;
  down.address = std::string(5000, 'a');
  down.detail = std::string(5000, '\xff');
  sent.results.push_back({"shop", {}, down});
  sent.runs.push_back({"o1", "ran", "exit status 0. " + std::string(20'000, 'x') + "..."});
  const auto read = agent_report(to_json(sent));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_TRUE(agent_report(to_json(*read))) << "what was read can be written again";
}

TEST(AgentWire, AnAnswerComesThroughWhole) {
  const auto read = agent_answer(to_json(AgentAnswer{
      .taken = 3, .unknown = {"gone"}, .orders = {{"o1", "restart nginx", "shop", "i1"}}}));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->unknown, std::vector<std::string>{"gone"});
  ASSERT_EQ(read->orders.size(), 1U);
  EXPECT_EQ(read->orders[0].remedy, "restart nginx");
}

TEST(AgentWire, TargetsTravelWithoutCommandsAndChannels) {
  Target shop = site("https://shop.example.net/");
  shop.remedies.push_back({.name = "restart", .command = {"reboot"}});
  shop.channels = {"ops"};
  const std::string sent = agent_targets_json({shop});
  EXPECT_THAT(sent, Not(HasSubstr("reboot")));
  EXPECT_THAT(sent, Not(HasSubstr("ops")));
  const auto read = agent_targets(sent);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->at(0).url.url, "https://shop.example.net/");
}

TEST(AgentWire, WhatIsWrongIsNamedWithItsPlace) {
  struct Row {
    const char* text;
    const char* says;
  };
  for (const auto& [text, says] :
       {Row{"[]", "expected a JSON object"}, Row{"{}", "schema: expected"},
        Row{R"({"schema":"causeway.agent/1","results":{}})", "results: expected a list"},
        Row{R"({"schema":"causeway.agent/1","results":[{"target":"a","outcome":"up"}]})",
            "results[0].outcome: expected ok, degraded, down or unknown"},
        Row{R"({"schema":"causeway.agent/1","results":[{"outcome":"ok","age_ms":-1}]})",
            "results[0].age_ms: expected milliseconds"},
        Row{R"({"schema":"causeway.agent/1","results":[{"outcome":"down","failure":"no.such"}]})",
            "results[0].failure: expected an id"},
        Row{R"({"schema":"causeway.agent/1","runs":[{"order":"x","outcome":"maybe"}]})",
            "runs[0].outcome: expected ran, failed or refused"},
        Row{R"({"schema":"causeway.agent/1","lost":1e99})", "lost: expected a whole number"}}) {
    const auto read = agent_report(text);
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().text, HasSubstr(says)) << text;
  }
}

TEST(Agent, FactsAreReadWithTheirGravestFinding) {
  const std::string head = R"({"schema":"causeway.facts/1","host":"web-1",)"
                           R"("started":"2026-11-26T10:00:00Z","observations":[],)"
                           R"("vantage":{"name":"web-1","addresses":["203.0.113.7"]},"findings":)";
  const auto read = agent_facts(head + R"([{"id":"fw.edge","title":"The firewall stops it"}]})");
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->findings, 1);
  EXPECT_EQ(read->gravest, "The firewall stops it");
  ASSERT_EQ(read->addresses.size(), 1U);
  EXPECT_EQ(read->addresses.front().text(), "203.0.113.7");
  EXPECT_EQ(rfc3339(read->made).substr(0, 19), "2026-11-26T10:00:00");
  using Row = std::pair<std::string, const char*>;
  for (const auto& [text, says] :
       {Row{"[]", "facts: "},
        Row{R"({"schema":"causeway.diagnosis/1","vantage":{"name":"a"}})", "facts: "},
        Row{head + R"({}})", "findings: expected a list"},
        Row{head + R"([7]})", "findings[0].: expected an object"},
        Row{std::string(limits::kAgentFactsBytes + 1, ' '), "at most 1000000 bytes"}}) {
    const auto wrong = agent_facts(text);
    ASSERT_FALSE(wrong) << text.substr(0, 200);
    EXPECT_THAT(wrong.error().text, HasSubstr(says));
  }
}

TEST(Agent, ChecksWhatItsFileNames) {
  Target shop = site("https://shop.example.net/");
  shop.team = "web";
  shop.tags = {"public"};
  EXPECT_TRUE(checks({}, shop));
  EXPECT_TRUE(checks({.teams = {"web"}}, shop));
  EXPECT_TRUE(checks({.tags = {"public"}}, shop));
  EXPECT_TRUE(checks({.targets = {shop.id}}, shop));
  EXPECT_FALSE(checks({.targets = {"other"}}, shop));
  EXPECT_FALSE(checks({.teams = {"data"}, .tags = {"private"}}, shop));
}

TEST(Agent, ItsFileIsReadAndAPlainWayToAWatchIsRefused) {
  const auto read = [](const std::string& text) {
    const auto root = config::parse(text);
    return read_agent_settings(*root, {.now = {}, .files = false});
  };
  const std::string token = "token = { env = \"T\" }\n";
  EXPECT_TRUE(read("[agent]\nwatch = \"https://watch.example.net/\"\n" + token));
  EXPECT_TRUE(read("[agent]\nwatch = \"http://127.0.0.1:5230\"\n" + token));
  EXPECT_EQ(read("[agent]\nwatch = \"http://127.0.0.1:5230\"\n" + token)->inspect, Duration{});
  const auto inspects =
      read("[agent]\nwatch = \"http://127.0.0.1:5230\"\n" + token + "inspect = \"10m\"\n");
  ASSERT_TRUE(inspects);
  EXPECT_EQ(inspects->inspect, std::chrono::minutes{10});
  const auto plain = read("[agent]\nwatch = \"http://watch.example.net\"\n" + token);
  ASSERT_FALSE(plain);
  EXPECT_THAT(config::text(plain.error(), "a.toml"),
              AllOf(HasSubstr("a.toml:2:"), HasSubstr("unencrypted")));
  const auto twice = read("[agent]\nwatch = \"https://w.example.net\"\n" + token +
                          "[[agent.remedy]]\nname = \"r\"\ncommand = [\"true\"]\n"
                          "[[agent.remedy]]\nname = \"r\"\ncommand = [\"true\"]\n");
  ASSERT_FALSE(twice);
  EXPECT_THAT(config::text(twice.error(), "a.toml"), HasSubstr("two remedies are called 'r'"));
}

}  // namespace
}  // namespace causeway::watch
