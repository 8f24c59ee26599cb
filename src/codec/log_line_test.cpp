#include "codec/log_line.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "codec/log_fields.hpp"

namespace causeway::codec {
namespace {

constexpr std::int64_t kNow = 1'795'615'331'000;  // 2026-11-25T14:02:11Z

std::string stamp(std::int64_t at) {
  return at == kNoTime ? "none" : rfc3339(WallTime{std::chrono::milliseconds{at}});
}

TEST(LogClock, EveryForm) {
  LogClock clock{60, kNow};
  std::size_t length = 0;
  bool zoned = false;
  EXPECT_EQ(stamp(clock.access("25/Nov/2026:14:02:11 -0330]", length, zoned)),
            "2026-11-25T17:32:11.000Z");
  EXPECT_TRUE(zoned);
  EXPECT_EQ(length, 26U);
  EXPECT_EQ(stamp(clock.access("25/Nov/2026:14:02:12 +0000]", length, zoned)),
            "2026-11-25T14:02:12.000Z");
  EXPECT_EQ(stamp(clock.haproxy("06/Feb/2009:12:14:14.655")), "2009-02-06T11:14:14.655Z");
  EXPECT_EQ(stamp(clock.nginx("2026/11/25 14:02:11 [")), "2026-11-25T13:02:11.000Z");
  EXPECT_EQ(stamp(clock.apache("Wed Nov 25 14:02:11.123456 2026")), "2026-11-25T13:02:11.123Z");
  EXPECT_EQ(stamp(clock.iso("2026-11-25T14:02:11.5+01:00 x", length, zoned)),
            "2026-11-25T13:02:11.500Z");
  EXPECT_EQ(length, 27U);
  EXPECT_EQ(stamp(clock.iso("2026-11-25 14:02:11,250", length, zoned)), "2026-11-25T13:02:11.250Z");
  EXPECT_FALSE(zoned);
  EXPECT_EQ(stamp(clock.syslog("Nov 25 14:02:11 host")), "2026-11-25T13:02:11.000Z");
  // No year is written: the latest one that is not in the future.
  EXPECT_EQ(stamp(clock.syslog("Dec  3 01:00:00 host")), "2025-12-03T00:00:00.000Z");
}

TEST(LogClock, WhatIsNoTime) {
  LogClock clock{0, kNow};
  std::size_t length = 0;
  bool zoned = false;
  for (const auto* text :
       {"", "25/Nov/2026", "32/Nov/2026:14:02:11 +0000", "25/Nov/2026:24:02:11 +0000",
        "25/Xxx/2026:14:02:11 +0000", "25/Nov/2026:14:02:6x +0000"}) {
    EXPECT_EQ(stamp(clock.access(text, length, zoned)), "none") << text;
  }
  EXPECT_EQ(stamp(clock.nginx("2026/02/30 14:02:11")), "none");
  EXPECT_EQ(stamp(clock.syslog("Feb 30 14:02:11")), "none");
}

TEST(LogFields, Pieces) {
  bool secure = false;
  EXPECT_EQ(origin_of_url("https://10.0.0.5:443/a?b", secure), "10.0.0.5:443");
  EXPECT_TRUE(secure);
  EXPECT_EQ(origin_of_url("fastcgi://unix:/run/php.sock:", secure), "unix:/run/php.sock");
  bool several = false;
  EXPECT_EQ(last_of_list("10.0.0.5:80, 10.0.0.6:80 : 10.0.0.7:80", several), "10.0.0.7:80");
  EXPECT_TRUE(several);
  std::string_view rest = R"("a \" b" c)";
  bool quoted = false;
  EXPECT_EQ(take_field(rest, quoted), R"(a \" b)");
  EXPECT_EQ(take_field(rest, quoted), "c");
  EXPECT_FALSE(quoted);
  EXPECT_EQ(status_of("1000"), 0);
  EXPECT_EQ(status_of("-42"), 0);
  EXPECT_EQ(seconds_as_ms("-"), kNotReached);
  EXPECT_EQ(seconds_as_ms("x"), kNotLogged);
}

TEST(LogReader, CutAndHostileLines) {
  LogReader reader{LogClock{0, kNow}};
  LogLine line;
  for (const auto* text :
       {"", "{", "{}", "[", "\"", "<134>", "<134>1 ", "{\"status\":}", "{\"a\":\"\\ud800\"}",
        "203.0.113.7 - - [25/Nov/2026:14:02:11 +0000] \"GET",
        "203.0.113.7 - - [25/Nov/2026:14:02:11 +0000] \"G\" 2x0 1", "Server  is DOWN",
        "2026/11/25 14:02:11 [", "[2026-11-25T14:02:11Z] \""}) {
    EXPECT_FALSE(reader.read(text, false, line)) << text;
    EXPECT_EQ(line.format, LogFormat::unknown);
  }
}

TEST(LogReader, TakesOffWhatAContainersLogDriverPutsAround) {
  LogReader reader;
  LogLine line;
  const std::string access = R"(10.0.0.1 - - [25/Nov/2026:14:02:11 +0000] "GET /a HTTP/1.1" 502 7)";
  const auto status = [&](std::string_view text) {
    return reader.read(text, false, line) ? line.status : reader.in_pieces() ? 1 : 0;
  };
  EXPECT_EQ(status("2026-11-25T14:02:12.5Z stdout F " + access), 502);
  EXPECT_EQ(stamp(line.at), "2026-11-25T14:02:11.000Z");
  EXPECT_EQ(status("2026-11-25T14:02:12.5Z stderr P " + access.substr(0, 30)), 1);
  EXPECT_EQ(status("2026-11-25T14:02:12.5Z stderr F " + access.substr(30)), 502);
  EXPECT_EQ(status("web-1  | " + access), 502);
  EXPECT_EQ(status("[pod/a/b] " + access), 502);
  const std::string escaped =
      R"(10.0.0.1 - - [25/Nov/2026:14:02:11 +0000] \"GET /\u0026a\tb HTTP/1.1\" 502 7)";
  EXPECT_EQ(
      status(R"({"log":")" + escaped + R"(\n","stream":"stdout","time":"2026-11-25T14:02:12Z"})"),
      502);
  EXPECT_EQ(
      status(R"({"log":")" + escaped + R"(","stream":"stdout","time":"2026-11-25T14:02:12Z"})"), 1);
  EXPECT_EQ(status(R"({"log":"\n","stream":"stdout","time":"2026-11-25T14:02:12Z"})"), 502);
  // The wrapper's time, where the line has none of its own.
  EXPECT_TRUE(
      reader.read("2026-11-25T14:02:12.5Z stdout F "
                  R"({"level":"error","msg":"x","error":"y"})",
                  false, line));
  EXPECT_EQ(stamp(line.at), "2026-11-25T14:02:12.500Z");
  const std::string wave =
      R"({\"level\":\"error\",\"msg\":\"\ud83d\udc4b \ud83d \udc4b \u00e9\",\"error\":\"x\"}\n)";
  EXPECT_TRUE(reader.read(R"({"log":")" + wave + R"(","stream":"stdout"})", false, line));
  EXPECT_EQ(line.words, "\xf0\x9f\x91\x8b \xef\xbf\xbd \xef\xbf\xbd \xc3\xa9");
  for (const auto* broken : {R"({"log":")", R"({"log":"\)", R"({"log":"\u12"})", R"({"log":"a\n"})",
                             "2026-11-25T14:02:12.5Z stdout ", "2026-11-25T14:02:12.5Z stdout F",
                             "[pod/", "a | ", " | ", "a|", "|", "2026-11-25T14:02:12.5Z "}) {
    EXPECT_EQ(status(broken), 0) << broken;
  }
}

TEST(LogReader, ALineThatComesInPiecesHasALimit) {
  LogReader reader;
  LogLine line;
  const std::string piece = "2026-11-25T14:02:12.5Z stdout P " + std::string(16'384, 'x');
  int pieces = 0;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(reader.read(piece, false, line));
    pieces += reader.in_pieces() ? 1 : 0;
  }
  EXPECT_EQ(pieces, 88);  // of eight, the last one fills the room: a line that nobody understands
}

TEST(LogReader, CaddysServedRequestsAreReadInOneGlance) {
  LogReader reader;
  LogLine line;
  const auto read = [&](const std::string& head, const std::string& status) {
    const auto text =
        head +
        R"(,"logger":"http.log.access.log0","msg":"handled request","request":{"uri":"/\"status\":500,"},)"
        R"("duration":0.01,"status":)" +
        status + R"(,"resp_headers":{"Status":["1"]}})";
    return reader.read(text, false, line) && line.format == LogFormat::caddy ? line.status : 0;
  };
  EXPECT_EQ(read(R"({"level":"info","ts":1795615331.1239)", "200"), 200);
  EXPECT_EQ(stamp(line.at), "2026-11-25T14:02:11.123Z");
  EXPECT_TRUE(line.words.empty());
  EXPECT_EQ(read(R"({"level":"info","ts":1795615331)", "304"), 304);
  EXPECT_EQ(stamp(line.at), "2026-11-25T14:02:11.000Z");
  EXPECT_EQ(read(R"({"level":"info","ts":1.795615331e9)", "200"), 200);
  EXPECT_EQ(line.words, "handled request");
  EXPECT_EQ(read(R"({"level":"info","ts":1795615331.1)", "502"), 502);
  EXPECT_EQ(line.words, "handled request");
  EXPECT_EQ(read(R"({"level":"error","ts":1795615331.1)", "200"), 200);
  EXPECT_EQ(line.words, "handled request");
}

TEST(LogReader, ACarriageReturnIsNoPartOfALine) {
  LogReader reader{LogClock{0, kNow}};
  LogLine line;
  ASSERT_TRUE(reader.read("203.0.113.7 - - [25/Nov/2026:14:02:11 +0000] \"GET / HTTP/1.1\" 502\r",
                          false, line));
  EXPECT_EQ(line.status, 502);
}

}  // namespace
}  // namespace causeway::codec
