// A full table of connections: measured with 200 of 200 new connections dropped before any rule,
// and 200 of 200 taken on a port that is not tracked. A dump does not tell whether the kernel can
// still evict others, so a tracked port is "may", and an untracked one is certain.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "firewall/load.hpp"
#include "firewall/proof.hpp"

namespace causeway::firewall {
namespace {

constexpr const char* kRules =
    "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "[0:0] -A PREROUTING -p tcp -m tcp --dport 8443 -j NOTRACK\n"
    "[0:0] -A OUTPUT -p tcp -m tcp --sport 8443 -j NOTRACK\nCOMMIT\n"
    "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "[0:0] -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
    "[0:0] -A INPUT -p tcp -m multiport --dports 443,8443 -j ACCEPT\nCOMMIT\n";

Proof prove_with(int count) {
  Dumps dumps;
  const std::filesystem::path host{"test/rulesets/trap-25-nat-chain-with-tracking-runs/dump"};
  for (const char* name :
       {"addr.json", "route4.json", "route6.json", "rule4.json", "rule6.json", "sockets.txt"}) {
    std::ifstream in{host / name};
    std::stringstream text;
    text << in.rdbuf();
    dumps[name] = text.str();
  }
  dumps["iptables-legacy-save.txt"] = kRules;
  dumps["sysctl.txt"] = fmt::format(
      "net.netfilter.nf_conntrack_count = {}\nnet.netfilter.nf_conntrack_max = 1000\n", count);
  ProofRequest request;
  request.edge = model::cloudflare_ranges();
  request.ports = {443, 8443};
  const auto edge = IpAddress::parse("104.16.0.1").value();
  request.samples = {{edge, 443}, {edge, 8443}};
  return prove(load(std::move(dumps)), request);
}

TEST(FullTable, RoomIsLeft) {
  const auto proof = prove_with(999);
  EXPECT_EQ(proof.samples[0].verdict, "accept");
  EXPECT_EQ(proof.samples[1].verdict, "accept");
}

TEST(FullTable, NewConnectionsMayBeDroppedUnlessTheyAreNotTracked) {
  const auto proof = prove_with(1000);
  EXPECT_EQ(proof.samples[0].verdict, "unknown");
  EXPECT_EQ(proof.samples[1].verdict, "accept");
  EXPECT_THAT(to_json(proof), testing::HasSubstr("the table of connections is full (1000)"));
  EXPECT_FALSE(proof.all_open());
}

}  // namespace
}  // namespace causeway::firewall
