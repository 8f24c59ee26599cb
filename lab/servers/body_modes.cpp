// Answers that begin well and go wrong in the body.
#include <csignal>
#include <cstdint>
#include <string>

#include "mode.hpp"

namespace misbehave {
namespace {

constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nServer: misbehave\r\n";

// Head with Content-Length 1000 and the first 300 bytes.
bool begin_body(Channel& channel) {
  if (!channel.request()) return false;
  return channel.send(std::string(kHead) + "Content-Length: 1000\r\n\r\n" + std::string(300, 'b'));
}

void body_fin(Channel& channel, const Options&) {
  if (begin_body(channel)) channel.finish();
}

void body_reset(Channel& channel, const Options&) {
  if (!begin_body(channel)) return;
  channel.pause(Millis{100});  // the bytes must arrive before the RST discards them
  channel.reset();
}

void body_stall(Channel& channel, const Options&) {
  if (begin_body(channel)) channel.hold();
}

void body_crash(Channel& channel, const Options&) {
  if (!begin_body(channel)) return;
  channel.pause(Millis{50});
  std::raise(SIGSEGV);
}

void body_drip(Channel& channel, const Options& options) {
  const std::size_t size = options.size != 0 ? options.size : 20;
  while (channel.request()) {
    if (!channel.send(std::string(kHead) + "Content-Length: " + number_text(size) + "\r\n\r\n"))
      return;
    for (std::size_t sent = 0; sent < size; ++sent) {
      if (!channel.pause(delay_or(options, Millis{100})) || !channel.send("d")) return;
    }
  }
}

void bad_chunk(Channel& channel, const Options&) {
  if (!channel.request()) return;
  channel.send(std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n1a\r\n" +
               "abcdefghijklmnopqrstuvwxyz" + "\r\nZZ\r\nmore\r\n0\r\n\r\n");
  channel.finish();
}

void huge_chunk(Channel& channel, const Options&) {
  if (!channel.request()) return;
  channel.send(std::string(kHead) +
               "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n");
  channel.finish();
}

void chunk_no_end(Channel& channel, const Options&) {
  if (!channel.request()) return;
  channel.send(std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  channel.finish();  // without the last chunk: RFC 9112 section 8
}

void chunk_stall(Channel& channel, const Options&) {
  if (!channel.request()) return;
  if (channel.send(std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"))
    channel.hold();
}

void extra_bytes(Channel& channel, const Options&) {
  if (!channel.request()) return;
  channel.send(std::string(kHead) +
               "Content-Length: 5\r\n\r\nhello, and forty bytes that nobody "
               "announced");
  channel.finish();
}

void endless_body(Channel& channel, const Options&) {
  if (!channel.request()) return;
  if (!channel.send(std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n")) return;
  const std::string chunk = "4000\r\n" + std::string(0x4000, 'e') + "\r\n";
  while (channel.send(chunk)) {
  }
}

// Bits of a deflate block, least significant first (RFC 1951 section 3.1.1).
class BitText {
 public:
  void bits(std::uint32_t value, int count) {
    for (int at = 0; at < count; ++at) bit(((value >> static_cast<unsigned>(at)) & 1U) != 0);
  }
  // Huffman codes travel most significant bit first.
  void code(std::uint32_t value, int count) {
    for (int at = count - 1; at >= 0; --at) bit(((value >> static_cast<unsigned>(at)) & 1U) != 0);
  }
  const std::string& text() const { return text_; }

 private:
  void bit(bool one) {
    if (used_ % 8 == 0) text_ += '\0';
    if (one) text_.back() = static_cast<char>(text_.back() | (1 << (used_ % 8)));
    ++used_;
  }
  std::string text_;
  std::size_t used_ = 0;
};

// A gzip member that never ends: one literal, then "258 bytes again" (13 bits) without a limit.
void gzip_bomb(Channel& channel, const Options&) {
  BitText bits;
  bits.bits(1, 1);     // last block
  bits.bits(1, 2);     // fixed codes
  bits.code(0x30, 8);  // literal 0
  for (int at = 0; at < 80'000; ++at) {
    bits.code(0xC5, 8);  // length 258
    bits.code(0, 5);     // distance 1
  }
  const std::string body =
      std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10) + bits.text();
  const std::string answer =
      std::string(kHead) + "Content-Encoding: gzip\r\nContent-Length: " + number_text(body.size()) +
      "\r\n\r\n" + body;
  while (channel.request() && channel.send(answer)) {
  }
}

constexpr Mode kModes[] = {
    {"body-fin", false, body_fin, "300 of 1000 bytes, then FIN"},
    {"body-reset", false, body_reset, "300 of 1000 bytes, then RST"},
    {"body-stall", false, body_stall, "300 of 1000 bytes, then silence"},
    {"body-crash", false, body_crash, "300 of 1000 bytes, then SIGSEGV of the process"},
    {"body-drip", false, body_drip, "--size (20) bytes, one each --delay (0.1)"},
    {"bad-chunk", false, bad_chunk, "a chunk size that is not hexadecimal"},
    {"huge-chunk", false, huge_chunk, "a chunk size beyond 64 bits"},
    {"chunk-no-end", false, chunk_no_end, "FIN without the last chunk"},
    {"chunk-stall", false, chunk_stall, "silence inside a chunk"},
    {"extra-bytes", false, extra_bytes, "more bytes than Content-Length says"},
    {"endless-body", false, endless_body, "chunks without an end"},
    {"gzip-bomb", false, gzip_bomb, "130 KB of gzip that unpack to 20 MB"},
};

}  // namespace

std::span<const Mode> body_modes() { return kModes; }

}  // namespace misbehave
