#include "console/visitor.hpp"

#include <gtest/gtest.h>

namespace causeway::console {
namespace {

TEST(Visitors, AreWhomTrustedProxiesName) {
  const std::vector<Prefix> trusted{*Prefix::parse("127.0.0.1"), *Prefix::parse("10.0.0.0/8")};
  const auto who = [&](const char* peer, const std::vector<codec::HeaderField>& fields) {
    net::HttpRequest request;
    request.peer = {*IpAddress::parse(peer), 1};
    request.fields = fields;
    return visitor_of(trusted, request).address.text();
  };
  EXPECT_EQ(who("192.0.2.1", {{"x-forwarded-for", "198.51.100.1"}}), "192.0.2.1");
  EXPECT_EQ(who("127.0.0.1", {}), "127.0.0.1");
  EXPECT_EQ(who("127.0.0.1", {{"X-Forwarded-For", "1.2.3.4, 198.51.100.1, 10.0.0.2"}}),
            "198.51.100.1");
  EXPECT_EQ(who("127.0.0.1", {{"x-forwarded-for", "1.2.3.4"}, {"x-forwarded-for", "10.0.0.2"}}),
            "1.2.3.4");
  EXPECT_EQ(who("127.0.0.1", {{"x-forwarded-for", "unknown, 10.0.0.2"}}), "10.0.0.2");
  EXPECT_EQ(who("127.0.0.1", {{"x-forwarded-for", "[2001:db8::1]:4711"}}), "2001:db8::1");
  EXPECT_EQ(limit_key(*IpAddress::parse("2001:db8:1:2:3::4")), "2001:db8:1:2::/64");
  EXPECT_EQ(limit_key(*IpAddress::parse("192.0.2.1")), "192.0.2.1");
}

}  // namespace
}  // namespace causeway::console
