#include "app/reference_pages.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "app/closed_values.hpp"
#include "app/read_file.hpp"

namespace causeway::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ReferencePages, TheCommittedOnesAreUpToDate) {
  for (const auto& page : reference_pages()) {
    const auto there = read_file("docs/" + page.path, 4U << 20U);
    ASSERT_TRUE(there) << there.error().text;
    EXPECT_TRUE(*there == page.text) << "docs/" << page.path << " is old: run make docs";
  }
}

TEST(ReferencePages, FailuresCarryTheCommentOfTheirRow) {
  const auto page = reference_pages().at(0).text;
  EXPECT_THAT(page, HasSubstr("### connect.refused\nThe connection is refused with a reset.\n\n"
                              "RST to the SYN"));
}

TEST(ReferencePages, TheSchemaIsJson) {
  EXPECT_TRUE(nlohmann::json::accept(reference_pages().back().text));
}

std::vector<std::string> values(model::Kind kind, std::string_view field) {
  return closed_values(model::row(kind), *model::row(kind).field(field));
}

TEST(ClosedValues, AreReadFromTheMeaning) {
  using model::Kind;
  EXPECT_THAT(values(Kind::target, "scheme"), ElementsAre("http", "https", "tcp", "tls", "dns"));
  EXPECT_THAT(values(Kind::self_check, "family"), ElementsAre("ipv4", "ipv6")) << "before a comma";
  EXPECT_THAT(values(Kind::connect, "reply"), ElementsAre("syn-ack", "rst")) << "before a bracket";
  EXPECT_THAT(values(Kind::http, "edge_mark"),
              ElementsAre("cloudflare", "causeway", "fastly", "cloudfront", "akamai", "other"))
      << "after a colon";
  EXPECT_EQ(values(Kind::ping, "icmp"), values(Kind::connect, "icmp")) << "as in connect";
  EXPECT_EQ(values(Kind::edge_answer, "mark"), values(Kind::http, "edge_mark"))
      << "as http.edge_mark";
  EXPECT_THAT(values(Kind::target, "url"), IsEmpty());
  EXPECT_THAT(values(Kind::certificate, "verify_codes"), IsEmpty()) << "a list, not a text";
}

}  // namespace
}  // namespace causeway::app
