#include "reach/secure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "codec/first_bytes.hpp"
#include "net/sockaddr.hpp"
#include "reach/connect.hpp"
#include "reach/self_check.hpp"

namespace causeway::reach {
namespace {

using model::FailureId;
using net::TlsOutcome;

// X509_V_ERR numbers (openssl/x509_vfy.h, the same since OpenSSL 1.1).
struct CodeRow {
  int code;
  FailureId failure;
};
constexpr std::array kCodes{
    CodeRow{23, FailureId::cert_revoked},         // CERT_REVOKED
    CodeRow{10, FailureId::cert_expired},         // CERT_HAS_EXPIRED
    CodeRow{9, FailureId::cert_not_yet_valid},    // CERT_NOT_YET_VALID
    CodeRow{18, FailureId::cert_self_signed},     // DEPTH_ZERO_SELF_SIGNED_CERT
    CodeRow{19, FailureId::cert_unknown_issuer},  // SELF_SIGNED_CERT_IN_CHAIN: a root nobody trusts
    CodeRow{2, FailureId::cert_unknown_issuer},   // UNABLE_TO_GET_ISSUER_CERT
    CodeRow{20, FailureId::cert_unknown_issuer},  // UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    CodeRow{21, FailureId::cert_unknown_issuer},  // UNABLE_TO_VERIFY_LEAF_SIGNATURE
    CodeRow{27, FailureId::cert_unknown_issuer},  // CERT_UNTRUSTED
    CodeRow{28, FailureId::cert_unknown_issuer},  // CERT_REJECTED
    CodeRow{7, FailureId::cert_unknown_issuer},   // CERT_SIGNATURE_FAILURE
    CodeRow{62, FailureId::cert_wrong_name},      // HOSTNAME_MISMATCH
    CodeRow{64, FailureId::cert_wrong_name},      // IP_ADDRESS_MISMATCH
    CodeRow{26, FailureId::cert_wrong_purpose},   // INVALID_PURPOSE
    CodeRow{24, FailureId::cert_wrong_purpose},   // INVALID_CA, an old number
    CodeRow{79, FailureId::cert_wrong_purpose},   // INVALID_CA
    CodeRow{25, FailureId::cert_wrong_purpose},   // PATH_LENGTH_EXCEEDED
    CodeRow{47, FailureId::cert_wrong_purpose},   // PERMITTED_VIOLATION
    CodeRow{48, FailureId::cert_wrong_purpose},   // EXCLUDED_VIOLATION
    CodeRow{34, FailureId::cert_wrong_purpose},   // UNHANDLED_CRITICAL_EXTENSION
    CodeRow{66, FailureId::cert_weak},            // EE_KEY_TOO_SMALL
    CodeRow{67, FailureId::cert_weak},            // CA_KEY_TOO_SMALL
    CodeRow{68, FailureId::cert_weak},            // CA_MD_TOO_WEAK
};

// The worst first: what must be mended before anything else counts.
constexpr std::array kOrder{
    FailureId::cert_revoked,     FailureId::cert_expired,          FailureId::cert_not_yet_valid,
    FailureId::cert_self_signed, FailureId::cert_incomplete_chain, FailureId::cert_unknown_issuer,
    FailureId::cert_wrong_name,  FailureId::cert_wrong_purpose,    FailureId::cert_weak,
};

FailureId failure_of_code(int code) {
  const auto* row = std::ranges::find(kCodes, code, &CodeRow::code);
  // A number without a row is a rule that the certificate or its chain breaks; it is kept in
  // verify_codes. The issuer is known then: it was found and its rules were read.
  return row != kCodes.end() ? row->failure : FailureId::cert_wrong_purpose;
}

// What cert.wrong_purpose is exactly; empty where its own sentence says it.
std::string broken_rule(const net::CertificateFacts& certificate) {
  for (const int code : certificate.verify_codes) {
    if (failure_of_code(code) != FailureId::cert_wrong_purpose || code == 26) continue;
    if (code == 47 || code == 48) return "Its issuer may not certify this name (name constraints).";
    if (code == 34) return "It carries a critical extension that clients do not know.";
    return fmt::format("The certificate or its chain breaks a rule (OpenSSL error {}).", code);
  }
  return {};
}

// Nobody vouches for the leaf. When the certificate that should is a known one, or is offered for
// download in the leaf, the server forgot to send it; otherwise it is a stranger's.
bool lacks_intermediate(const net::CertificateFacts& certificate) {
  if (certificate.self_issued) return false;
  const bool root_sent = std::ranges::count(certificate.verify_codes, 19) > 0;
  return !root_sent &&
         (certificate.issuer_known || (!certificate.issuer_sent && certificate.has_issuer_url));
}

FailureId failure_of_alert(int alert, bool certificate_requested) {
  switch (alert) {
    case 70:
    case 86: return FailureId::tls_no_shared_version;
    case 112: return FailureId::tls_name_unrecognized;
    case 116: return FailureId::tls_client_cert_required;
    case 40:
      return certificate_requested ? FailureId::tls_client_cert_required
                                   : FailureId::tls_no_shared_cipher;
    case 71: return FailureId::tls_no_shared_cipher;
    case 41:
    case 42:
    case 46:
    case 48:
    case 49:
      return certificate_requested ? FailureId::tls_client_cert_required : FailureId::tls_alert;
    default: return FailureId::tls_alert;
  }
}

// OpenSSL gave up on what the server chose. Its reasons are texts (err.h has no stable numbers
// across the versions that Debian ships).
FailureId failure_of_reason(const net::TlsResult& result) {
  const auto says = [&](std::string_view part) {
    return contains_ignoring_case(result.reason, part);
  };
  if (says("internal")) return FailureId::internal;
  if (result.os_code != 0) return FailureId::tls_reset;
  if (says("protocol version") || says("unsupported protocol") || says("wrong ssl version") ||
      says("wrong version number")) {
    return FailureId::tls_no_shared_version;
  }
  for (const auto part : {"cipher", "curve", "key too small", "signature type", "legacy sigalg",
                          "unsafe legacy renegotiation", "group", "key share"}) {
    if (says(part)) return FailureId::tls_no_shared_cipher;
  }
  return FailureId::tls_not_spoken;
}

std::string explain(const net::TlsResult& result, const SecureQuestion& question,
                    FailureId failure) {
  using codec::FirstBytes;
  switch (result.outcome) {
    case TlsOutcome::not_tls:
      return fmt::format("the answer begins with \"{}\"", printable(result.first_bytes, 60));
    case TlsOutcome::silent:
      return fmt::format("{} within {:.1f} s",
                         result.bytes_received == 0
                             ? std::string{"no byte"}
                             : fmt::format("only {} bytes", result.bytes_received),
                         milliseconds(question.wait) / 1000);
    case TlsOutcome::unacked:
      return fmt::format("the ClientHello was sent {} times and never acknowledged",
                         result.retransmits + 1);
    case TlsOutcome::alert:
      return fmt::format("alert {} ({})", result.alert, net::alert_name(result.alert));
    case TlsOutcome::closed: return "the server closed the connection";
    case TlsOutcome::reset: return "the connection was reset";
    case TlsOutcome::failed: return result.reason;
    case TlsOutcome::ok: break;
  }
  std::string out{model::row(failure).sentence};
  if (failure == FailureId::cert_wrong_purpose && result.certificate) {
    if (auto exactly = broken_rule(*result.certificate); !exactly.empty()) out = std::move(exactly);
  }
  if (result.certificate) {
    out += fmt::format(" (\"{}\" from \"{}\")", result.certificate->subject,
                       result.certificate->issuer);
  }
  return out;
}

void set_if(model::Observation& observation, std::string_view field, const std::string& text) {
  if (!text.empty()) observation.set(field, text);
}

model::Observation tls_observation(const net::TlsResult& result, const SecureQuestion& question) {
  model::Observation out{model::Kind::tls, "secure", question.remote.text()};
  out.set("address", question.remote.address).set("port", int{question.remote.port});
  out.set("variant", question.variant).set("outcome", net::name(result.outcome));
  set_if(out, "sni", question.sni);
  set_if(out, "version", result.version);
  set_if(out, "cipher", result.cipher);
  if (result.outcome == TlsOutcome::ok) {
    out.set("alpn", result.alpn.empty() ? std::string{"none"} : result.alpn);
  }
  if (result.alert >= 0) {
    out.set("alert", result.alert).set("alert_name", net::alert_name(result.alert));
  }
  out.set("client_cert_requested", result.client_cert_requested);
  out.set("first_bytes", codec::name(codec::first_bytes(result.first_bytes)));
  if (result.outcome != TlsOutcome::ok && !result.first_bytes.empty()) {
    out.set("first_text", printable(result.first_bytes, limits::kTextKept));
  }
  out.set("bytes_received", result.bytes_received).set("acked", result.acked);
  out.set("retransmits", static_cast<int>(result.retransmits));
  if (result.mss != 0) out.set("mss", static_cast<int>(result.mss));
  out.set("elapsed_ms", result.elapsed);
  if (result.outcome != TlsOutcome::ok) set_if(out, "error", result.reason);
  return out;
}

double days_between(WallTime from, WallTime to) {
  return std::chrono::duration<double, std::ratio<86400>>(to - from).count();
}

model::Observation certificate_observation(const net::CertificateFacts& facts,
                                           const SecureQuestion& question) {
  model::Observation out{model::Kind::certificate, "secure", question.remote.text()};
  out.set("address", question.remote.address).set("port", int{question.remote.port});
  set_if(out, "sni", question.sni);
  out.set("variant", question.variant);
  out.set("subject", facts.subject).set("names", facts.names).set("issuer", facts.issuer);
  const auto now = wall_now();
  out.set("not_before", rfc3339(facts.not_before)).set("not_after", rfc3339(facts.not_after));
  out.set("days_left", days_between(now, facts.not_after));
  if (facts.not_before > now) out.set("days_until_valid", days_between(now, facts.not_before));
  out.set("chain", facts.chain).set("self_issued", facts.self_issued);
  out.set("has_issuer_url", facts.has_issuer_url);
  out.set("key", facts.key).set("signature", facts.signature);
  out.set("serial", facts.serial).set("fingerprint", facts.fingerprint);
  if (!facts.verified) return out;
  std::vector<std::string> codes;
  codes.reserve(facts.verify_codes.size());
  for (const int code : facts.verify_codes) codes.push_back(std::to_string(code));
  std::vector<std::string> failures;
  for (const auto failure : certificate_failures(facts))
    failures.emplace_back(model::name(failure));
  out.set("issuer_sent", facts.issuer_sent).set("issuer_known", facts.issuer_known);
  out.set("verify", failures.empty() ? "ok" : "failed");
  out.set("verify_codes", std::move(codes)).set("failures", std::move(failures));
  out.set("name_matches", facts.name_matches);
  out.set("revocation", net::name(facts.revocation));
  return out;
}

// Where nothing is trusted, no certificate can be.
void check_trust(Survey& survey) {
  if (net::trusts_any_issuer(survey.request.ca_file)) return;
  record_self(survey, {.check = "trust",
                       .ok = false,
                       .detail = "the trust store is empty: the package ca-certificates fills it"});
}

}  // namespace

SecureQuestion secure_question(const Request& request, const Endpoint& remote,
                               std::string_view variant) {
  SecureQuestion question;
  question.remote = remote;
  question.variant = variant;
  question.host = request.target.host;
  // An address is no server name (RFC 6066 section 3).
  const bool literal = IpAddress::parse(request.target.host).has_value();
  if (!literal && variant != "no-sni") question.sni = request.target.host;
  if (variant == "other-sni") question.sni = "causeway-probe.invalid";  // RFC 6761: nobody's name
  if (variant == "tls12") question.offer = net::TlsOffer::tls12;
  if (variant == "legacy") question.offer = net::TlsOffer::legacy;
  if (request.mode == model::Mode::quick) {
    question.wait = std::min<Duration>(question.wait, limits::kFirstByteWaitQuick);
  }
  return question;
}

std::vector<FailureId> certificate_failures(const net::CertificateFacts& certificate) {
  std::vector<FailureId> found;
  for (const int code : certificate.verify_codes) {
    auto failure = failure_of_code(code);
    if (failure == FailureId::cert_unknown_issuer && lacks_intermediate(certificate)) {
      failure = FailureId::cert_incomplete_chain;
    }
    // A leaf that is its own issuer is self-signed, whichever way the search for another ended.
    if (failure == FailureId::cert_unknown_issuer && certificate.self_issued) {
      failure = FailureId::cert_self_signed;
    }
    found.push_back(failure);
  }
  std::vector<FailureId> out;
  for (const auto failure : kOrder) {
    if (std::ranges::find(found, failure) != found.end()) out.push_back(failure);
  }
  return out;
}

std::optional<FailureId> failure_of(const net::TlsResult& result, model::SslMode mode) {
  switch (result.outcome) {
    case TlsOutcome::not_tls: return FailureId::tls_not_spoken;
    case TlsOutcome::silent: return FailureId::tls_silent;
    case TlsOutcome::closed: return FailureId::tls_closed;
    case TlsOutcome::reset: return FailureId::tls_reset;
    // An edge waits for the acknowledgement first, and shows 522 when it does not come.
    case TlsOutcome::unacked: return FailureId::http_request_unacked;
    case TlsOutcome::alert: return failure_of_alert(result.alert, result.client_cert_requested);
    case TlsOutcome::failed: return failure_of_reason(result);
    case TlsOutcome::ok: break;
  }
  if (mode != model::SslMode::strict || !result.certificate) return std::nullopt;
  // The trust store cannot be read: that is ours, and no reason to call a certificate good.
  if (!result.certificate->verified) return FailureId::internal;
  const auto failures = certificate_failures(*result.certificate);
  return failures.empty() ? std::nullopt : std::optional{failures.front()};
}

net::Task<Secured> secure(Survey& survey, net::Fd socket, SecureQuestion question) {
  net::TlsOptions options;
  options.sni = question.sni;
  options.alpn = question.alpn;
  options.offer = question.offer;
  options.host = question.host;
  options.ca_file = survey.request.ca_file;
  options.cloudflare_origin_ca = survey.request.edge.name == "cloudflare";
  options.past = std::move(question.past);
  options.deadline = survey.until(Clock::now(), question.wait);
  const auto own = net::local_endpoint(socket);
  Secured out;
  out.result = co_await net::tls_handshake(std::move(socket), std::move(options));
  out.failure = failure_of(out.result, survey.request.ssl);
  if (out.failure) out.because = explain(out.result, question, *out.failure);
  auto seen = tls_observation(out.result, question);
  if (own) describe_reset(survey, question.remote, own->port, seen);
  out.observation = survey.record.add(std::move(seen)).id;
  if (out.result.certificate) {
    survey.record.add(certificate_observation(*out.result.certificate, question));
  }
  if (out.failure == FailureId::cert_unknown_issuer ||
      out.failure == FailureId::cert_incomplete_chain) {
    check_trust(survey);
  }
  co_return out;
}

}  // namespace causeway::reach
