// Texts as Debian 12 (kernel 6.x) prints them.
#include "inspect/proc_text.hpp"

#include <gmock/gmock.h>

namespace causeway::inspect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ProcTcp, ListenersAndHalfOpenConnections) {
  constexpr std::string_view kText =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000002 00:00000000 00000000     0        0 "
      "1581 1 00000000b4772c6e 100 0 0 10 0\n"
      "   1: 0A7100CB:01BB 0A6433C6:D431 03 00000000:00000000 01:00000063 00000000     0        0 "
      "0 "
      "1 0000000000000000\n";
  const auto all = parse_proc_tcp(kText, Family::ipv4);
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].local.text(), "127.0.0.1:8080");
  EXPECT_EQ(all[0].state, TcpSocket::State::listen);
  EXPECT_EQ(all[0].receive_queue, 2);
  EXPECT_EQ(all[0].inode, 1581U);
  EXPECT_EQ(all[1].local.text(), "203.0.113.10:443");
  EXPECT_EQ(all[1].remote.text(), "198.51.100.10:54321");
  EXPECT_EQ(all[1].state, TcpSocket::State::syn_received);
}

TEST(ProcTcp, Ipv6IsFourWordsOfTheMachinesOrder) {
  constexpr std::string_view kText =
      "   0: B80D0120000000000000000010000000:0050 00000000000000000000000000000000:0000 0A "
      "00000000:00000000 00:00000000 00000000     0        0 77 1 0000000000000000 100 0 0 10 0\n";
  const auto all = parse_proc_tcp(kText, Family::ipv6);
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].local.text(), "[2001:db8::10]:80");
}

TEST(ProcTcp, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(parse_proc_tcp("   0: zz00007F:1F90 x y z\n\n", Family::ipv4), IsEmpty());
}

TEST(Counters, NamesAndValuesOnTwoLines) {
  const auto all = parse_counters(
      "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 0 7 9\n"
      "IpExt: InNoRoutes\nIpExt: 3\nIp6OutNoRoutes                  \t5\n");
  EXPECT_EQ(all.at("TcpExt.ListenOverflows"), 7);
  EXPECT_EQ(all.at("TcpExt.ListenDrops"), 9);
  EXPECT_EQ(all.at("IpExt.InNoRoutes"), 3);
  EXPECT_EQ(all.at("Ip6OutNoRoutes"), 5);
}

TEST(Counters, ConntrackIsHexadecimalAndAProcessorALine) {
  const auto all = parse_conntrack_counters(
      "entries  clashres found new drop early_drop\n"
      "0000000a  00000000 00000000 00000000 00000010 00000001\n"
      "0000000a  00000000 00000000 00000000 00000002 00000000\n");
  EXPECT_EQ(all.at("entries"), 10);
  EXPECT_EQ(all.at("drop"), 18);
  EXPECT_EQ(all.at("early_drop"), 1);
}

TEST(Pressure, SomeAndFull) {
  const auto seen = parse_pressure(
      "some avg10=99.74 avg60=99.49 avg300=99.28 total=2863601572\n"
      "full avg10=1.50 avg60=0.00 avg300=0.00 total=0\n");
  ASSERT_TRUE(seen);
  EXPECT_DOUBLE_EQ(seen->some10, 99.74);
  EXPECT_DOUBLE_EQ(seen->full10, 1.5);
  EXPECT_FALSE(parse_pressure("nothing of the kind"));
}

TEST(Processes, WrittenAndReadAgain) {
  const Process one{.pid = 12,
                    .parent = 1,
                    .state = 'T',
                    .here = true,
                    .uid = 33,
                    .age_s = 90,
                    .files = 40,
                    .files_most = 40,
                    .memory_kb = 2048,
                    .unit = "nginx.service",
                    .sockets = {77, 78},
                    .name = "nginx",
                    .config = "/etc/nginx/nginx.conf"};
  EXPECT_THAT(parse_processes(write_process(one)), ElementsAre(one));
  EXPECT_THAT(parse_processes("12 1 S\nx y\n"), IsEmpty());
}

TEST(Disks, WrittenAndReadAgain) {
  const Disk one{"/var", "ext4", 1e9, 0, 1000, 0, true};
  EXPECT_THAT(parse_disks(write_disk(one)), ElementsAre(one));
}

TEST(Arrivals, WrittenAndReadAgain) {
  const Arrival one{IpAddress::parse("198.51.100.10").value(), 443, 3, 0, 0, 0, 0};
  EXPECT_THAT(parse_arrivals(write_arrival(one)), ElementsAre(one));
  EXPECT_THAT(parse_arrivals("198.51.100.10 443 -5 0 0 0 0\n"), SizeIs(1));
}

TEST(Neighbours, StateOfEach) {
  const auto all = parse_neighbours(
      R"([{"dst":"192.0.2.1","dev":"eth0","lladdr":"02:fc:00:00:00:05","state":["STALE"]},)"
      R"({"dst":"192.0.2.9","dev":"eth0","state":["FAILED"]},{"dst":1},{"dst":"x","state":[]}])");
  EXPECT_THAT(all, SizeIs(2));
  EXPECT_EQ(all.at(IpAddress::parse("192.0.2.9").value()), "FAILED");
  EXPECT_THAT(parse_neighbours("[["), IsEmpty());
}

}  // namespace
}  // namespace causeway::inspect
