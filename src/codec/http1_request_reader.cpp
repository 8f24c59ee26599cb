#include "codec/http1_request_reader.hpp"

#include <algorithm>

namespace causeway::codec {

void RequestReader::restart() {
  bytes_.clear();
  body_ = BodyReader{};
  state_ = State::head;
  fault_ = RequestFault::none;
}

void RequestReader::parse() {
  const std::string_view text{bytes_.data(), bytes_.size()};
  const RequestLimits limits{.head_bytes = limits_.most_head_bytes,
                             .target_bytes = limits_.most_head_bytes,
                             .lines = limits_.most_lines};
  const auto parsed = parse_request_head(text, limits, head_);
  fault_ = parsed.fault;
  if (parsed.taken == 0) return;
  bytes_.resize(parsed.taken);
  body_ = BodyReader{head_.framing, head_.length};
  state_ = body_.done() ? State::done : State::body;
  if (head_.framing == Framing::length && head_.length > limits_.most_body_bytes) {
    fault_ = RequestFault::body_too_large;
  }
}

// Parsed when something can come of it: at first, when the end of a head may be there, and when it
// is too large. Parsing at every byte of a slow head would cost its square.
std::size_t RequestReader::take_head(std::string_view input) {
  const std::size_t before = bytes_.size();
  const std::size_t room = limits_.most_head_bytes + 1 - std::min(before, limits_.most_head_bytes);
  const auto piece = input.substr(0, room);
  bytes_.insert(bytes_.end(), piece.begin(), piece.end());
  const std::string_view text{bytes_.data(), bytes_.size()};
  const bool may_end = text.substr(before < 3 ? 0 : before - 3).contains("\r\n\r\n");
  if (before == 0 || may_end || bytes_.size() > limits_.most_head_bytes) parse();
  return state_ == State::head ? piece.size() : bytes_.size() - before;
}

RequestReader::Step RequestReader::feed(std::string_view input) {
  std::size_t taken = 0;
  if (state_ == State::head && fault_ == RequestFault::none) taken = take_head(input);
  if (state_ != State::body || fault_ != RequestFault::none) return {taken, {}};
  const auto step = body_.feed(input.substr(taken));
  if (body_.fault() != HttpFault::none) {
    fault_ = RequestFault::bad_body;
  } else if (body_.received() > limits_.most_body_bytes) {
    fault_ = RequestFault::body_too_large;
  } else if (body_.done()) {
    state_ = State::done;
  }
  return {taken + step.taken, step.body};
}

void RequestReader::end() {
  if (finished()) return;
  if (state_ == State::head && begun()) parse();  // what is wrong with it beats that it is cut
  if (!finished()) fault_ = RequestFault::cut;
}

}  // namespace causeway::codec
