#include "watch/typed_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace causeway::watch {
namespace {

using ::testing::HasSubstr;

Refused why(const char* json, bool private_targets = false) {
  const auto target = typed_target(json, private_targets);
  return target ? Refused{.field = "accepted", .text = ""} : target.error();
}

TEST(TypedTarget, IsReadByTheRulesOfTheFile) {
  const auto web = typed_target(
      R"({"url":"https://Shop.example.net/","group":"Shops","tags":["x"],"interval":"30s",
          "expect":{"status":200,"text":"Basket"},"origins":["203.0.113.7"]})",
      false);
  ASSERT_TRUE(web) << web.error().text;
  EXPECT_EQ(web->id, "shop.example.net");
  EXPECT_EQ(web->team, "Shops");
  EXPECT_EQ(web->interval, std::chrono::seconds{30});
  EXPECT_EQ(web->origins.front().text(), "203.0.113.7:443");
  EXPECT_EQ(typed_target(R"({"url":"tcp://db.example.net:5432"})", false)->kind, CheckKind::tcp);
  EXPECT_EQ(typed_target(R"({"kind":"heartbeat","id":"backup"})", false)->kind,
            CheckKind::heartbeat);
}

TEST(TypedTarget, NamesTheFieldAndTheNearestThing) {
  EXPECT_EQ(why(R"({"url":"https://x.test","interval":"1ms"})").field, "interval");
  EXPECT_THAT(why(R"({"url":"https://x.test","interval":"1ms"})").text, HasSubstr("1s to 24h"));
  EXPECT_EQ(why(R"({"url":"ftp://x.test"})").field, "url");
  EXPECT_EQ(why(R"({"url":"tcp://x.test:1","kind":"http"})").field, "url");
  EXPECT_EQ(why(R"({"url":"https://x.test","expect":{"status":"ok"}})").field, "expect.status");
  EXPECT_EQ(why(R"({"url":"https://x.test","intervall":5})").text,
            "no such key; did you mean 'interval'?");
  EXPECT_EQ(why(R"({"url":"https://x.test","team":"a"})").text,
            "no such key; did you mean 'group'?");
  EXPECT_EQ(why(R"({"url":"https://x.test","group":5})").field, "group");
  EXPECT_EQ(why(R"({"id":"A B","url":"https://x.test"})").field, "id");
  EXPECT_EQ(why("[]").field, "");
  EXPECT_EQ(why("{}").field, "url");
  EXPECT_EQ(why(R"({"kind":"heartbeat"})").field, "id");
  EXPECT_THAT(why(R"({"url":"tcp://db.example.net"})").text, testing::StartsWith("'db.example"));
}

TEST(TypedTarget, RunsNothingAndReadsNothingHere) {
  for (const char* key : {"remedies", "remedy", "ca_file", "public_only"}) {
    const std::string json = std::string{R"({"url":"https://x.test",")"} + key + R"(":[]})";
    EXPECT_THAT(why(json.c_str()).text, HasSubstr("configuration file")) << key;
    EXPECT_EQ(why(json.c_str()).field, key);
  }
}

TEST(TypedTarget, LeadsNeitherHereNorIntoPrivateNetworks) {
  for (const char* json :
       {R"({"url":"http://127.0.0.1/"})", R"({"url":"http://[fd00::1]/"})",
        R"({"url":"http://localhost/"})", R"({"url":"tcp://169.254.169.254:80"})",
        R"({"url":"ping://192.168.1.1"})"}) {
    EXPECT_THAT(why(json).text, HasSubstr("private_targets")) << json;
    EXPECT_EQ(why(json, true).field, "accepted") << json;
  }
  EXPECT_EQ(why(R"({"url":"https://x.test","origins":["10.0.0.1"]})").field, "origins");
  EXPECT_EQ(why(R"({"url":"https://x.test","known_addresses":["::1"]})").field, "known_addresses");
  EXPECT_EQ(why(R"({"url":"https://x.test","resolver":"127.0.0.53"})").field, "resolver");
}

TEST(TypedTarget, IsNoAmplifier) {
  std::string origins;
  for (int i = 1; i <= 17; ++i) {
    if (!origins.empty()) origins += ",";
    origins += "\"203.0.113." + std::to_string(i) + "\"";
  }
  const std::string json = R"({"url":"https://x.test","origins":[)" + origins + "]}";
  EXPECT_EQ(why(json.c_str()).field, "origins");
}

const std::vector<std::string>* no_parents(const std::string& /*id*/) { return nullptr; }

TEST(References, MustBeThere) {
  Target target = *target_of("https://shop.example.net/");
  target.parents = {"dbb"};
  EXPECT_EQ(references(target, {"db", "web"}, {}, no_parents).error().text,
            "parents: there is no target 'dbb'; did you mean 'db'?");
  target.parents = {target.id};
  EXPECT_FALSE(references(target, {target.id}, {}, no_parents));
  target.parents = {"db"};
  target.channels = {"ops"};
  EXPECT_FALSE(references(target, {"db"}, {"mail"}, no_parents));
  EXPECT_TRUE(references(target, {"db"}, {"ops"}, no_parents));
}

TEST(References, DoNotLeadRoundInACircle) {
  const std::map<std::string, std::vector<std::string>> all{
      {"a", {}}, {"b", {"top", "c"}}, {"c", {"a"}}, {"top", {}}};
  const auto parents_of = [&](const std::string& id) { return &all.at(id); };
  Target target = *target_of("https://shop.example.net/");
  target.id = "a";
  target.parents = {"b"};
  const std::vector<std::string> ids{"a", "b", "c", "top"};
  EXPECT_THAT(references(target, ids, {}, parents_of).error().text, HasSubstr("a, b, c, a "));
  target.parents = {"top"};
  EXPECT_TRUE(references(target, ids, {}, parents_of));
}

TEST(TypedTarget, AnEmptyUrlIsMissing) {
  EXPECT_EQ(why(R"({"url":""})").field, "url");
  EXPECT_EQ(why(R"({"url":null})").field, "url");
}

TEST(TypedTarget, AZeroMaySayNever) {
  const auto target = typed_target(R"({"url":"https://x.test","resume":"0s"})", false);
  ASSERT_TRUE(target) << target.error().text;
  EXPECT_EQ(target->resume, Duration::zero());
  EXPECT_EQ(why(R"({"url":"https://x.test","interval":"0s"})").field, "interval");
}

TEST(TypedTarget, WhatIsNoObjectIsNamed) {
  EXPECT_EQ(why(R"({"url":"https://x.test","expect":5})").field, "expect");
  EXPECT_EQ(why(R"({"url":"https://x.test","expect":5})").text, "expected an object");
}

}  // namespace
}  // namespace causeway::watch
