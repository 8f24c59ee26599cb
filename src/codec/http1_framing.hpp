// What a head says about the length of its body (RFC 9112 section 6), the same for requests and
// responses.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "codec/http1.hpp"

namespace causeway::codec {

struct AnnouncedFraming {
  HttpFault fault = HttpFault::none;
  std::string detail;  // of the fault, for a person; may be empty
  std::optional<std::uint64_t> length;
  bool chunked = false;
  bool coded = false;  // Transfer-Encoding is there; a fault unless it is chunked, once
};

// Content-Length and Transfer-Encoding. Equal lengths are one length (RFC 9110 8.6).
AnnouncedFraming read_framing(std::span<const HeaderField> fields);

// The length alone, as for an answer that has no body whatever its head says.
AnnouncedFraming read_length(std::span<const HeaderField> fields);

}  // namespace causeway::codec
