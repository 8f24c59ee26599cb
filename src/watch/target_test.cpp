#include "watch/target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/node.hpp"
#include "watch/config_file.hpp"
#include "watch/judge_check.hpp"

namespace causeway::watch {
namespace {

using ::testing::HasSubstr;

TEST(TargetOf, TakesEveryKind) {
  const auto web = target_of("https://Shop.example.net/a?b");
  ASSERT_TRUE(web);
  EXPECT_EQ(web->kind, CheckKind::http);
  EXPECT_EQ(web->id, "shop.example.net-a-b");
  EXPECT_EQ(target_of("tcp://db.example.net:5432")->subject(), "db.example.net:5432");
  EXPECT_EQ(target_of("tls://[2001:db8::1]")->subject(), "[2001:db8::1]:443");
  EXPECT_EQ(target_of("ping://192.0.2.1")->kind, CheckKind::ping);
  EXPECT_EQ(target_of("ping://[2001:db8::1]")->host, "2001:db8::1");
  EXPECT_THAT(target_of("tcp://db.example.net").error().text, HasSubstr("no port"));
  EXPECT_FALSE(target_of("ftp://example.net"));
}

TEST(TargetJson, ComesBackAsItWas) {
  Target target = *target_of("https://shop.example.net/");
  target.expect = {.status = 200,
                   .text = "Basket",
                   .fields = {{"Content-Type", "html"}},
                   .json = {{"/a/0", "x"}}};
  target.origins = {*Endpoint::parse("203.0.113.7", 443)};
  target.tags = {"provider:hoster"};
  target.parents = {"db"};
  target.remedies = {
      {.name = "r", .command = {"true"}, .verify = {"db"}},
      {.name = "s", .edge = {.admin = "http://[::1]:9145", .from = "www", .to = "standby"}}};
  target.family = Family::ipv6;
  const auto back = target_from_json(to_json(target));
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(to_json(*back), to_json(target));
  EXPECT_EQ(back->provider(), "hoster");
}

TEST(TargetJson, RefusesWithTheKeyAndTheNearestName) {
  const auto why = [](const char* json) { return target_from_json(json).error().text; };
  EXPECT_THAT(why("[]"), HasSubstr("an object"));
  EXPECT_THAT(why(R"({"id":"a","url":"https://x.test","intervall":5})"), HasSubstr("'interval'"));
  EXPECT_THAT(why(R"({"id":"a","url":"https://x.test","expect":{"status":"ok"}})"),
              HasSubstr("expect.status: expected an integer"));
  EXPECT_THAT(why(R"({"id":"A B","url":"https://x.test"})"), HasSubstr("id"));
  EXPECT_THAT(why(R"({"id":"a","kind":"tcp","host":"x.test"})"), HasSubstr("port"));
  EXPECT_THAT(why(R"({"id":"a","url":"https://x.test","interval":0.1})"), HasSubstr("interval"));
}

Tried tried(Outcome outcome, bool direct = false) {
  Tried out{.direct = direct};
  out.result.outcome = outcome;
  if (outcome == Outcome::down) out.result.failure = model::FailureId::connect_refused;
  return out;
}

TEST(Combined, TellsWaysAndAddressesApart) {
  const auto outcome = [](std::vector<Tried> tries) { return combined(std::move(tries)).outcome; };
  EXPECT_EQ(outcome({tried(Outcome::ok), tried(Outcome::ok)}), Outcome::ok);
  EXPECT_EQ(outcome({tried(Outcome::ok), tried(Outcome::down)}), Outcome::degraded);
  EXPECT_EQ(outcome({tried(Outcome::down), tried(Outcome::down)}), Outcome::down);
  EXPECT_EQ(outcome({tried(Outcome::down), tried(Outcome::ok, true)}), Outcome::down);
  EXPECT_EQ(outcome({tried(Outcome::ok), tried(Outcome::down, true)}), Outcome::degraded);
  EXPECT_EQ(outcome({tried(Outcome::unknown), tried(Outcome::ok)}), Outcome::ok);
  EXPECT_EQ(outcome({tried(Outcome::unknown), tried(Outcome::unknown)}), Outcome::unknown);
  EXPECT_THAT(combined({tried(Outcome::down), tried(Outcome::ok, true)}).detail,
              HasSubstr("between the edge and it"));
}

TEST(JudgeAnswer, ExpectationsAreSentences) {
  const auto why = [](Expect expect, HttpAnswer answer) {
    return broken_expectation(expect, answer);
  };
  EXPECT_EQ(why({}, {.status = 302}), "");
  EXPECT_EQ(why({}, {.status = 503}), "HTTP 503.");
  EXPECT_EQ(why({.status = 200}, {.status = 204}), "HTTP 204, expected 200.");
  EXPECT_THAT(why({.text = "Basket"}, {.status = 200, .body = "Oops"}), HasSubstr("'Basket'"));
  EXPECT_THAT(why({.json = {{"/up", "true"}}}, {.status = 200, .body = R"({"up":false})"}),
              HasSubstr("'false'"));
  EXPECT_EQ(why({.json = {{"/up", "true"}}}, {.status = 200, .body = R"({"up":true})"}), "");
  EXPECT_THAT(why({.json = {{"bad pointer", "x"}}}, {.status = 200, .body = "{}"}),
              HasSubstr("expected"));
}

std::string findings(const char* toml) {
  const auto root = config::parse(toml);
  if (!root) return root.error().text;
  const auto read = read_settings(*root, {.now = wall_now(), .files = false});
  return read ? "" : config::text(read.error(), "f.toml");
}

TEST(ConfigFile, TheExampleIsRight) { EXPECT_EQ(findings(config_section().example.c_str()), ""); }

TEST(ConfigFile, NobodyIsATrustedProxyByDefault) {
  const auto proxies = [](const char* text) {
    const auto root = config::parse(text);
    return read_settings(*root, {.now = wall_now(), .files = false})->trusted_proxies;
  };
  EXPECT_TRUE(proxies("[watch]\n").empty());
  EXPECT_TRUE(contains(proxies("[watch]\ntrusted_proxies = ['10.0.0.0/8', '::1']\n"),
                       *IpAddress::parse("10.1.2.3")));
}

TEST(ConfigFile, WhatIsWrongHasItsPlace) {
  EXPECT_THAT(findings("[watch]\n[[watch.target]]\nurl = 'https://a.test'\nintervall = '5s'\n"),
              HasSubstr("f.toml:4:1"));
  EXPECT_THAT(findings("[watch]\n[[watch.target]]\nurl = 'https://a.test'\nparents = ['bd']\n"
                       "[[watch.target]]\nid = 'db'\nurl = 'tcp://b.test:1'\n"),
              HasSubstr("did you mean"));
  EXPECT_THAT(findings("[watch]\n[[watch.channel]]\nname = 'm'\nkind = 'mail'\n"),
              HasSubstr("needs url"));
  EXPECT_THAT(findings("[watch]\n[[watch.maintenance]]\ntitle = 't'\nzone = 'Europe/Berlim'\n"
                       "starts = '2026-11-29T02:00'\nminutes = 5\n"),
              HasSubstr("zone"));
}

TEST(ConfigFile, HowLongSessionsAreResumedMayBeNothing) {
  const auto says = [](const std::string& resume) {
    return findings(
        ("[watch]\n[[watch.target]]\nurl = 'https://a.test'\nresume = " + resume).c_str());
  };
  EXPECT_EQ(says("0"), "");
  EXPECT_EQ(says("'30m'"), "");
  EXPECT_THAT(says("'25h'"), HasSubstr("f.toml:4"));
  Target target = *target_of("https://a.test/");
  target.resume = Duration::zero();
  EXPECT_EQ(target_from_json(to_json(target))->resume, Duration::zero());
  target.resume = std::chrono::hours{25};
  EXPECT_THAT(validate(target).error().text, HasSubstr("0 (never) to 24h"));
}

TEST(ConfigFile, ARemedySaysOneThingThatRuns) {
  const auto says = [](const std::string& remedy) {
    return findings(("[watch]\n[[watch.target]]\nurl = 'https://a.test'\n[[watch.target.remedy]]\n"
                     "name = 'r'\n" +
                     remedy)
                        .c_str());
  };
  const std::string edge = "edge = { from = 'www', to = 'standby', admin = ";
  EXPECT_EQ(says("command = ['true']\nfailures = ['connect.refused']\n"), "");
  EXPECT_EQ(says("agent = 'fra1'\n"), "");
  EXPECT_EQ(says(edge + "'http://127.0.0.1:9145', lasts = '1h' }\n"), "");
  EXPECT_EQ(says(edge + "'https://edge.example.net/' }\n"), "");
  EXPECT_THAT(says(""), HasSubstr("one of command, agent and edge"));
  EXPECT_THAT(says("command = ['true']\nagent = 'fra1'\n"), HasSubstr("one of command"));
  EXPECT_THAT(says(edge + "'http://edge.example.net:9145' }\n"), HasSubstr("expected https"));
  EXPECT_THAT(says("edge = { admin = 'http://[::1]:9145', from = 'www', to = 'www' }\n"),
              HasSubstr("two different ones"));
  EXPECT_THAT(says("command = ['true']\nwait = '11m'\n"), HasSubstr("f.toml:7"));
  EXPECT_THAT(says("command = ['true']\nfailures = ['connect.refuse']\n"),
              HasSubstr("did you mean"));
}

// Targets a, b and so on, each with its parents.
std::string targets(const std::vector<std::string>& parents) {
  std::string out = "[watch]\n";
  for (std::size_t i = 0; i < parents.size(); ++i) {
    out += fmt::format("[[watch.target]]\nid = '{}'\nurl = 'https://a.test'\nparents = [{}]\n",
                       static_cast<char>('a' + i), parents[i]);
  }
  return out;
}

TEST(ConfigFile, TargetsDoNotDependOnEachOther) {
  EXPECT_THAT(findings(targets({"'a'"}).c_str()), HasSubstr("f.toml:5:1: error: 'a' depends on"));
  EXPECT_THAT(findings(targets({"'b'", "'a'"}).c_str()), HasSubstr("a, b, a depend"));
  EXPECT_THAT(findings(targets({"'b'", "'d', 'c'", "'a'", ""}).c_str()),
              HasSubstr("f.toml:5:1: error: a, b, c, a depend on each other"));
  EXPECT_EQ(findings(targets({"'b', 'c'", "'d'", "'d'", ""}).c_str()), "");
}

TEST(ConfigFile, WindowsAndChannelsNameWhatIsThere) {
  const auto says = [](const std::string& more) {
    return findings(("[watch]\n[[watch.target]]\nid = 'cache'\nurl = 'https://a.test'\n"
                     "team = 'web'\ntags = ['shop']\n" +
                     more)
                        .c_str());
  };
  const auto window = [&](const std::string& line) {
    return says(
        "[[watch.maintenance]]\ntitle = 't'\nzone = 'Europe/Berlin'\n"
        "starts = '2126-11-29T02:00'\nminutes = 5\n" +
        line);
  };
  const auto channel = [&](const std::string& line) {
    return says("[[watch.channel]]\nname = 'c'\nkind = 'webhook'\n" + line);
  };
  EXPECT_EQ(window("targets = ['cache']\nteams = ['web']\ntags = ['shop']\n"), "");
  EXPECT_THAT(window("targets = ['cachee']\n"), HasSubstr("f.toml:12:12: error: there is no"));
  EXPECT_THAT(window("targets = ['nope']\n"), HasSubstr("known are cache"));
  EXPECT_THAT(window("teams = ['webb']\n"), HasSubstr("did you mean `web`?"));
  EXPECT_THAT(window("groups = ['web']\n"), HasSubstr("did you mean `teams`?"));
  EXPECT_THAT(says("group = 'web'\n"), HasSubstr("did you mean `team`?"));
  const std::string url = "url = 'https://hook.test/?key=1'\n";
  EXPECT_EQ(channel(url + "teams = ['web']\n"), "");
  EXPECT_EQ(channel(url + "teams = ['of-the-console']\n"), "");  // a warning
  EXPECT_THAT(channel(url + "tags = ['shopp']\n"), HasSubstr("f.toml:11:9: error: no target has"));
  EXPECT_THAT(channel("url = 'not a url'\n"), HasSubstr("f.toml:10:1: error: 'not a url' is no"));
  EXPECT_THAT(channel("url = 'https://a b/'\n"), HasSubstr("is no address"));
  EXPECT_THAT(channel("url = 'smtp://mail.test'\n"), HasSubstr("is no address"));
  EXPECT_EQ(channel("url = 'https://user:word@hook.test:8443/x'\n"), "");
}

TEST(ConfigFile, WhatMayBeMeantIsAWarning) {
  const auto root = config::parse(
      "[watch]\n[[watch.target]]\nurl = 'https://a.test'\nteam = 'web'\n"
      "[[watch.channel]]\nname = 'c'\nkind = 'ntfy'\nurl = 'https://b.test'\nteams = ['shops']\n"
      "[[watch.maintenance]]\ntitle = 't'\nzone = 'UTC'\nstarts = '2020-01-01T02:00'\n"
      "minutes = 5\n");
  const auto read = read_settings(*root, {.now = wall_now(), .files = false});
  ASSERT_TRUE(read) << config::text(read.error(), "f");
  const std::string told = config::text(read->warnings, "f");
  EXPECT_THAT(told, HasSubstr("f:9:10: warning: no target of this file has the team 'shops'"));
  EXPECT_THAT(told, HasSubstr("f:13:1: warning: starts: the window was over at 2020-01-01T02:05Z"));
}

TEST(ConfigFile, EveryMistakeIsToldAtOnceAndAtItsKey) {
  const std::string all = findings(
      "[watch]\nrdap = 'x y'\n"
      "[[watch.target]]\nid = 'A'\nurl = 'https://a b'\nparents = ['bd']\ncolour = 1\n"
      "confirm = { open_failures = 4, open_of = 3 }\nexpect = { status = 99 }\n"
      "[[watch.target.remedy]]\nname = 'r'\ncommand = ['true']\nagent = 'x'\nverify = ['cb']\n"
      "[[watch.target]]\nid = 'db'\nurl = 5\nchannels = ['m']\n"
      "[[watch.channel]]\nname = 'mm'\nkind = 'webhook'\nurl = 'x'\nquiet = 'never'\n"
      "[[watch.maintenance]]\ntitle = 't'\nzone = 'Mars'\nstarts = 'now'\nminutes = 0\n");
  for (const std::string_view place :
       {":2:1: ", ":4:1: ", ":5:1: ", ":6:12: ", ":7:1: ", ":8:1: ", ":9:12: ", ":13:1: ",
        ":14:11: ", ":17:7: ", ":18:13: ", ":22:1: ", ":23:1: ", ":26:1: ", ":27:1: ", ":28:1: "}) {
    EXPECT_THAT(all, HasSubstr("f.toml" + std::string{place}));
  }
  EXPECT_EQ(std::ranges::count(all, '\n'), 16) << all;
}

TEST(WrongValues, TextRecordsNeedNoQuotes) {
  const auto wrong = [](std::vector<std::string> found, std::vector<std::string> expected) {
    return wrong_values("a.test", "TXT", std::move(found), std::move(expected));
  };
  EXPECT_EQ(wrong({R"("v=spf1 -all")"}, {"v=spf1 -all"}), "");
  EXPECT_EQ(wrong({R"("v=spf1 -all")"}, {R"("v=spf1 -all")"}), "");  // as it was needed before
  EXPECT_EQ(wrong({R"("v=DKIM1; p=AA" "BB")"}, {"v=DKIM1; p=AABB"}), "");
  EXPECT_EQ(wrong({R"("say \"hi\"")", R"("b")"}, {"b", R"(say "hi")"}), "");
  EXPECT_EQ(wrong({R"("x")"}, {}), "");
  EXPECT_EQ(wrong({R"("v=spf1 ~all")"}, {"v=spf1 -all"}),
            "a.test TXT is 'v=spf1 ~all', expected 'v=spf1 -all'.");
  EXPECT_EQ(wrong_values("a.test", "A", {"192.0.2.2", "192.0.2.1"}, {"192.0.2.3"}),
            "a.test A is 192.0.2.1, 192.0.2.2, expected 192.0.2.3.");
}

}  // namespace
}  // namespace causeway::watch
