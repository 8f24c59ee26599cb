#include "edge/exchange.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "edge/http1_front.hpp"
#include "edge/limits.hpp"
#include "edge/origin_request.hpp"
#include "edge/tunnel.hpp"
#include "net/tls.hpp"
#include "reach/exchange.hpp"
#include "reach/exchange_outcome.hpp"

namespace causeway::edge {
namespace {

using codec::Framing;
using net::Loop;
using net::ReadEnd;
using net::WriteEnd;

// A page this small comes whole or not at all: it is held until it is complete, for a moment, so
// that a cut one is an error with a code and not half a page.
constexpr std::size_t kHeldBytes = 64 * 1024;
constexpr auto kHeld = std::chrono::seconds{1};

void append_chunk(std::string& out, std::string_view data) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), data.size(), 16).ptr;
  out.append(digits.data(), end);
  out += "\r\n";
  out += data;
  out += "\r\n";
}

}  // namespace

void Exchange::fail(std::string_view outcome, std::string because) {
  over_ = true;
  if (attempt_.failure) return;
  attempt_.failure = reach::failure_of(outcome).value_or(model::FailureId::http_malformed);
  attempt_.because = std::move(because);
  if (attempt_.because.empty()) attempt_.because = model::row(*attempt_.failure).sentence;
}

net::Task<ExchangeEnd> Exchange::run(Question question) {
  set_cookie_ = question.set_cookie;
  Loop& loop = Loop::current();
  const auto& request = scratch_.request;
  scratch_.response.restart({.answers_head = request.method == "HEAD",
                             .asked_upgrade = request.wants_upgrade && tunnel_ != nullptr,
                             .most_head_bytes = runtime_.config().limits.response_head_bytes});
  scratch_.response.on_interim(
      [](void* context, const codec::ResponseHead& head) {
        if (head.status() == 100) return;  // the edge says that itself
        auto& own = *static_cast<Exchange*>(context);
        Interim interim{head.status(), {}};
        for (const auto& field : head.fields()) {
          if (!own.runtime_.filters().response.has(field.name)) {
            interim.fields.emplace_back(field.name, field.value);
          }
        }
        own.interims_.push_back(std::move(interim));
      },
      this);
  scratch_.joined.clear();
  const auto body = reply_.whole_body();
  sent_ = last_read_ = loop.now();
  co_await send(question, body);
  if (!over_) {
    if (body) {
      co_await receive(question);
    } else {
      end_.body_used = true;
      pump_ = Pump::running;
      auto beside = net::start(pump(question));
      co_await receive(question);
    }
  }
  const bool complete = scratch_.response.done() && !attempt_.failure && !end_.visitor_gone;
  end_.reusable = complete && scratch_.response.reusable() && end_.reusable &&
                  (pump_ == Pump::none || pump_ == Pump::done);
  co_return end_;
}

net::Task<void> Exchange::send(const Question& question, std::optional<std::string_view> body) {
  std::string& out = scratch_.origin_out;
  out.clear();
  write_origin_head({.head = scratch_.request,
                     .visitor = visitor_,
                     .headers = runtime_.config().headers,
                     .filters = runtime_.filters(),
                     .host_header = question.host_header,
                     .ray = scratch_.story.ray_text(),
                     .trusted = question.trusted},
                    out);
  if (body) {
    out += *body;
    scratch_.story.body_in += body->size();
  }
  const auto bytes = std::as_bytes(std::span{out});
  auto sent = link_.stream->write_now(bytes);
  if (sent.end == WriteEnd::all) co_return;
  if (sent.end == WriteEnd::later) {
    const auto first = sent.bytes;
    sent = co_await link_.stream->write(bytes.subspan(first),
                                        Loop::current().now() + question.timeouts.write_stall);
    sent.bytes += first;
  }
  if (sent.end == WriteEnd::timeout) {
    fail(reach::outcome_of_write_stall(sent.bytes, *link_.stream),
         "the request could not be written in time");
  }
  // When the write failed otherwise, the peer may have answered before it went: read on.
}

void Exchange::pump_failed(std::string_view outcome) {
  pump_ = Pump::failed;
  pump_outcome_ = outcome;
  // Wakes who waits for the answer. What has come already can still be read.
  ::shutdown(link_.stream->socket().get(), SHUT_RDWR);
}

net::Task<void> Exchange::pump(const Question& question) {
  Loop& loop = Loop::current();
  const bool chunked = scratch_.request.framing == Framing::chunked;
  std::string out;
  while (true) {
    const auto part = co_await reply_.read_body(loop.now() + question.timeouts.visitor_body);
    const bool ended = part.end != BodyEnd::more && part.end != BodyEnd::last;
    scratch_.story.body_in += part.bytes.size();
    const bool too_large = question.body_limit != 0 && scratch_.story.body_in > question.body_limit;
    if (ended || too_large) {
      end_.visitor_fault = too_large ? BodyEnd::too_large : part.end;
      co_return pump_failed({});
    }
    out.clear();
    std::string_view bytes = part.bytes;
    if (chunked) {
      if (!bytes.empty()) append_chunk(out, bytes);
      if (part.end == BodyEnd::last) out += "0\r\n\r\n";
      bytes = out;
    }
    const auto sent = co_await link_.stream->write(std::as_bytes(std::span{bytes}),
                                                   loop.now() + question.timeouts.write_stall);
    if (sent.end == WriteEnd::timeout) {
      co_return pump_failed(reach::outcome_of_write_stall(sent.bytes, *link_.stream));
    }
    sent_ = loop.now();
    if (sent.end != WriteEnd::all || part.end == BodyEnd::last) {
      pump_ = sent.end == WriteEnd::all ? Pump::done : Pump::failed;
      co_return;
    }
  }
}

Instant Exchange::due(const Question& question) const {
  if (head_taken_) return last_read_ + question.timeouts.between_bytes;
  if (pump_ == Pump::running) return kNever;  // the pump has deadlines of its own
  return sent_ + question.timeouts.first_byte;
}

// Until there is something to read. In slices, so that a visitor's leaving is noticed.
net::Task<bool> Exchange::wait(const Question& question) {
  Loop& loop = Loop::current();
  while (true) {
    const Instant until = std::min(due(question), loop.now() + limits::kEdgeVisitorCheck);
    if (co_await loop.read_edge(link_.stream->socket(), until)) co_return true;
    if (loop.interrupted()) {
      attempt_.failure = model::FailureId::cancelled;
      co_return false;
    }
    if (reply_.visitor_gone()) {
      end_.visitor_gone = true;
      co_return false;
    }
    if (!end_.begun && head_taken_ && loop.now() >= head_at_ + kHeld) {
      // Held long enough: what there is goes out.
      const std::string held = std::move(scratch_.joined);
      scratch_.joined.clear();
      if (!co_await begin(held, false)) co_return false;
    }
    const bool head_begun = scratch_.response.head_begun();
    const bool unacked = !head_taken_ && !head_begun && pump_ != Pump::running &&
                         loop.now() >= sent_ + question.timeouts.request_ack &&
                         link_.stream->facts().unacked_bytes > 0;
    if (unacked || loop.now() >= due(question)) {
      const net::ReadResult timeout{.end = ReadEnd::timeout};
      take_end(timeout);
      co_return false;
    }
  }
}

net::Task<void> Exchange::receive(const Question& question) {
  Loop& loop = Loop::current();
  const auto buffer = shared_buffer();
  while (!over_) {
    const auto got = link_.stream->read_now(buffer);
    if (got.end == ReadEnd::later) {
      if (!co_await wait(question)) co_return;
      continue;
    }
    if (got.end != ReadEnd::more) {
      take_end(got);
      if (!over_ && scratch_.response.done()) {
        // Ended by the connection's end: the last word.
        const std::string held = std::move(scratch_.joined);
        scratch_.joined.clear();
        const bool sent =
            end_.begun ? co_await reply_.write(held, true) : co_await begin(held, true);
        if (!sent) end_.visitor_gone = true;
      }
      co_return;
    }
    last_read_ = loop.now();
    if (!co_await take({reinterpret_cast<const char*>(buffer.data()), got.bytes})) co_return;
    if (scratch_.response.done() && scratch_.response.head().status() == 101) {
      co_await upgrade(question);
      co_return;
    }
    if (!co_await loop.turn(kNever)) {
      attempt_.failure = model::FailureId::cancelled;
      co_return;
    }
  }
}

// The body that came with `bytes`, in one piece; what follows the answer's end stays in `bytes`.
std::string_view Exchange::parse(std::string_view& bytes) {
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

net::Task<bool> Exchange::take(std::string_view bytes) {
  auto& reader = scratch_.response;
  const std::string_view body = parse(bytes);
  if (!head_taken_ && reader.head_complete()) {
    head_taken_ = true;
    head_at_ = Loop::current().now();
    attempt_.first_byte = head_at_ - sent_;
    scratch_.story.origin_status = reader.head().status();
  }
  if (!interims_.empty() && !co_await send_interims()) co_return false;
  if (reader.fault() != codec::HttpFault::none) {
    fail(reach::outcome_of_fault(reader.fault()), reader.detail());
    co_return false;
  }
  if (!head_taken_) co_return true;
  if (reader.head().status() == 101) {
    scratch_.joined.assign(bytes);
    co_return true;
  }
  end_.reusable = reader.done() && bytes.empty();
  if (!reader.done() && holds(body)) co_return true;
  co_return co_await pass(body);
}

// True when the beginning of a small body stays here until the rest has come.
bool Exchange::holds(std::string_view body) {
  const auto& reader = scratch_.response;
  const bool small = reader.body().framing() == Framing::length &&
                     reader.announced_length().value_or(kHeldBytes + 1) <= kHeldBytes;
  if (end_.begun || !small || Loop::current().now() >= head_at_ + kHeld) return false;
  if (scratch_.joined.data() != body.data()) scratch_.joined.assign(body);
  return true;
}

net::Task<bool> Exchange::pass(std::string_view body) {
  const bool last = scratch_.response.done();
  if (!end_.begun) {
    const bool sent = co_await begin(body, last);
    scratch_.joined.clear();
    over_ = over_ || last;
    co_return sent && !last;
  }
  if (!body.empty() || last) {
    scratch_.story.body_out += body.size();
    const bool sent = co_await reply_.write(body, last);
    scratch_.joined.clear();
    if (!sent) {
      end_.visitor_gone = true;
      co_return false;
    }
  }
  over_ = over_ || last;
  co_return !last;
}

void Exchange::filter_fields() {
  const auto& head = scratch_.response.head();
  const auto& filters = runtime_.filters();
  const auto& headers = runtime_.config().headers;
  auto& out = scratch_.fields;
  out.clear();
  const bool lists = codec::find_field(head.fields(), "connection").has_value();
  for (const auto& field : head.fields()) {
    if (filters.response.has(field.name)) continue;
    if (lists && codec::field_lists(head.fields(), "connection", field.name)) continue;
    out.push_back(field);
  }
  if (!headers.ray.empty()) out.push_back({headers.ray, scratch_.story.ray_text()});
  if (!set_cookie_.empty()) out.push_back({"Set-Cookie", set_cookie_});
  for (const auto& [name, value] : headers.set_on_response) {
    if (!value.empty()) out.push_back({name, value});
  }
}

net::Task<bool> Exchange::begin(std::string_view body, bool last) {
  const auto& reader = scratch_.response;
  filter_fields();
  AnswerHead head{.status = reader.head().status(),
                  .reason = reader.head().reason(),
                  .fields = scratch_.fields,
                  .framing = reader.body().framing(),
                  .length = std::nullopt};
  const bool bodiless = head.framing == Framing::none;
  if (head.framing == Framing::length || (bodiless && head.status != 204)) {
    head.length = reader.announced_length();
  }
  scratch_.story.status = head.status;
  scratch_.story.body_out += body.size();
  end_.begun = true;
  const bool sent = co_await reply_.begin(head, body, last);
  if (!sent) end_.visitor_gone = true;
  co_return sent;
}

net::Task<bool> Exchange::send_interims() {
  for (const auto& interim : std::exchange(interims_, {})) {
    std::vector<codec::HeaderField> fields;
    fields.reserve(interim.fields.size());
    for (const auto& [name, value] : interim.fields) fields.push_back({name, value});
    if (!co_await reply_.interim(interim.status, fields)) {
      end_.visitor_gone = true;
      co_return false;
    }
  }
  co_return true;
}

void Exchange::take_end(const net::ReadResult& read) {
  auto& reader = scratch_.response;
  if (pump_ == Pump::failed && !head_taken_) {
    if (end_.visitor_fault) {
      over_ = true;
      return;
    }
    if (!pump_outcome_.empty()) return fail(pump_outcome_, "the server stops reading the request");
  }
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

net::Task<void> Exchange::upgrade(const Question& question) {
  const std::string early = std::move(scratch_.joined);
  scratch_.joined.clear();
  filter_fields();
  const auto protocol = codec::find_field(scratch_.response.head().fields(), "upgrade");
  if (protocol) scratch_.fields.push_back({"Upgrade", *protocol});
  scratch_.story.status = 101;
  end_.begun = true;
  over_ = true;
  tunnel_->upgraded();
  const AnswerHead head{.status = 101, .reason = {}, .fields = scratch_.fields};
  if (!co_await reply_.begin(head, early, true)) co_return;
  const auto moved = co_await run_tunnel(tunnel_->stream(), *link_.stream, tunnel_->take_unread(),
                                         question.timeouts.tunnel_idle);
  scratch_.story.body_in += moved.to_origin;
  scratch_.story.body_out += moved.to_visitor + early.size();
}

}  // namespace causeway::edge
