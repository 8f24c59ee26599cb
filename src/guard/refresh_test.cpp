#include "guard/refresh.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::guard {
namespace {

using testing::HasSubstr;

TEST(Refresh, ReadsTheApisAnswer) {
  const auto published = parse_cloudflare_ips(
      R"({"result":{"ipv4_cidrs":["198.51.100.0/24"],"ipv6_cidrs":["2001:db8::/32"],"etag":"abc"},)"
      R"("success":true,"errors":[],"messages":[]})");
  ASSERT_TRUE(published) << published.error().text;
  EXPECT_EQ(published->etag, "abc");
  EXPECT_EQ(published->ranges.name, "cloudflare");
  ASSERT_EQ(published->ranges.prefixes.size(), 2U);
  EXPECT_EQ(published->ranges.prefixes[1].text(), "2001:db8::/32");
}

TEST(Refresh, RefusesWhatWouldHarm) {
  const auto why = [](std::string_view text) {
    const auto published = parse_cloudflare_ips(text);
    return published ? std::string{"taken"} : published.error().text;
  };
  EXPECT_THAT(why("<html>"), HasSubstr("no \"result\""));
  EXPECT_THAT(why("[]"), HasSubstr("no \"result\""));
  EXPECT_THAT(why(R"({"result":{"ipv4_cidrs":["198.51.100.0/24"]}})"), HasSubstr("ipv6_cidrs"));
  EXPECT_THAT(why(R"({"result":{"ipv4_cidrs":[],"ipv6_cidrs":["2001:db8::/32"]}})"),
              HasSubstr("ipv4_cidrs"));
  EXPECT_THAT(why(R"({"result":{"ipv4_cidrs":["0.0.0.0/0"],"ipv6_cidrs":["2001:db8::/32"]}})"),
              HasSubstr("wider than any edge's: 0.0.0.0/0"));
  EXPECT_THAT(why(R"({"result":{"ipv4_cidrs":["2001:db8::/32"],"ipv6_cidrs":["2001:db8::/32"]}})"),
              HasSubstr("no range"));
  EXPECT_THAT(why(R"({"result":{"ipv4_cidrs":[7],"ipv6_cidrs":["2001:db8::/32"]}})"),
              HasSubstr("something else"));
}

}  // namespace
}  // namespace causeway::guard
