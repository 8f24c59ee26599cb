#include "app/proof_flags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace causeway::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Else a folder with a few files would be a host without a filter, or one that nobody reaches.
TEST(ProofFlags, AFolderThatLacksWhatDecidesProvesNothing) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("causeway-flags-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "addr.json") << "[]";
  ProofFlags flags;
  flags.from = folder.string();
  EXPECT_THAT(gather(flags)->collection.unreadable, testing::SizeIs(3));
  // Nor does a collection that was made without root.
  for (const char* name : {"nft.json", "route4.json", "sockets.txt"}) std::ofstream(folder / name);
  EXPECT_THAT(gather(flags)->collection.unreadable, testing::IsEmpty());
  std::ofstream(folder / "inspect.txt")
      << "at 2026-11-25T18:00:00Z\nroot no\nrulesets denied nft: exit 1: you must be root\n";
  EXPECT_THAT(gather(flags)->collection.unreadable, ElementsAre(HasSubstr("you must be root")));
  std::filesystem::remove_all(folder);
}

TEST(ProofFlags, PortsAreNamedOnce) {
  EXPECT_THAT(parse_ports("443, 80,443").value(), ElementsAre(443, 80));
}

TEST(ProofFlags, WrongPortsSayWhatIsExpected) {
  for (const char* text : {"", "0", "65536", "80,", "http", "80;443"}) {
    const auto ports = parse_ports(text);
    ASSERT_FALSE(ports) << text;
    EXPECT_THAT(ports.error().text, HasSubstr("--ports: "));
  }
  std::string many = "1";
  for (int port = 2; port < 80; ++port) many += "," + std::to_string(port);
  EXPECT_THAT(parse_ports(many).error().text, HasSubstr("at most 64"));
}

TEST(ProofFlags, QuestionsAreAddressAndPort) {
  const auto query = parse_query("# edge\n104.16.0.1 443\n\n  2606:4700::1   80 # v6\n", "q");
  ASSERT_TRUE(query);
  ASSERT_EQ(query->size(), 2U);
  EXPECT_EQ(query->front().source.text(), "104.16.0.1");
  EXPECT_EQ(query->back().port, 80);
}

TEST(ProofFlags, WrongQuestionsSayWhere) {
  EXPECT_THAT(parse_query("104.16.0.1 443\n104.16.0.1\n", "q").error().text,
              HasSubstr("q:2:1: expected 'ADDRESS PORT', found 1 word"));
  EXPECT_THAT(parse_query("104.16.0.256 443", "q").error().text, HasSubstr("q:1:1: "));
  EXPECT_THAT(parse_query("104.16.0.1 https", "q").error().text, HasSubstr("q:1:12: "));
  EXPECT_THAT(parse_query("104.16.0.1 443 drop", "q").error().text, HasSubstr("found 3 words"));
}

TEST(ProofFlags, AnEdgeIsKnownOrAFile) {
  EXPECT_EQ(read_edge("cloudflare")->prefixes.size(), 22U);
  EXPECT_THAT(read_edge("cloudfare").error().text, HasSubstr("expected 'cloudflare' or a file"));
}

TEST(ProofFlags, AFolderWithoutDumpsIsRefused) {
  ProofFlags flags;
  flags.from = "test/schema";
  EXPECT_THAT(gather(flags).error().text, HasSubstr("holds no ruleset"));
}

}  // namespace
}  // namespace causeway::app
