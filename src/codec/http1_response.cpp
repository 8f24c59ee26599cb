#include "codec/http1_response.hpp"

#include <utility>

#include "codec/http1_framing.hpp"

namespace causeway::codec {
ResponseReader::ResponseReader(ResponseOptions options)
    : options_(options), collector_(options.policy, options.most_head_bytes) {}

void ResponseReader::restart(ResponseOptions options) {
  options_ = options;
  collector_.restart();
  collector_.adopt(options.policy, options.most_head_bytes);
  body_ = BodyReader{};
  state_ = State::head;
  fault_ = HttpFault::none;
  detail_.clear();
  trailer_.clear();
  interim_ = 0;
  length_.reset();
  on_interim_ = nullptr;
}

void ResponseReader::fail(HttpFault fault, std::string detail) {
  fault_ = fault;
  detail_ = std::move(detail);
}

std::string ResponseReader::detail() const {
  return detail_.empty() ? std::string{sentence(fault_)} : detail_;
}

ResponseReader::Step ResponseReader::feed(std::string_view input) {
  std::size_t taken = 0;
  while (state_ == State::head && fault_ == HttpFault::none && taken < input.size()) {
    taken += collector_.feed(input.substr(taken));
    if (collector_.fault() != HttpFault::none) {
      fail(collector_.fault(), collector_.detail());
    } else if (collector_.complete()) {
      take_head();
    }
  }
  if (state_ != State::body || fault_ != HttpFault::none) return {taken, {}};
  const auto step = body_.feed(input.substr(taken));
  if (!step.trailer.empty()) trailer_ += step.trailer;
  if (body_.fault() != HttpFault::none) fail(body_.fault());
  if (body_.done()) state_ = State::done;
  return {taken + step.taken, step.body};
}

void ResponseReader::take_head() {
  const int status = head().status();
  if (status == 101) {
    if (!options_.asked_upgrade) return fail(HttpFault::unasked_upgrade);
    body_ = BodyReader{Framing::none};
    state_ = State::done;
    return;
  }
  if (status < 200) {
    if (++interim_ > options_.most_interim) return fail(HttpFault::too_many_interim);
    if (on_interim_ != nullptr) on_interim_(on_interim_context_, head());
    collector_.restart();
    return;
  }
  if (!read_framing()) return;
  state_ = body_.done() ? State::done : State::body;
}

// RFC 9112 section 6.3, in its order.
bool ResponseReader::read_framing() {
  const int status = head().status();
  const bool no_body = options_.answers_head || status == 204 || status == 304;
  auto announced = no_body ? read_length(head().fields()) : codec::read_framing(head().fields());
  length_ = announced.length;
  if (announced.fault != HttpFault::none) {
    fail(announced.fault, std::move(announced.detail));
    return false;
  }
  if (no_body) {
    body_ = BodyReader{Framing::none};
  } else if (announced.chunked) {
    body_ = BodyReader{Framing::chunked};
  } else if (length_) {
    body_ = BodyReader{Framing::length, *length_};
  } else {
    body_ = BodyReader{Framing::until_close};
  }
  return true;
}

void ResponseReader::end() {
  if (finished()) return;
  if (state_ == State::head) {
    if (collector_.bytes() > 0) return fail(HttpFault::head_cut);
    return fail(interim_ > 0 ? HttpFault::head_cut : HttpFault::nothing);
  }
  body_.end();
  if (body_.fault() != HttpFault::none) return fail(body_.fault());
  state_ = State::done;
}

bool ResponseReader::reusable() const {
  if (!done() || body_.framing() == Framing::until_close || head().status() == 101) return false;
  const auto fields = head().fields();
  if (field_lists(fields, "connection", "close")) return false;
  return head().minor_version() == 1 || field_lists(fields, "connection", "keep-alive");
}

}  // namespace causeway::codec
