#include "reach/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::reach {
namespace {

using testing::ElementsAre;

TEST(Registry, SaysWhenItEnds) {
  const auto seen = read_rdap(R"({"objectClassName":"domain","events":[{"eventAction":"expiration",
      "eventDate":"2026-12-01T00:00:00Z"},
      {"eventAction":"registration","eventDate":"1999-12-01T00:00:00Z"}],"status":["client hold"]})",
                              "https://rdap.test");
  ASSERT_TRUE(seen);
  EXPECT_EQ(rfc3339(*seen->expires), "2026-12-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(*seen->registered), "1999-12-01T00:00:00.000Z");
  EXPECT_THAT(seen->status, ElementsAre("client hold"));
  EXPECT_FALSE(read_rdap("[]", ""));
  EXPECT_FALSE(read_rdap(R"({"objectClassName":"domain","events":[1]})", ""));
}

TEST(Registry, SomeStatusesTakeADomainOutOfDns) {
  for (const char* held : {"client hold", "serverHold", "inactive", "redemption period"}) {
    EXPECT_TRUE(holds_back(held)) << held;
  }
  for (const char* fine : {"active", "client transfer prohibited", "auto renew period"}) {
    EXPECT_FALSE(holds_back(fine)) << fine;
  }
}

}  // namespace
}  // namespace causeway::reach
