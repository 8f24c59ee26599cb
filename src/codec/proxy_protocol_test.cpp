#include "codec/proxy_protocol.hpp"

#include <gtest/gtest.h>

namespace causeway::codec {
namespace {

using State = ProxyHeader::State;

TEST(ProxyProtocol, WhatIsWrittenIsRead) {
  const auto v4 = Endpoint::parse("203.0.113.7:4711", 0).value();
  const auto v4_here = Endpoint::parse("198.51.100.1:443", 0).value();
  const auto v6 = Endpoint::parse("[2001:db8::7]:4711", 0).value();
  const auto v6_here = Endpoint::parse("[2001:db8::1]:443", 0).value();
  for (const int version : {1, 2}) {
    for (const auto& [source, here] : {std::pair{v4, v4_here}, std::pair{v6, v6_here}}) {
      const std::string text = write_proxy_header(version, source, here);
      for (std::size_t n = 0; n < text.size(); ++n) {
        EXPECT_EQ(read_proxy_header(std::string_view{text}.substr(0, n)).state, State::more) << n;
      }
      const auto got = read_proxy_header(text + "GET / HTTP/1.1\r\n");
      ASSERT_EQ(got.state, State::complete);
      EXPECT_EQ(got.taken, text.size());
      EXPECT_EQ(got.source, source);
      EXPECT_EQ(got.destination, here);
    }
  }
}

TEST(ProxyProtocol, KnowsTheSpecificationsExample) {
  const auto got = read_proxy_header("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n");
  ASSERT_EQ(got.state, State::complete);
  EXPECT_EQ(got.source->text(), "192.168.0.1:56324");
}

TEST(ProxyProtocol, AnUnknownSourceIsTheSenderItself) {
  const auto got =
      read_proxy_header("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n");
  EXPECT_EQ(got.state, State::complete);
  EXPECT_FALSE(got.source);
  EXPECT_FALSE(read_proxy_header(write_proxy_header(2, {}, {})).source);
}

TEST(ProxyProtocol, RefusesWhatIsNotOne) {
  using std::literals::string_literals::operator""s;
  const std::string signature{"\r\n\r\n\0\r\nQUIT\n", 12};
  for (const auto& text :
       {"GET / HTTP/1.1\r\n"s, "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"s,
        "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n"s, "PROXY TCP9 1.2.3.4 5.6.7.8 1 2\r\n"s,
        "PROXY TCP4 1.2.3.4 5.6.7.8 0 2\r\n"s, "PROXY "s + std::string(120, 'x'),
        signature + "\x11\x11\x00\x0c............"s, signature + "\x21\x11\x00\x02..\x00\x00"s,
        signature + "\x21\x11\xff\xff"s}) {
    EXPECT_EQ(read_proxy_header(text).state, State::broken) << text;
  }
}

}  // namespace
}  // namespace causeway::codec
