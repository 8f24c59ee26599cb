#include "net/own_state.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace causeway::net {
namespace {

TEST(TcpSocketsIn, AddsThoseInUseAndInTimeWait) {
  EXPECT_EQ(
      tcp_sockets_in("sockets: used 200\nTCP: inuse 5 orphan 1 tw 2 alloc 9 mem 3\nUDP: inuse 4\n"),
      7U);
  EXPECT_EQ(tcp_sockets_in("TCP: inuse 5\n"), 5U);
}

TEST(TcpSocketsIn, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(tcp_sockets_in(""));
  EXPECT_FALSE(tcp_sockets_in("TCP: inuse x\n"));
  EXPECT_FALSE(tcp_sockets_in("TCP6: inuse 5\n"));
  EXPECT_FALSE(tcp_sockets_in("TCP: orphan 1\n"));
}

TEST(PortsIn, CountsBothEnds) {
  EXPECT_EQ(ports_in("32768\t60999\n"), 28'232U);
  EXPECT_EQ(ports_in("5 5"), 1U);
  EXPECT_FALSE(ports_in("60999 32768"));
  EXPECT_FALSE(ports_in("1 65536"));
  EXPECT_FALSE(ports_in("1"));
  EXPECT_FALSE(ports_in("a b"));
}

TEST(OwnState, IsReadFromThisMachine) {
  const auto all = links();
  EXPECT_TRUE(std::ranges::any_of(all, &Link::loopback));
  const auto files = file_room();
  ASSERT_TRUE(files);
  EXPECT_GE(files->open, 3U);
  EXPECT_GT(files->limit, files->open);
  const auto ports = port_room();
  ASSERT_TRUE(ports);
  EXPECT_GT(ports->range, 0U);
}

}  // namespace
}  // namespace causeway::net
