#include "model/target_url.hpp"

#include <gmock/gmock.h>

namespace causeway::model {
namespace {

using ::testing::HasSubstr;

std::string url(std::string_view text) {
  const auto target = parse_target(text);
  return target ? target->url : "refused: " + target.error().text;
}

TEST(TargetUrl, ReadsUrls) {
  const auto target = parse_target("HTTPS://WWW.Example.NET:8443/a/b?c=d#e").value();
  EXPECT_EQ(target.scheme, "https");
  EXPECT_EQ(target.host, "www.example.net");
  EXPECT_EQ(target.port, 8443);
  EXPECT_EQ(target.path, "/a/b?c=d");
  EXPECT_EQ(target.url, "https://www.example.net:8443/a/b?c=d");
  EXPECT_EQ(url("http://example.net:80"), "http://example.net/");
  EXPECT_EQ(url("http://example.net?x"), "http://example.net/?x");
  EXPECT_EQ(url("https://example.net./"), "https://example.net/");
}

TEST(TargetUrl, AHostAloneIsHttps) {
  EXPECT_EQ(url("example.net"), "https://example.net/");
  EXPECT_EQ(url("example.net:8443/x"), "https://example.net:8443/x");
  EXPECT_EQ(url("example.net:80"), "http://example.net/");
  EXPECT_EQ(url("example.net/?u=http://other/"), "https://example.net/?u=http://other/");
  EXPECT_EQ(url("localhost"), "https://localhost/");
  EXPECT_EQ(url("my_host.example"), "https://my_host.example/");
}

TEST(TargetUrl, ReadsAddresses) {
  EXPECT_EQ(url("192.0.2.1"), "https://192.0.2.1/");
  EXPECT_EQ(url("http://[2001:DB8::1]:8080/"), "http://[2001:db8::1]:8080/");
  EXPECT_EQ(url("2001:db8::1"), "https://[2001:db8::1]/");
  EXPECT_EQ(parse_target("2001:db8::1").value().host, "2001:db8::1");
}

TEST(TargetUrl, EncodesBytesBeyondAscii) {
  EXPECT_EQ(url("example.net/é"), "https://example.net/%C3%A9");
}

TEST(TargetUrl, RefusesWithWhatIsExpected) {
  EXPECT_THAT(url(""), HasSubstr("the host is missing; expected a URL like"));
  EXPECT_THAT(url("https:///x"), HasSubstr("the host is missing"));
  EXPECT_THAT(url("ftp://example.net/"),
              HasSubstr("'ftp' is not diagnosed; expected http or https"));
  EXPECT_THAT(url("https://user:pass@example.net/"), HasSubstr("user name or password"));
  EXPECT_THAT(url("https://example.net:/"), HasSubstr("refused"));
  EXPECT_THAT(url("https://example.net:0/"), HasSubstr("refused"));
  EXPECT_THAT(url("https://example.net:65536/"), HasSubstr("65536"));
  EXPECT_THAT(url("https://example.net:443x/"), HasSubstr("refused"));
  EXPECT_THAT(url("https://exa mple.net/"), HasSubstr("the host name holds ' '"));
  EXPECT_THAT(url("https://example..net/"), HasSubstr("empty label"));
  EXPECT_THAT(url("https://bücher.example/"), HasSubstr("xn--"));
  EXPECT_THAT(url("https://300.1.2.3/"), HasSubstr("'300.1.2.3' is not an IPv4 address"));
  EXPECT_THAT(url("https://1.2.3/"), HasSubstr("not an IPv4 address"));
  EXPECT_THAT(url("https://[2001:db8::1/"), HasSubstr("'[' is not closed"));
  EXPECT_THAT(url("https://[192.0.2.1]/"), HasSubstr("not an IPv6 address"));
  EXPECT_THAT(url("https://[fe80::1%25eth0]/"), HasSubstr("zone"));
  EXPECT_THAT(url("https://[::1]x/"), HasSubstr("follows the address"));
  EXPECT_THAT(url("https://example.net/a b"), HasSubstr("%20"));
  EXPECT_THAT(url(std::string("https://example.net/\x01")), HasSubstr("%01"));
  EXPECT_THAT(url("https://" + std::string(64, 'a') + ".example/"), HasSubstr("63 characters"));
  EXPECT_THAT(url(std::string(300, 'a')), HasSubstr("253 characters"));
  EXPECT_THAT(url(std::string(20'000, '/')), HasSubstr("16 KB"));
}

}  // namespace
}  // namespace causeway::model
