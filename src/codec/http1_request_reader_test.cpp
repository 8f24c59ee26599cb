#include "codec/http1_request_reader.hpp"

#include <gtest/gtest.h>

#include <string>

#include "codec/http_date.hpp"

namespace causeway::codec {
namespace {

struct Read {
  RequestFault fault = RequestFault::none;
  std::string method;
  std::string target;
  std::string body;
  std::size_t left = 0;
  bool keeps_alive = false;

  bool operator==(const Read&) const = default;
};

Read read(std::string_view text, std::size_t piece, ReaderLimits limits) {
  RequestReader reader{limits};
  Read out;
  out.left = text.size();
  for (std::size_t at = 0; at < text.size() && !reader.finished(); at += piece) {
    auto part = text.substr(at, piece);
    while (!part.empty() && !reader.finished()) {
      const auto step = reader.feed(part);
      out.body += step.body;
      out.left -= step.taken;
      part.remove_prefix(step.taken);
    }
  }
  reader.end();
  out.fault = reader.fault();
  if (reader.head_complete() || reader.done()) {
    out.method = reader.head().method;
    out.target = reader.head().target;
  }
  out.keeps_alive = reader.keeps_alive();
  return out;
}

// The outcome does not depend on how the bytes were cut.
Read read(std::string_view text, ReaderLimits limits = {}) {
  const Read whole = read(text, text.size() + 1, limits);
  for (const std::size_t piece : {1U, 2U, 7U})
    EXPECT_EQ(read(text, piece, limits).fault, whole.fault) << text;
  return whole;
}

RequestFault fault(std::string_view text, ReaderLimits limits = {}) {
  return read(text, limits).fault;
}

TEST(RequestReader, ReadsARequestAndNothingAfterIt) {
  const auto got = read("\r\nPOST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nokGET /");
  EXPECT_EQ(got.fault, RequestFault::none);
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.target, "/a?b=c");
  EXPECT_EQ(got.body, "ok");
  EXPECT_EQ(got.left, 5U);
  EXPECT_TRUE(got.keeps_alive);
}

TEST(RequestReader, KnowsWhetherTheConnectionGoesOn) {
  EXPECT_FALSE(read("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n").keeps_alive);
  EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n").keeps_alive);
  EXPECT_TRUE(read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keeps_alive);
}

// What is refused of a head stands in http1_incoming_test.cpp: it is the same parser.
TEST(RequestReader, RefusesWhatTheOneParserRefuses) {
  using enum RequestFault;
  const std::string host = "Host: h\r\n";
  EXPECT_EQ(fault("GET / HTTP/1.1\n" + host + "\r\n"), bad_line_end);
  EXPECT_EQ(fault("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), bad_version);
  const std::string post = "POST / HTTP/1.1\r\n" + host;
  EXPECT_EQ(fault(post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            length_with_coding);
  EXPECT_EQ(fault(post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), bad_body);
}

TEST(RequestReader, TellsOtherProtocolsAndEarlyEnds) {
  using enum RequestFault;
  EXPECT_EQ(fault("\x16\x03\x01\x02"), not_http);
  EXPECT_EQ(fault("\r\n\r\n\r\n\r\n\r\n\r\n"), bad_request_line);
  EXPECT_EQ(fault(""), cut);
  EXPECT_EQ(fault("GET / HT"), cut);
  EXPECT_EQ(fault("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc"), cut);
}

TEST(RequestReader, HoldsItsLimits) {
  using enum RequestFault;
  const ReaderLimits small{.most_head_bytes = 100, .most_lines = 4, .most_body_bytes = 3};
  EXPECT_EQ(fault("GET /" + std::string(200, 'a'), small), target_too_long);
  EXPECT_EQ(fault("GET / HTTP/1.1\r\nA: " + std::string(200, 'a'), small), head_too_large);
  EXPECT_EQ(fault("GET / HTTP/1.1\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n\r\n", small),
            too_many_lines);
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(fault(post + "Content-Length: 4\r\n\r\nabcd", small), body_too_large);
  EXPECT_EQ(fault(post + "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", small),
            body_too_large);
}

TEST(HttpDate, IsWrittenAndRead) {
  const WallTime at{std::chrono::sys_days{std::chrono::year{1994} / 11 / 6} +
                    std::chrono::seconds{8 * 3600 + 49 * 60 + 37}};
  EXPECT_EQ(http_date(at), "Sun, 06 Nov 1994 08:49:37 GMT");  // the example of RFC 9110 5.6.7
  EXPECT_EQ(parse_http_date(http_date(at)), at);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), std::nullopt);
  EXPECT_EQ(parse_http_date("Sun, 31 Feb 1994 08:49:37 GMT"), std::nullopt);
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:-9:37 GMT"), std::nullopt);
}

}  // namespace
}  // namespace causeway::codec
