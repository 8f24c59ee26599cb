// The HTTP/1 response reader and the page reader on arbitrary bytes. Beyond not crashing: however
// the bytes are cut, the outcome is the same, and every byte is taken at most once.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/first_bytes.hpp"
#include "codec/http1_response.hpp"
#include "codec/http_page.hpp"

namespace causeway::codec {
namespace {

struct Outcome {
  HttpFault fault = HttpFault::none;
  bool done = false;
  int status = 0;
  std::string body;
  std::size_t taken = 0;

  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view text, std::size_t piece, ResponseOptions options) {
  ResponseReader reader{options};
  Outcome out;
  for (std::size_t at = 0; at < text.size() && !reader.finished(); at += piece) {
    auto part = text.substr(at, piece);
    while (!part.empty() && !reader.finished()) {
      const auto step = reader.feed(part);
      if (step.taken > part.size()) std::abort();
      if (step.taken == 0 && !reader.finished()) std::abort();  // would spin for ever
      out.body += step.body;
      out.taken += step.taken;
      part.remove_prefix(step.taken);
    }
  }
  reader.end();
  if (!reader.finished() || reader.detail().size() > 400) std::abort();
  out.fault = reader.fault();
  out.done = reader.done();
  if (reader.head_complete()) {
    out.status = reader.head().status();
    const auto facts = read_page(out.status, reader.head().fields(), out.body);
    if (facts.title.size() > limits::kTextKept + 8) std::abort();
    (void)edge_mark(reader.head().fields());
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 32 * 1024) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const ResponseOptions options{.policy = (data[0] & 1U) != 0 ? kHttpStrict : kHttpAsEdge,
                                .answers_head = (data[0] & 2U) != 0,
                                .most_head_bytes = 4096};
  (void)first_bytes(text);
  auto whole = read(text, text.size() + 1, options);
  const auto cut = read(text, 1 + (data[0] >> 2U), options);
  // A fault is met at the same byte, but how much of the input was consumed with it may differ.
  if (whole.fault != cut.fault || whole.status != cut.status || whole.body != cut.body)
    std::abort();
  return 0;
}

}  // namespace causeway::codec
