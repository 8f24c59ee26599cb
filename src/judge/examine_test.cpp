#include "judge/examine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "judge/ranking.hpp"
#include "judge/scenario.hpp"

namespace causeway::judge {
namespace {

constexpr std::string_view kEvidence = R"(
target https://www.example.net/ known=203.0.113.11
o1 connect address=203.0.113.10 port=443 role=main outcome=silent waited_ms=4300.4 source=198.51.100.9
o2 connect address=203.0.113.10 port=80 role=side outcome=open
o3 connect address=203.0.113.10 port=22 role=side outcome=refused
o4 connect address=203.0.113.11 port=443 role=main outcome=open
o5@there connect address=203.0.113.10 port=443 role=main outcome=open
o6 certificate address=203.0.113.10 port=443 variant=main names=a.example.net,b.example.net name_matches=false days_left=-3.5
o7@origin fact what=listener value=none port=443
o8@origin fact what=listener value=any port=80
)";

class Examine : public testing::Test {
 protected:
  // What a sign with this one line says about 203.0.113.10:443.
  Answer answer(std::string_view line) { return examine(line).sign(0).answer; }

  Examination& examine(std::string_view line, std::string_view sentence = "") {
    text_ = "sign s \"" + std::string{sentence} + "\"\n  " + std::string{line} + "\n";
    const EmbeddedFile file{"rules/test.rules", text_};
    book_ = read_rules(std::span{&file, 1}).value();
    scenario_ = read_scenario(kEvidence, "test.scn").value();
    scene_.emplace(scenario_.evidence);
    examination_.emplace(book_, *scene_, Focus{.address = "203.0.113.10", .port = 443});
    return *examination_;
  }

  std::string text_;
  Rulebook book_;
  Scenario scenario_;
  std::optional<Scene> scene_;
  std::optional<Examination> examination_;
};

TEST_F(Examine, SomethingThatFitsIsYesNothingSeenIsUnknown) {
  EXPECT_EQ(answer("connect(role=side) outcome=open"), Answer::yes);
  EXPECT_EQ(answer("connect(role=side) outcome=silent"), Answer::no);
  EXPECT_EQ(answer("connect(role=after) outcome=open"), Answer::unknown);
  EXPECT_EQ(answer("ping outcome=reply"), Answer::unknown);
  EXPECT_EQ(answer("connect(role=main) icmp=other"), Answer::unknown);
}

TEST_F(Examine, EveryAndNoAndCounts) {
  EXPECT_EQ(answer("every connect(role=side) outcome=open|refused"), Answer::yes);
  EXPECT_EQ(answer("every connect(role=side) outcome=open"), Answer::no);
  EXPECT_EQ(answer("every connect(role=side) icmp=other"), Answer::unknown);
  EXPECT_EQ(answer("no ping"), Answer::yes);
  EXPECT_EQ(answer("no connect(role=side)"), Answer::no);
  EXPECT_EQ(answer("2+ connect(role=side) outcome=open|refused"), Answer::yes);
  EXPECT_EQ(answer("3+ connect(role=side) outcome=open|refused"), Answer::unknown);
}

TEST_F(Examine, NegationKeepsTheUnknownAndUnlessDoesNot) {
  EXPECT_EQ(answer("not connect(role=side) outcome=open"), Answer::no);
  EXPECT_EQ(answer("not connect(role=side) outcome=silent"), Answer::yes);
  EXPECT_EQ(answer("not ping outcome=reply"), Answer::unknown);
  EXPECT_EQ(answer("unless ping outcome=reply"), Answer::yes);
  EXPECT_EQ(answer("unless connect(role=side) outcome=open"), Answer::no);
}

TEST_F(Examine, AllUnitsOfALineMustHoldAndAnyLine) {
  EXPECT_EQ(answer("connect(role=main) outcome=silent and connect(role=side) outcome=open"),
            Answer::yes);
  EXPECT_EQ(answer("connect(role=main) outcome=open and ping outcome=reply"), Answer::no);
  EXPECT_EQ(answer("connect(role=main) outcome=silent and ping outcome=reply"), Answer::unknown);
  EXPECT_EQ(answer("ping outcome=reply\n  connect(role=main) outcome=silent"), Answer::yes);
  EXPECT_EQ(answer("ping outcome=reply\n  connect(role=main) outcome=open"), Answer::unknown);
}

TEST_F(Examine, WhoseObservationsAreAsked) {
  EXPECT_EQ(answer("connect(role=main) outcome=open"), Answer::no);
  EXPECT_EQ(answer("peer connect(role=main) outcome=open"), Answer::yes);
  EXPECT_EQ(answer("elsewhere connect(role=main) outcome=open"), Answer::yes);
  EXPECT_EQ(answer("anywhere connect(role=main) outcome=open"), Answer::yes);
  EXPECT_EQ(answer("elsewhere fact value=none"), Answer::unknown);
  EXPECT_EQ(answer("fact(what=listener) value=none"), Answer::yes) << "facts are for everybody";
  EXPECT_EQ(answer("fact(what=listener) value=any"), Answer::no) << "another port's fact";
}

TEST_F(Examine, Conditions) {
  EXPECT_EQ(answer("connect(role=main) waited_ms>4000 waited_ms<5000"), Answer::yes);
  EXPECT_EQ(answer("connect(role=main) waited_ms>abc"), Answer::unknown);
  EXPECT_EQ(answer("connect(role=main, port={port}) address={address}"), Answer::yes);
  EXPECT_EQ(answer("connect(role=main) port!=80|22"), Answer::yes);
  EXPECT_EQ(answer("connect(role=main) waited_ms? !icmp"), Answer::yes);
  EXPECT_EQ(answer("certificate names=b.example.net name_matches=false"), Answer::yes);
  EXPECT_EQ(answer("certificate names~EXAMPLE"), Answer::yes);
  EXPECT_EQ(answer("connect(role=main) outcome~lent"), Answer::yes);
  EXPECT_EQ(answer("connect(role=main) port~4"), Answer::no);
}

TEST_F(Examine, ASentenceIsFilledFromFocusAndEvidence) {
  auto& sees = examine("connect(role=main) outcome=silent",
                       "{endpoint} of {host} by {scheme}, {family}, {record}: {outcome} after "
                       "{waited_ms} ms, {icmp}; {url} from {source}");
  const auto reason = sees.reason(0);
  ASSERT_TRUE(reason);
  EXPECT_EQ(reason->sentence,
            "203.0.113.10:443 of www.example.net by https, IPv4, A: silent after 4300 ms, "
            "an unknown icmp; https://www.example.net/ from 198.51.100.9");
  EXPECT_THAT(reason->observations, testing::ElementsAre("o1"));
}

TEST_F(Examine, CommandsKeepTheBracesOfOthersAndGetBlanks) {
  auto& sees = examine("connect(role=main) outcome=silent");
  EXPECT_EQ(sees.fill_blanks("awk '{print $1}' {address} %{size} '{{.Names}}' {"),
            "awk '{print $1}' 203.0.113.10 %{size} '{{.Names}}' {");
  Examination nowhere{book_, *scene_, Focus{}};
  EXPECT_EQ(nowhere.fill_blanks("ping {address} {port}"), "ping ADDRESS PORT");
  EXPECT_EQ(nowhere.fill_title("A firewall on {address} stops {source}"),
            "A firewall on the origin stops the edge");
  EXPECT_EQ(nowhere.fill("ping {address}", {}), "ping an unknown address");
}

TEST_F(Examine, ASignWithoutASentenceGivesNoReason) {
  EXPECT_FALSE(examine("connect(role=main) outcome=silent").reason(0));
  EXPECT_FALSE(examine("ping outcome=reply", "x").reason(0));
}

// ---- ranking ----

class Rank : public Examine {
 protected:
  Ranking ranked(std::string_view chapter) {
    text_ =
        "sign yes \"yes\"\n  connect(role=main) outcome=silent\n"
        "sign no \"is\"\n  else \"is not\"\n  connect(role=main) outcome=open\n"
        "sign mute \"\"\n  connect(role=main) outcome=silent\n"
        "sign open \"open\"\n  ping outcome=reply\n"
        "for internal\n" +
        std::string{chapter};
    const EmbeddedFile file{"rules/test.rules", text_};
    book_ = read_rules(std::span{&file, 1}).value();
    scenario_ = read_scenario(kEvidence, "test.scn").value();
    scene_.emplace(scenario_.evidence);
    examination_.emplace(book_, *scene_, Focus{.address = "203.0.113.10", .port = 443});
    return rank(*book_.chapter("internal"), *examination_);
  }
  static double of(const Ranking& ranking, model::CauseId cause) {
    for (const auto& one : ranking.causes) {
      if (one.cause == cause) return one.probability;
    }
    return 0;
  }
};

using enum model::CauseId;

TEST_F(Rank, WeightsMultiplyAndSomethingElseHasItsShare) {
  const auto out = ranked(
      "  other 10\n  cause firewall.drop 10\n    more yes x4\n    more no x9 else x0.5\n"
      "    more open x7 else x7\n  cause route.loop 10\n");
  EXPECT_DOUBLE_EQ(of(out, firewall_drop), 0.5);
  EXPECT_DOUBLE_EQ(of(out, route_loop), 0.25);
  ASSERT_EQ(out.causes.front().reasons.size(), 1U);
  EXPECT_EQ(out.causes.front().reasons.front().sentence, "yes");
  EXPECT_EQ(out.causes.front().counter_reasons.front().sentence, "is not");
}

TEST_F(Rank, WithoutProofThereIsACap) {
  EXPECT_DOUBLE_EQ(of(ranked("  other 0.1\n  cause none 100\n    more yes x9\n"), none), 0.85);
  EXPECT_DOUBLE_EQ(of(ranked("  other 0.1\n  cause none 100\n    proof yes x9\n"), none), 0.99);
  EXPECT_DOUBLE_EQ(of(ranked("  other 0.1\n  cause none 100\n    proof no x9\n"), none), 0.85);
}

TEST_F(Rank, WhatIsRuledOutSaysWhy) {
  const auto out = ranked(
      "  cause route.loop 9\n    out yes\n  cause firewall.drop 9\n    out mute\n"
      "  cause none 1\n    out open\n");
  ASSERT_EQ(out.ruled_out.size(), 2U);
  EXPECT_EQ(out.ruled_out[0].cause, route_loop);
  EXPECT_EQ(out.ruled_out[0].because.front().sentence, "yes");
  EXPECT_EQ(out.ruled_out[1].because.front().sentence, "mute") << "a sign without words: its name";
  EXPECT_GT(of(out, none), 0);
}

TEST_F(Rank, WhatIsNeededMustBeThere) {
  const auto out = ranked(
      "  cause route.loop 9\n    needs open\n  cause firewall.drop 9\n"
      "    needs no\n  cause none 9\n    needs yes\n");
  ASSERT_EQ(out.causes.size(), 1U);
  EXPECT_EQ(out.causes.front().cause, none);
  EXPECT_TRUE(out.ruled_out.empty());
}

TEST_F(Rank, DoubtLowersAll) {
  EXPECT_DOUBLE_EQ(of(ranked("  other 0.1\n  doubt yes x0.5\n  cause none 100\n"), none), 0.425);
  EXPECT_DOUBLE_EQ(of(ranked("  other 0.1\n  doubt no x0.5\n  cause none 100\n"), none), 0.85);
}

TEST_F(Rank, AttributesFollowTheirSigns) {
  const auto out = ranked(
      "  cause none 1\n    attribute scope=port\n    attribute where=router if no\n"
      "    attribute agent=nft if yes\n");
  EXPECT_EQ(out.causes.front().attributes.scope, "port");
  EXPECT_EQ(out.causes.front().attributes.where, "");
  EXPECT_EQ(out.causes.front().attributes.agent, "nft");
}

TEST_F(Rank, EqualsKeepTheirOrderAndTheImprobableIsLeftOut) {
  const auto out = ranked("  cause route.loop 5\n  cause firewall.drop 5\n  cause none 0.01\n");
  ASSERT_EQ(out.causes.size(), 2U);
  EXPECT_EQ(out.causes[0].cause, route_loop);
  EXPECT_EQ(out.causes[1].cause, firewall_drop);
}

// ---- the scenarios' own format ----

TEST(ScenarioFormat, MistakesAreRefusedWithTheirLine) {
  const auto wrong = [](std::string_view text) {
    const auto read = read_scenario(text, "x.scn");
    return read ? std::string{} : read.error().text;
  };
  EXPECT_THAT(wrong("target\n"), testing::HasSubstr("x.scn:1: expected: target"));
  EXPECT_THAT(wrong("target http://a/ colour=red\n"), testing::HasSubstr("no field 'colour'"));
  EXPECT_THAT(wrong("o1 nonsense\n"), testing::HasSubstr("expected: ID[@VANTAGE] KIND"));
  EXPECT_THAT(wrong("o1 ping sent=many\n"), testing::HasSubstr("is not"));
  EXPECT_THAT(wrong("o1 ping rtt_ms=x\n"), testing::HasSubstr("is not"));
  EXPECT_THAT(wrong("o1 tls acked=maybe\n"), testing::HasSubstr("is not"));
  EXPECT_THAT(wrong("attempt\n"), testing::HasSubstr("expected: attempt"));
  EXPECT_THAT(wrong("attempt x.y connect=ok\n"), testing::HasSubstr("x.scn:1"));
  EXPECT_THAT(wrong("attempt none connect=odd\n"), testing::HasSubstr("'odd' is no failure"));
  EXPECT_THAT(wrong("attempt none odd\n"), testing::HasSubstr("expected STAGE=ok"));
  EXPECT_THAT(wrong("expect\n"), testing::HasSubstr("expected: expect"));
  EXPECT_THAT(wrong("expect cause odd\n"), testing::HasSubstr("id of a cause"));
  EXPECT_THAT(wrong("expect cause none odd\n"), testing::HasSubstr("expected first"));
  EXPECT_THAT(wrong("expect ruled-out odd\n"), testing::HasSubstr("id of a cause"));
  EXPECT_THAT(wrong("expect sure-at-most x\n"), testing::HasSubstr("a probability"));
  EXPECT_THAT(wrong("o1 ping detail=\"x\n"), testing::HasSubstr("not closed"));
}

TEST(ScenarioFormat, AnExpectationThatFailsSaysHow) {
  const auto scenario = read_scenario(
      "target https://a/\n"
      "expect state ok\nexpect code 1\nexpect subcode 1\nexpect stage route\n"
      "expect failure internal\nexpect cause none\nexpect cause unknown at-least 0.5\n"
      "expect ruled-out none\nexpect no-cause unknown\nexpect sure-at-least 0.5\n"
      "expect attribute scope=port\nexpect sentence xyz\nexpect note xyz\nexpect colour red\n",
      "x.scn");
  ASSERT_TRUE(scenario) << scenario.error().text;
  const auto verdict = judge(scenario->evidence);
  for (const auto& expectation : scenario->expectations) {
    EXPECT_NE(expectation.check(verdict), "") << expectation.text;
  }
}

}  // namespace
}  // namespace causeway::judge
