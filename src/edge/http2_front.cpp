#include "edge/http2_front.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "codec/field_writer.hpp"
#include "edge/handle.hpp"
#include "edge/limits.hpp"
#include "edge/origin_request.hpp"
#include "net/loop.hpp"

namespace causeway::edge {
namespace {

using net::Loop;
using net::ReadEnd;
using net::WriteEnd;

constexpr std::size_t kOutAtOnce = 64 * 1024;
constexpr std::size_t kBodyWaiting = 128 * 1024;  // of one answer, before its origin has to wait
constexpr std::size_t kSpareStreams = 256;        // of a thread
constexpr std::size_t kKeptOfStream = 4 * 1024;   // of each of its texts
constexpr std::size_t kKeptOfList = 32;           // streams an idle connection has room for

// Of this thread: streams that are over, for those to come, whoever opens them.
std::vector<std::unique_ptr<Http2Stream>>& spare_streams() {
  thread_local std::vector<std::unique_ptr<Http2Stream>> spare;
  return spare;
}

// Of this thread: what goes out at once.
std::string& frames_out() {
  thread_local std::string frames;
  frames.clear();
  return frames;
}

}  // namespace

// --- one stream ---

std::optional<std::string_view> Http2Stream::whole_body() {
  if (!has_body_) return std::string_view{};
  if (!in_ended_ || !handed_out_.empty() || !trailer_.empty()) return std::nullopt;
  return in_;
}

net::Task<BodyPart> Http2Stream::read_body(Instant deadline) {
  if (!handed_out_.empty()) {
    front_->server_.consumed(id_, handed_out_.size());
    front_->to_send_.set();
    handed_out_.clear();
  }
  while (in_.empty() && !in_ended_) {
    if (closed_) co_return BodyPart{{}, BodyEnd::gone};
    body_came_.clear();
    if (!co_await body_came_.wait(deadline)) co_return BodyPart{{}, BodyEnd::slow};
  }
  handed_out_.swap(in_);
  co_return BodyPart{handed_out_, in_ended_ ? BodyEnd::last : BodyEnd::more};
}

net::Task<bool> Http2Stream::interim(int status, std::span<const codec::HeaderField> fields) {
  if (closed_) co_return false;
  front_->server_.interim(id_, status, fields);
  front_->to_send_.set();
  co_return true;
}

net::Task<bool> Http2Stream::begin(const AnswerHead& head, std::string_view body, bool last) {
  if (closed_) co_return false;
  append(body, last);
  began_ = true;
  out_done_ = last && body.empty();
  front_->server_.answer(id_, head.status, head.fields, head.length, !out_done_);
  front_->to_send_.set();
  co_return co_await drained();
}

void Http2Stream::append(std::string_view body, bool last) {
  if (out_.empty()) moved_ = Loop::current().now();
  out_.append(body);
  out_ended_ = last;
  front_->waiting_ += body.size();
}

std::size_t Http2Stream::room() const {
  return front_->waiting_ < limits::kEdgeH2Waiting ? std::string::npos : kOutAtOnce / 4;
}

net::Task<bool> Http2Stream::write(std::string_view body, bool last) {
  if (closed_) co_return false;
  append(body, last);
  front_->server_.resume(id_);
  front_->to_send_.set();
  co_return co_await drained();
}

net::Task<bool> Http2Stream::trailers(std::span<const codec::HeaderField> fields) {
  trailer_out_.clear();
  for (const auto& field : fields) codec::append_field(trailer_out_, field.name, field.value);
  trailers_out_.clear();
  split_lines(trailer_out_, trailers_out_);
  return write({}, true);
}

// Until so little waits that more may come.
net::Task<bool> Http2Stream::drained() {
  Loop& loop = Loop::current();
  const Duration most = front_->worker_.config().timeouts.visitor_write;
  while (!closed_ && out_.size() > kBodyWaiting) {
    body_left_.clear();
    if (!co_await body_left_.wait(moved_ + most) &&
        (loop.interrupted() || stalls(loop.now() - most))) {
      co_return false;
    }
  }
  co_return !closed_ || out_ended_;
}

bool Http2Stream::stalls(Instant since) const {
  return began_ && !closed_ && !out_done_ && (!out_.empty() || out_ended_) && moved_ <= since;
}

void Http2Stream::cut() {
  if (closed_) return;
  front_->server_.reset(id_, true);
  front_->to_send_.set();
}

// --- the connection ---

Http2Front::Http2Front(Worker& worker, net::Stream& stream, const Visitor& visitor)
    : worker_(worker),
      stream_(stream),
      visitor_(visitor),
      server_(*this, {.streams = worker.config().limits.h2_streams,
                      .head_bytes = worker.config().limits.request_head_bytes,
                      .lines = worker.config().limits.header_lines,
                      .unique_field = worker.config().headers.ray}),
      idle_since_(Loop::current().now()) {
  worker_.link(*this);
}

Http2Front::~Http2Front() {
  work_.abandon();
  Worker::unlink(*this);
}

void Http2Front::drain() {
  server_.go_away();
  to_send_.set();
}

net::Task<void> Http2Front::serve() {
  to_send_.set();
  {
    net::Group both;
    both.start(write_out());
    both.start(read_in());
    co_await over_.wait(kNever);
  }
  for (auto& [id, stream] : streams_) {
    stream->closed_ = true;
    stream->body_came_.set();
    stream->body_left_.set();
  }
  co_await work_.finished();
  stream_.finish();
}

void Http2Front::end() {
  ended_ = true;
  over_.set();
}

net::Task<void> Http2Front::read_in() {
  Loop& loop = Loop::current();
  while (!ended_) {
    if (loop.now() >= due() && overdue()) {
      server_.go_away();
      to_send_.set();
      co_return end();
    }
    const auto got = stream_.read_now(shared_buffer());
    if (got.end == ReadEnd::more) {
      const auto* bytes = reinterpret_cast<const char*>(shared_buffer().data());
      broken_ = !server_.feed({bytes, got.bytes});
      if (!server_.head_open()) {
        head_since_.reset();
      } else if (!head_since_) {
        head_since_ = loop.now();
      }
      begin_requests();
      forget_finished();
      to_send_.set();
      if (broken_) co_return;  // the writer says why, then ends
      if (!co_await loop.turn(kNever)) co_return end();
      continue;
    }
    if (got.end != ReadEnd::later) co_return end();
    if (!co_await loop.read_edge(stream_.socket(), due()) && loop.interrupted()) {
      server_.go_away();
      to_send_.set();
      co_return end();
    }
  }
}

// After the bytes at hand: a request that starts may read into the same buffer.
void Http2Front::begin_requests() {
  for (const auto& begun : begun_) {
    if (Http2Stream* stream = find(begun.id)) {
      work_.start(run(*stream, begun.has_body, begun.too_large));
    }
  }
  begun_.clear();
}

// When to look whether the visitor has had his time. Not put off by what else comes: PINGs take no
// answer and end no head.
Instant Http2Front::due() const {
  const auto& timeouts = worker_.config().timeouts;
  const Instant out = streams_.empty() ? idle_since_ + timeouts.visitor_idle : look_at_;
  return head_since_ ? std::min(out, *head_since_ + timeouts.visitor_head) : out;
}

// True: the connection is to end. Answers that nobody takes are ended here, one by one.
bool Http2Front::overdue() {
  const auto& timeouts = worker_.config().timeouts;
  const Instant now = Loop::current().now();
  if (head_since_ && now >= *head_since_ + timeouts.visitor_head) return true;
  if (streams_.empty()) return now >= idle_since_ + timeouts.visitor_idle;
  for (const auto& [id, stream] : streams_) {
    if (stream->handled_ && stream->stalls(now - timeouts.visitor_write)) stream->cut();
  }
  look_at_ = now + limits::kEdgeVisitorCheck;
  return false;
}

// A visitor who still sends the body of a request that is answered: he may stop (RFC 9113 8.1).
// Only when all of the answer is out: nghttp2 would drop the rest of it.
void Http2Front::stop_senders() {
  if (!std::exchange(senders_, false)) return;
  for (const auto& [id, stream] : streams_) {
    if (!stream->handled_ || stream->closed_ || stream->in_ended_) continue;
    if (!stream->out_done_) {
      senders_ = true;
      continue;
    }
    stream->in_ended_ = true;
    server_.reset(id, false);
    to_send_.set();
  }
}

net::Task<void> Http2Front::write_out() {
  Loop& loop = Loop::current();
  while (!ended_) {
    if (!co_await to_send_.wait(kNever)) co_return end();
    to_send_.clear();
    while (true) {
      std::string& frames = frames_out();
      if (!server_.pull(frames, kOutAtOnce)) co_return end();
      if (frames.empty()) break;
      const auto now = stream_.write_now(std::as_bytes(std::span{frames}));
      if (now.end == WriteEnd::all) {
        if (!co_await loop.turn(kNever)) co_return end();
        continue;
      }
      if (now.end != WriteEnd::later) co_return end();
      out_.assign(frames, now.bytes);
      const auto sent = co_await stream_.write(
          std::as_bytes(std::span{out_}), loop.now() + worker_.config().timeouts.visitor_write);
      if (sent.end != WriteEnd::all) co_return end();
      std::string{}.swap(out_);
    }
    stop_senders();
    forget_finished();
    if (broken_ || server_.finished()) co_return end();
  }
}

Http2Stream* Http2Front::find(std::int32_t stream) {
  if (!streams_.empty() && streams_.back().id == stream) return streams_.back().stream.get();
  const auto found = std::ranges::lower_bound(streams_, stream, {}, &Open::id);
  return found == streams_.end() || found->id != stream ? nullptr : found->stream.get();
}

void Http2Front::note_finished(const Http2Stream& stream) {
  if (stream.handled_ && stream.closed_) finished_.push_back(stream.id_);
}

// Streams that are over keep their memory for those to come, some of them.
void Http2Front::forget_finished() {
  if (finished_.empty()) return;
  for (const auto id : finished_) {
    const auto found = std::ranges::lower_bound(streams_, id, {}, &Open::id);
    auto stream = std::move(found->stream);
    streams_.erase(found);
    waiting_ -= stream->out_.size();
    auto& spare = spare_streams();
    if (spare.size() < kSpareStreams && stream->recycle()) spare.push_back(std::move(stream));
  }
  finished_.clear();
  if (!streams_.empty()) return;
  idle_since_ = Loop::current().now();
  if (streams_.capacity() > kKeptOfList) {
    std::vector<Open>{}.swap(streams_);
    std::vector<std::int32_t>{}.swap(finished_);
  }
}

Http2Stream& Http2Front::stream_of(std::int32_t id) {
  if (Http2Stream* known = find(id)) return *known;
  auto& spare = spare_streams();
  std::unique_ptr<Http2Stream> stream;
  if (spare.empty()) {
    stream = std::make_unique<Http2Stream>(*this, id);
  } else {
    stream = std::move(spare.back());
    spare.pop_back();
    stream->front_ = this;
    stream->id_ = id;
  }
  // At the end, always; if it ever were not, the order must still hold.
  const auto place = std::ranges::upper_bound(streams_, id, {}, &Open::id);
  return *streams_.insert(place, Open{id, std::move(stream)})->stream;
}

// Ready for another request; not when it has grown large.
bool Http2Stream::recycle() {
  for (auto* text : {&head_, &text_, &method_, &path_, &authority_, &cookies_, &trailer_,
                     &trailer_out_, &in_, &handed_out_}) {
    if (text->capacity() > kKeptOfStream) return false;
    text->clear();
  }
  if (out_.capacity() > kKeptOfStream) return false;
  out_.clear();
  trailers_in_.clear();
  trailers_out_.clear();
  scratch_.reset();
  in_ended_ = out_ended_ = out_done_ = has_body_ = began_ = closed_ = false;
  handled_ = true;
  body_came_.clear();
  body_left_.clear();
  return true;
}

void Http2Front::on_field(std::int32_t id, std::string_view name, std::string_view value) {
  Http2Stream* stream = &stream_of(id);
  if (name.starts_with(':')) {
    if (name == ":method") stream->method_ = value;
    if (name == ":path") stream->path_ = value;
    if (name == ":authority") stream->authority_ = value;
  } else if (name == "cookie") {  // crumbs become one field (RFC 9113 8.2.3)
    if (!stream->cookies_.empty()) stream->cookies_ += "; ";
    stream->cookies_ += value;
  } else if (name == "host") {
    if (stream->authority_.empty()) stream->authority_ = value;
  } else {
    codec::append_field(stream->head_, name, value);
  }
}

void Http2Front::on_request(std::int32_t id, bool has_body, bool too_large) {
  Http2Stream* stream = &stream_of(id);
  // Also those that were reset and still run count: a reset costs the visitor nothing.
  if (streams_.size() > std::size_t{2} * worker_.config().limits.h2_streams) {
    server_.refuse(id);
    return;
  }
  stream->handled_ = false;
  stream->has_body_ = has_body;
  stream->in_ended_ = !has_body;
  begun_.push_back({id, has_body, too_large});
}

// The request is written as an HTTP/1 head and read by the same strict parser: what could be
// misread on the way to an origin is refused here as it is there.
net::Task<void> Http2Front::run(Http2Stream& stream, bool has_body, bool too_large) {
  const Config& config = worker_.config();
  stream.scratch_ = take_scratch();
  Scratch& own = *stream.scratch_;
  own.story.restart();
  own.story.arrived = Loop::current().now();
  std::string& text = stream.text_;
  text.clear();
  for (const std::string_view piece :
       {std::string_view{stream.method_}, std::string_view{" "}, std::string_view{stream.path_},
        std::string_view{" HTTP/1.1\r\n"}}) {
    text += piece;
  }
  codec::append_field(text, "Host", stream.authority_);
  text += stream.head_;
  if (!stream.cookies_.empty()) codec::append_field(text, "cookie", stream.cookies_);
  text += "\r\n";
  const codec::RequestLimits limits{.head_bytes = config.limits.request_head_bytes + 1024,
                                    .target_bytes = config.limits.url_bytes,
                                    .lines = config.limits.header_lines + 4};
  auto parsed = codec::parse_request_head(text, limits, own.request);
  if (too_large) parsed.fault = codec::RequestFault::head_too_large;
  if (parsed.fault == codec::RequestFault::none && parsed.taken != text.size()) {
    parsed.fault = codec::RequestFault::bad_request_line;
  }
  if (parsed.fault != codec::RequestFault::none) {
    co_await answer_refused(worker_, stream, visitor_, own, parsed.fault);
  } else {
    if (!has_body) {
      own.request.framing = codec::Framing::none;
    } else if (own.request.framing == codec::Framing::none) {
      own.request.framing = codec::Framing::chunked;
    }
    own.request.wants_upgrade = false;
    own.request.expects_continue = false;
    co_await handle(worker_, stream, visitor_, own, nullptr);
  }
  stream.handled_ = true;
  senders_ = senders_ || !stream.in_ended_;
  // What nobody read still counts against the connection's window.
  server_.consumed(stream.id_, stream.in_.size() + stream.handed_out_.size());
  std::string{}.swap(stream.in_);
  std::string{}.swap(stream.handed_out_);
  if (!stream.began_ && !stream.closed_) server_.reset(stream.id_, true);
  stream.scratch_.reset();
  note_finished(stream);
  to_send_.set();
}

void Http2Front::on_body(std::int32_t id, std::string_view bytes) {
  Http2Stream* stream = find(id);
  if (stream == nullptr || stream->handled_) {
    server_.consumed(id, bytes.size());  // nobody reads it any more
    return;
  }
  stream->in_ += bytes;
  stream->body_came_.set();
}

void Http2Front::on_trailer(std::int32_t id, std::string_view name, std::string_view value) {
  Http2Stream* stream = find(id);
  if (stream != nullptr) codec::append_field(stream->trailer_, name, value);
}

std::span<const codec::HeaderField> Http2Front::trailers(std::int32_t id) {
  const Http2Stream* stream = find(id);
  return stream == nullptr ? std::span<const codec::HeaderField>{} : stream->trailers_out_;
}

void Http2Front::on_body_end(std::int32_t id) {
  if (Http2Stream* stream = find(id)) {
    split_lines(stream->trailer_, stream->trailers_in_);
    stream->in_ended_ = true;
    stream->body_came_.set();
  }
}

void Http2Front::on_closed(std::int32_t id, bool /*by_error*/) {
  if (Http2Stream* stream = find(id)) {
    if (stream->closed_) return;
    stream->closed_ = true;
    stream->body_came_.set();
    stream->body_left_.set();
    note_finished(*stream);
  }
}

std::size_t Http2Front::take_body(std::int32_t id, std::span<std::byte> into, bool& ends) {
  Http2Stream* stream = find(id);
  if (stream == nullptr) {
    ends = true;
    return 0;
  }
  BodyQueue& out = stream->out_;
  const std::size_t length = std::min(into.size(), out.size());
  if (length > 0) {
    std::memcpy(into.data(), out.left().data(), length);
    stream->moved_ = Loop::current().now();
  }
  out.take(length);
  waiting_ -= length;
  if (out.empty()) {
    ends = stream->out_done_ = stream->out_ended_;
    stream->body_left_.set();
  } else if (out.size() <= kBodyWaiting) {
    stream->body_left_.set();
  }
  return length;
}

}  // namespace causeway::edge
