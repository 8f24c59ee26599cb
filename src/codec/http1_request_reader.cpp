#include "codec/http1_request_reader.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "codec/http1_framing.hpp"

namespace causeway::codec {

RequestReader::RequestReader(ReaderLimits limits)
    : limits_(limits),
      collector_(kHttpStrict, limits.most_head_bytes, limits.most_lines, MessageKind::request) {}

void RequestReader::fail(HttpFault fault, std::string detail) {
  fault_ = fault;
  detail_ = std::move(detail);
}

std::string RequestReader::detail() const {
  return detail_.empty() ? std::string{sentence(fault_)} : detail_;
}

int RequestReader::status() const {
  switch (fault_) {
    case HttpFault::body_too_large: return 413;
    case HttpFault::head_too_large:
    case HttpFault::too_many_lines: return 431;
    case HttpFault::unknown_coding: return 501;
    case HttpFault::unknown_version: return 505;
    default: return 400;
  }
}

void RequestReader::restart() {
  collector_.restart();
  body_ = BodyReader{};
  state_ = State::head;
  fault_ = HttpFault::none;
  detail_.clear();
}

RequestReader::Step RequestReader::feed(std::string_view input) {
  std::size_t taken = 0;
  if (state_ == State::head && fault_ == HttpFault::none) {
    taken = collector_.feed(input);
    if (collector_.fault() != HttpFault::none) {
      fail(collector_.fault(), collector_.detail());
    } else if (collector_.complete()) {
      take_head();
    }
  }
  if (state_ != State::body || fault_ != HttpFault::none) return {taken, {}};
  const auto step = body_.feed(input.substr(taken));
  if (body_.fault() != HttpFault::none) {
    fail(body_.fault());
  } else if (body_.received() > limits_.most_body_bytes) {
    fail(HttpFault::body_too_large);
  } else if (body_.done()) {
    state_ = State::done;
  }
  return {taken + step.taken, step.body};
}

void RequestReader::take_head() {
  if (!check_host() || !read_framing()) return;
  state_ = body_.done() ? State::done : State::body;
}

bool RequestReader::check_host() {
  const auto fields = head().fields();
  const auto hosts = std::ranges::count_if(
      fields, [](const HeaderField& field) { return equals_ignoring_case(field.name, "host"); });
  if (hosts > 1 || (hosts == 0 && head().minor_version() == 1)) {
    fail(HttpFault::no_host);
    return false;
  }
  return true;
}

bool RequestReader::read_framing() {
  auto announced = codec::read_framing(head().fields());
  // A chunked HTTP/1.0 request is a faulty one (RFC 9112 6.1).
  if (announced.coded && head().minor_version() == 0) announced.fault = HttpFault::unknown_coding;
  if (announced.fault != HttpFault::none) {
    fail(announced.fault, std::move(announced.detail));
    return false;
  }
  if (announced.length.value_or(0) > limits_.most_body_bytes) {
    fail(HttpFault::body_too_large);
    return false;
  }
  if (announced.chunked) {
    body_ = BodyReader{Framing::chunked};
  } else if (announced.length) {
    body_ = BodyReader{Framing::length, *announced.length};
  } else {
    body_ = BodyReader{Framing::none};
  }
  return true;
}

void RequestReader::end() {
  if (finished()) return;
  if (state_ == State::body) return fail(HttpFault::body_cut);
  fail(begun() ? HttpFault::head_cut : HttpFault::nothing);
}

bool RequestReader::expects_continue() const {
  return head().minor_version() == 1 && field_lists(head().fields(), "expect", "100-continue");
}

bool RequestReader::keeps_alive() const {
  if (!done()) return false;
  const auto fields = head().fields();
  if (field_lists(fields, "connection", "close")) return false;
  return head().minor_version() == 1 || field_lists(fields, "connection", "keep-alive");
}

}  // namespace causeway::codec
