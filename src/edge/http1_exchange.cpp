#include "edge/http1_exchange.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "codec/field_writer.hpp"
#include "edge/http1_front.hpp"
#include "edge/limits.hpp"
#include "edge/tunnel.hpp"
#include "net/tls.hpp"
#include "reach/exchange_outcome.hpp"

namespace causeway::edge {
namespace {

using codec::Framing;
using net::Loop;
using net::ReadEnd;
using net::WriteEnd;

void append_chunk(std::string& out, std::string_view data) {
  if (data.empty()) return;
  codec::append_number(out, data.size(), 16);
  out += "\r\n";
  out += data;
  out += "\r\n";
}

}  // namespace

net::Task<ExchangeEnd> Http1Exchange::run() {
  const auto& request = scratch_.request;
  scratch_.response.restart({.answers_head = request.method == "HEAD",
                             .asked_upgrade = request.wants_upgrade && tunnel_ != nullptr,
                             .most_head_bytes = runtime_.config().limits.response_head_bytes});
  scratch_.response.on_interim(
      [](void* context, const codec::ResponseHead& head) {
        static_cast<Http1Exchange*>(context)->keep_interim(head.status(), head.fields());
      },
      this);
  scratch_.joined.clear();
  const auto body = reply_.whole_body();
  sent_ = last_read_ = Loop::current().now();
  co_await send(body);
  if (!over_) {
    if (body) {
      co_await receive();
    } else {
      end_.body_used = true;
      pump_ = Pump::running;
      auto beside = net::start(pump());
      co_await receive();
    }
  }
  const bool complete = scratch_.response.done() && !attempt_.failure && !end_.visitor_gone;
  end_.reusable = complete && scratch_.response.reusable() && end_.reusable &&
                  (pump_ == Pump::none || pump_ == Pump::done);
  co_return end_;
}

net::Task<void> Http1Exchange::send(std::optional<std::string_view> body) {
  std::string& out = scratch_.origin_out;
  out.clear();
  write_origin_head(origin_request(), out);
  if (body) {
    // HTTP/2 need not say how long a body is, even when all of it is here.
    if (scratch_.request.framing == Framing::chunked) {
      append_chunk(out, *body);
      out += "0\r\n\r\n";
    } else {
      out += *body;
    }
    scratch_.story.body_in += body->size();
  }
  const auto bytes = std::as_bytes(std::span{out});
  auto sent = link_.stream->write_now(bytes);
  if (sent.end == WriteEnd::all) co_return;
  if (sent.end == WriteEnd::later) {
    const auto first = sent.bytes;
    sent = co_await link_.stream->write(bytes.subspan(first),
                                        Loop::current().now() + question_.timeouts.write_stall);
    sent.bytes += first;
  }
  if (sent.end == WriteEnd::timeout) {
    fail(reach::outcome_of_write_stall(sent.bytes, *link_.stream),
         "the request could not be written in time");
  }
  // When the write failed otherwise, the peer may have answered before it went: read on.
}

void Http1Exchange::wake() {
  // What has come already can still be read.
  ::shutdown(link_.stream->socket().get(), SHUT_RDWR);
}

std::string_view Http1Exchange::outcome_of_stall() {
  return reach::outcome_of_write_stall(part_sent_, *link_.stream);
}

net::Task<WriteEnd> Http1Exchange::send_part(std::string_view bytes, bool last) {
  if (scratch_.request.framing == Framing::chunked) {
    part_.clear();
    append_chunk(part_, bytes);
    if (last) {
      part_ += "0\r\n";
      for (const auto& field : request_trailers()) {
        codec::append_field(part_, field.name, field.value);
      }
      part_ += "\r\n";
    }
    bytes = part_;
  }
  const auto sent = co_await link_.stream->write(
      std::as_bytes(std::span{bytes}), Loop::current().now() + question_.timeouts.write_stall);
  part_sent_ = sent.bytes;
  co_return sent.end;
}

net::Task<bool> Http1Exchange::wait() {
  Loop& loop = Loop::current();
  while (true) {
    if (co_await loop.read_edge(link_.stream->socket(), next_tick())) co_return true;
    switch (tick(*link_.stream, scratch_.response.head_begun())) {
      case Tick::wait: break;
      case Tick::flush: {
        // Held long enough: what there is goes out.
        const std::string held = std::move(scratch_.joined);
        scratch_.joined.clear();
        const AnswerHead answer = head();
        if (!co_await begin(answer, held, false)) co_return false;
        break;
      }
      case Tick::over: co_return false;
      case Tick::late: take_end({.end = ReadEnd::timeout}); co_return false;
    }
  }
}

net::Task<void> Http1Exchange::receive() {
  Loop& loop = Loop::current();
  while (!over_) {
    auto buffer = shared_buffer();
    buffer = buffer.first(std::min(buffer.size(), reply_.room()));
    const auto got = link_.stream->read_now(buffer);
    if (got.end == ReadEnd::later) {
      if (!co_await wait()) co_return;
      continue;
    }
    if (got.end != ReadEnd::more) {
      take_end(got);
      if (!over_ && scratch_.response.done()) {
        // Ended by the connection's end: the last word.
        const std::string held = std::move(scratch_.joined);
        scratch_.joined.clear();
        const AnswerHead answer = head();
        co_await pass(answer, held, true);
      }
      co_return;
    }
    last_read_ = loop.now();
    if (!co_await take({reinterpret_cast<const char*>(buffer.data()), got.bytes})) co_return;
    if (scratch_.response.done() && scratch_.response.head().status() == 101) {
      co_await upgrade();
      co_return;
    }
    if (!co_await loop.turn(kNever)) {
      attempt_.failure = model::FailureId::cancelled;
      co_return;
    }
  }
}

// The body that came with `bytes`, in one piece; what follows the answer's end stays in `bytes`.
std::string_view Http1Exchange::parse(std::string_view& bytes) {
  auto& reader = scratch_.response;
  std::string_view body;
  const bool held = !scratch_.joined.empty();
  while (!bytes.empty() && !reader.finished()) {
    const auto step = reader.feed(bytes);
    bytes.remove_prefix(step.taken);
    if (step.body.empty()) continue;
    if (body.empty() && !held) {
      body = step.body;
    } else {
      if (scratch_.joined.empty()) scratch_.joined = body;
      scratch_.joined += step.body;
      body = scratch_.joined;
    }
  }
  return body;
}

AnswerHead Http1Exchange::head() const {
  const auto& reader = scratch_.response;
  AnswerHead out{.status = reader.head().status(),
                 .reason = reader.head().reason(),
                 .fields = reader.head().fields(),
                 .framing = reader.body().framing(),
                 .length = std::nullopt};
  const bool bodiless = out.framing == Framing::none;
  if (out.framing == Framing::length || (bodiless && out.status != 204)) {
    out.length = reader.announced_length();
  }
  return out;
}

// `bytes` are views into the shared buffer: theirs no more once this waits.
net::Task<bool> Http1Exchange::take(std::string_view bytes) {
  auto& reader = scratch_.response;
  std::string_view body = parse(bytes);
  if (!head_taken_ && reader.head_complete()) head_came(reader.head().status());
  const bool upgraded = head_taken_ && reader.head().status() == 101;
  if (upgraded) scratch_.joined.assign(bytes);
  if (!interims_.empty()) {
    // A visitor who does not take them lets others read into the buffer that the body lies in.
    if (!body.empty() && scratch_.joined.data() != body.data()) {
      scratch_.joined.assign(body);
      body = scratch_.joined;
    }
    if (!co_await send_interims()) co_return false;
  }
  if (reader.fault() != codec::HttpFault::none) {
    fail(reach::outcome_of_fault(reader.fault()), reader.detail());
    co_return false;
  }
  if (!head_taken_ || upgraded) co_return true;
  end_.reusable = reader.done() && bytes.empty();
  if (!reader.done() && holds(body)) co_return true;
  const AnswerHead answer = head();
  constexpr std::size_t kEmptyTrailer = 2;  // CR LF
  const bool trailed = reader.done() && reader.trailer().size() > kEmptyTrailer;
  const bool goes_on = trailed ? co_await pass_end(answer, body, reader.trailer())
                               : co_await pass(answer, body, reader.done());
  scratch_.joined.clear();
  co_return goes_on;
}

bool Http1Exchange::holds(std::string_view body) {
  const auto& reader = scratch_.response;
  if (reader.body().framing() != Framing::length || !may_hold(reader.announced_length())) {
    return false;
  }
  if (scratch_.joined.data() != body.data()) scratch_.joined.assign(body);
  return true;
}

void Http1Exchange::take_end(const net::ReadResult& read) {
  auto& reader = scratch_.response;
  if (take_pump_failure()) return;
  if (read.end == ReadEnd::eof) {
    reader.end();
    if (reader.fault() != codec::HttpFault::none) {
      fail(reach::outcome_of_fault(reader.fault()), reader.detail());
    }
    return;
  }
  const auto outcome = reach::outcome_of_end(read, *link_.stream,
                                             {.head_complete = head_taken_,
                                              .head_begun = reader.head_begun(),
                                              .interim = reader.interim()});
  std::string because;
  if (read.end == ReadEnd::alert) {
    because = fmt::format("TLS alert {} ({}) instead of an answer", read.alert,
                          net::alert_name(read.alert));
  }
  fail(outcome, std::move(because));
}

// The visitor's bytes are the request's until its body ends, however soon the origin agrees.
net::Task<bool> Http1Exchange::body_sent() {
  if (pump_ == Pump::running) co_await pumped_.wait(kNever);
  if (pump_ == Pump::none || pump_ == Pump::done) co_return true;
  if (pump_ == Pump::running) {
    attempt_.failure = model::FailureId::cancelled;
  } else if (!take_pump_failure()) {
    fail("closed", "the server changes the protocol and does not read the request");
  }
  co_return false;
}

net::Task<void> Http1Exchange::upgrade() {
  if (!co_await body_sent()) co_return;
  const std::string early = std::move(scratch_.joined);
  scratch_.joined.clear();
  filter_fields(scratch_.response.head().fields());
  const auto protocol = codec::find_field(scratch_.response.head().fields(), "upgrade");
  if (protocol) scratch_.fields.push_back({"Upgrade", *protocol});
  scratch_.story.status = 101;
  end_.begun = true;
  over_ = true;
  tunnel_->upgraded();
  const AnswerHead head{.status = 101, .reason = {}, .fields = scratch_.fields};
  if (!co_await reply_.begin(head, early, true)) co_return;
  const auto moved = co_await run_tunnel(tunnel_->stream(), *link_.stream, tunnel_->take_unread(),
                                         question_.timeouts.tunnel_idle);
  scratch_.story.body_in += moved.to_origin;
  scratch_.story.body_out += moved.to_visitor + early.size();
}

}  // namespace causeway::edge
