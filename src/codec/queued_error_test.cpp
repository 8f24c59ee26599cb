#include "codec/queued_error.hpp"

#include <gtest/gtest.h>
#include <linux/errqueue.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace causeway::codec {
namespace {

std::vector<std::byte> entry(std::uint8_t origin, std::uint8_t type, std::uint8_t code,
                             const void* sender, std::size_t length) {
  sock_extended_err error{};
  error.ee_errno = EHOSTUNREACH;
  error.ee_origin = origin;
  error.ee_type = type;
  error.ee_code = code;
  std::vector<std::byte> out(sizeof error + length);
  std::memcpy(out.data(), &error, sizeof error);
  if (length > 0) std::memcpy(out.data() + sizeof error, sender, length);
  return out;
}

TEST(QueuedError, NamesTheSenderOfAnIcmpError) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(0xc0000201);
  const auto error = parse_queued_error(entry(SO_EE_ORIGIN_ICMP, 3, 1, &in, sizeof in));
  ASSERT_TRUE(error);
  EXPECT_FALSE(error->local);
  EXPECT_EQ(error->family, Family::ipv4);
  EXPECT_EQ(error->type, 3);
  EXPECT_EQ(error->code, 1);
  EXPECT_EQ(error->os_code, EHOSTUNREACH);
  EXPECT_EQ(error->sender->text(), "192.0.2.1");
}

TEST(QueuedError, ReadsIpv6Senders) {
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_addr = in6addr_loopback;
  const auto error = parse_queued_error(entry(SO_EE_ORIGIN_ICMP6, 1, 1, &in6, sizeof in6));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->family, Family::ipv6);
  EXPECT_EQ(error->sender->text(), "::1");
}

TEST(QueuedError, ACutSenderIsNoSender) {
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  const auto error = parse_queued_error(entry(SO_EE_ORIGIN_ICMP6, 1, 1, &in6, 12));
  ASSERT_TRUE(error);
  EXPECT_FALSE(error->sender);
}

TEST(QueuedError, OtherOriginsAndCutEntriesSayNothing) {
  EXPECT_FALSE(parse_queued_error(entry(SO_EE_ORIGIN_TIMESTAMPING, 0, 0, nullptr, 0)));
  EXPECT_FALSE(parse_queued_error(entry(SO_EE_ORIGIN_ZEROCOPY, 0, 0, nullptr, 0)));
  EXPECT_FALSE(parse_queued_error(std::array<std::byte, 7>{}));
  EXPECT_TRUE(parse_queued_error(entry(SO_EE_ORIGIN_LOCAL, 0, 0, nullptr, 0))->local);
}

}  // namespace
}  // namespace causeway::codec
