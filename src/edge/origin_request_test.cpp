#include "edge/origin_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "codec/http1_request.hpp"

namespace causeway::edge {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Case {
  Headers headers;
  Visitor visitor{.peer = Endpoint::parse("203.0.113.9:4000", 0).value(), .listener = {}};
  bool trusted = false;
  std::string_view host_header;

  std::string write(std::string_view text) const {
    codec::RequestHead head;
    EXPECT_GT(codec::parse_request_head(text, {}, head).taken, 0U) << text;
    const HeaderFilters filters{headers};
    std::string out;
    write_origin_head({.head = head,
                       .visitor = visitor,
                       .headers = headers,
                       .filters = filters,
                       .host_header = host_header,
                       .ray = "0123456789abcdef",
                       .trusted = trusted},
                      out);
    return out;
  }
};

TEST(OriginRequest, SaysWhoAsked) {
  const std::string out =
      Case{}.write("GET /x?y HTTP/1.1\r\nHost: www.test:81\r\nAccept: */*\r\n\r\n");
  EXPECT_TRUE(out.starts_with("GET /x?y HTTP/1.1\r\nHost: www.test:81\r\n")) << out;
  EXPECT_THAT(out, HasSubstr("CF-Connecting-IP: 203.0.113.9\r\n"));
  EXPECT_THAT(out, HasSubstr("X-Forwarded-For: 203.0.113.9\r\n"));
  EXPECT_THAT(out, HasSubstr("X-Forwarded-Proto: http\r\n"));
  EXPECT_THAT(out, HasSubstr("CDN-Loop: causeway\r\n"));
  EXPECT_THAT(out, HasSubstr("Causeway-Ray: 0123456789abcdef\r\n"));
  EXPECT_THAT(out, HasSubstr("Accept: */*\r\n"));
}

TEST(OriginRequest, BelievesOnlyATrustedPeer) {
  const std::string text =
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\nCF-Connecting-IP: "
      "198.51.100.2\r\n"
      "X-Real-IP: 1.1.1.1\r\nForwarded: for=1.1.1.1\r\nX_Forwarded_For: 9.9.9.9\r\n\r\n";
  const std::string strangers = Case{}.write(text);
  EXPECT_THAT(strangers, Not(HasSubstr("198.51.100")));
  EXPECT_THAT(strangers, Not(HasSubstr("1.1.1.1")));
  EXPECT_THAT(strangers, Not(HasSubstr("9.9.9.9")));
  const std::string friends = Case{.trusted = true}.write(text);
  EXPECT_THAT(friends, HasSubstr("X-Forwarded-For: 198.51.100.1, 203.0.113.9\r\n"));
  EXPECT_THAT(friends, HasSubstr("CF-Connecting-IP: 198.51.100.1\r\n"));
}

// HAProxy's "option forwardfor" writes a line of its own behind the visitor's.
TEST(OriginRequest, AllLinesOfAListAreOne) {
  const std::string out = Case{.trusted = true}.write(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nAccept: */*\r\n"
      "X-Forwarded-For: 198.51.100.1\r\n\r\n");
  EXPECT_THAT(out, HasSubstr("X-Forwarded-For: 6.6.6.6, 198.51.100.1, 203.0.113.9\r\n"));
  EXPECT_THAT(out, HasSubstr("CF-Connecting-IP: 198.51.100.1\r\n"));
}

TEST(OriginRequest, WhoKnowsTheFieldOfTheVisitorsAddress) {
  const std::string_view text =
      "GET / HTTP/1.1\r\nHost: a\r\nCF-Connecting-IP: 198.51.100.2\r\n"
      "X-Forwarded-For: 198.51.100.1\r\n\r\n";
  // Another proxy passes on what a visitor says.
  EXPECT_THAT(Case{.trusted = true}.write(text), HasSubstr("CF-Connecting-IP: 198.51.100.1\r\n"));
  Case cloudflare{.trusted = true};
  cloudflare.visitor.peer = Endpoint::parse("173.245.48.7:4000", 0).value();
  EXPECT_THAT(cloudflare.write(text), HasSubstr("CF-Connecting-IP: 198.51.100.2\r\n"));
  cloudflare.trusted = false;
  EXPECT_THAT(cloudflare.write(text), HasSubstr("CF-Connecting-IP: 173.245.48.7\r\n"));
  Case named{.trusted = true};
  named.headers.client_address_from = {Prefix::parse("203.0.113.0/24").value()};
  EXPECT_THAT(named.write(text), HasSubstr("CF-Connecting-IP: 198.51.100.2\r\n"));
}

// Also under names that the edge does not use, or no longer.
TEST(OriginRequest, AStrangersClaimsStayHere) {
  const std::string_view text =
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: gopher\r\n"
      "CF-Visitor: {\"scheme\":\"gopher\"}\r\nX-Forwarded-Scheme: gopher\r\n"
      "X-Forwarded-Ssl: gopher\r\n\r\n";
  Case other;
  other.headers.forwarded_for = "X-Seen-For";
  other.headers.forwarded_proto = "";
  for (const Case& given : {Case{}, other}) {
    const std::string out = given.write(text);
    EXPECT_THAT(out, Not(HasSubstr("198.51.100.1")));
    EXPECT_THAT(out, Not(HasSubstr("gopher")));
  }
}

TEST(OriginRequest, HopByHopFieldsStayHere) {
  const std::string out = Case{}.write(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-one, keep-alive\r\nX-One: 1\r\nKeep-Alive: 5\r\n"
      "TE: gzip;q=1\r\nProxy-Connection: x\r\nExpect: 100-continue\r\n\r\n");
  for (const char* gone : {"X-One", "Keep-Alive", "TE:", "Proxy-Connection", "Expect"}) {
    EXPECT_THAT(out, Not(HasSubstr(gone)));
  }
}

TEST(OriginRequest, ThatTrailersAreTakenIsPassedOn) {
  EXPECT_THAT(
      Case{}.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: gzip, trailers\r\n\r\n"),
      HasSubstr("TE: trailers\r\nConnection: TE\r\n"));
}

TEST(OriginRequest, TheFramingIsWrittenAnew) {
  EXPECT_THAT(Case{}.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\n"),
              HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(Case{}.write("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: CHUNKED\r\n\r\n"),
              HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(Case{}.write("POST / HTTP/1.1\r\nHost: a\r\n\r\n"),
              HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(Case{}.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Not(HasSubstr("Content-Length")));
}

TEST(OriginRequest, ItsHostCanBeAnother) {
  EXPECT_THAT(Case{.host_header = "inner.test"}.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
              HasSubstr("Host: inner.test\r\n"));
}

TEST(OriginRequest, LoopsAreCounted) {
  codec::RequestHead head;
  codec::parse_request_head(
      "GET / HTTP/1.1\r\nHost: a\r\nCDN-Loop: a, Causeway; x=1\r\nCDN-Loop: causeway\r\n\r\n", {},
      head);
  EXPECT_EQ(loops(head, "causeway"), 2);
  EXPECT_EQ(loops(head, "b"), 0);
}

// A watch behind the edge asks through it.
TEST(OriginRequest, ADiagnosisIsNoLoop) {
  const std::string text = codec::write_request({.host = "a"});  // the head is views into it
  codec::RequestHead head;
  codec::parse_request_head(text, {}, head);
  EXPECT_EQ(loops(head, Config{}.headers.cdn), 0);
}

}  // namespace
}  // namespace causeway::edge
