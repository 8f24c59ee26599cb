#include "codec/first_bytes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace causeway::codec {
namespace {

constexpr std::array<std::string_view, 14> kNames{
    "nothing",       "http", "h2-settings", "ssh",  "smtp-or-ftp", "mysql",
    "redis-or-pop3", "imap", "vnc",         "amqp", "tls-alert",   "tls-handshake",
    "tls-other",     "other"};

struct Greeting {
  std::string_view bytes;
  FirstBytes kind;
};
// RFC 4253 4.2, 5321 4.2, 959 5.4, 1939 3 (and the RESP of Redis), 3501 7.1, 6143 7.1.1; AMQP 0-9-1
// 4.2.2.
constexpr std::array kGreetings{
    Greeting{"SSH-", FirstBytes::ssh},
    Greeting{"220 ", FirstBytes::smtp_or_ftp},
    Greeting{"220-", FirstBytes::smtp_or_ftp},
    Greeting{"-ERR ", FirstBytes::redis_or_pop3},
    Greeting{"-NOAUTH ", FirstBytes::redis_or_pop3},
    Greeting{"-DENIED ", FirstBytes::redis_or_pop3},
    Greeting{"+OK", FirstBytes::redis_or_pop3},
    Greeting{"* OK ", FirstBytes::imap},
    Greeting{"RFB 00", FirstBytes::vnc},
    Greeting{"AMQP", FirstBytes::amqp},
};

unsigned byte(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// A TLS record: content type, major version 3, a length that a record may have (RFC 8446 5.1). As
// far as the bytes go: a record may come in pieces.
bool is_tls_record(std::string_view bytes) {
  if (bytes.size() > 1 && byte(bytes, 1) != 3) return false;
  if (bytes.size() > 2 && byte(bytes, 2) > 4) return false;
  if (bytes.size() < 5) return true;
  const auto length = byte(bytes, 3) << 8U | byte(bytes, 4);
  return length > 0 && length <= 16384 + 2048;
}

// A SETTINGS frame on stream 0: every HTTP/2 server must begin with one (RFC 9113 3.4, 6.5).
bool is_h2_settings(std::string_view bytes) {
  if (bytes.size() < 9) return false;
  const auto length = byte(bytes, 0) << 16U | byte(bytes, 1) << 8U | byte(bytes, 2);
  const auto stream = byte(bytes, 5) | byte(bytes, 6) | byte(bytes, 7) | byte(bytes, 8);
  return length % 6 == 0 && length <= 6 * 64 && byte(bytes, 3) == 4 && byte(bytes, 4) <= 1 &&
         stream == 0;
}

// The server greeting: packet length, sequence 0, protocol version 10 and a version in text; or an
// error packet ("Host ... is not allowed to connect") in its place.
bool is_mysql(std::string_view bytes) {
  if (bytes.size() < 8 || byte(bytes, 3) != 0 || byte(bytes, 2) != 0) return false;
  const auto length = byte(bytes, 0) | byte(bytes, 1) << 8U;
  if (length < 8) return false;
  if (byte(bytes, 4) == 10) return bytes[5] >= '0' && bytes[5] <= '9';
  const auto error = byte(bytes, 5) | byte(bytes, 6) << 8U;
  return byte(bytes, 4) == 0xff && error >= 1000 && error < 5000;
}

}  // namespace

std::string_view name(FirstBytes kind) { return kNames.at(std::to_underlying(kind)); }

FirstBytes first_bytes(std::string_view bytes) {
  constexpr std::string_view kHttp = "HTTP/";
  if (bytes.empty()) return FirstBytes::nothing;
  const auto shared = std::min(bytes.size(), kHttp.size());
  if (bytes.substr(0, shared) == kHttp.substr(0, shared)) return FirstBytes::http;
  for (const auto& greeting : kGreetings) {
    if (bytes.starts_with(greeting.bytes)) return greeting.kind;
  }
  if (is_tls_record(bytes)) {
    switch (byte(bytes, 0)) {
      case 0x15: return FirstBytes::tls_alert;
      case 0x16: return FirstBytes::tls_handshake;
      case 0x14:
      case 0x17: return FirstBytes::tls_other;
      default: break;
    }
  }
  if (is_h2_settings(bytes)) return FirstBytes::h2_settings;
  if (is_mysql(bytes)) return FirstBytes::mysql;
  return FirstBytes::other;
}

}  // namespace causeway::codec
