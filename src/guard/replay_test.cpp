#include "guard/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "guard/replay_setup.hpp"
#include "guard/replay_wire.hpp"
#include "inspect/ruleset_dumps.hpp"

namespace causeway::guard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

firewall::Dumps small_host() {
  return {
      {"addr.json",
       R"([{"ifindex":2,"ifname":"eth0","flags":["UP"],"link_type":"ether","operstate":"UP",)"
       R"("addr_info":[{"family":"inet","local":"198.51.100.10","prefixlen":24,"scope":"global"},)"
       R"({"family":"inet6","local":"2001:db8::10","prefixlen":64,"scope":"global"}]}])"},
      {"route4.json", R"([{"dst":"default","gateway":"198.51.100.1","dev":"eth0"},)"
                      R"({"type":"blackhole","dst":"172.64.0.0/13"},)"
                      R"({"type":"local","dst":"198.51.100.10","dev":"eth0","table":"local"}])"},
      {"rule4.json", R"([{"priority":0,"src":"all","table":"local"},)"
                     R"({"priority":100,"src":"all","fwmark":"0x1","table":"7"},)"
                     R"({"priority":32766,"src":"all","table":"main"}])"},
      {"rule6.json", R"([{"priority":0,"src":"all","table":"local"},)"
                     R"({"priority":32766,"src":"all","table":"main"}])"},
      {"sysctl.txt",
       "net.ipv4.conf.eth0.rp_filter = 1\nnet.ipv4.conf.eth0/5.rp_filter = 2\n"
       "kernel.hostname = x\n"},
      {"iptables-legacy-save.txt",
       "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n"},
      {"sockets.txt", "LISTEN 0 511 0.0.0.0:443 0.0.0.0:*\n"},
  };
}

std::vector<std::string> lines_of(const ReplaySetup& setup) {
  std::vector<std::string> out;
  out.reserve(setup.programs.size());
  for (const auto& program : setup.programs) out.push_back(join(program.words, " "));
  return out;
}

TEST(ReplaySetup, MakesTheHostInOrder) {
  const auto dumps = small_host();
  const auto setup = replay_setup(dumps, firewall::load(dumps));
  EXPECT_THAT(setup.devices, ElementsAre("eth0"));
  EXPECT_THAT(
      lines_of(setup),
      ElementsAre("ip addr add 198.51.100.10/24 dev eth0",
                  "ip addr add 2001:db8::10/64 dev eth0 nodad",
                  "ip -4 route replace 0.0.0.0/0 via 198.51.100.1 dev eth0 onlink table main",
                  "ip -4 route replace blackhole 172.64.0.0/13 table main",
                  "ip -4 rule add from all fwmark 0x1/0xffffffff pref 100 lookup 7",
                  "iptables-legacy-restore"));
  EXPECT_THAT(setup.sysctls, ElementsAre(testing::Pair("net/ipv4/conf/eth0/rp_filter", "1"),
                                         testing::Pair("net/ipv4/conf/eth0.5/rp_filter", "2")));
}

TEST(ReplaySetup, ListingsAreMadeLoadable) {
  auto dumps = small_host();
  dumps["nft.json"] =
      R"({"nftables":[{"metainfo":{"version":"1.0.6"}},{"table":{"family":"ip","name":"filter","handle":1}},)"
      R"({"chain":{"family":"ip","table":"filter","name":"INPUT","handle":1,"type":"filter","hook":"input","prio":0,"policy":"drop"}},)"
      R"({"table":{"family":"netdev","name":"n","handle":2}},)"
      R"({"chain":{"family":"netdev","table":"n","name":"i","handle":1,"type":"filter","hook":"ingress","prio":0,"policy":"accept"}},)"
      R"({"rule":{"family":"netdev","table":"n","chain":"i","handle":4,"expr":[{"xt":{"type":"match","name":"set"}},{"drop":null}]}},)"
      R"({"rule":{"family":"netdev","table":"n","chain":"i","handle":5,"expr":[{"drop":null}]}}]})";
  std::vector<std::string> left_out;
  const auto text = loadable_nft(dumps["nft.json"], "", firewall::load(dumps), left_out);
  EXPECT_THAT(text, testing::Not(HasSubstr("handle")));
  EXPECT_THAT(text, testing::Not(HasSubstr("INPUT")));
  EXPECT_THAT(text, HasSubstr(R"("dev":"eth0")"));
  EXPECT_EQ(nlohmann::json::parse(text)["nftables"].size(), 3U);
  EXPECT_THAT(left_out, ElementsAre(HasSubstr("a match of iptables")));
  EXPECT_EQ(loadable_nft("[]", "", firewall::load(dumps), left_out), "{}");
  // Of a folder that is anybody's: other types than nft writes.
  loadable_nft(
      R"({"nftables":[{"rule":{"family":7,"table":[],"handle":"x","expr":[{"reject":{"type":1}}]}},
                   {"chain":{"hook":{},"name":3}},{"set":{"family":null,"elem":[1]}}]})",
      "", firewall::load(dumps), left_out);
}

TEST(ReplaySetup, AFamilyThatIsNotListedIsAskedForAgain) {
  auto dumps = small_host();
  const std::string listing =
      R"({"nftables":[{"table":{"family":"inet","name":"t","handle":1}},)"
      R"({"chain":{"family":"inet","table":"t","name":"a","handle":1,"type":"filter","hook":"input","prio":0,"policy":"accept"}},)"
      R"({"rule":{"family":"inet","table":"t","chain":"a","handle":3,"expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":80}},{"reject":{"type":"tcp reset"}}]}}]})";
  std::vector<std::string> left_out;
  const auto text = loadable_nft(
      listing, "inet t a 3 2\n  [ meta load nfproto => reg 1 ]\n  [ cmp eq reg 1 0x0000000a ]\n",
      firewall::load(dumps), left_out);
  const auto rule = nlohmann::json::parse(text)["nftables"][2]["rule"]["expr"];
  ASSERT_EQ(rule.size(), 3U);
  EXPECT_EQ(rule[0]["match"]["left"]["meta"]["key"], "nfproto");
  EXPECT_EQ(rule[0]["match"]["right"], "ipv6");
}

// What the kernel has of these two is in the traps 46 and 49.
TEST(ReplaySetup, WhatTheListingDoesNotTellIsLeftOutOrAskedForAgain) {
  std::vector<std::string> left_out;
  const auto replayed = [&](const char* ruleset) {
    const auto dumps =
        inspect::read_dumps(std::string{"test/rulesets/"} + ruleset + "/dump").value();
    return loadable_nft(dumps.at("nft.json"), dumps.at("nft-bytecode.txt"), firewall::load(dumps),
                        left_out);
  };
  replayed("trap-46-two-comparisons-listed-as-one-range");
  EXPECT_THAT(left_out, testing::AllOf(testing::Not(testing::IsEmpty()),
                                       testing::Each(HasSubstr("two comparisons as one range"))));
  left_out.clear();
  const auto never = replayed("trap-49-a-rule-for-one-family-and-the-other-meets-nobody");
  EXPECT_THAT(left_out, testing::IsEmpty());
  EXPECT_THAT(never, HasSubstr(R"("right":"ipv4")"));
  EXPECT_THAT(never, HasSubstr(R"("right":"ipv6")"));
}

TEST(ReplayWire, AFrameIsReadAsItWasWritten) {
  for (const auto& [source, target] :
       {std::pair{"104.16.0.1", "198.51.100.10"}, std::pair{"2606:4700::1", "2001:db8::10"}}) {
    const Segment sent{IpAddress::parse(source).value(),
                       IpAddress::parse(target).value(),
                       20001,
                       443,
                       kTcpSyn,
                       1000,
                       7,
                       {}};
    const auto frame = frame_of(sent);
    const auto got = read_frame(frame);
    ASSERT_TRUE(got);
    EXPECT_FALSE(got->icmp);
    EXPECT_EQ(got->segment.source, sent.source);
    EXPECT_EQ(got->segment.target, sent.target);
    EXPECT_EQ(got->segment.source_port, 20001);
    EXPECT_EQ(got->segment.target_port, 443);
    EXPECT_EQ(got->segment.flags, kTcpSyn);
    EXPECT_EQ(got->segment.sequence, 1000U);
    EXPECT_EQ(got->segment.acknowledged, 7U);
    for (std::size_t size = 0; size < frame.size(); ++size) {
      read_frame({frame.data(), size});  // cut anywhere, it is only read as far as it goes
    }
  }
}

TEST(Replay, ForwardedIsAsGoodAsAccepted) {
  EXPECT_TRUE(agree("accept", "accept"));
  EXPECT_TRUE(agree("half", "forwarded"));
  EXPECT_FALSE(agree("drop", "forwarded"));
  EXPECT_FALSE(agree("accept", "half"));
}

}  // namespace
}  // namespace causeway::guard
