#include "codec/nft_bytecode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace causeway::codec {
namespace {

NftHiddenByRule hidden_in(std::string_view text) { return parse_nft_bytecode(text).hidden; }

using testing::IsEmpty;
using testing::Optional;

TEST(NftBytecode, TellsWhatTheListingLeavesOut) {
  const auto hidden = hidden_in(
      "inet t a 5 4\n"
      "  [ ct load l3protocol => reg 1 ]\n"
      "  [ cmp eq reg 1 0x00000002 ]\n"
      "  [ ct load protocol => reg 1 ]\n"
      "  [ cmp eq reg 1 0x00000006 ]\n"
      "  [ reject type 1 code 0 ]\n"
      "\n"
      "inet t a 6 5\n"
      "  [ meta load protocol => reg 1 ]\n"
      "  [ cmp eq reg 1 0x0000dd86 ]\n"
      "  [ reject type 1 code 0 ]\n");
  ASSERT_EQ(hidden.size(), 2U);
  EXPECT_THAT(hidden.at("inet t a 5").connection_family, Optional(NftHidden::kIpv4));
  EXPECT_THAT(hidden.at("inet t a 5").connection_protocol, Optional(6));
  EXPECT_THAT(hidden.at("inet t a 6").family, Optional(NftHidden::kIpv6));
}

TEST(NftBytecode, OneAndTheOtherIsNever) {
  const auto hidden = hidden_in(
      "inet t a 5\n"
      "  [ meta load nfproto => reg 1 ]\n"
      "  [ cmp eq reg 1 0x00000002 ]\n"
      "  [ meta load nfproto => reg 1 ]\n"
      "  [ cmp eq reg 1 0x0000000a ]\n");
  EXPECT_THAT(hidden.at("inet t a 5").family, Optional(NftHidden::kNever));
}

// nft 1.0.6 lists the first as "ip ttl != 30-4", the second as "ip ttl 4-30".
TEST(NftBytecode, TwoQuestionsThatAreListedAsOneRange) {
  EXPECT_TRUE(hidden_in("ip t a 1\n"
                        "  [ payload load 2b @ network header + 2 => reg 1 ]\n"
                        "  [ cmp lt reg 1 0x00001e00 ]\n"
                        "  [ payload load 1b @ network header + 8 => reg 1 ]\n"
                        "  [ cmp gt reg 1 0x00000004 ]\n")
                  .at("ip t a 1")
                  .merged);
  EXPECT_TRUE(hidden_in("ip t a 1\n"
                        "  [ meta load len => reg 1 ]\n"
                        "  [ byteorder reg 1 = hton(reg 1, 4, 4) ]\n"
                        "  [ cmp gte reg 1 0x1e000000 ]\n"
                        "  [ meta load mark => reg 1 ]\n"
                        "  [ byteorder reg 1 = hton(reg 1, 4, 4) ]\n"
                        "  [ cmp lte reg 1 0x04000000 ]\n")
                  .at("ip t a 1")
                  .merged);
}

TEST(NftBytecode, ARangeOfOneQuestionIsListedAsItIs) {
  EXPECT_THAT(hidden_in("ip t a 1\n"
                        "  [ payload load 2b @ transport header + 2 => reg 1 ]\n"
                        "  [ cmp gte reg 1 0x00005000 ]\n"
                        "  [ cmp lte reg 1 0x00006400 ]\n"
                        "ip t a 2\n"
                        "  [ payload load 2b @ transport header + 2 => reg 1 ]\n"
                        "  [ cmp gte reg 1 0x00005000 ]\n"
                        "  [ payload load 2b @ transport header + 2 => reg 1 ]\n"
                        "  [ cmp lte reg 1 0x00006400 ]\n"),
              IsEmpty());
}

TEST(NftBytecode, ListsItsRules) {
  EXPECT_THAT(parse_nft_bytecode("ip t a 1\n  [ counter pkts 0 bytes 0 ]\nip t a 4 1\n").rules,
              testing::ElementsAre("ip t a 1", "ip t a 4"));
}

TEST(NftBytecode, AnythingElseIsPassedOver) {
  EXPECT_THAT(hidden_in(""), IsEmpty());
  EXPECT_THAT(hidden_in("  [ cmp eq reg 1 0x00000002 ]\n"), IsEmpty());
  EXPECT_THAT(hidden_in("ip t a 1\n  [ cmp eq reg 1 0xzz ]\n  [ cmp"), IsEmpty());
}

}  // namespace
}  // namespace causeway::codec
