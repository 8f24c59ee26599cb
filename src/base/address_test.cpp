#include "base/address.hpp"

#include <gtest/gtest.h>

namespace causeway {
namespace {

TEST(Address, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(IpAddress::parse("203.0.113.10")->text(), "203.0.113.10");
  EXPECT_EQ(IpAddress::parse("2001:DB8:0:0::1")->text(), "2001:db8::1");
  EXPECT_FALSE(IpAddress::parse("203.0.113.256"));
  EXPECT_FALSE(IpAddress::parse(""));
  EXPECT_FALSE(IpAddress::parse("[::1]"));
  EXPECT_FALSE(IpAddress::parse(std::string(100, '1')));
}

TEST(Address, ClassesFollowTheRegistries) {
  const auto class_of = [](const char* text) { return classify(*IpAddress::parse(text)); };
  EXPECT_EQ(class_of("172.64.0.1"), AddressClass::global);  // Cloudflare, not RFC 1918
  EXPECT_EQ(class_of("172.31.0.1"), AddressClass::private_use);
  EXPECT_EQ(class_of("100.64.0.1"), AddressClass::shared);
  EXPECT_EQ(class_of("203.0.113.1"), AddressClass::documentation);
  EXPECT_EQ(class_of("100::1"), AddressClass::reserved);
  EXPECT_EQ(class_of("::1"), AddressClass::loopback);
  EXPECT_EQ(class_of("2606:4700::1"), AddressClass::global);
}

TEST(Address, TranslatedAddressesAreWhatTheyReach) {
  const auto class_of = [](const char* text) { return classify(*IpAddress::parse(text)); };
  EXPECT_EQ(class_of("64:ff9b::127.0.0.1"), AddressClass::loopback);
  EXPECT_EQ(class_of("64:ff9b::10.1.2.3"), AddressClass::private_use);
  EXPECT_EQ(class_of("64:ff9b::8.8.8.8"), AddressClass::global);
  EXPECT_EQ(class_of("64:ff9b:1::8.8.8.8"), AddressClass::private_use);
  EXPECT_EQ(class_of("2002:7f00:1::1"), AddressClass::loopback);
  EXPECT_EQ(class_of("2002:a9fe:a9fe::1"), AddressClass::link_local);
  EXPECT_EQ(class_of("2002:808:808::1"), AddressClass::global);
}

TEST(Prefix, ContainsOnlyItsOwnFamilyAndBits) {
  const auto prefix = *Prefix::parse("198.51.100.17/20");
  EXPECT_EQ(prefix.text(), "198.51.96.0/20");
  EXPECT_TRUE(prefix.contains(*IpAddress::parse("198.51.111.255")));
  EXPECT_FALSE(prefix.contains(*IpAddress::parse("198.51.112.0")));
  EXPECT_FALSE(Prefix::parse("::/0")->contains(*IpAddress::parse("1.2.3.4")));
  EXPECT_TRUE(Prefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("1.2.3.4")));
  EXPECT_FALSE(Prefix::parse("1.2.3.4/33"));
  EXPECT_FALSE(Prefix::parse("1.2.3.4/"));
}

TEST(Endpoint, TakesWhatPeopleWrite) {
  EXPECT_EQ(Endpoint::parse("203.0.113.10", 443)->text(), "203.0.113.10:443");
  EXPECT_EQ(Endpoint::parse("203.0.113.10:8443", 443)->text(), "203.0.113.10:8443");
  EXPECT_EQ(Endpoint::parse("2001:db8::1", 443)->text(), "[2001:db8::1]:443");
  EXPECT_EQ(Endpoint::parse("[2001:db8::1]:80", 443)->text(), "[2001:db8::1]:80");
  EXPECT_FALSE(Endpoint::parse("203.0.113.10:0", 443));
  EXPECT_FALSE(Endpoint::parse("[2001:db8::1", 443));
  EXPECT_FALSE(Endpoint::parse("host:80", 443));
}

}  // namespace
}  // namespace causeway
