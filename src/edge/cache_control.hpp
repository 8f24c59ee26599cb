// Cache-Control (RFC 9111 section 5.2) and CDN-Cache-Control (RFC 9213) as one reader.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "codec/http1.hpp"

namespace causeway::edge {

struct CacheControl {
  std::optional<std::chrono::seconds> max_age;
  std::optional<std::chrono::seconds> s_maxage;
  std::optional<std::chrono::seconds> stale_while_revalidate;  // RFC 5861
  std::optional<std::chrono::seconds> stale_if_error;
  bool no_store = false;
  bool no_cache = false;  // with or without field names: both mean "ask first" here
  bool is_private = false;
  bool is_public = false;
  bool must_revalidate = false;
  bool proxy_revalidate = false;
  bool must_understand = false;
  bool only_if_cached = false;  // of a request
  bool no_transform = false;
  bool present = false;  // there was such a field at all
};

// Joins every field of this name. A number that is none counts as 0, the first of several wins:
// what cannot be read is not fresh (RFC 9111 4.2.1).
CacheControl parse_cache_control(std::span<const codec::HeaderField> fields,
                                 std::string_view name = "cache-control");

// Tue, 15 Nov 1994 08:12:31 GMT and the two obsolete forms (RFC 9110 5.6.7).
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

// The values of every field of this name, joined by ", " (RFC 9110 5.3).
std::string joined_field(std::span<const codec::HeaderField> fields, std::string_view name);

}  // namespace causeway::edge
