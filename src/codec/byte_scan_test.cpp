#include "codec/byte_scan.hpp"

#include <gtest/gtest.h>

#include <string>

namespace causeway::codec {
namespace {

// Every byte at every place of texts of every length up to three words.
TEST(ByteScan, SeesEveryByteEverywhere) {
  for (std::size_t length = 1; length <= 24; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (unsigned byte = 0; byte < 256; ++byte) {
        std::string text(length, 'x');
        text[at] = static_cast<char>(byte);
        const bool control = byte < 0x20 || byte == 0x7f;
        ASSERT_EQ(has_no_control(text), !control) << byte << " at " << at << " of " << length;
        const bool escaped = control || byte > 0x7f || byte == '"' || byte == '\\';
        ASSERT_EQ(needs_no_escape(text), !escaped) << byte << " at " << at << " of " << length;
      }
    }
  }
}

TEST(ByteScan, NothingIsFine) {
  EXPECT_TRUE(has_no_control(""));
  EXPECT_TRUE(needs_no_escape(""));
}

}  // namespace
}  // namespace causeway::codec
