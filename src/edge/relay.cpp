#include "edge/relay.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "codec/http1_trailer.hpp"
#include "edge/limits.hpp"
#include "net/loop.hpp"
#include "reach/exchange.hpp"

namespace causeway::edge {
namespace {

using net::Loop;

// A page this small comes whole or not at all: it is held until it is complete, for a moment, so
// that a cut one is an error with a code and not half a page.
constexpr std::size_t kHeldBytes = 64 * 1024;
constexpr auto kHeld = std::chrono::seconds{1};

}  // namespace

void Relay::fail(std::string_view outcome, std::string because) {
  over_ = true;
  if (attempt_.failure) return;
  attempt_.failure = reach::failure_of(outcome).value_or(model::FailureId::http_malformed);
  attempt_.because = std::move(because);
  if (attempt_.because.empty()) attempt_.because = model::row(*attempt_.failure).sentence;
}

// --- towards the origin ---

OriginRequest Relay::origin_request() const {
  return {.head = scratch_.request,
          .visitor = visitor_,
          .headers = runtime_.config().headers,
          .filters = runtime_.filters(),
          .host_header = question_.host_header,
          .ray = scratch_.story.ray_text(),
          .trusted = question_.trusted};
}

void Relay::pump_failed(std::string_view outcome) {
  pump_ = Pump::failed;
  pump_outcome_ = outcome;
  pumped_.set();
  wake();
}

// A body and an answer that go on side by side are a conversation: a pause in it is as long as one
// in a tunnel may be.
std::optional<BodyEnd> Relay::fault_of(const BodyPart& part) const {
  if (part.end == BodyEnd::slow && head_taken_) {
    const Instant latest = std::max(last_read_, sent_);
    if (Loop::current().now() < latest + question_.timeouts.tunnel_idle) return std::nullopt;
  }
  if (part.end != BodyEnd::more && part.end != BodyEnd::last) return part.end;
  const bool too_large = question_.body_limit != 0 && scratch_.story.body_in > question_.body_limit;
  return too_large ? std::optional{BodyEnd::too_large} : std::nullopt;
}

net::Task<void> Relay::pump() {
  Loop& loop = Loop::current();
  while (true) {
    const auto part = co_await reply_.read_body(loop.now() + question_.timeouts.visitor_body);
    scratch_.story.body_in += part.bytes.size();
    if (const auto fault = fault_of(part)) {
      end_.visitor_fault = fault;
      co_return pump_failed({});
    }
    if (part.end == BodyEnd::slow) {
      if (loop.interrupted()) co_return;
      continue;
    }
    const bool last = part.end == BodyEnd::last;
    const auto sent = co_await send_part(part.bytes, last);
    if (sent == net::WriteEnd::timeout) co_return pump_failed(outcome_of_stall());
    sent_ = loop.now();
    if (sent != net::WriteEnd::all || last) {
      pump_ = sent == net::WriteEnd::all ? Pump::done : Pump::failed;
      pumped_.set();
      co_return;
    }
  }
}

std::span<const codec::HeaderField> Relay::request_trailers() {
  auto& out = scratch_.fields;  // free until the answer begins
  out.clear();
  for (const auto& field : reply_.request_trailers()) {
    if (may_trail_request(runtime_.filters(), field.name)) out.push_back(field);
  }
  return out;
}

bool Relay::take_pump_failure() {
  if (pump_ != Pump::failed) return false;
  if (end_.visitor_fault) {
    over_ = true;
    return true;
  }
  if (head_taken_ || pump_outcome_.empty()) return false;
  fail(pump_outcome_, "the server stops reading the request");
  return true;
}

// --- waiting ---

Instant Relay::due() const {
  if (head_taken_ && pump_ == Pump::running) {
    return std::max(last_read_, sent_) + question_.timeouts.tunnel_idle;
  }
  if (head_taken_) return last_read_ + question_.timeouts.between_bytes;
  if (pump_ == Pump::running) return kNever;  // the pump has deadlines of its own
  return sent_ + question_.timeouts.first_byte;
}

Instant Relay::next_tick() const {
  return std::min(due(), Loop::current().now() + limits::kEdgeVisitorCheck);
}

Relay::Tick Relay::tick(const net::Stream& stream, bool head_begun) {
  const Loop& loop = Loop::current();
  if (loop.interrupted()) {
    attempt_.failure = model::FailureId::cancelled;
    return Tick::over;
  }
  if (reply_.visitor_gone()) {
    end_.visitor_gone = true;
    return Tick::over;
  }
  if (!end_.begun && head_taken_ && loop.now() >= head_at_ + kHeld) return Tick::flush;
  const bool unacked = !head_taken_ && !head_begun && pump_ != Pump::running &&
                       loop.now() >= sent_ + question_.timeouts.request_ack &&
                       stream.facts().unacked_bytes > 0;
  return unacked || loop.now() >= due() ? Tick::late : Tick::wait;
}

void Relay::head_came(int status) {
  head_taken_ = true;
  head_at_ = Loop::current().now();
  attempt_.first_byte = head_at_ - sent_;
  scratch_.story.origin_status = status;
}

// --- towards the visitor ---

bool Relay::may_hold(std::optional<std::uint64_t> announced) const {
  return !end_.begun && announced.value_or(kHeldBytes + 1) <= kHeldBytes &&
         Loop::current().now() < head_at_ + kHeld;
}

void Relay::filter_fields(std::span<const codec::HeaderField> from) {
  const auto& filters = runtime_.filters();
  const auto& headers = runtime_.config().headers;
  auto& out = scratch_.fields;
  out.clear();
  const bool lists = codec::find_field(from, "connection").has_value();
  for (const auto& field : from) {
    if (filters.response.has(field.name)) continue;
    if (lists && codec::field_lists(from, "connection", field.name)) continue;
    if (!passes_trailers_ && equals_ignoring_case(field.name, "trailer")) continue;
    out.push_back(field);
  }
  if (!headers.ray.empty()) out.push_back({headers.ray, scratch_.story.ray_text()});
  if (!question_.set_cookie.empty()) out.push_back({"Set-Cookie", question_.set_cookie});
  for (const auto& [name, value] : headers.set_on_response) {
    if (!value.empty()) out.push_back({name, value});
  }
}

net::Task<bool> Relay::begin(AnswerHead head, std::string_view body, bool last) {
  filter_fields(head.fields);
  head.fields = scratch_.fields;
  scratch_.story.status = head.status;
  scratch_.story.body_out += body.size();
  end_.begun = true;
  const bool sent = co_await reply_.begin(head, body, last);
  if (!sent) end_.visitor_gone = true;
  co_return sent;
}

net::Task<bool> Relay::pass(const AnswerHead& head, std::string_view body, bool last) {
  over_ = over_ || last;
  bool sent = true;
  if (!end_.begun) {
    sent = co_await begin(head, body, last);
  } else if (!body.empty() || last) {
    scratch_.story.body_out += body.size();
    sent = co_await reply_.write(body, last);
    if (!sent) end_.visitor_gone = true;
  }
  co_return sent && !last;
}

net::Task<bool> Relay::pass_end(const AnswerHead& head, std::string_view body,
                                std::string_view trailer) {
  std::vector<codec::HeaderField> trailers;
  if (passes_trailers_) codec::read_trailer(trailer, trailers);
  std::erase_if(trailers, [&](const codec::HeaderField& field) {
    return !may_trail_answer(runtime_.filters(), field.name);
  });
  if (trailers.empty()) co_return co_await pass(head, body, true);
  if ((!body.empty() || !end_.begun) && !co_await pass(head, body, false)) co_return false;
  over_ = true;
  if (!co_await reply_.trailers(trailers)) end_.visitor_gone = true;
  co_return false;
}

void Relay::keep_interim(int status, std::span<const codec::HeaderField> fields) {
  if (status == 100) return;  // the edge says that itself
  Interim interim{status, {}};
  for (const auto& field : fields) {
    if (!runtime_.filters().response.has(field.name)) {
      interim.fields.emplace_back(field.name, field.value);
    }
  }
  interims_.push_back(std::move(interim));
}

net::Task<bool> Relay::send_interims() {
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

}  // namespace causeway::edge
