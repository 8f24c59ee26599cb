// Rulesets that nobody wrote by hand: the answer comes in bounded time, and says what it left out.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "base/limits.hpp"
#include "firewall/load.hpp"
#include "firewall/proof.hpp"

namespace causeway::firewall {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr const char* kTooMuch = "larger or deeper than what is simulated";

Proof proof_of(const char* file, std::string text) {
  Dumps dumps{
      {"addr.json",
       R"([{"ifindex":2,"ifname":"eth0","flags":["UP"],"link_type":"ether","operstate":"UP",)"
       R"("addr_info":[{"family":"inet","local":"198.51.100.10","prefixlen":24,"scope":"global"}]}])"},
      {"route4.json", R"([{"dst":"default","gateway":"198.51.100.1","dev":"eth0"},)"
                      R"({"type":"local","dst":"198.51.100.10","dev":"eth0","table":"local"}])"},
      {"sockets.txt", "LISTEN 0 511 0.0.0.0:443 0.0.0.0:*\n"},
  };
  dumps[file] = std::move(text);
  ProofRequest request;
  request.edge.name = "test";
  request.edge.prefixes = {Prefix::parse("104.16.0.0/13").value()};
  request.ports = {443};
  const auto collection = load(std::move(dumps));
  EXPECT_THAT(collection.unreadable, testing::IsEmpty());
  return prove(collection, request);
}

std::string saved(const std::string& chains, const std::string& rules) {
  return "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n" + chains +
         rules + "COMMIT\n";
}

// Certain of nothing, and why.
void expect_may(const Proof& proof) {
  ASSERT_FALSE(proof.rows.empty());
  EXPECT_FALSE(proof.all_open());
  for (const auto& row : proof.rows) {
    EXPECT_FALSE(row.certain);
    std::vector<std::string> doubts;
    for (const auto& cause : row.causes) {
      doubts.insert(doubts.end(), cause.doubts.begin(), cause.doubts.end());
    }
    EXPECT_THAT(doubts, Contains(HasSubstr(kTooMuch)));
  }
}

TEST(Hostile, JumpsDeeperThanTheKernelAllows) {
  std::string chains;
  std::string rules = "-A INPUT -j C0\n";
  constexpr int kDeep = 1000;
  for (int i = 0; i < kDeep; ++i) {
    chains += fmt::format(":C{} - [0:0]\n", i);
    if (i + 1 < kDeep) rules += fmt::format("-A C{} -j C{}\n", i, i + 1);
  }
  expect_may(proof_of("iptables-legacy-save.txt", saved(chains, rules)));
}

TEST(Hostile, ChainsThatJumpInACircle) {
  expect_may(proof_of(
      "iptables-legacy-save.txt",
      saved(":A - [0:0]\n:B - [0:0]\n", "-A INPUT -j A\n-A A -j B\n-A B -j A\n-A B -j A\n")));
}

TEST(Hostile, EveryChainJumpsTwiceIntoTheNext) {
  std::string chains;
  std::string rules = "-A INPUT -j C0\n-A INPUT -j C0\n";
  for (int i = 0; i < 50; ++i) {
    chains += fmt::format(":C{} - [0:0]\n", i);
    if (i < 49) rules += fmt::format("-A C{0} -j C{1}\n-A C{0} -j C{1}\n", i, i + 1);
  }
  rules += "-A C49 -s 104.16.0.1/32 -j LOG\n";
  const auto begin = std::chrono::steady_clock::now();
  expect_may(proof_of("iptables-legacy-save.txt", saved(chains, rules)));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{60});
}

TEST(Hostile, AWordOfAnotherVersionOfNftStopsNobodyForCertain) {
  const auto chain = [](const char* family, const char* type, const char* hook,
                        const char* policy) {
    return fmt::format(
        R"({{"nftables":[{{"table":{{"family":"{0}","name":"t","handle":1}}}},)"
        R"({{"chain":{{"family":"{0}","table":"t","name":"c","handle":1,"type":"{1}","hook":"{2}",)"
        R"("prio":0,"policy":"{3}"}}}},)"
        R"({{"rule":{{"family":"{0}","table":"t","chain":"c","handle":3,"expr":[{{"drop":null}}]}}}}]}})",
        family, type, hook, policy);
  };
  const std::array strange{chain("quic", "filter", "input", "accept"),
                           chain("ip", "filter", "arrival", "accept"),
                           chain("ip", "shape", "input", "accept")};
  for (const auto& text : strange) {
    const auto proof = proof_of("nft.json", text);
    ASSERT_FALSE(proof.rows.empty());
    EXPECT_FALSE(proof.all_open()) << text;
    EXPECT_FALSE(proof.some_stopped()) << text;
    EXPECT_THAT(proof.rows.front().causes.front().doubts, Contains(HasSubstr("is not simulated")));
  }
  EXPECT_TRUE(proof_of("nft.json", chain("ip", "filter", "input", "accept")).some_stopped());
}

TEST(Hostile, AnUnknownPolicyIsAskedOnlyByWhomNoRuleDecided) {
  const auto ruleset = [](const char* rules) {
    return fmt::format(
        R"({{"nftables":[{{"table":{{"family":"ip","name":"t","handle":1}}}},)"
        R"({{"chain":{{"family":"ip","table":"t","name":"c","handle":1,"type":"filter","hook":"input",)"
        R"("prio":0,"policy":"shrug"}}}}{}]}})",
        rules);
  };
  EXPECT_FALSE(proof_of("nft.json", ruleset("")).all_open());
  EXPECT_FALSE(proof_of("nft.json", ruleset("")).some_stopped());
  EXPECT_TRUE(
      proof_of("nft.json", ruleset(R"(,{"rule":{"family":"ip","table":"t","chain":"c","handle":3,)"
                                   R"("expr":[{"accept":null}]}})"))
          .all_open());
}

std::string set_of(std::size_t elements) {
  std::string out =
      R"({"nftables":[{"table":{"family":"ip","name":"t","handle":1}},)"
      R"({"chain":{"family":"ip","table":"t","name":"i","handle":1,"type":"filter","hook":"input",)"
      R"("prio":0,"policy":"accept"}},)"
      R"({"set":{"family":"ip","table":"t","name":"bad","type":"ipv4_addr","handle":2,"elem":[)";
  for (std::size_t i = 0; i < elements; ++i) {
    out += fmt::format("{}\"{}.{}.{}.{}\"", i == 0 ? "" : ",", 104 + (i >> 23U), i >> 15U & 255U,
                       i >> 7U & 255U, (i & 127U) * 2);
  }
  return out + R"(]}},{"rule":{"family":"ip","table":"t","chain":"i","handle":3,"expr":[)"
               R"({"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},)"
               R"("right":"@bad"}},{"drop":null}]}}]})";
}

TEST(Hostile, AMillionElementsAreRead) {
  const auto proof = proof_of("nft.json", set_of(1'000'000));
  EXPECT_TRUE(proof.some_stopped());
  for (const auto& row : proof.rows) EXPECT_TRUE(row.certain);
}

TEST(Hostile, MoreElementsThanAreReadIsSaid) {
  const auto proof = proof_of("nft.json", set_of(limits::kRulesetElements + 1));
  ASSERT_FALSE(proof.rows.empty());
  std::vector<std::string> doubts;
  for (const auto& row : proof.rows) {
    EXPECT_FALSE(row.certain);
    for (const auto& cause : row.causes) {
      doubts.insert(doubts.end(), cause.doubts.begin(), cause.doubts.end());
    }
  }
  EXPECT_THAT(doubts, Contains(HasSubstr("a set with more elements than are read")));
}

}  // namespace
}  // namespace causeway::firewall
