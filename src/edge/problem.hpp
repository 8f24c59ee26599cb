// What a visitor is told when the edge itself has to answer: from a failure towards an origin, or
// from a condition of the edge's own (a request it must refuse, maintenance, overload).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.hpp"
#include "model/failure.hpp"

namespace causeway::edge {

// Conditions that are no failure of an attempt: nobody was asked.
enum class Condition : std::uint8_t {
  request_malformed,  // breaks RFC 9112 or 9113; nothing ambiguous reaches an origin
  request_timeout,    // the visitor did not finish the request in time
  body_too_large,
  url_too_long,
  headers_too_large,
  method_not_supported,  // CONNECT, and TRACE towards an origin
  expectation_failed,    // an Expect that is not "100-continue" (RFC 9110 10.1.1)
  misdirected,           // a host this connection's certificate does not cover (RFC 9110 7.4)
  version_not_supported,
  loop,                   // the request came through this edge before (CDN-Loop, RFC 8586)
  not_in_cache,           // only-if-cached and nothing stored (RFC 9111 5.2.1.7)
  range_not_satisfiable,  // RFC 9110 14.4
  maintenance,
  overloaded,  // the edge sheds load
  draining,    // the edge is about to end
};

enum class Guilty : std::uint8_t { visitor, edge, origin };
std::string_view name(Guilty guilty);

// One row: everything about an answer that does not depend on the request.
struct Problem {
  int status = 500;           // the status line
  int code = 500;             // what people look up: the status, or 1000, 1002, 1016
  std::string_view id;        // failure id, or "request.malformed", "edge.maintenance" ...
  std::string_view stage;     // empty for a condition
  std::string_view token;     // RFC 9209 error type, may be empty
  std::string_view title;     // "Connection timed out"
  std::string_view name;      // machine word of the code: "connection_timeout"
  std::string_view category;  // origin | ssl | dns | config | edge | client
  std::string_view happened;  // one sentence, for a visitor
  std::string_view detail;    // one sentence, for the owner: the failure as seen on the wire
  std::string_view visitor_advice;
  std::string_view owner_advice;       // first step
  std::chrono::seconds retry_after{};  // 0: waiting alone does not help
  Guilty guilty = Guilty::edge;

  bool retryable() const { return retry_after.count() > 0; }
};

Problem problem(model::FailureId failure);
Problem problem(Condition condition);
std::span<const Condition> all_conditions();

}  // namespace causeway::edge
