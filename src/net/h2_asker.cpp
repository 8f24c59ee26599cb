#include "net/h2_asker.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>
#include <vector>

#include "base/text.hpp"
#include "codec/first_bytes.hpp"
#include "net/h2_nghttp2.hpp"

namespace causeway::net {
namespace {

// Of one answer before it is used: what a slow visitor makes this side hold.
constexpr std::uint32_t kStreamWindow = 256 * 1024;
// Given back as bytes come: a slow visitor stops its own stream and not the others.
constexpr std::int32_t kConnectionWindow = 4 * 1024 * 1024;
constexpr std::size_t kFrameHeader = 9;  // RFC 9113 4.1

struct Answer {
  H2Call* call = nullptr;
  std::size_t bytes = 0;  // of heads and trailers
  int lines = 0;
  int interim = 0;
  int status = 0;  // of the head at hand
  bool final_head = false;
  bool ended = false;
  bool peer_reset = false;
  std::optional<H2CallEnd> refusal;  // why this side ended it
};

}  // namespace

struct H2Asker::State {
  explicit State(H2AskerLimits the_limits) : limits(the_limits) {}

  H2AskerLimits limits;
  H2SessionPtr session;
  std::unordered_map<std::int32_t, Answer> answers;
  std::vector<nghttp2_nv> list;  // memory of one head's fields
  std::string first;
  std::string reason;
  std::uint32_t away_code = 0;
  bool away = false;
  bool spoke = false;

  static State& of(void* data) { return *static_cast<State*>(data); }

  Answer* find(std::int32_t stream) {
    const auto found = answers.find(stream);
    return found == answers.end() ? nullptr : &found->second;
  }

  void refuse(std::int32_t stream, Answer& answer, H2CallEnd why) {
    if (answer.refusal) return;
    answer.refusal = why;
    nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
  }

  static int on_begin(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    if (Answer* answer = of(data).find(frame->hd.stream_id)) answer->status = 0;
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_length, const std::uint8_t* value, std::size_t value_length,
                       std::uint8_t /*flags*/, void* data) {
    of(data).take_field(frame->hd.stream_id, h2_view(name, name_length),
                        h2_view(value, value_length));
    return 0;
  }

  void take_field(std::int32_t stream, std::string_view name, std::string_view value) {
    Answer* answer = find(stream);
    if (answer == nullptr || answer->refusal) return;
    answer->bytes += name.size() + value.size() + kH2FieldOverhead;
    if (answer->bytes > limits.head_bytes || ++answer->lines > limits.lines) {
      return refuse(stream, *answer, H2CallEnd::head_too_large);
    }
    if (name == ":status") {
      std::from_chars(value.data(), value.data() + value.size(), answer->status);
    } else {
      answer->call->on_field(name, value);
    }
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    State& own = of(data);
    const auto stream = frame->hd.stream_id;
    switch (frame->hd.type) {
      case NGHTTP2_SETTINGS: own.spoke = true; return 0;
      case NGHTTP2_GOAWAY:
        own.away = true;
        own.away_code = frame->goaway.error_code;
        return 0;
      case NGHTTP2_RST_STREAM:
        if (Answer* answer = own.find(stream)) answer->peer_reset = true;
        return 0;
      case NGHTTP2_HEADERS: own.take_head(stream); break;
      case NGHTTP2_DATA: break;
      default: return 0;
    }
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    if (Answer* answer = own.find(stream); answer != nullptr && !answer->refusal) {
      answer->ended = true;
      answer->call->on_end();
    }
    return 0;
  }

  void take_head(std::int32_t stream) {
    Answer* answer = find(stream);
    if (answer == nullptr || answer->refusal) return;
    if (answer->final_head) return answer->call->on_trailers();
    // Three digits, and nghttp2 asks for no more: "020" would be an interim answer of its own kind.
    if (answer->status < 100) {
      if (reason.empty()) reason = "the answer's :status is none";
      return refuse(stream, *answer, H2CallEnd::broken);
    }
    if (answer->status >= 200) {
      answer->final_head = true;
      return answer->call->on_head(answer->status);
    }
    if (++answer->interim > limits.interim) {
      return refuse(stream, *answer, H2CallEnd::too_many_interim);
    }
    answer->call->on_interim(answer->status);
  }

  static int on_data(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t stream,
                     const std::uint8_t* bytes, std::size_t length, void* data) {
    nghttp2_session_consume_connection(session, length);
    Answer* answer = of(data).find(stream);
    if (answer != nullptr && !answer->refusal) answer->call->on_body(h2_view(bytes, length));
    return 0;
  }

  // A frame that nghttp2 takes for a break of the rules: it resets the stream.
  static int on_invalid(nghttp2_session*, const nghttp2_frame* frame, int error, void* data) {
    State& own = of(data);
    Answer* answer = own.find(frame->hd.stream_id);
    if (answer != nullptr && !answer->refusal) answer->refusal = H2CallEnd::broken;
    if (own.reason.empty()) own.reason = nghttp2_strerror(error);
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* data) {
    State& own = of(data);
    const auto node = own.answers.extract(stream);
    if (node.empty()) return 0;
    const Answer& answer = node.mapped();
    H2CallEnd end = H2CallEnd::broken;
    if (answer.ended) {
      end = H2CallEnd::complete;
    } else if (answer.refusal) {
      end = *answer.refusal;
    } else if (code == NGHTTP2_REFUSED_STREAM) {
      end = H2CallEnd::refused;
    } else if (answer.peer_reset) {
      end = H2CallEnd::reset;
    }
    answer.call->on_closed(end, code);
    return 0;
  }

  static int on_error(nghttp2_session*, int /*code*/, const char* text, std::size_t length,
                      void* data) {
    State& own = of(data);
    if (own.reason.empty()) own.reason = printable({text, length}, limits::kTextKept);
    return 0;
  }

  static ssize_t read_body(nghttp2_session* session, std::int32_t stream, std::uint8_t* into,
                           std::size_t length, std::uint32_t* flags, nghttp2_data_source*,
                           void* data) {
    State& own = of(data);
    Answer* answer = own.find(stream);
    if (answer == nullptr) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      return 0;
    }
    bool ends = false;
    const std::size_t got =
        answer->call->take_body({reinterpret_cast<std::byte*>(into), length}, ends);
    if (!ends) return got == 0 ? NGHTTP2_ERR_DEFERRED : static_cast<ssize_t>(got);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    own.list.clear();
    for (const auto& each : answer->call->trailers()) {
      own.list.push_back(h2_field(each.name, each.value));
    }
    if (!own.list.empty() &&
        nghttp2_submit_trailer(session, stream, own.list.data(), own.list.size()) == 0) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    }
    return static_cast<ssize_t>(got);
  }

  bool begin();
  bool begins_right(std::string_view bytes);
};

bool H2Asker::State::begin() {
  nghttp2_session_callbacks* raw = nullptr;
  if (nghttp2_session_callbacks_new(&raw) != 0) return false;
  const H2CallbacksPtr callbacks{raw};
  nghttp2_session_callbacks_set_on_begin_headers_callback(raw, on_begin);
  nghttp2_session_callbacks_set_on_header_callback(raw, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(raw, on_frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(raw, on_invalid);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(raw, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(raw, on_close);
  nghttp2_session_callbacks_set_error_callback2(raw, on_error);
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) return false;
  const H2OptionPtr option_owner{option};
  nghttp2_option_set_no_auto_window_update(option, 1);  // a slow visitor slows the origin
  nghttp2_session* made = nullptr;
  if (nghttp2_session_client_new2(&made, raw, this, option) != 0) return false;
  session.reset(made);
  const std::array settings{
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                             static_cast<std::uint32_t>(limits.head_bytes)},
  };
  return nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
         nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, kConnectionWindow) == 0;
}

// The agreement was HTTP/2: what begins as anything else will never become it.
bool H2Asker::State::begins_right(std::string_view bytes) {
  if (spoke || first.size() >= kFrameHeader) return true;
  first += bytes.substr(0, limits::kFirstBytesKept - first.size());
  if (first.size() < kFrameHeader) return true;
  if (codec::first_bytes(first) == codec::FirstBytes::h2_settings) return true;
  reason = "HTTP/2 was agreed, and the server speaks something else";
  return false;
}

H2Asker::H2Asker(H2AskerLimits limits) : state_(std::make_unique<State>(limits)) {
  if (!state_->begin()) state_->session.reset();
}

H2Asker::~H2Asker() = default;

std::optional<std::int32_t> H2Asker::ask(const Question& question, H2Call& call) {
  State& own = *state_;
  if (!takes_more()) return std::nullopt;
  auto& list = own.list;
  list.clear();
  list.push_back(h2_field(":method", question.method));
  list.push_back(h2_field(":scheme", question.scheme));
  if (!question.authority.empty()) list.push_back(h2_field(":authority", question.authority));
  list.push_back(h2_field(":path", question.path));
  for (const auto& each : question.fields) list.push_back(h2_field(each.name, each.value));
  std::array<char, 24> digits{};
  if (question.length) {
    const char* end =
        std::to_chars(digits.data(), digits.data() + digits.size(), *question.length).ptr;
    list.push_back(
        h2_field("content-length", {digits.data(), static_cast<std::size_t>(end - digits.data())}));
  }
  nghttp2_data_provider body{.source = {.ptr = nullptr}, .read_callback = State::read_body};
  const auto stream = nghttp2_submit_request(own.session.get(), nullptr, list.data(), list.size(),
                                             question.has_body ? &body : nullptr, nullptr);
  if (stream <= 0) return std::nullopt;
  own.answers[stream].call = &call;
  return stream;
}

void H2Asker::forget(std::int32_t stream) {
  if (state_->answers.erase(stream) == 0) return;
  nghttp2_submit_rst_stream(state_->session.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

bool H2Asker::feed(std::string_view bytes) {
  State& own = *state_;
  if (!own.begins_right(bytes)) return false;
  const auto taken = nghttp2_session_mem_recv(
      own.session.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0 && own.reason.empty()) own.reason = nghttp2_strerror(static_cast<int>(taken));
  return taken >= 0;
}

bool H2Asker::pull(std::string& out, std::size_t most) {
  while (out.size() < most) {
    const std::uint8_t* bytes = nullptr;
    const auto length = nghttp2_session_mem_send(state_->session.get(), &bytes);
    if (length < 0) return false;
    if (length == 0) return true;
    out += h2_view(bytes, static_cast<std::size_t>(length));
  }
  return true;
}

void H2Asker::resume(std::int32_t stream) {
  nghttp2_session_resume_data(state_->session.get(), stream);
}

void H2Asker::consumed(std::int32_t stream, std::size_t bytes) {
  nghttp2_session_consume_stream(state_->session.get(), stream, bytes);
}

void H2Asker::go_away() {
  nghttp2_submit_goaway(state_->session.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
}

bool H2Asker::takes_more() const {
  const State& own = *state_;
  if (!own.session || own.away) return false;
  // Before its SETTINGS come nobody knows how many it takes: one, which must not wait for them.
  const auto most = nghttp2_session_get_remote_settings(own.session.get(),
                                                        NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return own.answers.size() < (own.spoke ? most : 1U) &&
         nghttp2_session_check_request_allowed(own.session.get()) != 0;
}

bool H2Asker::went_away() const { return state_->away; }
std::uint32_t H2Asker::away_code() const { return state_->away_code; }
bool H2Asker::spoke() const { return state_->spoke; }
std::size_t H2Asker::open() const { return state_->answers.size(); }
std::string_view H2Asker::reason() const { return state_->reason; }

bool H2Asker::finished() const {
  return !state_->session || nghttp2_session_want_read(state_->session.get()) == 0;
}

}  // namespace causeway::net
