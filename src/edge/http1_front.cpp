#include "edge/http1_front.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "codec/field_writer.hpp"
#include "codec/http1_trailer.hpp"
#include "codec/http_reason.hpp"
#include "edge/handle.hpp"
#include "edge/limits.hpp"
#include "edge/worker.hpp"
#include "net/loop.hpp"

namespace causeway::edge {
namespace {

using net::Loop;
using net::ReadEnd;
using net::WriteEnd;

using codec::append_field;
using codec::append_number;

// From here on a body is sent from where it lies; below, one copy costs less than the second piece.
constexpr std::size_t kGathered = 2048;

}  // namespace

void KeptConnection::drain() {
  if (busy) return;                            // whether it is kept is asked after the request
  ::shutdown(stream.socket().get(), SHUT_RD);  // wakes who waits for the next one
}

net::Task<bool> serve_requests(Worker& worker, KeptConnection& kept, const Visitor& visitor,
                               bool woken) {
  Http1Front front{worker, kept, visitor};
  co_return co_await front.serve(woken);
}

net::Task<bool> Http1Front::serve(bool woken) {
  while (begin_request(std::exchange(woken, false))) {
    const Head head = co_await read_head();
    if (head == Head::ended) break;
    if (head == Head::complete) co_await one_request();
    if (!keep_) break;
  }
  end_request();
  if (keep_) co_return true;
  if (cut_) co_return false;  // the connection's end, without goodbye, is the sign
  if (lingers_ || visitor_.secure) stream_.finish();
  if (lingers_) co_await linger();
  co_return false;
}

// Only when some of it may be there: no memory is held while nothing comes.
bool Http1Front::begin_request(bool woken) {
  if (scratch_ && scratch_->begin < scratch_->end) return true;
  end_request();
  if (worker_.draining()) {
    keep_ = false;
    return false;
  }
  // A plain connection is accepted with its first bytes, most often: then the loop need not watch
  // it to read them.
  const bool fresh = kept_.requests == 0 && !visitor_.secure && !woken;
  if (!woken && !fresh && !stream_.has_buffered()) return false;
  scratch_ = take_scratch();
  kept_.busy = true;
  if (!fresh) return true;
  const auto got = stream_.read_now(std::as_writable_bytes(std::span{scratch_->in}));
  scratch_->end = got.bytes;
  if (got.end != ReadEnd::more && got.end != ReadEnd::later) keep_ = false;
  return got.end == ReadEnd::more;
}

void Http1Front::end_request() {
  scratch_.reset();
  kept_.busy = false;
}

bool Http1Front::room_for_more() {
  Scratch& own = *scratch_;
  if (own.begin > 0 && own.begin == own.end) own.begin = own.end = 0;
  if (own.end < own.in.size()) return true;
  if (own.begin > 0) {
    std::memmove(own.in.data(), own.in.data() + own.begin, own.end - own.begin);
    own.end -= own.begin;
    own.begin = 0;
    return true;
  }
  const std::size_t most = worker_.config().limits.request_head_bytes + limits::kReadBuffer;
  if (own.in.size() >= most) return false;
  own.in.resize(std::min(own.in.size() * 2, most));
  return true;
}

net::Task<Http1Front::Head> Http1Front::read_head() {
  Loop& loop = Loop::current();
  const Config& config = worker_.config();
  const codec::RequestLimits limits{.head_bytes = config.limits.request_head_bytes,
                                    .target_bytes = config.limits.url_bytes,
                                    .lines = config.limits.header_lines};
  Scratch& own = *scratch_;
  own.story.restart();
  own.story.arrived = loop.now();
  const Instant deadline = loop.now() + config.timeouts.visitor_head;
  // Parsed when something new can come of it: at first, and when the end of a head may be there.
  // Parsing at every byte of a slow head would cost its square.
  bool parse = own.begin < own.end;
  std::size_t seen = own.begin;
  while (true) {
    if (parse) {
      const auto parsed = codec::parse_request_head(own.unread(), limits, own.request);
      if (parsed.taken > 0) {
        own.begin += parsed.taken;
        co_return Head::complete;
      }
      if (parsed.fault != codec::RequestFault::none) {
        co_await refuse(parsed.fault);
        co_return Head::refused;
      }
    }
    seen = own.end - own.begin;
    if (!room_for_more()) {
      co_await refuse(codec::RequestFault::head_too_large);
      co_return Head::refused;
    }
    const auto into = std::span{own.in}.subspan(own.end);
    const auto got = stream_.read_now(std::as_writable_bytes(into));
    if (got.end == ReadEnd::more) {
      own.end += got.bytes;
      const auto fresh = own.unread().substr(seen < 3 ? 0 : seen - 3);
      parse = seen == 0 || fresh.contains("\r\n\r\n");
      continue;
    }
    parse = false;
    if (got.end != ReadEnd::later) {
      keep_ = false;
      scratch_.reset();
      co_return Head::ended;
    }
    if (!co_await loop.read_edge(stream_.socket(), deadline)) {
      keep_ = false;
      if (own.begin == own.end || loop.interrupted()) {
        scratch_.reset();
        co_return Head::ended;
      }
      own.story.visitor = VisitorEnd::slow;
      own.request = {};
      co_await answer_condition(worker_, *this, visitor_, own, Condition::request_timeout);
      co_return Head::refused;
    }
  }
}

net::Task<void> Http1Front::refuse(codec::RequestFault fault) {
  keep_ = false;
  lingers_ = true;
  old_version_ = false;
  body_ = codec::BodyReader{};
  scratch_->story.visitor = VisitorEnd::refused;
  co_await answer_refused(worker_, *this, visitor_, *scratch_, fault);
}

net::Task<void> Http1Front::one_request() {
  Scratch& own = *scratch_;
  ++kept_.requests;
  old_version_ = own.request.minor_version == 0;
  asked_to_keep_ = own.request.keep_alive;
  const Config& config = worker_.config();
  keep_ = asked_to_keep_ && kept_.requests < config.limits.requests_per_connection &&
          !worker_.draining();
  body_ = codec::BodyReader{own.request.framing, own.request.length};
  body_used_ = body_.done();
  continue_owed_ = own.request.expects_continue && !body_.done();
  chunked_out_ = false;
  own.trailer.clear();
  own.trailers.clear();
  own.out.clear();
  own.out_sent = 0;
  co_await handle(worker_, *this, visitor_, own, this);
  pass_used_body();
  // What is left of a body nobody read would be taken for the next request.
  if (!body_.done() && !body_used_) {
    keep_ = false;
    lingers_ = true;
  }
  if (body_.fault() != codec::HttpFault::none) keep_ = false;
  if (own.body_begin < own.body_end) {  // of the next request, behind a long body
    const std::size_t rest = own.body_end - own.body_begin;
    if (own.in.size() < rest) own.in.resize(rest);
    std::memcpy(own.in.data(), own.body_in.data() + own.body_begin, rest);
    own.begin = 0;
    own.end = rest;
    own.body_begin = own.body_end = 0;
  }
}

// A body that was used where it lay: what follows it is next.
void Http1Front::pass_used_body() {
  if (!body_used_ || body_.done() || body_.received() > 0) return;
  scratch_->begin += static_cast<std::size_t>(scratch_->request.length);
  body_ = codec::BodyReader{codec::Framing::none};
}

// A visitor who still sends must be heard out for a moment, or the reset that closing causes would
// destroy the answer before it is read.
net::Task<void> Http1Front::linger() {
  Loop& loop = Loop::current();
  const Instant deadline = loop.now() + limits::kEdgeLinger;
  std::size_t left = limits::kEdgeLingerBytes;
  scratch_.reset();
  while (true) {
    const auto got = stream_.read_now(shared_buffer());
    if (got.end == ReadEnd::more && got.bytes < left) {
      left -= got.bytes;
      if (!co_await loop.turn(deadline)) co_return;
      continue;
    }
    if (got.end != ReadEnd::later) co_return;
    if (!co_await loop.read_edge(stream_.socket(), deadline)) co_return;
  }
}

bool Http1Front::visitor_gone() const { return Loop::hung_up(stream_.socket()); }

std::string Http1Front::take_unread() {
  Scratch& own = *scratch_;
  pass_used_body();
  std::string out{own.unread()};
  own.begin = own.end;
  out.append(own.body_in.data() + own.body_begin, own.body_end - own.body_begin);  // behind a body
  own.body_begin = own.body_end = 0;
  return out;
}

// --- the request's body ---

std::optional<std::string_view> Http1Front::whole_body() {
  const Scratch& own = *scratch_;
  if (body_.framing() == codec::Framing::none) return std::string_view{};
  if (body_.framing() != codec::Framing::length || continue_owed_) return std::nullopt;
  const auto here = own.unread();
  if (body_.received() > 0 || here.size() < own.request.length) return std::nullopt;
  body_used_ = true;
  return here.substr(0, static_cast<std::size_t>(own.request.length));
}

BodyPart Http1Front::decode(const char* from, std::size_t& begin, std::size_t end) {
  BodyPart out;
  while (begin < end && !body_.done() && body_.fault() == codec::HttpFault::none) {
    const auto step = body_.feed({from + begin, end - begin});
    begin += step.taken;
    if (!step.trailer.empty()) scratch_->trailer += step.trailer;
    if (!step.body.empty()) {
      out.bytes = step.body;
      break;
    }
    if (step.taken == 0) break;
  }
  if (body_.fault() != codec::HttpFault::none) return {{}, BodyEnd::broken};
  if (!body_.done()) return out;
  out.end = BodyEnd::last;
  Scratch& own = *scratch_;
  own.trailers.clear();
  if (own.trailer.size() > 2 && !codec::read_trailer(own.trailer, own.trailers)) {
    keep_ = false;
    return {{}, BodyEnd::broken};
  }
  return out;
}

net::Task<BodyPart> Http1Front::read_body(Instant deadline) {
  Scratch& own = *scratch_;
  if (body_.done()) co_return BodyPart{{}, BodyEnd::last};
  if (own.begin < own.end) {
    const auto part = decode(own.in.data(), own.begin, own.end);
    if (!part.bytes.empty() || part.end != BodyEnd::more) co_return part;
  }
  co_return co_await more_of_body(deadline);
}

net::Task<BodyPart> Http1Front::more_of_body(Instant deadline) {
  Loop& loop = Loop::current();
  Scratch& own = *scratch_;
  if (std::exchange(continue_owed_, false)) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto sent = co_await stream_.write(std::as_bytes(std::span{kContinue}), deadline);
    if (sent.end != WriteEnd::all) co_return BodyPart{{}, BodyEnd::gone};
  }
  if (own.body_in.empty()) own.body_in.resize(limits::kReadBuffer);
  while (true) {
    if (own.body_begin < own.body_end) {
      const auto part = decode(own.body_in.data(), own.body_begin, own.body_end);
      if (!part.bytes.empty() || part.end != BodyEnd::more) co_return part;
    }
    own.body_begin = own.body_end = 0;
    const auto got = stream_.read_now(std::as_writable_bytes(std::span{own.body_in}));
    if (got.end == ReadEnd::more) {
      own.body_end = got.bytes;
      if (!co_await loop.turn(deadline)) co_return BodyPart{{}, BodyEnd::slow};
      continue;
    }
    if (got.end != ReadEnd::later) co_return BodyPart{{}, BodyEnd::gone};
    if (!co_await loop.read_edge(stream_.socket(), deadline)) {
      co_return BodyPart{{}, BodyEnd::slow};
    }
  }
}

// --- the answer ---

net::Task<bool> Http1Front::interim(int status, std::span<const codec::HeaderField> fields) {
  if (old_version_) co_return true;  // HTTP/1.0 knows none (RFC 9110 15.2)
  std::string& out = scratch_->out;
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(status));
  out += ' ';
  out += codec::reason_phrase(status);
  out += "\r\n";
  for (const auto& field : fields) {
    append_field(out, field.name, field.value);
  }
  out += "\r\n";
  co_return co_await flush(true);
}

void Http1Front::append_head(const AnswerHead& head) {
  std::string& out = scratch_->out;
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(head.status));
  out += ' ';
  out += head.reason.empty() ? codec::reason_phrase(head.status) : head.reason;
  out += "\r\n";
  for (const auto& field : head.fields) {
    append_field(out, field.name, field.value);
  }
  chunked_out_ = false;
  if (head.length) {
    out += "Content-Length: ";
    append_number(out, *head.length);
    out += "\r\n";
  } else if (head.framing != codec::Framing::none) {
    chunked_out_ = !old_version_;
    if (chunked_out_) {
      out += "Transfer-Encoding: chunked\r\n";
    } else {
      keep_ = false;
    }
  }
  if (head.status == 101) {
    out += "Connection: upgrade\r\n\r\n";
    return;
  }
  if (!body_.done() && !body_used_) keep_ = false;
  if (!keep_) {
    out += "Connection: close\r\n";
  } else if (old_version_) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

void Http1Front::frame(std::string_view body, bool last) {
  std::string& out = scratch_->out;
  if (!chunked_out_) {
    out += body;
    return;
  }
  if (!body.empty()) {
    append_number(out, body.size(), 16);
    out += "\r\n";
    out += body;
    out += "\r\n";
  }
  if (last) out += "0\r\n\r\n";
}

net::Task<bool> Http1Front::begin(const AnswerHead& head, std::string_view body, bool last) {
  append_head(head);
  if (!chunked_out_ && body.size() >= kGathered && stream_.gathers()) {
    gather(body);
  } else {
    frame(body, last);
  }
  return flush(!last);
}

// Head and body in one system call, the body from where it lies. What did not fit is kept for
// flush(), which also meets the error again, if there is one.
void Http1Front::gather(std::string_view body) {
  std::string& out = scratch_->out;
  const auto sent =
      stream_.write_both_now(std::as_bytes(std::span{out}), std::as_bytes(std::span{body}));
  if (sent.bytes < out.size()) {
    scratch_->out_sent = sent.bytes;
    out += body;
  } else {
    out.assign(body.substr(sent.bytes - out.size()));
  }
}

// Awaited only with something to wait for: a full socket.
net::Task<bool> Http1Front::write(std::string_view body, bool last) {
  Scratch& own = *scratch_;
  if (!chunked_out_ && own.out.empty()) {
    const auto sent = stream_.write_now(std::as_bytes(std::span{body}));
    if (sent.end == WriteEnd::all) co_return true;
    if (sent.end != WriteEnd::later) co_return false;
    own.out.assign(body.substr(sent.bytes));
  } else {
    frame(body, last);
  }
  co_return co_await flush(!last);
}

net::Task<bool> Http1Front::trailers(std::span<const codec::HeaderField> fields) {
  std::string& out = scratch_->out;
  if (chunked_out_) {
    out += "0\r\n";
    for (const auto& field : fields) {
      append_field(out, field.name, field.value);
    }
    out += "\r\n";
  }
  return flush(false);
}

net::Task<bool> Http1Front::flush(bool /*more_follows*/) {
  Scratch& own = *scratch_;
  Loop& loop = Loop::current();
  while (own.out_sent < own.out.size()) {
    const auto left = std::as_bytes(std::span{own.out}).subspan(own.out_sent);
    const auto sent = stream_.write_now(left);
    own.out_sent += sent.bytes;
    if (sent.end == WriteEnd::all) break;
    if (sent.end != WriteEnd::later) {
      keep_ = false;
      co_return false;
    }
    const Instant deadline = loop.now() + worker_.config().timeouts.visitor_write;
    if (!co_await loop.write_edge(stream_.socket(), deadline)) {
      keep_ = false;
      cut_ = true;
      co_return false;
    }
  }
  own.out.clear();
  own.out_sent = 0;
  co_return true;
}

}  // namespace causeway::edge
