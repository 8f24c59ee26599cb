#include "net/h2_server.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "net/h2_nghttp2.hpp"

namespace causeway::net {
namespace {

constexpr std::uint32_t kStreamWindow = 128 * 1024;
constexpr std::int32_t kConnectionWindow = 1024 * 1024;
// Frames that ask for nothing (PING, SETTINGS, WINDOW_UPDATE, PRIORITY, empty DATA): so many at
// once, so many more for each stream and each KiB of body either way (a client may open its window
// as it reads), and so many in the long run, for a call that lasts for days. More are a flood.
constexpr double kIdleFrames = 2000;
constexpr double kIdleFramesPerStream = 100;
constexpr double kIdleFramesPerKib = 1;
constexpr double kIdleFramesPerSecond = 10;
constexpr double kIdleFramesMost = 20'000;
// CVE-2023-44487: streams opened only to be reset; CVE-2025-8671: or to make this side reset them.
constexpr std::uint64_t kResets = 200;

// The head or the trailer that comes now: nothing comes in between (RFC 9113 4.3).
struct Block {
  std::size_t bytes = 0;
  int lines = 0;
  bool too_large = false;
  bool trailer = false;
};

}  // namespace

struct H2Server::State {
  State(H2Events& the_events, H2ServerLimits the_limits)
      : events(the_events), limits(std::move(the_limits)) {}

  H2Events& events;
  H2ServerLimits limits;
  H2SessionPtr session;
  Block block;
  std::uint64_t streams = 0;
  std::uint64_t resets = 0;
  std::int32_t open_head = 0;        // of this stream; 0: none
  std::int32_t reset_by_client = 0;  // the latest
  double idle_frames_left = kIdleFrames;
  Instant idle_at = Clock::now();  // when they were counted last
  bool broken = false;
  std::vector<nghttp2_nv> list;  // memory of one answer's fields

  static State& of(void* data) { return *static_cast<State*>(data); }

  static bool is_request(const nghttp2_frame* frame) {
    return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
  }

  static int on_begin(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    State& own = of(data);
    own.open_head = frame->hd.stream_id;
    own.block = {.trailer = !is_request(frame)};
    if (own.block.trailer) return 0;
    ++own.streams;
    own.earn(kIdleFramesPerStream);
    return own.too_many_resets();
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_length, const std::uint8_t* value, std::size_t value_length,
                       std::uint8_t /*flags*/, void* data) {
    State& own = of(data);
    Block& block = own.block;
    block.bytes += name_length + value_length + kH2FieldOverhead;
    block.too_large = block.too_large || ++block.lines > own.limits.lines + 4 ||
                      block.bytes > own.limits.head_bytes;
    if (block.too_large) {
      // What goes on long after the limit is no mistake.
      return block.bytes > 4 * own.limits.head_bytes ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
    }
    const auto stream = frame->hd.stream_id;
    if (block.trailer) {
      own.events.on_trailer(stream, h2_view(name, name_length), h2_view(value, value_length));
    } else {
      own.events.on_field(stream, h2_view(name, name_length), h2_view(value, value_length));
    }
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    State& own = of(data);
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        own.open_head = 0;
        if (is_request(frame)) {
          own.events.on_request(frame->hd.stream_id, !ends, own.block.too_large);
        } else if (ends) {
          own.events.on_body_end(frame->hd.stream_id);
        }
        return 0;
      case NGHTTP2_DATA:
        if (ends) own.events.on_body_end(frame->hd.stream_id);
        if (frame->hd.length == 0 && !ends) return own.idle();
        return 0;
      case NGHTTP2_RST_STREAM:
        ++own.resets;
        own.reset_by_client = frame->hd.stream_id;
        return own.too_many_resets();
      default: return own.idle();
    }
  }

  int too_many_resets() const {
    return resets > kResets && resets * 2 > streams ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
  }

  void earn(double frames) {
    idle_frames_left = std::min(idle_frames_left + frames, kIdleFramesMost);
  }

  int idle() {
    const Instant now = Clock::now();
    earn(std::chrono::duration<double>(now - idle_at).count() * kIdleFramesPerSecond);
    idle_at = now;
    return --idle_frames_left < 0 ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t /*flags*/, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t length, void* data) {
    State& own = of(data);
    own.earn(kIdleFramesPerKib * static_cast<double>(length) / 1024);
    own.events.on_body(id, h2_view(bytes, length));
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t error_code, void* data) {
    State& own = of(data);
    if (own.open_head == id) own.open_head = 0;
    // Ours are INTERNAL_ERROR, CANCEL and REFUSED_STREAM: the others answer a break of the rules.
    const bool made_to = error_code == NGHTTP2_PROTOCOL_ERROR ||
                         error_code == NGHTTP2_FLOW_CONTROL_ERROR ||
                         error_code == NGHTTP2_STREAM_CLOSED;
    if (made_to && own.reset_by_client != id) ++own.resets;
    own.events.on_closed(id, error_code != 0);
    return 0;
  }

  static ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* into,
                           std::size_t length, std::uint32_t* flags, nghttp2_data_source*,
                           void* data) {
    State& own = of(data);
    bool ends = false;
    const std::size_t got =
        own.events.take_body(id, {reinterpret_cast<std::byte*>(into), length}, ends);
    own.earn(kIdleFramesPerKib * static_cast<double>(got) / 1024);
    if (!ends) return got == 0 ? NGHTTP2_ERR_DEFERRED : static_cast<ssize_t>(got);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    own.list.clear();
    for (const auto& each : own.events.trailers(id)) {
      own.list.push_back(h2_field(each.name, each.value));
    }
    if (!own.list.empty() &&
        nghttp2_submit_trailer(session, id, own.list.data(), own.list.size()) == 0) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    }
    return static_cast<ssize_t>(got);
  }

  std::span<const nghttp2_nv> fields_of(std::string_view status,
                                        std::span<const codec::HeaderField> fields,
                                        std::string_view length = {}) {
    list.clear();
    list.push_back(h2_field(":status", status));
    for (const auto& each : fields) {
      list.push_back(h2_field(each.name, each.value));
      // A value that never comes again would only push others out of the table of known fields.
      if (each.name == limits.unique_field) list.back().flags |= NGHTTP2_NV_FLAG_NO_INDEX;
    }
    if (!length.empty()) list.push_back(h2_field("content-length", length));
    return list;
  }
};

H2Server::H2Server(H2Events& events, H2ServerLimits limits)
    : state_(std::make_unique<State>(events, std::move(limits))) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  const H2CallbacksPtr owner{callbacks};
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, State::on_begin);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, State::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, State::on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, State::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, State::on_close);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  const H2OptionPtr option_owner{option};
  nghttp2_option_set_no_auto_window_update(option, 1);  // a slow origin slows the visitor
  nghttp2_option_set_no_closed_streams(option, 1);      // nobody's priority hangs on them
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new2(&session, callbacks, state_.get(), option);
  state_->session.reset(session);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, state_->limits.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<std::uint32_t>(state_->limits.head_bytes)},
  };
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

H2Server::~H2Server() = default;

bool H2Server::feed(std::string_view bytes) {
  const auto taken = nghttp2_session_mem_recv(
      state_->session.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken >= 0) return true;
  state_->broken = true;
  nghttp2_session_terminate_session(state_->session.get(), taken == NGHTTP2_ERR_CALLBACK_FAILURE
                                                               ? NGHTTP2_ENHANCE_YOUR_CALM
                                                               : NGHTTP2_PROTOCOL_ERROR);
  return false;
}

bool H2Server::pull(std::string& out, std::size_t most) {
  while (out.size() < most) {
    const std::uint8_t* bytes = nullptr;
    const auto length = nghttp2_session_mem_send(state_->session.get(), &bytes);
    if (length < 0) return false;
    if (length == 0) return true;
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  }
  return true;
}

void H2Server::interim(std::int32_t stream, int status,
                       std::span<const codec::HeaderField> fields) {
  const std::string text = std::to_string(status);
  const auto list = state_->fields_of(text, fields);
  nghttp2_submit_headers(state_->session.get(), NGHTTP2_FLAG_NONE, stream, nullptr, list.data(),
                         list.size(), nullptr);
}

void H2Server::answer(std::int32_t stream, int status, std::span<const codec::HeaderField> fields,
                      std::optional<std::uint64_t> length, bool has_body) {
  char digits[4] = {};
  std::to_chars(digits, digits + 3, status);
  char number[24] = {};
  const char* end = number;
  if (length) end = std::to_chars(number, number + sizeof number, *length).ptr;
  const auto list =
      state_->fields_of({digits, 3}, fields, {number, static_cast<std::size_t>(end - number)});
  nghttp2_data_provider body{.source = {.ptr = nullptr}, .read_callback = State::read_body};
  nghttp2_submit_response(state_->session.get(), stream, list.data(), list.size(),
                          has_body ? &body : nullptr);
}

void H2Server::resume(std::int32_t stream) {
  nghttp2_session_resume_data(state_->session.get(), stream);
}

void H2Server::consumed(std::int32_t stream, std::size_t bytes) {
  nghttp2_session_consume(state_->session.get(), stream, bytes);
}

void H2Server::reset(std::int32_t stream, bool broken) {
  nghttp2_submit_rst_stream(state_->session.get(), NGHTTP2_FLAG_NONE, stream,
                            broken ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_NO_ERROR);
}

void H2Server::refuse(std::int32_t stream) {
  nghttp2_submit_rst_stream(state_->session.get(), NGHTTP2_FLAG_NONE, stream,
                            NGHTTP2_REFUSED_STREAM);
}

void H2Server::go_away() {
  nghttp2_session* session = state_->session.get();
  nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR, nullptr,
                        0);
}

bool H2Server::head_open() const { return state_->open_head != 0; }

bool H2Server::finished() const {
  return nghttp2_session_want_read(state_->session.get()) == 0 &&
         nghttp2_session_want_write(state_->session.get()) == 0;
}

}  // namespace causeway::net
