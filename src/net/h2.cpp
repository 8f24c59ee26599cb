#include "net/h2.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "codec/first_bytes.hpp"
#include "net/digest.hpp"
#include "net/h2_nghttp2.hpp"
#include "net/loop.hpp"

namespace causeway::net {
namespace {

constexpr std::int32_t kStreamWindow = 1 << 20;
constexpr std::int32_t kConnectionWindow = 1 << 21;
// Frames of the connection alone (SETTINGS, PING) during one request. A body of 10 MB brings none
// of them; a flood of them is an attack (RFC 9113 section 10.5).
constexpr int kOtherFrames = 1000;

}  // namespace

struct H2Client::State {
  H2SessionPtr session;
  std::int32_t stream_id = -1;
  H2Answer answer;
  std::size_t body_kept = limits::kBodyBytesKept;
  Sha256 hash;
  std::size_t head_bytes = 0;
  Instant progress;  // when the answer itself went on last; pings and settings are no answer
  Instant head_at;
  bool final_head = false;  // the head at hand is no interim one
  bool stream_closed = false;
  bool goaway = false;
  bool got_settings = false;
  bool dead = false;
  std::string pending;

  bool is_ours(std::int32_t id) const { return id == stream_id; }

  static State& of(void* data) { return *static_cast<State*>(data); }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    State& own = of(data);
    if (own.is_ours(frame->hd.stream_id)) own.answer.head_begun = true;
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_length, const std::uint8_t* value, std::size_t value_length,
                       std::uint8_t /*flags*/, void* data) {
    return of(data).take_field(frame->hd.stream_id, h2_view(name, name_length),
                               h2_view(value, value_length));
  }

  int take_field(std::int32_t id, std::string_view name, std::string_view value) {
    if (!is_ours(id)) return 0;
    head_bytes += name.size() + value.size() + kH2FieldOverhead;
    if (head_bytes > limits::kResponseHeadBytes ||
        answer.fields.size() > static_cast<std::size_t>(limits::kHeaderLines)) {
      answer.end = H2End::head_too_large;
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (answer.head_complete) return 0;  // a trailer
    if (name == ":status") {
      std::from_chars(value.data(), value.data() + value.size(), answer.status);
      final_head = answer.status >= 200;
      return 0;
    }
    if (final_head) answer.fields.emplace_back(name, value);
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    State& own = of(data);
    if (frame->hd.stream_id == 0 && ++own.answer.other_frames > kOtherFrames) {
      own.answer.end = H2End::frame_flood;
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (frame->hd.type == NGHTTP2_SETTINGS) own.got_settings = true;
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      own.goaway = true;
      own.answer.error_code = frame->goaway.error_code;
    }
    if (!own.is_ours(frame->hd.stream_id) || frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (own.final_head) {
      if (!own.answer.head_complete) own.progress = own.head_at = Clock::now();
      own.answer.head_complete = true;
      return 0;
    }
    if (++own.answer.interim > limits::kInterimResponses) {
      own.answer.end = H2End::too_many_interim;
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t /*flags*/, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t length, void* data) {
    State& own = of(data);
    if (!own.is_ours(id)) return 0;
    const auto body = h2_view(bytes, length);
    own.progress = Clock::now();
    own.answer.body_bytes += length;
    own.hash.update(body);
    const auto room = own.body_kept - own.answer.body.size();
    own.answer.body += body.substr(0, room);
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t error_code, void* data) {
    State& own = of(data);
    if (!own.is_ours(id)) return 0;
    own.stream_closed = true;
    if (error_code != 0) own.answer.error_code = error_code;
    own.answer.end =
        error_code == 0 && own.answer.head_complete ? H2End::complete : H2End::stream_reset;
    return 0;
  }

  static int on_error(nghttp2_session*, int /*code*/, const char* text, std::size_t length,
                      void* data) {
    State& own = of(data);
    if (own.answer.reason.empty()) own.answer.reason = printable({text, length}, limits::kTextKept);
    return 0;
  }

  bool begin();
  bool submit(const H2Request& request);
  bool collect_pending();
  bool take(std::string_view bytes);
  bool ended(const H2Waits& waits);
  void read_ended(const ReadResult& read);
  void keep_first(std::string_view bytes);
};

bool H2Client::State::begin() {
  if (session) return !dead;
  nghttp2_session_callbacks* raw = nullptr;
  if (nghttp2_session_callbacks_new(&raw) != 0) return false;
  const H2CallbacksPtr callbacks{raw};
  nghttp2_session_callbacks_set_on_begin_headers_callback(raw, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(raw, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(raw, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(raw, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(raw, on_close);
  nghttp2_session_callbacks_set_error_callback2(raw, on_error);
  nghttp2_session* made = nullptr;
  if (nghttp2_session_client_new(&made, raw, this) != 0) return false;
  session.reset(made);
  const std::array settings{
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits::kResponseHeadBytes},
  };
  return nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
         nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, kConnectionWindow) == 0;
}

bool H2Client::State::submit(const H2Request& request) {
  std::vector<std::string> names;
  names.reserve(request.fields.size());
  std::vector<nghttp2_nv> list{
      h2_field(":method", request.method), h2_field(":scheme", request.scheme),
      h2_field(":authority", request.authority), h2_field(":path", request.path)};
  for (const auto& [name, value] : request.fields) {
    names.push_back(lower(name));
    list.push_back(h2_field(names.back(), value));
  }
  answer = {};
  hash = {};
  head_bytes = 0;
  final_head = stream_closed = false;
  stream_id =
      nghttp2_submit_request(session.get(), nullptr, list.data(), list.size(), nullptr, nullptr);
  return stream_id > 0;
}

bool H2Client::State::collect_pending() {
  pending.clear();
  while (true) {
    const std::uint8_t* bytes = nullptr;
    const auto length = nghttp2_session_mem_send(session.get(), &bytes);
    if (length < 0) return false;
    if (length == 0) return true;
    pending += h2_view(bytes, static_cast<std::size_t>(length));
  }
}

void H2Client::State::keep_first(std::string_view bytes) {
  const auto room = limits::kFirstBytesKept - answer.first_bytes.size();
  answer.first_bytes += bytes.substr(0, room);
}

// False when the connection cannot go on; answer.end says why.
bool H2Client::State::take(std::string_view bytes) {
  keep_first(bytes);
  // The agreement was HTTP/2: what is anything else will never become it. A frame header has nine
  // bytes (RFC 9113 4.1).
  if (!got_settings && answer.first_bytes.size() >= 9 &&
      codec::first_bytes(answer.first_bytes) != codec::FirstBytes::h2_settings) {
    answer.end = H2End::not_h2;
    return false;
  }
  const auto used = nghttp2_session_mem_recv(
      session.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (used >= 0) return true;
  if (answer.end != H2End::head_too_large && answer.end != H2End::too_many_interim &&
      answer.end != H2End::frame_flood) {
    answer.end = H2End::protocol_error;
    if (answer.reason.empty()) answer.reason = nghttp2_strerror(static_cast<int>(used));
  }
  return false;
}

// After bytes were taken: is the answer at its end?
bool H2Client::State::ended(const H2Waits& waits) {
  if (stream_closed) {
    // A stream above the last one a GOAWAY names was never looked at (RFC 9113 6.8); nghttp2 closes
    // it with REFUSED_STREAM.
    if (goaway && !answer.head_begun && answer.end == H2End::stream_reset) {
      answer.end = H2End::goaway;
    }
    return true;
  }
  if (nghttp2_session_want_read(session.get()) == 0) {
    answer.end = goaway && !answer.head_begun ? H2End::goaway : H2End::protocol_error;
    return true;
  }
  const bool enough = answer.body_bytes >= limits::kBodyBytesRead ||
                      (answer.body_bytes > 0 && progress - head_at > waits.body);
  if (enough) {
    answer.end = H2End::body_capped;
    nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, stream_id, NGHTTP2_CANCEL);
  }
  return enough;
}

void H2Client::State::read_ended(const ReadResult& read) {
  answer.os_code = read.os_code;
  dead = true;
  switch (read.end) {
    case ReadEnd::timeout: answer.end = H2End::timeout; break;
    case ReadEnd::eof:
      answer.end = goaway && !answer.head_begun ? H2End::goaway : H2End::closed;
      break;
    case ReadEnd::alert:
      answer.end = H2End::tls_alert;
      answer.alert = read.alert;
      break;
    default: answer.end = H2End::reset; break;
  }
}

std::string_view h2_error_name(std::uint32_t code) {
  constexpr std::array<std::string_view, 14> kNames{"NO_ERROR",
                                                    "PROTOCOL_ERROR",
                                                    "INTERNAL_ERROR",
                                                    "FLOW_CONTROL_ERROR",
                                                    "SETTINGS_TIMEOUT",
                                                    "STREAM_CLOSED",
                                                    "FRAME_SIZE_ERROR",
                                                    "REFUSED_STREAM",
                                                    "CANCEL",
                                                    "COMPRESSION_ERROR",
                                                    "CONNECT_ERROR",
                                                    "ENHANCE_YOUR_CALM",
                                                    "INADEQUATE_SECURITY",
                                                    "HTTP_1_1_REQUIRED"};
  return code < kNames.size() ? kNames.at(code) : "unknown";
}

H2Client::H2Client() : state_(std::make_unique<State>()) {}
H2Client::~H2Client() = default;

bool H2Client::usable() const {
  return state_->session && !state_->dead && !state_->goaway &&
         nghttp2_session_check_request_allowed(state_->session.get()) != 0;
}

Task<H2Answer> H2Client::ask(Stream& stream, H2Request request, H2Waits waits, Instant deadline) {
  State& own = *state_;
  const Instant began = Clock::now();
  if (!own.begin() || !own.submit(request)) {
    own.answer = {};
    own.answer.end = H2End::protocol_error;
    own.answer.reason = "the connection takes no further request";
    co_return own.answer;
  }
  own.body_kept = waits.body_kept;
  std::array<std::byte, limits::kReadBuffer> buffer{};
  bool going = true;
  while (going) {
    const Duration wait = own.answer.head_complete ? waits.between_bytes : waits.head;
    const Instant until =
        std::min(deadline, (own.answer.head_complete ? own.progress : began) + wait);
    if (!own.collect_pending()) {
      own.answer.end = H2End::protocol_error;
      break;
    }
    WriteResult wrote;
    if (!own.pending.empty()) {
      wrote = co_await stream.write(std::as_bytes(std::span{own.pending}), until);
      own.answer.bytes_written += wrote.bytes;
      // What the peer said before it went may still be read.
      if (wrote.end == WriteEnd::timeout) {
        own.answer.end = H2End::write_failed;
        break;
      }
    }
    // A protocol error of the peer is told to it (GOAWAY) before the session wants to read no more.
    if (own.ended(waits)) break;
    const auto read = read_after(wrote, co_await stream.read(buffer, until));
    if (read.end != ReadEnd::more) {
      own.read_ended(read);
      break;
    }
    going = own.take({reinterpret_cast<const char*>(buffer.data()), read.bytes});
    if (own.answer.head_begun && own.answer.to_first_byte == Duration{}) {
      own.answer.to_first_byte = Clock::now() - began;
    }
  }
  own.dead =
      own.dead || (own.answer.end != H2End::complete && own.answer.end != H2End::body_capped &&
                   own.answer.end != H2End::stream_reset);
  own.answer.elapsed = Clock::now() - began;
  own.answer.body_hash = own.hash.hex(16);
  co_return std::move(own.answer);
}

}  // namespace causeway::net
