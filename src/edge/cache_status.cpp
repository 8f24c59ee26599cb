#include "edge/cache_status.hpp"

#include <utility>

#include "edge/structured.hpp"

namespace causeway::edge {

std::string_view name(Forward forward) {
  switch (forward) {
    case Forward::none: return "";
    case Forward::bypass: return "bypass";
    case Forward::method: return "method";
    case Forward::uri_miss: return "uri-miss";
    case Forward::vary_miss: return "vary-miss";
    case Forward::request: return "request";
    case Forward::stale: return "stale";
  }
  std::unreachable();
}

std::string write(const CacheStatus& status) {
  std::string out = sf_name(status.cache);
  if (status.hit) add_flag(out, "hit");
  if (status.forward != Forward::none) {
    add_token(out, "fwd", name(status.forward));
    if (status.forward_status > 0) add_integer(out, "fwd-status", status.forward_status);
  }
  if (status.ttl) {
    add_integer(out, "ttl", std::chrono::duration_cast<std::chrono::seconds>(*status.ttl).count());
  }
  if (status.stored) add_flag(out, "stored");
  if (status.collapsed) add_flag(out, "collapsed");
  if (!status.detail.empty()) add_token(out, "detail", status.detail);
  return out;
}

std::string_view word(const CacheStatus& status) {
  if (status.hit) return status.ttl && *status.ttl < Duration{} ? "stale" : "hit";
  if (status.forward == Forward::stale) {
    return status.forward_status == 304 ? "revalidated" : "expired";
  }
  if (status.forward == Forward::bypass || status.forward == Forward::method) return "bypass";
  return "miss";
}

}  // namespace causeway::edge
