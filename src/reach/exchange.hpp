// The last stage: one request and its answer, over HTTP/1.1 or HTTP/2, told exactly.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "model/diagnosis.hpp"
#include "net/h2.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct ExchangeQuestion {
  Endpoint remote;
  std::string_view variant = "main";  // model/kinds.def, http.variant
  model::Via via = model::Via::direct;
  std::string scheme = "https";  // of the visitor: X-Forwarded-Proto, and the default port
  std::string host;              // empty: no Host line
  std::uint16_t port = 0;        // for the Host line; 0: the scheme's own
  std::string path = "/";
  std::string accept = "*/*";
  std::string cookie;                            // empty: none
  bool h2 = false;                               // HTTP/2 was agreed (ALPN)
  std::shared_ptr<net::H2Client> session;        // to go on with a connection used before
  int connections_before = 0;                    // requests answered on this connection before
  Duration first_byte = limits::kFirstByteWait;  // until the head is complete
  Duration between_bytes = limits::kBetweenBytesWait;
  Duration body = limits::kBodyWait;  // a body that still comes after it is good enough
  std::size_t body_kept = limits::kBodyBytesKept;
};

// The question an edge asks of this target; `secured` when it runs on TLS.
ExchangeQuestion exchange_question(const Request& request, const Endpoint& remote,
                                   std::string_view variant, const net::TlsResult* secured);

struct Exchanged {
  std::optional<model::FailureId> failure;
  std::string because;  // one line for a person; empty when nothing failed
  std::string outcome;  // model/kinds.def, http.outcome
  int status = 0;
  bool reusable = false;  // another request may follow on the connection
  std::shared_ptr<net::H2Client> session;
  std::string location;  // of a redirect
  std::string page;      // model/kinds.def, http.page
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;  // at most ExchangeQuestion::body_kept
  Duration elapsed{};
  std::string observation;  // id of the `http` observation
};

// Records `http`. On a connection used before (variants reuse, reuse-idle) a failure says nothing
// about a fresh request: that is for whoever asks.
net::Task<Exchanged> exchange(Survey& survey, net::Stream& stream, ExchangeQuestion question);

// The one mapping of http.outcome to a failure. "complete" is none here: see failure_of_answer.
std::optional<model::FailureId> failure_of(std::string_view outcome);

}  // namespace causeway::reach
