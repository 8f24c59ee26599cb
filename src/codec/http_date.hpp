// Dates of HTTP fields (RFC 9110 section 5.6.7).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace causeway::codec {

std::string http_date(WallTime at);  // "Sun, 22 Nov 2026 10:17:22 GMT"

// The preferred form, with its two blanks and its zone; the obsolete ones are not dates here.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace causeway::codec
