#include "codec/http1_incoming.hpp"

#include <gtest/gtest.h>

#include <string>

namespace causeway::codec {
namespace {

using std::string_literals::operator""s;  // a literal may hold a NUL

RequestParse parse(std::string_view text, RequestHead& head, RequestLimits limits = {}) {
  return parse_request_head(text, limits, head);
}

struct Refused {
  const char* why;
  std::string text;
  RequestFault fault;
};

// What has been used to smuggle requests past proxies, and what no client sends.
const Refused kRefused[] = {
    {"length beside coding",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
     RequestFault::length_with_coding},
    {"coding beside length",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
     RequestFault::length_with_coding},
    {"two equal lengths",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n",
     RequestFault::several_lengths},
    {"a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\n",
     RequestFault::bad_length},
    {"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\n",
     RequestFault::bad_length},
    {"negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
     RequestFault::bad_length},
    {"hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x4\r\n\r\n",
     RequestFault::bad_length},
    {"empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
     RequestFault::bad_length},
    {"length beyond 64 bits",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551620\r\n\r\n",
     RequestFault::bad_length},
    {"coding twice",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n",
     RequestFault::unknown_coding},
    {"identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
     RequestFault::unknown_coding},
    {"xchunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
     RequestFault::unknown_coding},
    {"chunked in a list",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
     RequestFault::unknown_coding},
    {"gzip before chunked",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
     RequestFault::unknown_coding},
    {"vertical tab before chunked",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked\r\n\r\n",
     RequestFault::control_byte},
    {"blank before the colon", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n",
     RequestFault::space_before_colon},
    {"tab before the colon", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\t: chunked\r\n\r\n",
     RequestFault::space_before_colon},
    // The empty coding stands before the fold.
    {"folded coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
     RequestFault::unknown_coding},
    {"folded", "GET / HTTP/1.1\r\nHost: a\r\nX-Note: b\r\n c\r\n\r\n", RequestFault::folded_line},
    {"folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", RequestFault::folded_line},
    {"bare LF", "GET / HTTP/1.1\nHost: a\r\n\r\n", RequestFault::bad_line_end},
    {"bare LF in a field", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", RequestFault::bad_line_end},
    {"bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", RequestFault::bad_line_end},
    {"bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n",
     RequestFault::control_byte},
    {"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s, RequestFault::control_byte},
    {"NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"s, RequestFault::bad_field_name},
    {"no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", RequestFault::bad_field_name},
    {"empty name", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", RequestFault::bad_field_name},
    {"no host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", RequestFault::no_host},
    {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", RequestFault::several_hosts},
    {"host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", RequestFault::bad_host},
    {"host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", RequestFault::bad_host},
    {"broken host beside an absolute target", "GET http://b/ HTTP/1.1\r\nHost: a: b\r\n\r\n",
     RequestFault::bad_host},
    {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", RequestFault::bad_host},
    {"port zero", "GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", RequestFault::bad_host},
    {"port too large", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", RequestFault::bad_host},
    {"host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", RequestFault::bad_host},
    {"blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", RequestFault::bad_target},
    {"tab in the target", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", RequestFault::bad_target},
    {"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", RequestFault::bad_target},
    {"raw byte in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
     RequestFault::bad_target},
    {"no slash", "GET index.html HTTP/1.1\r\nHost: a\r\n\r\n", RequestFault::bad_target},
    {"star for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", RequestFault::bad_target},
    {"other scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", RequestFault::bad_target},
    {"two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", RequestFault::bad_target},
    {"no version", "GET /aaaaaaaaaaaa\r\n\r\n", RequestFault::bad_request_line},
    {"version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", RequestFault::bad_version},
    {"version 1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", RequestFault::bad_version},
    {"lower case version", "GET / http/1.1\r\nHost: a\r\n\r\n", RequestFault::bad_request_line},
    {"method with a bracket", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", RequestFault::bad_method},
    {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", RequestFault::method_refused},
    {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", RequestFault::method_refused},
    {"a TLS greeting", "\x16\x03\x01\x02\x00\x01", RequestFault::not_http},
    {"coding in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
     RequestFault::coding_in_http_1_0},
    {"expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n",
     RequestFault::unknown_expectation},
};

TEST(IncomingRequest, RefusesWhatTwoReadersCouldReadDifferently) {
  for (const auto& row : kRefused) {
    RequestHead head;
    const auto got = parse(row.text, head);
    EXPECT_EQ(name(got.fault), name(row.fault)) << row.why;
    EXPECT_EQ(got.taken, 0U) << row.why;
    EXPECT_GE(status(got.fault), 400) << row.why;
  }
}

TEST(IncomingRequest, ReadsAPlainRequest) {
  RequestHead head;
  const std::string text =
      "GET /a/b?c=d HTTP/1.1\r\nHost: Example.net:8080\r\nAccept: */*\r\n\r\nrest";
  const auto got = parse(text, head);
  EXPECT_EQ(got.taken, text.size() - 4);
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/a/b?c=d");
  EXPECT_EQ(head.path(), "/a/b");
  EXPECT_EQ(head.host, "Example.net");
  EXPECT_EQ(head.port, 8080);
  EXPECT_EQ(head.fields.size(), 2U);
  EXPECT_EQ(head.framing, Framing::none);
  EXPECT_TRUE(head.keep_alive);
}

TEST(IncomingRequest, TheAbsoluteFormReplacesTheHost) {
  RequestHead head;
  EXPECT_GT(parse("GET http://b.test:81/x HTTP/1.1\r\nHost: a\r\n\r\n", head).taken, 0U);
  EXPECT_EQ(head.host, "b.test");
  EXPECT_EQ(head.port, 81);
  EXPECT_EQ(head.target, "/x");
}

TEST(IncomingRequest, KnowsWhenTheConnectionIsKept) {
  struct Row {
    const char* text;
    bool kept;
  };
  for (const auto& row : {Row{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
                          Row{"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", false},
                          Row{"GET / HTTP/1.0\r\n\r\n", false},
                          Row{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true}}) {
    RequestHead head;
    EXPECT_GT(parse(row.text, head).taken, 0U) << row.text;
    EXPECT_EQ(head.keep_alive, row.kept) << row.text;
  }
}

TEST(IncomingRequest, AnUpgradeNeedsBothFieldsAndHttp11) {
  RequestHead head;
  parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", head);
  EXPECT_TRUE(head.wants_upgrade);
  parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", head);
  EXPECT_FALSE(head.wants_upgrade);
  parse("GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", head);
  EXPECT_FALSE(head.wants_upgrade);
  for (const auto* value : {"h2c", "H2C", "websocket, h2c", "websocket\r\nUpgrade: h2c"}) {
    parse(std::string{"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: "} + value +
              "\r\n\r\n",
          head);
    EXPECT_FALSE(head.wants_upgrade) << value;
  }
}

TEST(IncomingRequest, LimitsHaveTheirOwnStatus) {
  RequestHead head;
  const RequestLimits small{.head_bytes = 200, .target_bytes = 20, .lines = 3};
  const std::string line = "GET /" + std::string(30, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(status(parse(line, head, small).fault), 414);
  EXPECT_EQ(status(parse(std::string(200, 'A'), head, small).fault), 414);
  const std::string many = "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n";
  EXPECT_EQ(status(parse(many, head, small).fault), 431);
  const std::string large = "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(200, 'x');
  EXPECT_EQ(status(parse(large, head, small).fault), 431);
}

TEST(IncomingRequest, TheOutcomeDoesNotDependOnHowTheBytesCome) {
  const std::string text = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
  RequestHead head;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto got = parse(std::string_view{text}.substr(0, n), head);
    EXPECT_EQ(got.taken, 0U);
    EXPECT_EQ(got.fault, RequestFault::none) << n;
  }
  EXPECT_EQ(parse(text, head).taken, text.size());
  EXPECT_EQ(head.length, 5U);
}

}  // namespace
}  // namespace causeway::codec
