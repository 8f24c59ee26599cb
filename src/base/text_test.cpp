#include "base/text.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace causeway {
namespace {

TEST(ShellWord, is_one_word_whatever_is_in_it) {
  EXPECT_EQ(shell_word("https://a.example:8443/x-y_z"), "https://a.example:8443/x-y_z");
  EXPECT_EQ(shell_word("http://a/?b=1&c=2"), "'http://a/?b=1&c=2'");
  EXPECT_EQ(shell_word("http://a/$(id)"), "'http://a/$(id)'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(Text, ForeignBytesCannotMoveTheCursor) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\n", 100), "a\\x1b[2Jb\\x0d\\x0a");
  EXPECT_EQ(printable("caf\xc3\xa9", 100), "caf\xc3\xa9");
  EXPECT_EQ(printable("\xc2\x9b", 100), "\\xc2\\x9b");       // CSI as a C1 control
  EXPECT_EQ(printable("\xed\xa0\x80", 9), "\\xed\\xa0...");  // a surrogate, cut
  EXPECT_EQ(printable("\xf0\x9f", 100), "\\xf0\\x9f");
}

TEST(Text, NearestNamesATypo) {
  EXPECT_EQ(nearest("retrys", {"retries", "timeout"}), "retries");
  EXPECT_EQ(nearest("zzz", {"retries", "timeout"}), "");
}

TEST(Time, RoundTripsRfc3339) {
  const auto at = parse_rfc3339("2026-11-22T10:17:22.5+02:00");
  ASSERT_TRUE(at);
  EXPECT_EQ(rfc3339(*at), "2026-11-22T08:17:22.500Z");
  EXPECT_FALSE(parse_rfc3339("2026-02-30T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-11-22"));
  EXPECT_FALSE(parse_rfc3339("2026-11-22T10:17:22"));
}

TEST(Time, DurationsNeedAKnownUnit) {
  EXPECT_EQ(*parse_duration("30s"), std::chrono::seconds{30});
  EXPECT_EQ(*parse_duration("1500ms"), std::chrono::milliseconds{1500});
  EXPECT_EQ(*parse_duration("2"), std::chrono::seconds{2});
  EXPECT_FALSE(parse_duration("-1s"));
  EXPECT_FALSE(parse_duration("1 fortnight"));
  EXPECT_FALSE(parse_duration("nan"));
  EXPECT_FALSE(parse_duration("1e300h"));
}

TEST(Text, PrintableShowsCharactersThatTurnTheTextAround) {
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b",
                      40),
            "a\\xe2\\x80\\xaeb");
  EXPECT_EQ(printable("\xe2\x81\xa6", 40), "\\xe2\\x81\\xa6");
  EXPECT_EQ(printable("\xef\xbf\xbe", 40), "\\xef\\xbf\\xbe");
  EXPECT_EQ(printable("\xef\xbf\xbd", 40), "\xef\xbf\xbd");
  EXPECT_EQ(printable("\xe2\x80\x93", 40), "\xe2\x80\x93") << "an en dash stays";
}

}  // namespace
}  // namespace causeway
