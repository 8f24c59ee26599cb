#include "codec/icmp.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <vector>

namespace causeway::codec {
namespace {

TEST(IcmpName, FollowsRfc792AndRfc1812) {
  const std::array<std::string_view, 16> names{
      "net-unreachable",      "host-unreachable",    "protocol-unreachable", "port-unreachable",
      "fragmentation-needed", "source-route-failed", "net-unreachable",      "host-unreachable",
      "host-unreachable",     "net-prohibited",      "host-prohibited",      "net-unreachable",
      "host-unreachable",     "admin-prohibited",    "precedence",           "precedence"};
  for (std::uint8_t code = 0; code < names.size(); ++code) {
    EXPECT_EQ(icmp_name(Family::ipv4, 3, code), names.at(code)) << int{code};
  }
  EXPECT_EQ(icmp_name(Family::ipv4, 11, 0), "ttl-exceeded");
  EXPECT_EQ(icmp_name(Family::ipv4, 12, 1), "parameter-problem");
}

TEST(IcmpName, FollowsRfc4443) {
  const std::array<std::string_view, 7> names{
      "no-route",         "admin-prohibited", "beyond-scope", "address-unreachable",
      "port-unreachable", "policy-failed",    "reject-route"};
  for (std::uint8_t code = 0; code < names.size(); ++code) {
    EXPECT_EQ(icmp_name(Family::ipv6, 1, code), names.at(code)) << int{code};
  }
  EXPECT_EQ(icmp_name(Family::ipv6, 2, 0), "packet-too-big");
  EXPECT_EQ(icmp_name(Family::ipv6, 3, 0), "ttl-exceeded");
  EXPECT_EQ(icmp_name(Family::ipv6, 4, 2), "parameter-problem");
}

TEST(IcmpName, KeepsTheFamiliesApartAndCallsTheRestOther) {
  EXPECT_EQ(icmp_name(Family::ipv6, 3, 1), "other");  // reassembly time
  EXPECT_EQ(icmp_name(Family::ipv4, 11, 1), "other");
  EXPECT_EQ(icmp_name(Family::ipv4, 3, 16), "other");
  EXPECT_EQ(icmp_name(Family::ipv4, 1, 0), "other");
  EXPECT_EQ(icmp_name(Family::ipv6, 1, 7), "other");
  EXPECT_EQ(icmp_name(Family::ipv4, 255, 255), "other");
}

TEST(Echo, RequestHasAChecksumThatSumsToZero) {
  const auto message = echo_request(Family::ipv4, {0x1234, 0xffff}, 9);
  ASSERT_EQ(message.size(), 17U);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < message.size(); ++i) {
    const auto byte = std::to_integer<std::uint32_t>(message[i]);
    sum += i % 2 == 0 ? byte << 8U : byte;
  }
  while (sum >> 16U != 0) sum = (sum & 0xffffU) + (sum >> 16U);
  EXPECT_EQ(sum, 0xffffU);
  EXPECT_EQ(message[0], std::byte{8});
}

TEST(Echo, RepliesAreTakenAndOthersAreNot) {
  auto reply = echo_request(Family::ipv4, {7, 2}, 4);
  EXPECT_FALSE(parse_echo_reply(Family::ipv4, reply));  // still a request
  reply[0] = std::byte{0};
  const auto echo = parse_echo_reply(Family::ipv4, reply);
  ASSERT_TRUE(echo);
  EXPECT_EQ(echo->id, 7);
  EXPECT_EQ(echo->sequence, 2);
  EXPECT_FALSE(parse_echo_reply(Family::ipv6, reply));
  reply.resize(7);
  EXPECT_FALSE(parse_echo_reply(Family::ipv4, reply));
  auto v6 = echo_request(Family::ipv6, {7, 2}, 0);
  EXPECT_EQ(v6[0], std::byte{128});
  v6[0] = std::byte{129};
  EXPECT_TRUE(parse_echo_reply(Family::ipv6, v6));
}

TEST(Ipv4Header, IsTakenOffByItsOwnLength) {
  std::vector<std::byte> packet(30);
  packet[0] = std::byte{0x46};  // six words: one option
  EXPECT_EQ(without_ipv4_header(packet).size(), 6U);
  packet[0] = std::byte{0x41};  // shorter than a header can be
  EXPECT_TRUE(without_ipv4_header(packet).empty());
  packet[0] = std::byte{0x4f};  // longer than the packet
  EXPECT_TRUE(without_ipv4_header(packet).empty());
  EXPECT_TRUE(without_ipv4_header({}).empty());
}

}  // namespace
}  // namespace causeway::codec
