// HTTP/2 servers that break RFC 9113, over TLS with --alpn h2 or in the clear.
#include <cstdint>
#include <string>

#include "mode.hpp"

namespace misbehave {
namespace {

enum class Frame : std::uint8_t {
  data = 0,
  headers = 1,
  reset_stream = 3,
  settings = 4,
  ping = 6,
  goaway = 7
};

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::uint8_t kEndStream = 1;
constexpr std::uint8_t kEndHeaders = 4;
constexpr std::uint8_t kAck = 1;

std::string number32(std::uint32_t value) {
  std::string out;
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    out += static_cast<char>((value >> shift) & 0xffU);
  return out;
}

std::string frame(Frame type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string out = number32(static_cast<std::uint32_t>(payload.size())).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  return out + number32(stream) + std::string(payload);
}

// Preface and our SETTINGS, then frames until the client's HEADERS came; 0 when it never did.
std::uint32_t request_stream(Channel& channel) {
  if (channel.receive_exactly(kPreface.size(), Millis{60'000}) != kPreface) return 0;
  if (!channel.send(frame(Frame::settings, 0, 0, ""))) return 0;
  for (int frames = 0; frames < 64; ++frames) {
    const std::string head = channel.receive_exactly(9, Millis{60'000});
    if (head.size() < 9) return 0;
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(head[at]); };
    const std::size_t length =
        (std::size_t{byte(0)} << 16U) + (std::size_t{byte(1)} << 8U) + byte(2);
    channel.receive_exactly(length, Millis{60'000});
    if (byte(3) == static_cast<std::uint8_t>(Frame::settings) && (byte(4) & kAck) == 0)
      channel.send(frame(Frame::settings, kAck, 0, ""));
    if (byte(3) == static_cast<std::uint8_t>(Frame::headers))
      return (std::uint32_t{byte(5)} << 24U) + (std::uint32_t{byte(6)} << 16U) +
             (std::uint32_t{byte(7)} << 8U) + byte(8);
  }
  return 0;
}

void goaway(Channel& channel, const Options& options) {
  if (request_stream(channel) == 0) return;
  const auto error =
      static_cast<std::uint32_t>(options.number);  // 0 NO_ERROR, 11 ENHANCE_YOUR_CALM
  channel.send(frame(Frame::goaway, 0, 0, number32(0) + number32(error)));
  channel.finish();
}

void reset_stream(Channel& channel, const Options& options) {
  const std::uint32_t stream = request_stream(channel);
  if (stream == 0) return;
  const auto error = static_cast<std::uint32_t>(options.number == 0 ? 2 : options.number);
  channel.send(frame(Frame::reset_stream, 0, stream, number32(error)));
  channel.hold(Millis{30'000});
}

void broken_frame(Channel& channel, const Options&) {
  const std::uint32_t stream = request_stream(channel);
  if (stream == 0) return;
  // A header block that no HPACK decoder accepts: index 0 (RFC 7541 section 6.1).
  channel.send(frame(Frame::headers, kEndHeaders | kEndStream, stream, "\x80\x80\x80"));
  channel.finish();
}

void silent(Channel& channel, const Options&) {
  if (request_stream(channel) != 0) channel.hold();
}

void fin(Channel& channel, const Options&) {
  if (request_stream(channel) != 0) channel.finish();
}

// PINGs for ever, and not a byte is read: their acknowledgements fill the way back.
void ping_flood(Channel& channel, const Options&) {
  const std::string ping = frame(Frame::ping, 0, 0, "causeway");
  if (!channel.send(frame(Frame::settings, 0, 0, ""))) return;
  while (channel.send(ping)) {
  }
}

void http1_in_http2(Channel& channel, const Options&) {
  // ALPN said h2, the application behind it speaks HTTP/1.1.
  if (channel.receive_exactly(kPreface.size(), Millis{60'000}) != kPreface) return;
  channel.send(
      "HTTP/1.1 400 Bad Request\r\nContent-Length: 11\r\nConnection: close\r\n\r\n"
      "Bad Request");
  channel.finish();
}

void body_cut(Channel& channel, const Options&) {
  const std::uint32_t stream = request_stream(channel);
  if (stream == 0) return;
  channel.send(frame(Frame::headers, kEndHeaders, stream, "\x88"));  // :status 200
  channel.send(frame(Frame::data, 0, stream, std::string(300, 'd')));
  channel.finish();
}

void header_bomb(Channel& channel, const Options&) {
  const std::uint32_t stream = request_stream(channel);
  if (stream == 0) return;
  // One 3 KB header goes into the dynamic table, then 16,000 one-byte references: 48 MB of headers.
  std::string block = "\x88";
  block += std::string("\x40\x01x\x7f\xb9\x16", 6);  // literal with indexing, value of 3000 bytes
  block += std::string(3000, 'v');
  block += std::string(16'000 - block.size(), '\xbe');  // index 62
  channel.send(frame(Frame::headers, kEndHeaders | kEndStream, stream, block));
  channel.hold(Millis{30'000});
}

// SETTINGS and GOAWAY to whatever comes: a port that speaks HTTP/2 only.
void frames_to_http1(Channel& channel, const Options&) {
  if (channel.receive(16 * 1024, Millis{60'000}).empty()) return;
  channel.send(frame(Frame::settings, 0, 0, ""));
  channel.send(frame(Frame::goaway, 0, 0, number32(0) + number32(1)));
  channel.finish();
}

constexpr Mode kModes[] = {
    {"h2-goaway", false, goaway, "GOAWAY (error --number) instead of an answer"},
    {"h2-reset-stream", false, reset_stream, "RST_STREAM (error --number, 2)"},
    {"h2-broken", false, broken_frame, "a header block that cannot be decoded"},
    {"h2-silent", false, silent, "SETTINGS, then silence"},
    {"h2-fin", false, fin, "SETTINGS, then FIN"},
    {"h2-pings", false, ping_flood, "SETTINGS, then PINGs for ever; nothing is read"},
    {"h2-http1", false, http1_in_http2, "HTTP/1.1 text where ALPN promised h2"},
    {"h2-body-cut", false, body_cut, "head and 300 bytes, then FIN"},
    {"h2-header-bomb", false, header_bomb, "16 KB of HPACK that unpack to 39 MB"},
    {"h2-to-http1", false, frames_to_http1, "HTTP/2 frames as the answer to HTTP/1.1"},
};

}  // namespace

std::span<const Mode> http2_modes() { return kModes; }

}  // namespace misbehave
