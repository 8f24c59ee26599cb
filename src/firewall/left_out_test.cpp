// What a dump does not settle or the proof does not simulate: said, and never certain.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "firewall/load.hpp"
#include "firewall/neighbours.hpp"
#include "firewall/proof.hpp"

namespace causeway::firewall {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAddresses =
    R"([{"ifindex":2,"ifname":"eth0","flags":["UP"],"link_type":"ether","operstate":"UP",)"
    R"("addr_info":[{"family":"inet","local":"198.51.100.10","prefixlen":24,"scope":"global"},)"
    R"({"family":"inet6","local":"2001:db8::10","prefixlen":64,"scope":"global"}]}])";
constexpr const char* kOnBridge =
    R"([{"ifindex":2,"ifname":"eth0","flags":["UP"],"link_type":"ether","operstate":"UP",)"
    R"("master":"br0","addr_info":[]},)"
    R"({"ifindex":3,"ifname":"br0","flags":["UP"],"link_type":"ether","operstate":"UP",)"
    R"("addr_info":[{"family":"inet","local":"198.51.100.10","prefixlen":24,"scope":"global"}]}])";

Collection host(std::string addresses, std::string_view rules, Dumps more = {}) {
  const std::string device = addresses.contains("br0") ? "br0" : "eth0";
  Dumps dumps{
      {"addr.json", std::move(addresses)},
      {"route4.json",
       fmt::format(R"([{{"dst":"default","gateway":"198.51.100.1","dev":"{0}"}},)"
                   R"({{"type":"local","dst":"198.51.100.10","dev":"{0}","table":"local"}}])",
                   device)},
      {"route6.json",
       fmt::format(R"([{{"dst":"default","gateway":"fe80::1","dev":"{0}"}},)"
                   R"({{"type":"local","dst":"2001:db8::10","dev":"{0}","table":"local"}}])",
                   device)},
      {"sockets.txt", "LISTEN 0 511 0.0.0.0:443 0.0.0.0:*\nLISTEN 0 511 [::]:443 [::]:*\n"},
      {"nft.json", fmt::format(R"({{"nftables":[{}]}})", rules)},
  };
  more.merge(dumps);
  auto out = load(std::move(more));
  EXPECT_THAT(out.unreadable, testing::IsEmpty());
  return out;
}

Proof proof_of(const Collection& collection) {
  ProofRequest request;
  request.edge.name = "test";
  request.edge.prefixes = {Prefix::parse("104.16.0.0/13").value(),
                           Prefix::parse("2606:4700::/32").value()};
  request.ports = {443};
  return prove(collection, request);
}

// One base chain of `family` with these rules' expressions.
std::string chain(std::string_view family, std::string_view hook, std::string_view policy,
                  const std::vector<std::string>& rules) {
  std::string out = fmt::format(
      R"({{"table":{{"family":"{0}","name":"t","handle":1}}}},)"
      R"({{"chain":{{"family":"{0}","table":"t","name":"c","handle":1,"type":"filter","hook":"{1}",)"
      R"("prio":0,"policy":"{2}"}}}})",
      family, hook, policy);
  int handle = 2;
  for (const auto& rule : rules) {
    out += fmt::format(
        R"(,{{"rule":{{"family":"{}","table":"t","chain":"c","handle":{},"expr":[{}]}}}})", family,
        handle++, rule);
  }
  return out;
}

constexpr const char* kWeb =
    R"({"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":443}},)"
    R"({"accept":null})";
constexpr const char* kOpen =
    R"({"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},)"
    R"({"accept":null})";

std::string quota(int used) {
  return fmt::format(
      R"({{"quota":{{"val":9000,"val_unit":"bytes","inv":true,"used":{},"used_unit":"bytes"}}}},)"
      R"({{"drop":null}})",
      used);
}

TEST(LeftOut, AQuotaIsFreshUsedUpOrMayBe) {
  const auto at = [](int used) {
    return proof_of(host(kAddresses, chain("inet", "input", "accept", {quota(used)})));
  };
  EXPECT_TRUE(at(0).all_open());
  EXPECT_TRUE(at(9000).some_stopped());
  const auto nearly = at(8000);
  EXPECT_FALSE(nearly.all_open());
  EXPECT_FALSE(nearly.some_stopped());
  ASSERT_FALSE(at(0).limits.empty());
  EXPECT_FALSE(at(0).limits.front().refills);
}

TEST(LeftOut, WhatASynproxyAnswersIsNotKnown) {
  const auto proof = proof_of(host(
      kAddresses,
      chain(
          "ip", "input", "accept",
          {R"({"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["invalid","untracked"]}},)"
           R"({"synproxy":{"mss":1460,"wscale":7}})",
           R"({"match":{"op":"in","left":{"ct":{"key":"state"}},"right":"invalid"}},{"drop":null})"}) +
          "," +
          R"({"table":{"family":"ip","name":"r","handle":2}},{"chain":{"family":"ip","table":"r",)"
          R"("name":"p","handle":1,"type":"filter","hook":"prerouting","prio":-300,"policy":"accept"}},)"
          R"({"rule":{"family":"ip","table":"r","chain":"p","handle":2,"expr":[{"notrack":null}]}})"));
  EXPECT_FALSE(proof.all_open());
  EXPECT_FALSE(proof.some_stopped());
  EXPECT_THAT(proof.rows.front().causes.front().doubts, Contains(HasSubstr("SYNPROXY")));
}

TEST(LeftOut, ABridgeTableMattersWhereTheHostIsOnTheBridge) {
  const auto rules = chain("bridge", "input", "accept", {R"({"drop":null})"});
  EXPECT_TRUE(proof_of(host(kAddresses, rules)).all_open());
  const auto proof = proof_of(host(kOnBridge, rules));
  EXPECT_FALSE(proof.all_open());
  EXPECT_FALSE(proof.some_stopped());
  EXPECT_THAT(proof.notes, Contains(HasSubstr("is not simulated")));
}

TEST(LeftOut, NeighbourDiscoveryThatNoRuleLetsInIsSaid) {
  const auto notes = [](const std::vector<std::string>& rules) {
    return proof_of(host(kAddresses, chain("inet", "input", "drop", rules))).notes;
  };
  const auto warns = Contains(HasSubstr("neighbour discovery"));
  EXPECT_THAT(notes({kOpen, kWeb}), warns);
  for (
      const char* lets :
      {R"({"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"ipv6-icmp"}},{"accept":null})",
       R"({"match":{"op":"==","left":{"payload":{"protocol":"ip6","field":"saddr"}},)"
       R"("right":{"prefix":{"addr":"fe80::","len":10}}}},{"accept":null})",
       R"({"accept":null})"}) {
    EXPECT_THAT(notes({kOpen, kWeb, lets}), Not(warns)) << lets;
  }
  // Nothing of IPv6 is stopped by what is for IPv4 alone, or accepts by default.
  EXPECT_EQ(neighbour_warning(host(kAddresses, chain("ip", "input", "drop", {kWeb})).rules), "");
  EXPECT_EQ(neighbour_warning(host(kAddresses, chain("inet", "input", "accept", {kWeb})).rules),
            "");
}

TEST(LeftOut, TheFixOfAnAnswerNamesItsTarget) {
  const auto proof = proof_of(host(kAddresses, chain("inet", "output", "drop", {})));
  ASSERT_FALSE(proof.rows.front().fixes.empty());
  EXPECT_THAT(proof.rows.front().fixes.front().command,
              HasSubstr("ip daddr 104.16.0.0/13 tcp sport 443 accept"));
}

TEST(LeftOut, AQueueThatHoldsMoreThanItsBacklogIsFull) {
  const auto at = [](int waiting, int backlog) {
    return proof_of(
        host(kAddresses, "",
             {{"sockets.txt", fmt::format("LISTEN {} {} *:443 *:*\n", waiting, backlog)}}));
  };
  EXPECT_TRUE(at(0, 0).all_open());
  EXPECT_TRUE(at(5, 5).all_open());
  EXPECT_TRUE(at(1, 0).some_stopped());
}

// nft 1.0.6 prints a word that means nothing for the flags of a table.
TEST(LeftOut, WhetherATableIsDormantMayNotBeLegible) {
  const auto with = [](std::string_view flags, const char* listing) {
    auto rules = chain("inet", "input", "drop", {});
    rules.replace(rules.find(R"("handle":1)"), 10, fmt::format(R"("handle":1,"flags":{})", flags));
    return proof_of(host(kAddresses, rules, {{"nft-bytecode.txt", listing}}));
  };
  EXPECT_TRUE(with(R"(["dormant"])", "").all_open());
  EXPECT_TRUE(with(R"(["owner"])", "").some_stopped());
  const auto proof = with(R"("inet")", "");
  EXPECT_FALSE(proof.all_open());
  EXPECT_FALSE(proof.some_stopped());
  EXPECT_THAT(proof.rows.front().causes.front().doubts, Contains(HasSubstr("dormant")));
  EXPECT_TRUE(with(R"("inet")", "table inet t {\n\tflags dormant\n\n\tchain c {\n").all_open());
  EXPECT_TRUE(with(R"("inet")", "table inet t {\n\tchain c {\n").some_stopped());
}

TEST(LeftOut, PortsOfABridgeAreAskedForWhereItsPacketsMeetTheRules) {
  const auto at = [](const char* addresses, const char* setting) {
    return proof_of(host(addresses, "",
                         {{"iptables-legacy-save.txt",
                           "*filter\n:INPUT ACCEPT [0:0]\n"
                           "-A INPUT -m physdev --physdev-in eth0 -j DROP\nCOMMIT\n"},
                          {"sysctl.txt", setting}}));
  };
  constexpr const char* kOn = "net.bridge.bridge-nf-call-iptables = 1\n";
  EXPECT_TRUE(at(kAddresses, kOn).all_open());
  EXPECT_TRUE(at(kOnBridge, "net.bridge.bridge-nf-call-iptables = 0\n").all_open());
  const auto proof = at(kOnBridge, kOn);
  EXPECT_FALSE(proof.all_open());
  EXPECT_FALSE(proof.some_stopped());
}

// The stamps are of a clock that goes 250 times a second, and 1000 s old and 20 s old.
TEST(LeftOut, AListOfRecentCountsByItsStamps) {
  const auto at = [](const char* options, const char* list) {
    return proof_of(host(kAddresses, "",
                         {{"iptables-legacy-save.txt",
                           fmt::format("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m recent {} "
                                       "--name l --mask 255.248.0.0 --rsource -j DROP\n"
                                       "COMMIT\n",
                                       options)},
                          {"recent.txt", list}}));
  };
  constexpr const char* kList =
      "now at 15000000000000 nsecs\njiffies: 4298642296\nlist: l\n"
      "src=104.16.0.0 ttl: 57 last_seen: 4298637296 oldest_pkt: 2 4298392296, 4298637296\n";
  const auto stops = [&](const char* options) { return at(options, kList).some_stopped(); };
  const auto opens = [&](const char* options) { return at(options, kList).all_open(); };
  EXPECT_TRUE(stops("--rcheck"));
  EXPECT_TRUE(stops("--rcheck --seconds 60"));
  EXPECT_TRUE(opens("--rcheck --seconds 10"));
  EXPECT_TRUE(opens("--rcheck --seconds 900 --hitcount 2"));
  EXPECT_TRUE(stops("--update --seconds 1100 --hitcount 2"));
  EXPECT_TRUE(opens("! --update --seconds 1100"));
  const auto may = [&](const char* options, const char* list) {
    const auto proof = at(options, list);
    return !proof.all_open() && !proof.some_stopped() &&
           proof.rows.front().causes.front().doubts.front().contains("recent");
  };
  EXPECT_TRUE(may("--rcheck --seconds 20", kList));
  EXPECT_TRUE(may("--rcheck --seconds 60 --rttl", kList));
  EXPECT_TRUE(may("--rcheck --seconds 60", ""));
  EXPECT_TRUE(may("--rcheck --seconds 60",
                  "list: l\nsrc=104.16.0.0 ttl: 57 last_seen: 4298637296 "
                  "oldest_pkt: 1 4298637296\n"));
  EXPECT_TRUE(at("--rcheck --seconds 60", "list: l\n").all_open());
}

TEST(LeftOut, AProgramBeforeTheFirewallMayDoAnything) {
  constexpr const char* kXdp = R"("xdp":{"mode":1,"prog":{"id":124,"name":"x","jited":1}},)";
  const auto with = [&](std::string_view addresses, std::string_view at) {
    std::string out{addresses};
    return out.insert(out.find(at), kXdp);
  };
  for (const char* policy : {"accept", "drop"}) {
    const auto rules = chain("inet", "input", policy, {});
    for (const auto& addresses : {with(kAddresses, R"("flags")"), with(kOnBridge, R"("flags")")}) {
      const auto proof = proof_of(host(addresses, rules));
      EXPECT_FALSE(proof.all_open());
      EXPECT_FALSE(proof.some_stopped());
      EXPECT_THAT(proof.rows.front().causes.front().doubts, Contains(HasSubstr("XDP")));
    }
  }
  // The other end of a veth sees what leaves.
  const auto veth =
      with(R"([{"ifname":"v1","link":"eth0","addr_info":[]},)"
           R"({"ifname":"eth0","link":"v1","link_type":"ether","addr_info":[)"
           R"({"family":"inet","local":"198.51.100.10","prefixlen":24,"scope":"global"}]}])",
           R"("link":"eth0")");
  EXPECT_TRUE(proof_of(host(veth, "")).all_open());
}

TEST(LeftOut, FixesAreWhatTheirToolsTake) {
  const auto fix = [](const char* addresses, std::string rules, const char* table) {
    for (auto at = rules.find(R"("t")"); at != std::string::npos; at = rules.find(R"("t")")) {
      rules.replace(at, 3, fmt::format(R"("{}")", table));
    }
    for (auto at = rules.find(R"("c")"); at != std::string::npos; at = rules.find(R"("c")")) {
      const bool zone = std::string_view{table} == "firewalld";
      rules.replace(at, 3, zone ? R"("filter_IN_policy_in_pre")" : R"("raw_prerouting")");
    }
    return proof_of(host(addresses, rules)).rows.front().fixes.at(0).command;
  };
  EXPECT_THAT(fix(kOnBridge, chain("bridge", "input", "drop", {}), "filter"),
              HasSubstr("nft insert rule bridge filter raw_prerouting ip saddr"));
  EXPECT_EQ(fix(kAddresses, chain("inet", "prerouting", "drop", {}), "firewalld_policy_drop"),
            "firewall-cmd --panic-off");
  EXPECT_THAT(fix(kAddresses, chain("inet", "input", "drop", {}), "firewalld"),
              HasSubstr("--policy=in --add-rich-rule='rule priority=\"-32768\" family"));
}

}  // namespace
}  // namespace causeway::firewall
