// The stage after connect: one TLS handshake, its certificate, and what an edge would say of both.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "model/diagnosis.hpp"
#include "net/tls.hpp"
#include "reach/survey.hpp"

namespace causeway::reach {

struct SecureQuestion {
  Endpoint remote;
  std::string_view variant = "main";  // model/kinds.def, tls.variant
  std::string sni;                    // empty: none is sent
  std::string host;                   // what the certificate must be for
  std::vector<std::string> alpn{"h2", "http/1.1"};
  net::TlsOffer offer = net::TlsOffer::edge;
  Duration wait = limits::kHandshakeWait;
  std::shared_ptr<net::TlsPast> past;  // null: a full handshake, whatever came before
};

// The question an edge asks, and its variants: "no-sni", "other-sni", "tls12" and "legacy" change
// what their name says; the others ("small-mss", "side", "again" ...) differ by their connection.
SecureQuestion secure_question(const Request& request, const Endpoint& remote,
                               std::string_view variant);

struct Secured {
  net::TlsResult result;
  std::optional<model::FailureId> failure;
  std::string because;      // one line for a person; empty when nothing failed
  std::string observation;  // id of the `tls` observation
};

// Records `tls`, and `certificate` when one was seen.
net::Task<Secured> secure(Survey& survey, net::Fd socket, SecureQuestion question);

// The one mapping of what a handshake came to, alerts among it, to a failure. Full mode accepts
// every certificate, as an edge does.
std::optional<model::FailureId> failure_of(const net::TlsResult& result, model::SslMode mode);

// Every failure the certificate means, the headline first.
std::vector<model::FailureId> certificate_failures(const net::CertificateFacts& certificate);

}  // namespace causeway::reach
