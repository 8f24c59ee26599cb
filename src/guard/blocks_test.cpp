#include "guard/blocks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace causeway::guard {
namespace {

using testing::ElementsAre;

TEST(Blocks, ALineIsPutInFrontOfAnother) {
  const std::string text = "http {\n  deny all;\n}\n";
  const auto with = with_blocks(text, {{text.find("deny"), 0, {"  allow 131.0.72.0/22;"}}});
  EXPECT_EQ(with,
            "http {\n# causeway guard: begin\n  allow 131.0.72.0/22;\n# causeway guard: end\n"
            "  deny all;\n}\n");
  EXPECT_EQ(without_blocks(with).value(), text);
  EXPECT_THAT(difference(text, with), ElementsAre("+   allow 131.0.72.0/22;"));
  EXPECT_THAT(difference(with, text), ElementsAre("-   allow 131.0.72.0/22;"));
}

TEST(Blocks, WithinALineTheBreakGoesAgain) {
  const std::string text = "location / { allow 10.0.0.1; deny all; }";
  const auto with = with_blocks(text, {{text.find("deny"), 0, {"allow 131.0.72.0/22;"}}});
  EXPECT_EQ(with,
            "location / { allow 10.0.0.1; \n# causeway guard: begin (within a line)\n"
            "allow 131.0.72.0/22;\n# causeway guard: end\ndeny all; }");
  EXPECT_EQ(without_blocks(with).value(), text);
}

TEST(Blocks, AReplacedLineComesBackWithItsEnd) {
  for (const std::string end : {"", "\n", "\r\n", "\nafter\n"}) {
    const std::string text = "before\n131.0.72.0/22 # do not delete" + end;
    const auto size = std::min(text.size() - 7, text.find('\n', 7) - 7 + 1);
    const auto with = with_blocks(text, {{7, size, {"x"}}});
    EXPECT_EQ(without_blocks(with).value(), text);
    EXPECT_THAT(with, testing::HasSubstr("\n#-131.0.72.0/22 # do not delete"));
  }
}

TEST(Blocks, WhatOthersChangedMeanwhileStays) {
  const std::string text = "a\nb\n";
  auto with = with_blocks(text, {{2, 0, {"x"}}});
  with += "c\n";
  EXPECT_EQ(without_blocks(with).value(), "a\nb\nc\n");
}

TEST(Blocks, AHalfMarkIsAnError) {
  EXPECT_FALSE(without_blocks("a\n# causeway guard: begin\nb\n"));
  EXPECT_FALSE(without_blocks("a\n# causeway guard: end\nb\n"));
  EXPECT_FALSE(without_blocks("# causeway guard: begin\n# causeway guard: begin\n"));
}

// Whatever stands in a file and wherever it is changed, taking the blocks out gives it back.
TEST(Blocks, AnyTextComesBackByteForByte) {
  std::mt19937 random{7};  // NOLINT(bugprone-random-generator-seed): the same each time
  constexpr std::string_view kLetters = "a #-;{\t\n\n\r";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (auto left = random() % 40; left > 0; --left) text += kLetters[random() % kLetters.size()];
    std::vector<Edit> edits;
    for (auto left = random() % 4; left > 0; --left) {
      edits.push_back({random() % (text.size() + 1), 0, {"allow x;"}});
    }
    const auto begin = text.rfind('\n', random() % (text.size() + 1)) + 1;
    if (random() % 2 == 0 && begin < text.size()) {
      edits.assign(1, {begin, std::min(text.find('\n', begin), text.size() - 1) + 1 - begin, {}});
    }
    const auto with = with_blocks(text, edits);
    ASSERT_EQ(without_blocks(with).value(), text) << with;
  }
}

}  // namespace
}  // namespace causeway::guard
