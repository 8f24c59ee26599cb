#include "app/explain.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "app/explain_logs.hpp"
#include "model/cause.hpp"
#include "model/code.hpp"
#include "model/failure.hpp"

namespace causeway::app {
namespace {

using ::testing::HasSubstr;

std::string text(std::string_view word) {
  const auto found = explain(word);
  return found ? explanation_text(*found, {80, false, true}) : "refused: " + found.error().text;
}

TEST(Explain, EveryCodeFailureAndCause) {
  for (const auto& row : model::code_rows()) {
    EXPECT_THAT(text(std::to_string(row.code)), HasSubstr(row.title));
  }
  for (const auto& row : model::failure_rows()) EXPECT_THAT(text(row.id), HasSubstr(row.id));
  for (const auto& row : model::cause_rows()) EXPECT_THAT(text(row.id), HasSubstr(row.id));
}

TEST(Explain, ACodeNamesItsFailuresAndCauses) {
  const auto shown = text("523");
  EXPECT_THAT(shown, HasSubstr("Origin is unreachable"));
  EXPECT_THAT(shown, HasSubstr("route.neighbour_silent"));
  EXPECT_THAT(shown, HasSubstr("origin.host-down"));
  EXPECT_THAT(text(" 1016 "), HasSubstr("resolve.not_found"));
}

TEST(Explain, ATypoListsCandidates) {
  EXPECT_THAT(text("firewall.dorp"), HasSubstr("did you mean firewall.drop?"));
  EXPECT_THAT(text("refused"), HasSubstr("connect.refused"));
  EXPECT_THAT(text("host_down"), HasSubstr("origin.host-down"));
  EXPECT_THAT(text("5230"), HasSubstr("did you mean 52"));
  EXPECT_THAT(text("qqqqqqqqqqqqqqqq"), HasSubstr("expected a code (523)"));
  EXPECT_THAT(text(""), HasSubstr("refused"));
  EXPECT_THAT(text("99999999999999999999"), HasSubstr("refused"));
}

TEST(Explain, ACauseComesWithItsFixesAndNoOpenPlaces) {
  const auto shown = text("firewall.drop");
  EXPECT_THAT(shown, HasSubstr("ufw allow PORT/tcp"));
  for (const auto& row : model::cause_rows()) {
    const auto all = text(row.id);
    for (const auto* place : {"{host}", "{port}", "{address}", "{url}", "{endpoint}"}) {
      EXPECT_THAT(all, ::testing::Not(HasSubstr(place))) << row.id;
    }
  }
}

TEST(Explain, ALineOfALog) {
  const auto nginx = text(
      "2026/11/25 14:02:11 [error] 1#1: *7 connect() failed (111: Connection refused) while "
      "connecting to upstream, client: 203.0.113.7, server: www.example.net, request: \"GET / "
      "HTTP/1.1\", upstream: \"http://10.0.0.5:8080/\", host: \"www.example.net\"");
  EXPECT_THAT(nginx, HasSubstr("521  connect.refused"));
  EXPECT_THAT(nginx, HasSubstr("origin.process-stopped"));
  EXPECT_THAT(nginx, HasSubstr("causeway diagnose http://www.example.net/ --origin 10.0.0.5:8080"));
  EXPECT_THAT(text("sH--"), HasSubstr("http.silent"));
  EXPECT_THAT(text("UF,URX"), HasSubstr("connect.refused"));
  EXPECT_THAT(text("upstream prematurely closed connection"), HasSubstr("http.closed"));
  EXPECT_THAT(text("203.0.113.7 - - [25/Nov/2026:14:02:11 +0000] \"GET / HTTP/1.1\" 200 1"),
              HasSubstr("Nothing in this line"));
  EXPECT_THAT(text("nothing of the kind"), HasSubstr("no line of a log"));
  EXPECT_THAT(text("/nowhere/error.log"), HasSubstr("there is no file"));
}

TEST(Explain, AHostileLineCannotReachTheShellOrTheTerminal) {
  const auto shown = text(
      "2026/11/25 14:02:11 [error] 1#1: *7 no live upstreams while connecting to upstream, client: "
      "1.2.3.4, server: x, request: \"GET / HTTP/1.1\", upstream: \"http://a;reboot/\", host: "
      "\"$(reboot)\x1b[2J\"");
  EXPECT_THAT(shown, ::testing::Not(HasSubstr("diagnose http://$(reboot)")));
  EXPECT_THAT(shown, ::testing::Not(HasSubstr("\x1b[2J")));
}

TEST(Logs, TheSummaryTellsWhatBeganWhen) {
  explain::Summary summary;
  codec::LogReader reader;
  codec::LogLine line;
  for (int minute = 0; minute < 60; ++minute) {
    for (int i = 0; i < 10; ++i) {
      const bool bad = minute >= 20 && minute < 25;
      const auto one = fmt::format(
          "203.0.113.7 - - [25/Nov/2026:14:{:02}:{:02} +0000] \"GET / HTTP/1.1\" {} 1 \"-\" \"-\"",
          minute, i, bad ? 521 : 200);
      ASSERT_TRUE(reader.read(one, false, line));
      const auto meaning = explain::meaning_of(line);
      if (meaning.part == explain::Part::fine) {
        summary.add_fine(line);
      } else {
        summary.add(line, meaning, one, 1, "access.log");
      }
    }
  }
  const auto text = logs_text(summary, {"access.log"}, {100, false, true});
  EXPECT_THAT(text, HasSubstr("50 requests failed (8.3 %), 550 fine"));
  EXPECT_THAT(text, HasSubstr("521  connect.refused"));
  EXPECT_THAT(text,
              HasSubstr("2026-11-25 14:20:00 to 14:24:09 UTC, when 50 of 50 requests failed"));
  EXPECT_THAT(text, HasSubstr("causeway explain origin.process-stopped"));
  const auto json = nlohmann::json::parse(logs_json(summary, {"access.log"}));
  EXPECT_EQ(json.at("groups").at(0).at("episodes").at(0).at("requests"), 50);
}

TEST(Logs, MomentsAndZones) {
  EXPECT_EQ(parse_zone("+02:00").value(), 120);
  EXPECT_EQ(parse_zone("-0330").value(), -210);
  EXPECT_EQ(parse_zone("UTC").value(), 0);
  EXPECT_FALSE(parse_zone("noon"));
  EXPECT_FALSE(parse_zone("+99:00"));
  constexpr std::int64_t kNow = 1'795'615'331'000;  // 2026-11-25T14:02:11Z
  EXPECT_EQ(parse_moment("2026-11-25T14:02:11Z", 0, kNow).value(), kNow);
  EXPECT_EQ(parse_moment("2026-11-25 16:02:11", 120, kNow).value(), kNow);
  EXPECT_EQ(parse_moment("14:02", 0, kNow).value(), kNow - 11'000);
  EXPECT_EQ(parse_moment("2h", 0, kNow).value(), kNow - 7'200'000);
  EXPECT_FALSE(parse_moment("yesterday", 0, kNow));
}

TEST(Explain, JsonIsWhole) {
  const auto json = nlohmann::json::parse(explanation_json(explain("connect.refused").value()));
  EXPECT_EQ(json.at("kind"), "failure");
  EXPECT_EQ(json.at("id"), "connect.refused");
  EXPECT_FALSE(json.at("passages").empty());
}

}  // namespace
}  // namespace causeway::app
