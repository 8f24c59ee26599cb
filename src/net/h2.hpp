// The client side of HTTP/2 over any stream: one connection, one request at a time, each told
// exactly. None of nghttp2's types passes it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "base/time.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace causeway::net {

struct H2Request {
  std::string method = "GET";
  std::string scheme = "https";
  std::string authority;
  std::string path = "/";
  std::vector<std::pair<std::string, std::string>> fields;  // names are sent in lower case
};

struct H2Waits {
  Duration head;
  Duration between_bytes;
  Duration body;
  std::size_t body_kept = limits::kBodyBytesKept;
};

enum class H2End : std::uint8_t {
  complete,
  body_capped,     // enough of the body was read
  timeout,         // of whatever was waited for; `head_complete` and the stream's facts say what
  closed,          // FIN
  reset,           // RST
  tls_alert,       // `alert`
  goaway,          // before the request was handled: `error_code`
  stream_reset,    // RST_STREAM: `error_code` (RFC 9113 section 7)
  protocol_error,  // nghttp2 refuses what came: `reason`
  not_h2,          // the first bytes are no SETTINGS frame
  head_too_large,
  too_many_interim,
  frame_flood,   // frames that are no answer: `other_frames`
  write_failed,  // `bytes_written`
};

struct H2Answer {
  H2End end = H2End::timeout;
  int status = 0;
  bool head_begun = false;
  bool head_complete = false;
  int interim = 0;
  int other_frames = 0;           // SETTINGS, PING and what else belongs to no request
  std::size_t bytes_written = 0;  // of whatever had to be sent during this request
  std::vector<std::pair<std::string, std::string>> fields;
  std::uint64_t body_bytes = 0;
  std::string body;  // at most H2Waits::body_kept
  std::string body_hash;
  std::string first_bytes;
  Duration to_first_byte{};  // of the answer's head, not of SETTINGS; zero when none came
  Duration elapsed{};
  std::uint32_t error_code = 0;
  int alert = -1;
  int os_code = 0;
  std::string reason;
};

std::string_view h2_error_name(std::uint32_t code);  // "REFUSED_STREAM" (RFC 9113 section 7)

class H2Client {
 public:
  H2Client();
  ~H2Client();
  H2Client(const H2Client&) = delete;
  H2Client& operator=(const H2Client&) = delete;

  // On the stream the first call began with. Not concurrently.
  Task<H2Answer> ask(Stream& stream, H2Request request, H2Waits waits, Instant deadline);

  // Whether another request may follow: nothing has ended the connection.
  bool usable() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace causeway::net
