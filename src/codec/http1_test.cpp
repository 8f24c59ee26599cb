#include "codec/http1.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/first_bytes.hpp"
#include "codec/http1_request.hpp"
#include "codec/http1_response.hpp"

namespace causeway::codec {
namespace {

using testing::HasSubstr;

struct Read {
  HttpFault fault = HttpFault::none;
  std::string detail;
  bool done = false;
  bool reusable = false;
  int status = 0;
  int interim = 0;
  std::string body;
  std::size_t left = 0;  // bytes after the message
};

// Reads `text` in pieces of `piece` bytes, then the end of the connection when `ends`.
Read read(std::string_view text, std::size_t piece, bool ends, ResponseOptions options = {}) {
  ResponseReader reader{options};
  Read out;
  while (!text.empty() && !reader.finished()) {
    auto part = text.substr(0, piece);
    text.remove_prefix(part.size());
    while (!part.empty() && !reader.finished()) {
      const auto step = reader.feed(part);
      out.body += step.body;
      part.remove_prefix(step.taken);
    }
    out.left = part.size();
  }
  out.left += text.size();
  if (ends) reader.end();
  out.fault = reader.fault();
  out.detail = reader.detail();
  out.done = reader.done();
  out.reusable = reader.reusable();
  out.interim = reader.interim();
  if (reader.head_complete()) out.status = reader.head().status();
  return out;
}

// The same for every cut of the bytes: a parser that depends on packet borders shows here.
void expect_everywhere(std::string_view text, bool ends, HttpFault fault,
                       ResponseOptions options = {}) {
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, text.size() + 1}) {
    EXPECT_EQ(name(read(text, piece, ends, options).fault), name(fault))
        << "in pieces of " << piece << ": " << text.substr(0, 80);
  }
}

TEST(Http1Response, reads_a_plain_answer) {
  for (const std::size_t piece : {1U, 3U, 1000U}) {
    const auto out =
        read("HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 5\r\n\r\nhello", piece, false);
    EXPECT_TRUE(out.done);
    EXPECT_TRUE(out.reusable);
    EXPECT_EQ(out.status, 200);
    EXPECT_EQ(out.body, "hello");
  }
}

TEST(Http1Response, keeps_fields_and_reason_when_moved) {
  ResponseReader reader;
  reader.feed("HTTP/1.0 404 Not  here\r\nA:1\r\nb: \t two words \r\nA: 3\r\n\r\n");
  const ResponseReader moved = std::move(reader);
  ASSERT_TRUE(moved.head_complete());
  EXPECT_EQ(moved.head().reason(), "Not  here");
  EXPECT_EQ(moved.head().minor_version(), 0);
  ASSERT_EQ(moved.head().fields().size(), 3U);
  EXPECT_EQ(find_field(moved.head().fields(), "B"), "two words");
  EXPECT_EQ(find_field(moved.head().fields(), "a"), "1");
  EXPECT_EQ(find_field(moved.head().fields(), "c"), std::nullopt);
}

TEST(Http1Response, accepts_what_servers_really_send) {
  expect_everywhere("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false, HttpFault::none);
  expect_everywhere("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", false, HttpFault::none);
  expect_everywhere("HTTP/1.1 200 OK\r\nX: \xe4\xf6\r\nEmpty:\r\nContent-Length: 0\r\n\r\n", false,
                    HttpFault::none);
  expect_everywhere("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", false,
                    HttpFault::none);
  expect_everywhere("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi", false, HttpFault::none);
  expect_everywhere("HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n", false,
                    HttpFault::none);
  expect_everywhere("HTTP/1.1 204 No Content\r\n\r\n", false, HttpFault::none);
  expect_everywhere("HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n", false, HttpFault::none);
}

TEST(Http1Response, names_what_breaks_the_start) {
  expect_everywhere("SSH-2.0-OpenSSH_9.2\r\n", false, HttpFault::not_http);
  expect_everywhere("<html>no status</html>", false, HttpFault::http_0_9);
  expect_everywhere(std::string_view{"\x00\xff\x13\x37 not http", 13}, true, HttpFault::not_http);
  expect_everywhere("\x16\x03\x01\x02", false, HttpFault::not_http);
  expect_everywhere(std::string_view{"\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64", 15}, false,
                    HttpFault::h2_frames);
  expect_everywhere("HTTP/1.1 2xx OK\r\n\r\n", false, HttpFault::bad_status_line);
  expect_everywhere("HTTP/1.1 20 OK\r\n\r\n", false, HttpFault::bad_status_line);
  expect_everywhere("HTTP/1.1 2000 OK\r\n\r\n", false, HttpFault::bad_status_line);
  expect_everywhere("HTTP/1.1 099 Low\r\n\r\n", false, HttpFault::bad_status_line);
  expect_everywhere("HTTP/1.1\r\n\r\n", false, HttpFault::bad_status_line);
  expect_everywhere("HTTP/x.1 200 OK\r\n\r\n", false, HttpFault::bad_status_line);
  expect_everywhere("HTTP/2.0 200 OK\r\n\r\n", false, HttpFault::unknown_version);
  expect_everywhere("HTTP/1.7 200 OK\r\n\r\n", false, HttpFault::unknown_version);
}

std::string with_line(std::string_view line) {
  return "HTTP/1.1 200 OK\r\n" + std::string{line} + "\r\nContent-Length: 0\r\n\r\n";
}

TEST(Http1Response, names_what_breaks_a_header) {
  using std::string_view_literals::operator""sv;
  expect_everywhere(with_line("no colon here"), false, HttpFault::no_colon);
  expect_everywhere(with_line(": no name"), false, HttpFault::bad_field_name);
  expect_everywhere(with_line("two words: x"), false, HttpFault::bad_field_name);
  expect_everywhere(with_line("a\0b: x"sv), false, HttpFault::nul_byte);
  expect_everywhere(with_line("a: x\0y"sv), false, HttpFault::nul_byte);
  expect_everywhere(with_line("a: x\x01y"), false, HttpFault::control_byte);
  expect_everywhere(with_line("a: x\ry: 1"), false, HttpFault::bare_cr);
  expect_everywhere("HTTP/1.1 200 O\x07K\r\n\r\n", false, HttpFault::control_byte);
}

TEST(Http1Response, repairs_old_habits_only_when_allowed) {
  const ResponseOptions strict{.policy = kHttpStrict};
  expect_everywhere(with_line("a : x"), false, HttpFault::none);
  expect_everywhere(with_line("a : x"), false, HttpFault::space_before_colon, strict);
  expect_everywhere(with_line("a: x\r\n more"), false, HttpFault::none);
  expect_everywhere(with_line("a: x\r\n more"), false, HttpFault::folded_line, strict);
  expect_everywhere("HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", false, HttpFault::folded_line);
  expect_everywhere("HTTP/1.1 200 OK\nContent-Length: 0\n\n", false, HttpFault::none);
  expect_everywhere("HTTP/1.1 200 OK\nContent-Length: 0\n\n", false, HttpFault::bare_lf, strict);

  ResponseReader reader;
  reader.feed(with_line("a: x\r\n \tmore \r\n\tand more"));
  ASSERT_TRUE(reader.head_complete());
  EXPECT_EQ(find_field(reader.head().fields(), "a"), "x   \tmore   \tand more");
  EXPECT_EQ(reader.head().repairs(), 2);
}

TEST(Http1Response, says_where_the_fault_is) {
  const auto out = read(with_line("good: 1\r\nbad line\x1b[2J"), 1000, false);
  EXPECT_EQ(out.fault, HttpFault::control_byte);
  EXPECT_THAT(out.detail, HasSubstr("line 3"));
  EXPECT_THAT(out.detail, HasSubstr("bad line\\x1b[2J"));
}

TEST(Http1Response, limits_the_head) {
  const std::string big = "HTTP/1.1 200 OK\r\nA: " + std::string(200 * 1024, 'x') + "\r\n\r\n";
  expect_everywhere(big, false, HttpFault::head_too_large);
  std::string lines = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 3000; ++i) lines += "a:1\r\n";
  expect_everywhere(lines + "\r\n", false, HttpFault::too_many_lines);
  // 128 KiB exactly is not larger than 128 KiB.
  const std::string frame = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: ";
  const std::string exact =
      frame + std::string(limits::kResponseHeadBytes - frame.size() - 4, 'x') + "\r\n\r\n";
  ASSERT_EQ(exact.size(), limits::kResponseHeadBytes);
  EXPECT_TRUE(read(exact, 4096, false).done);
  EXPECT_FALSE(read(frame + "x" + exact.substr(frame.size()), 4096, false).done);
}

TEST(Http1Response, names_what_contradicts_itself_about_length) {
  expect_everywhere(with_line("Content-Length: 5"), false, HttpFault::conflicting_length);
  expect_everywhere("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello", false,
                    HttpFault::conflicting_length);
  expect_everywhere(with_line("Transfer-Encoding: chunked"), false, HttpFault::length_with_coding);
  for (const auto* value :
       {"", "x", "-1", "+1", "1 2", "0x5", "99999999999999999999999", "2000000000000000000"}) {
    expect_everywhere(std::string{"HTTP/1.1 200 OK\r\nContent-Length: "} + value + "\r\n\r\n",
                      false, HttpFault::bad_length);
  }
  for (const auto* value : {"gzip", "gzip, chunked", "chunked, chunked", "identity", "xchunked"}) {
    expect_everywhere(std::string{"HTTP/1.1 200 OK\r\nTransfer-Encoding: "} + value + "\r\n\r\n",
                      false, HttpFault::unknown_coding);
  }
}

constexpr std::string_view kChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST(Http1Response, reads_chunks) {
  const std::string text =
      std::string{kChunkedHead} +
      "5\r\nhello\r\n1;x=\"y\"\r\n \r\n05  \r\nworld\r\n0\r\nExpires: never\r\n\r\n";
  for (const std::size_t piece : {1U, 2U, 5U, 1000U}) {
    const auto out = read(text, piece, false);
    EXPECT_TRUE(out.done) << out.detail;
    EXPECT_EQ(out.body, "hello world");
    EXPECT_TRUE(out.reusable);
  }
}

TEST(Http1Response, names_what_breaks_chunks) {
  const auto chunked = [](std::string_view text) {
    return std::string{kChunkedHead} + std::string{text};
  };
  for (const auto* size : {"ZZ\r\n", "\r\n", "-5\r\n", "0x5\r\n", " 5\r\n", "5\n", "5\rx", ";a\r\n",
                           "5 5\r\n", "1000000000000000000\r\n", "5;\x01\r\n"}) {
    expect_everywhere(chunked(size), false, HttpFault::bad_chunk_size);
  }
  expect_everywhere(chunked("5\r\nhelloX\n"), false, HttpFault::bad_chunk_end);
  expect_everywhere(chunked("5\r\nhello\rX"), false, HttpFault::bad_chunk_end);
  expect_everywhere(chunked("5\r\nhello\n"), false, HttpFault::bad_chunk_end);
  expect_everywhere(chunked("5;" + std::string(5000, 'x')), false, HttpFault::chunk_line_too_long);
  expect_everywhere(chunked("0\r\nno colon\r\n\r\n"), false, HttpFault::bad_trailer);
  expect_everywhere(chunked("0\r\na: b\n\r\n"), false, HttpFault::bad_trailer);
  expect_everywhere(chunked("0\r\na: b\rc\r\n"), false, HttpFault::bad_trailer);
  expect_everywhere(chunked("0\r\n" + std::string(200 * 1024, 'a')), false, HttpFault::bad_trailer);
  expect_everywhere(chunked("5\r\nhel"), true, HttpFault::body_cut);
  expect_everywhere(chunked("5\r\nhello\r\n"), true, HttpFault::body_cut);
  expect_everywhere(chunked("0\r\n"), true, HttpFault::body_cut);
}

TEST(Http1Response, knows_where_the_connection_may_end) {
  expect_everywhere("", true, HttpFault::nothing);
  expect_everywhere("HTTP", true, HttpFault::head_cut);
  expect_everywhere("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", true, HttpFault::head_cut);
  expect_everywhere("HTTP/1.1 100 Continue\r\n\r\n", true, HttpFault::head_cut);
  expect_everywhere("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", true, HttpFault::body_cut);
  const auto out = read("HTTP/1.1 200 OK\r\n\r\nuntil the end", 4, true);
  EXPECT_TRUE(out.done);
  EXPECT_EQ(out.body, "until the end");
  EXPECT_FALSE(out.reusable);
}

TEST(Http1Response, leaves_alone_what_follows_the_message) {
  const auto out = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", 1000, false);
  EXPECT_TRUE(out.done);
  EXPECT_EQ(out.body, "hello");
  EXPECT_EQ(out.left, 9U);
}

TEST(Http1Response, counts_interim_answers) {
  const std::string once = "HTTP/1.1 100 Continue\r\n\r\n";
  const auto out = read(
      once +
          "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      9, false);
  EXPECT_TRUE(out.done);
  EXPECT_EQ(out.interim, 2);
  EXPECT_EQ(out.status, 200);
  std::string many;
  for (int i = 0; i <= limits::kInterimResponses; ++i) many += once;
  expect_everywhere(many, false, HttpFault::too_many_interim);
  expect_everywhere("HTTP/1.1 101 Switching Protocols\r\n\r\n", false, HttpFault::unasked_upgrade);
}

TEST(Http1Response, has_no_body_for_head_requests) {
  const ResponseOptions options{.answers_head = true};
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 5, false, options).done);
  EXPECT_TRUE(
      read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 5, false, options).done);
}

TEST(Http1Response, knows_when_a_connection_may_be_used_again) {
  const auto reusable = [](std::string_view start, std::string_view field) {
    return read(std::string{start} + "\r\nContent-Length: 0\r\n" + std::string{field} + "\r\n\r\n",
                1000, false)
        .reusable;
  };
  EXPECT_TRUE(reusable("HTTP/1.1 200 OK", "A: b"));
  EXPECT_FALSE(reusable("HTTP/1.1 200 OK", "Connection: x, Close"));
  EXPECT_FALSE(reusable("HTTP/1.0 200 OK", "A: b"));
  EXPECT_TRUE(reusable("HTTP/1.0 200 OK", "connection: Keep-Alive"));
}

TEST(Http1Faults, each_has_a_name_and_a_sentence) {
  for (int i = 0; i <= static_cast<int>(HttpFault::body_cut); ++i) {
    EXPECT_FALSE(name(static_cast<HttpFault>(i)).empty());
    EXPECT_FALSE(sentence(static_cast<HttpFault>(i)).empty());
  }
}

TEST(Http1Request, asks_like_an_edge) {
  const auto text =
      write_request({.path = "/a?b=1", .host = "www.example.net", .more = {{"X-A", "1"}}});
  EXPECT_TRUE(text.starts_with("GET /a?b=1 HTTP/1.1\r\nHost: www.example.net\r\n"));
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
  for (const auto* line :
       {"User-Agent: causeway/", "Accept: */*\r\n", "Accept-Encoding: identity\r\n",
        "Connection: Keep-Alive\r\n", "CDN-Loop: causeway-diagnosis\r\n", "X-Forwarded-Proto: https\r\n",
        "X-A: 1\r\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Http1Request, says_once_what_becomes_of_the_connection) {
  const auto text = write_request({.host = "www.example.net", .more = {{"Connection", "close"}}});
  EXPECT_THAT(text, HasSubstr("Connection: close\r\n"));
  EXPECT_FALSE(text.contains("Keep-Alive"));
}

TEST(Http1Request, writes_the_host_as_it_must_be) {
  EXPECT_EQ(authority({.host = "a.example", .port = 443}), "a.example");
  EXPECT_EQ(authority({.host = "a.example", .port = 8443}), "a.example:8443");
  EXPECT_EQ(authority({.host = "a.example", .port = 443, .scheme = "http"}), "a.example:443");
  EXPECT_EQ(authority({.host = "2001:db8::1", .port = 80, .scheme = "http"}), "[2001:db8::1]");
  EXPECT_EQ(authority({.host = "2001:db8::1", .port = 81, .scheme = "http"}), "[2001:db8::1]:81");
  EXPECT_THAT(write_request({.host = ""}), testing::Not(HasSubstr("Host:")));
}

TEST(Http1Request, cannot_be_made_to_smuggle) {
  const auto text =
      write_request({.path = "/a b\r\nX: y", .host = "h\r\nEvil: 1", .more = {{"A", "1\r\nB: 2"}}});
  EXPECT_THAT(text, HasSubstr("GET /a%20b%0D%0AX:%20y HTTP/1.1\r\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("\r\nEvil")));
  EXPECT_THAT(text, testing::Not(HasSubstr("\r\nB:")));
}

TEST(FirstBytes, names_the_protocol) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(name(first_bytes("")), "nothing");
  EXPECT_EQ(name(first_bytes("HTTP/1.1 400 Bad Request")), "http");
  EXPECT_EQ(name(first_bytes("HT")), "http");
  EXPECT_EQ(name(first_bytes("SSH-2.0-OpenSSH_9.2p1 Debian-2")), "ssh");
  EXPECT_EQ(name(first_bytes("220 mail.example.net ESMTP")), "smtp-or-ftp");
  EXPECT_EQ(name(first_bytes("220-FTP")), "smtp-or-ftp");
  EXPECT_EQ(name(first_bytes("-ERR wrong number of arguments for 'get' command")), "redis-or-pop3");
  EXPECT_EQ(name(first_bytes("+OK POP3 ready")), "redis-or-pop3");
  EXPECT_EQ(name(first_bytes("* OK IMAP4rev1 ready")), "imap");
  EXPECT_EQ(name(first_bytes("RFB 003.008\n")), "vnc");
  EXPECT_EQ(name(first_bytes("AMQP\0\0\x9\x1")), "amqp");
  EXPECT_EQ(name(first_bytes("\x15\x03\x01\x00\x02\x02\x28"sv)), "tls-alert");
  EXPECT_EQ(name(first_bytes("\x16\x03\x03\x00\x7a\x02"sv)), "tls-handshake");
  EXPECT_EQ(name(first_bytes("\x17\x03\x03\x00\x7a\x02"sv)), "tls-other");
  EXPECT_EQ(name(first_bytes("\x16\x03\x03\xff\xff\x02"sv)), "other");
  EXPECT_EQ(name(first_bytes("\0\0\x12\4\0\0\0\0\0\0\3"sv)), "h2-settings");
  EXPECT_EQ(name(first_bytes("\x4a\0\0\0\x0a"
                             "8.0.36\0"sv)),
            "mysql");
  EXPECT_EQ(name(first_bytes("\x45\0\0\0\xff\x6a\x04Host"sv)), "mysql");
  EXPECT_EQ(name(first_bytes("\x28\x27\xe8\xaf"sv)), "other");
  EXPECT_EQ(name(first_bytes("<html>")), "other");
}

}  // namespace
}  // namespace causeway::codec
