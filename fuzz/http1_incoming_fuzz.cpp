// The server's request parser on arbitrary bytes. Beyond not crashing: what is accepted cannot be
// read differently by anybody else: it is written anew and read again to the same request.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codec/http1_incoming.hpp"

namespace causeway::codec {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 32 * 1024) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const RequestLimits limits{.head_bytes = 8192, .target_bytes = 1024, .lines = 50};
  RequestHead head;
  const auto got = parse_request_head(text, limits, head);
  if (got.fault != RequestFault::none) {
    if (got.taken != 0 || status(got.fault) < 400) std::abort();
    return 0;
  }
  if (got.taken == 0) return 0;
  if (got.taken > size || head.fields.size() > 50) std::abort();
  // More bytes behind it change nothing.
  RequestHead again;
  const std::string longer = std::string{text.substr(0, got.taken)} + "GET / HTTP/1.1\r\n";
  if (parse_request_head(longer, limits, again).taken != got.taken) std::abort();
  std::string written{head.method};
  written += ' ';
  written += head.target;
  written += head.minor_version == 1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n";
  for (const auto& field : head.fields) {
    written += field.name;
    written += ':';
    written += field.value;
    written += "\r\n";
  }
  written += "\r\n";
  const auto second = parse_request_head(written, {.head_bytes = 16384}, again);
  if (second.taken != written.size() || again.framing != head.framing ||
      again.length != head.length || again.fields.size() != head.fields.size()) {
    std::abort();
  }
  return 0;
}

}  // namespace causeway::codec
