// Cache-Status (RFC 9211): what this cache did about a request, as one member of the list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace causeway::edge {

// Why a request went on to the origin (RFC 9211 2.2).
enum class Forward : std::uint8_t { none, bypass, method, uri_miss, vary_miss, request, stale };
std::string_view name(Forward forward);

struct CacheStatus {
  std::string_view cache = "causeway";
  bool hit = false;
  Forward forward = Forward::none;
  int forward_status = 0;  // of the origin
  std::optional<Duration> ttl;
  bool stored = false;
  bool collapsed = false;
  std::string_view detail;  // a token: "set-cookie", "stale-if-error"
};

std::string write(const CacheStatus& status);

// One word for the access log and metrics: hit, stale, revalidated, miss, expired, bypass.
std::string_view word(const CacheStatus& status);

}  // namespace causeway::edge
