#include "judge/conclude.hpp"

#include <gmock/gmock.h>

namespace causeway::judge {
namespace {

using ::testing::SizeIs;

WallTime at(const char* text) { return parse_rfc3339(text).value(); }

model::Observation seen(std::string id, model::Kind kind, std::string vantage) {
  model::Observation out{kind, "test", "www.example.net"};
  out.id = std::move(id);
  out.vantage = std::move(vantage);
  out.at = at("2026-11-22T10:00:00Z");
  return out;
}

model::Document document(std::string_view schema, std::string vantage) {
  model::Document out;
  out.schema = schema;
  out.vantage.name = vantage;
  out.started = at("2026-11-22T10:00:00Z");
  out.observations = {seen("o1", model::Kind::ping, vantage),
                      seen("o2", model::Kind::compare, vantage)};
  return out;
}

TEST(Join, IdsGoOnAndDerivedOnesStayBehind) {
  std::vector own{seen("o1", model::Kind::connect, "here")};
  join(own, "here",
       {document(model::kFactsSchema, "web-1"), document(model::kDiagnosisSchema, "there")});
  ASSERT_THAT(own, SizeIs(3));
  EXPECT_EQ(own[1].id, "o2");
  EXPECT_EQ(own[1].vantage, "web-1");
  EXPECT_EQ(own[2].id, "o3");
  EXPECT_EQ(own[2].vantage, "there");
}

TEST(Join, AnEarlierDiagnosisFromHereKeepsApart) {
  std::vector<model::Observation> own;
  join(own, "here", {document(model::kDiagnosisSchema, "here")});
  EXPECT_EQ(own.at(0).vantage, "here at 2026-11-22T10:00:00");
  own.clear();
  join(own, "here", {document(model::kFactsSchema, "here")});
  EXPECT_EQ(own.at(0).vantage, "here") << "facts of this machine are of this machine";
}

TEST(Join, OldFactsAreMarked) {
  const std::vector documents{document(model::kFactsSchema, "web-1")};
  EXPECT_THAT(age_notes(documents, at("2026-11-22T10:10:00Z")), SizeIs(0));
  const auto notes = age_notes(documents, at("2026-11-22T10:25:00Z"));
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(notes[0].sentence, "The facts from web-1 are 25 minutes old.");
  EXPECT_EQ(age_notes(documents, at("2026-11-25T10:25:00Z"))[0].sentence,
            "The facts from web-1 are 3 days old.");
  EXPECT_EQ(
      age_notes({document(model::kDiagnosisSchema, "b")}, at("2026-11-22T13:25:00Z"))[0].sentence,
      "The diagnosis from b is 3 hours old.");
  EXPECT_THAT(age_notes(documents, at("2026-11-22T09:56:00Z")), SizeIs(0));
  EXPECT_EQ(age_notes(documents, at("2026-11-22T09:00:00Z"))[0].sentence,
            "The facts from web-1 are dated 2026-11-22T10:00:00, which is yet to come: one of the "
            "two clocks is wrong.");
}

}  // namespace
}  // namespace causeway::judge
