#include "edge/http2_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "codec/field_writer.hpp"
#include "edge/limits.hpp"
#include "net/h2.hpp"
#include "net/tls.hpp"
#include "reach/exchange_outcome.hpp"

namespace causeway::edge {

using codec::Framing;
using net::H2CallEnd;
using net::Loop;
using net::ReadEnd;
using net::WriteEnd;

Http2Exchange::~Http2Exchange() {
  if (stream_) link_->forget(*stream_, *this);
}

net::Task<ExchangeEnd> Http2Exchange::run() {
  scratch_.joined.clear();
  const auto body = reply_.whole_body();
  sent_ = last_read_ = Loop::current().now();
  if (!ask(body)) {
    end_.not_processed = true;
    fail(link_->over() ? "closed" : "goaway", "the connection takes no further request");
    co_return end_;
  }
  if (body && body->empty()) {
    co_await receive();
  } else {
    pump_ = Pump::running;
    end_.body_used = !body;
    auto beside = net::start(body ? send_whole() : pump());
    co_await receive();
  }
  end_.reusable = in_ended_ && !attempt_.failure;
  co_return end_;
}

bool Http2Exchange::ask(std::optional<std::string_view> body) {
  const OriginRequest request = origin_request();
  std::string& lines = scratch_.origin_out;
  auto& fields = scratch_.fields;  // free until the answer begins
  lines.clear();
  fields.clear();
  write_origin_fields(request, lines);
  split_lines(lines, fields);
  const bool has_body = !body || !body->empty();
  std::optional<std::uint64_t> length;
  if (request.head.framing == Framing::length) length = request.head.length;
  stream_ = link_->ask({.method = request.head.method,
                        .scheme = link_->link().secure ? "https" : "http",
                        .authority = origin_authority(request),
                        .path = request.head.target,
                        .fields = fields,
                        .length = length,
                        .has_body = has_body},
                       *this);
  return stream_.has_value();
}

// --- the request's body ---

std::size_t Http2Exchange::take_body(std::span<std::byte> into, bool& ends) {
  const std::size_t length = std::min(into.size(), out_.size());
  if (length > 0) std::memcpy(into.data(), out_.data(), length);
  out_.remove_prefix(length);
  ends = out_.empty() && out_ended_;
  if (out_.empty()) out_left_.set();
  return length;
}

net::Task<WriteEnd> Http2Exchange::send_part(std::string_view bytes, bool last) {
  if (last) {
    const auto trailers = request_trailers();
    trailers_out_.assign(trailers.begin(), trailers.end());
  }
  out_ = bytes;
  out_ended_ = last;
  out_left_.clear();
  link_->resume(*stream_);
  // `bytes` lie where they were read: all of them must have gone before more is read.
  std::size_t left = out_.size() + 1;
  while (!out_.empty() || (last && !out_left_.is_set())) {
    if (closed_ || link_->over()) co_return WriteEnd::reset;
    if (out_.size() == left) co_return WriteEnd::timeout;
    left = out_.size();
    co_await out_left_.wait(Loop::current().now() + question_.timeouts.write_stall);
    if (Loop::current().interrupted()) co_return WriteEnd::error;
  }
  co_return WriteEnd::all;
}

net::Task<void> Http2Exchange::send_whole() {
  const auto body = reply_.whole_body().value_or(std::string_view{});
  scratch_.story.body_in += body.size();
  const WriteEnd sent = co_await send_part(body, true);
  sent_ = Loop::current().now();
  if (sent == WriteEnd::timeout) pump_outcome_ = outcome_of_stall();
  pump_ = sent == WriteEnd::all ? Pump::done : Pump::failed;
  wake();
}

std::string_view Http2Exchange::outcome_of_stall() {
  return link_->stream().facts().unacked_bytes > 0 ? "unacked" : "write-stalled";
}

// --- the answer ---

void Http2Exchange::on_field(std::string_view name, std::string_view value) {
  codec::append_field(lines_, name, value);
}

void Http2Exchange::on_interim(int status) {
  std::vector<codec::HeaderField> fields;
  split_lines(lines_, fields);
  ++interim_count_;
  keep_interim(status, fields);
  lines_.clear();
  news_.set();
}

void Http2Exchange::on_head(int status) {
  status_ = status;
  head_lines_ = std::move(lines_);
  lines_.clear();
  split_lines(head_lines_, fields_);
  if (const auto said = codec::find_field(fields_, "content-length")) {
    std::uint64_t length = 0;
    const char* end = said->data() + said->size();
    if (std::from_chars(said->data(), end, length).ptr == end) length_ = length;
  }
  news_.set();
}

void Http2Exchange::on_body(std::string_view bytes) {
  in_ += bytes;
  news_.set();
}

void Http2Exchange::on_end() {
  in_ended_ = true;
  news_.set();
}

void Http2Exchange::on_closed(H2CallEnd end, std::uint32_t code) {
  closed_ = true;
  closed_by_ = end;
  closed_code_ = code;
  news_.set();
  out_left_.set();
}

void Http2Exchange::on_connection_end() {
  news_.set();
  out_left_.set();
}

AnswerHead Http2Exchange::head() const {
  AnswerHead out{.status = status_,
                 .reason = {},
                 .fields = fields_,
                 .framing = Framing::until_close,
                 .length = length_};
  const bool bodiless = scratch_.request.method == "HEAD" || status_ == 204 || status_ == 304;
  const bool ended_at_once = in_ended_ && in_.empty() && lines_.empty() && !end_.begun;
  if (bodiless || ended_at_once) out.framing = Framing::none;
  if (length_ && out.framing != Framing::none) out.framing = Framing::length;
  if (status_ == 204) out.length.reset();
  // Only HTTP/1.1 needs to be told that nothing follows the head.
  if (ended_at_once && !bodiless && !visitor_.http2) out.length = 0;
  return out;
}

net::Task<bool> Http2Exchange::wait() {
  while (true) {
    if (co_await news_.wait(next_tick())) co_return true;
    switch (tick(link_->stream(), status_ != 0)) {
      case Tick::wait: break;
      case Tick::flush: {
        const std::string held = std::move(in_);
        in_.clear();
        const AnswerHead answer = head();
        if (!co_await begin(answer, held, false)) co_return false;
        link_->consumed(*stream_, held.size());
        break;
      }
      case Tick::over: co_return false;
      case Tick::late: {
        const auto outcome =
            head_taken_ ? std::string_view{"stalled-body"}
                        : reach::outcome_of_silence(link_->stream(), false, interim_count_);
        // What one request meets on a connection that is dead, the next would meet as well.
        if (outcome == "unacked") link_->retire();
        fail(outcome, {});
        co_return false;
      }
    }
  }
}

net::Task<void> Http2Exchange::receive() {
  while (!over_) {
    news_.clear();
    if (take_pump_failure()) co_return;
    if (!interims_.empty() && !co_await send_interims()) co_return;
    if (status_ != 0 && !head_taken_) {
      head_came(status_);
      last_read_ = head_at_;
    }
    if (!in_.empty()) last_read_ = Loop::current().now();
    const bool holds = !in_ended_ && may_hold(length_);
    if (head_taken_ && !holds && (!in_.empty() || in_ended_ || !end_.begun)) {
      if (!co_await pass_on()) co_return;
      continue;
    }
    if (closed_) co_return take_end();
    if (link_->over()) co_return take_connection_end();
    if (!co_await wait()) co_return;
  }
}

net::Task<bool> Http2Exchange::pass_on() {
  const AnswerHead answer = head();
  const bool last = in_ended_;
  passing_.clear();
  passing_.swap(in_);
  const bool goes_on = last && !lines_.empty() ? co_await pass_end(answer, passing_, lines_)
                                               : co_await pass(answer, passing_, last);
  link_->consumed(*stream_, passing_.size());
  co_return goes_on;
}

// The request is over without the end of an answer.
void Http2Exchange::take_end() {
  const auto sign = [&](std::string_view what) {
    return fmt::format("{} with {} ({})", what, net::h2_error_name(closed_code_), closed_code_);
  };
  switch (closed_by_) {
    case H2CallEnd::complete: over_ = true; return;
    case H2CallEnd::refused:
      end_.not_processed = !head_taken_;
      if (link_->asker().went_away()) {
        closed_code_ = link_->asker().away_code();
        return fail("goaway", sign("GOAWAY"));
      }
      return fail(head_taken_ ? "body-reset" : "h2-error", sign("RST_STREAM"));
    case H2CallEnd::reset: return fail(head_taken_ ? "body-reset" : "h2-error", sign("RST_STREAM"));
    case H2CallEnd::head_too_large: return fail("headers-too-large", {});
    case H2CallEnd::too_many_interim: return fail("endless-interim", {});
    case H2CallEnd::broken: break;
  }
  fail("h2-error", fmt::format("the answer breaks the rules of HTTP/2: {}",
                               link_->asker().reason().empty() ? net::h2_error_name(closed_code_)
                                                               : link_->asker().reason()));
}

void Http2Exchange::take_connection_end() {
  switch (link_->end().value_or(Http2Link::End::broken)) {
    case Http2Link::End::broken: return fail("h2-error", std::string{link_->asker().reason()});
    case Http2Link::End::stalled: return fail(outcome_of_stall(), "the server reads no more");
    case Http2Link::End::read: break;
  }
  const auto& read = link_->last_read();
  if (read.end == ReadEnd::eof) return fail(head_taken_ ? "body-truncated" : "closed", {});
  std::string because;
  if (read.end == ReadEnd::alert) {
    because = fmt::format("TLS alert {} ({}) instead of an answer", read.alert,
                          net::alert_name(read.alert));
  }
  fail(reach::outcome_of_end(
           read, link_->stream(),
           {.head_complete = head_taken_, .head_begun = status_ != 0, .interim = interim_count_}),
       std::move(because));
}

}  // namespace causeway::edge
