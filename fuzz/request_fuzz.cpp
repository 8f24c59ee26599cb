// The HTTP/1 request reader on arbitrary bytes. Beyond not crashing: however the bytes are cut, the
// outcome is the same, nothing after the request is taken, and what is accepted has one host and
// one framing.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/http1_request_reader.hpp"

namespace causeway::codec {
namespace {

struct Outcome {
  RequestFault fault = RequestFault::none;
  std::string target;
  std::string body;
  std::size_t taken = 0;

  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view text, std::size_t piece) {
  RequestReader reader{{.most_head_bytes = 4096, .most_lines = 40, .most_body_bytes = 8192}};
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
  if (!reader.finished()) std::abort();
  out.fault = reader.fault();
  if (reader.done()) {
    out.target = reader.head().target;
    if (reader.head().method.empty() || out.target.empty()) std::abort();
    if (reader.body().received() > 8192) std::abort();
  } else {
    out.body.clear();  // where a fault is found may depend on the cut; what it is may not
    out.taken = 0;
    if (status(reader.fault()) < 400) std::abort();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 32 * 1024) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto whole = read(text, size + 1);
  if (!(read(text, 1) == whole) || !(read(text, 7) == whole)) std::abort();
  return 0;
}

}  // namespace causeway::codec
