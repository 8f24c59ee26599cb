#include "codec/http1_response.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/text.hpp"

namespace causeway::codec {
namespace {

constexpr std::uint64_t kMostLength = std::uint64_t{1} << 60U;

struct Codings {
  int count = 0;
  bool chunked_once = false;
};

Codings read_codings(std::span<const HeaderField> fields) {
  Codings out;
  int chunked = 0;
  for (const auto& field : fields) {
    if (!equals_ignoring_case(field.name, "transfer-encoding")) continue;
    for (const auto part : split(field.value, ',')) {
      const auto coding = trim(part);
      if (coding.empty()) continue;
      ++out.count;
      if (equals_ignoring_case(coding, "chunked")) ++chunked;
    }
  }
  out.chunked_once = chunked == 1 && out.count == 1;
  return out;
}

}  // namespace

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
  const auto fields = head().fields();
  for (const auto& field : fields) {
    if (equals_ignoring_case(field.name, "content-length") && !read_length(field.value)) {
      return false;
    }
  }
  const int status = head().status();
  if (options_.answers_head || status == 204 || status == 304) {
    body_ = BodyReader{Framing::none};
    return true;
  }
  const auto codings = read_codings(fields);
  if (codings.count > 0) {
    if (!codings.chunked_once) {
      fail(HttpFault::unknown_coding);
      return false;
    }
    if (length_) {
      fail(HttpFault::length_with_coding);
      return false;
    }
    body_ = BodyReader{Framing::chunked};
  } else if (length_) {
    body_ = BodyReader{Framing::length, *length_};
  } else {
    body_ = BodyReader{Framing::until_close};
  }
  return true;
}

// "5" or, from careless gateways, "5, 5": equal values are one value (RFC 9110 8.6).
bool ResponseReader::read_length(std::string_view value) {
  for (const auto part : split(value, ',')) {
    const auto text = trim(part);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() ||
        number > kMostLength) {
      fail(HttpFault::bad_length,
           fmt::format("{} (\"{}\")", sentence(HttpFault::bad_length), printable(value, 60)));
      return false;
    }
    if (length_ && *length_ != number) {
      fail(
          HttpFault::conflicting_length,
          fmt::format("{} ({} and {})", sentence(HttpFault::conflicting_length), *length_, number));
      return false;
    }
    length_ = number;
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
