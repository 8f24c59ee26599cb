#include "app/explain.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

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

TEST(Explain, JsonIsWhole) {
  const auto json = nlohmann::json::parse(explanation_json(explain("connect.refused").value()));
  EXPECT_EQ(json.at("kind"), "failure");
  EXPECT_EQ(json.at("id"), "connect.refused");
  EXPECT_FALSE(json.at("passages").empty());
}

}  // namespace
}  // namespace causeway::app
