#include "net/tls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <utility>

#include "base/limits.hpp"
#include "codec/first_bytes.hpp"
#include "net/loop.hpp"
#include "net/tls_certificate.hpp"
#include "net/tls_openssl.hpp"
#include "net/tls_stream.hpp"
#include "net/tls_trust.hpp"
#include "net/tls_wire.hpp"

namespace causeway::net {
namespace {

// What Cloudflare documents for its side towards origins, in its order. No DHE: an origin that has
// nothing else shares no cipher with the edge. SECLEVEL=0 lets TLS 1.0 and its digests be offered
// as the edge does; what is too weak in a certificate is judged apart (tls_certificate.cpp).
constexpr const char* kEdgeCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA:"
    "AES128-GCM-SHA256:AES128-SHA:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-SHA384:AES256-SHA:DES-CBC3-SHA:@SECLEVEL=0";
constexpr const char* kEdgeCiphers13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kEdgeGroups = "X25519:P-256:P-384:P-521";
constexpr const char* kAllCiphers = "ALL:!aNULL:!eNULL:@SECLEVEL=0";

TlsSeen& seen_of(const SSL* ssl) { return *static_cast<TlsSeen*>(SSL_get_app_data(ssl)); }

// close_notify and user_canceled end a connection, they do not refuse anything (RFC 8446 6.1).
bool is_refusal(int level, int description) {
  return description != SSL_AD_CLOSE_NOTIFY && description != SSL_AD_USER_CANCELLED &&
         level == SSL3_AL_FATAL;
}

void note_alert(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT) return;
  const int level = value >> 8;
  const int description = value & 0xff;
  if (is_refusal(level, description)) seen_of(ssl).alert = description;
}

void note_message(int sent, int /*version*/, int content, const void* bytes, std::size_t length,
                  SSL* ssl, void* /*unused*/) {
  if (sent == 0 && content == SSL3_RT_HANDSHAKE && length > 0 &&
      *static_cast<const unsigned char*>(bytes) == SSL3_MT_CERTIFICATE_REQUEST) {
    seen_of(ssl).certificate_requested = true;
  }
}

int accept_for_now(X509_STORE_CTX* /*context*/, void* /*unused*/) { return 1; }

// OpenSSL hands the reference over when this returns 1.
int note_ticket(SSL* ssl, SSL_SESSION* session) {
  const auto& past = seen_of(ssl).past;
  if (!past || SSL_SESSION_is_resumable(session) != 1) return 0;
  past->state().ticket.reset(session);
  return 1;
}

SslCtx make_context(TlsOffer offer, bool resuming) {
  // The system's openssl.cnf must not decide what is offered: an edge has its own.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  SslCtx context{SSL_CTX_new(TLS_client_method())};
  if (!context) return context;
  SSL_CTX* ctx = context.get();
  SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(ctx, offer == TlsOffer::tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  const bool legacy = offer == TlsOffer::legacy;
  SSL_CTX_set_cipher_list(ctx, legacy ? kAllCiphers : kEdgeCiphers);
  if (!legacy) {
    SSL_CTX_set_ciphersuites(ctx, kEdgeCiphers13);
    SSL_CTX_set1_groups_list(ctx, kEdgeGroups);
  } else {
    SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
  }
  if (resuming) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, note_ticket);
  } else {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  }
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  // Verified by ourselves once the handshake is over: a bad certificate is a finding, not an abort.
  SSL_CTX_set_cert_verify_callback(ctx, accept_for_now, nullptr);
  SSL_CTX_set_info_callback(ctx, note_alert);
  SSL_CTX_set_msg_callback(ctx, note_message);
  ERR_clear_error();
  return context;
}

SSL_CTX* context_for(TlsOffer offer, bool resuming = false) {
  static std::mutex mutex;
  static std::array<SslCtx, 4> contexts;  // by offer; the last one resumes
  const std::lock_guard lock{mutex};
  SslCtx& context = contexts.at(resuming ? 3 : std::to_underlying(offer));
  if (!context) context = make_context(offer, resuming);
  return context.get();
}

// A ticket of TLS 1.3 serves once: whoever looks on could tell two connections with the same one
// for one client's (RFC 8446 appendix C.4), and each connection brings new ones. Before, a server
// need not renew what it has just accepted (RFC 5077 3.3): it serves until it is refused.
void resume(TlsConnection& connection, const std::shared_ptr<TlsPast>& past) {
  connection.seen.past = past;
  SslSession& ticket = past->state().ticket;
  if (!ticket) return;
  SSL_set_session(connection.ssl.get(), ticket.get());
  if (SSL_SESSION_get_protocol_version(ticket.get()) >= TLS1_3_VERSION) ticket.reset();
}

std::unique_ptr<TlsConnection> begin(Fd socket, const TlsOptions& options) {
  auto connection = std::make_unique<TlsConnection>();
  connection->wire.socket = std::move(socket);
  connection->retransmits_before = tcp_facts(connection->wire.socket).retransmits;
  const bool resuming = options.past && options.offer == TlsOffer::edge;
  connection->ssl.reset(SSL_new(context_for(options.offer, resuming)));
  SSL* ssl = connection->ssl.get();
  if (ssl == nullptr) return connection;
  SSL_set_app_data(ssl, &connection->seen);
  BIO* bio = make_wire_bio(connection->wire);
  SSL_set_bio(ssl, bio, bio);
  if (!options.sni.empty()) SSL_set_tlsext_host_name(ssl, options.sni.c_str());
  std::string protocols;  // RFC 7301 3.1: each with its length before it
  for (const auto& protocol : options.alpn) {
    protocols += static_cast<char>(protocol.size());
    protocols += protocol;
  }
  if (!protocols.empty()) {
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  }
  if (!options.client_certificate_file.empty()) {
    // Files that cannot be read are found when the configuration is loaded; here the server says
    // what it misses.
    SSL_use_certificate_chain_file(ssl, options.client_certificate_file.c_str());
    SSL_use_PrivateKey_file(ssl, options.client_key_file.c_str(), SSL_FILETYPE_PEM);
    ERR_clear_error();
  }
  if (options.verify) SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
  if (resuming) resume(*connection, options.past);
  SSL_set_connect_state(ssl);
  return connection;
}

void note_agreed(const SSL* ssl, TlsResult& result) {
  result.version = SSL_get_version(ssl);
  if (const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl)) {
    result.cipher = SSL_CIPHER_get_name(cipher);
  }
  const unsigned char* protocol = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &length);
  if (length > 0) result.alpn.assign(reinterpret_cast<const char*>(protocol), length);
}

// Also after a handshake that failed later: in TLS 1.2 the certificate has long been seen when the
// server refuses us for having none.
void note_certificate(SSL* ssl, const TlsOptions& options, TlsResult& result) {
  X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return;
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  result.certificate = describe(leaf, chain);
  if (!options.verify) return;
  const auto trust = TrustStore::load(options.ca_file, options.cloudflare_origin_ca);
  if (!trust) {
    result.reason = trust.error().text;
    return;
  }
  const unsigned char* staple = nullptr;
  const long length = SSL_get_tlsext_status_ocsp_resp(ssl, static_cast<void*>(&staple));
  const std::string_view ocsp = length > 0 ? std::string_view{reinterpret_cast<const char*>(staple),
                                                              static_cast<std::size_t>(length)}
                                           : std::string_view{};
  verify(*result.certificate, leaf, chain, **trust, options.host, ocsp);
}

void note_facts(const TlsConnection& connection, TlsResult& result) {
  const auto facts = tcp_facts(connection.wire.socket);
  result.acked = facts.unacked_bytes == 0;
  result.retransmits =
      facts.retransmits - std::min(facts.retransmits, connection.retransmits_before);
  result.mss = facts.mss;
  result.first_bytes = connection.wire.first_bytes;
  result.bytes_received = connection.wire.bytes_received;
  result.os_code = connection.wire.os_code;
  result.client_cert_requested = connection.seen.certificate_requested;
  result.alert = connection.seen.alert;
}

bool looks_like_tls(std::string_view first_bytes) {
  using enum codec::FirstBytes;
  const auto kind = codec::first_bytes(first_bytes);
  return kind == nothing || kind == tls_alert || kind == tls_handshake || kind == tls_other;
}

// In this order: what the peer said, what it is, how it ended. `refused`: OpenSSL did not accept
// what came; that the peer then went away is only the echo of it.
TlsOutcome outcome_of_failure(const TlsResult& result, const Wire& wire, bool in_time,
                              bool refused) {
  if (result.alert >= 0) return TlsOutcome::alert;
  if (!looks_like_tls(result.first_bytes)) return TlsOutcome::not_tls;
  if (refused) return TlsOutcome::failed;
  const bool timed_out = !in_time || result.os_code == ETIMEDOUT;
  if (timed_out) {
    return !result.acked && result.bytes_received == 0 ? TlsOutcome::unacked : TlsOutcome::silent;
  }
  if (is_reset(result.os_code)) return TlsOutcome::reset;
  if (result.os_code == 0 && wire.ended) return TlsOutcome::closed;
  return TlsOutcome::failed;
}

void fail(TlsConnection& connection, bool in_time, int why, TlsResult& result) {
  result.reason = take_openssl_reason();
  const bool refused =
      why == SSL_ERROR_SSL && !result.reason.empty() && !result.reason.contains("unexpected eof");
  connection.wire.drain();
  if (connection.seen.alert < 0 && is_reset(connection.wire.os_code)) {
    connection.seen.alert = clear_alert(connection.wire.last_bytes);
  }
  note_facts(connection, result);
  result.outcome = outcome_of_failure(result, connection.wire, in_time, refused);
  if (refused) result.os_code = 0;
  if (result.os_code != 0) result.reason = errno_name(result.os_code);
}

}  // namespace

TlsPast::TlsPast() : state_(std::make_unique<State>()) {}
TlsPast::~TlsPast() = default;
bool TlsPast::can_resume() const { return state_->ticket != nullptr; }
void TlsPast::forget() { *state_ = State{}; }
const CertificateFacts* TlsPast::certificate() const {
  return state_->certificate ? &*state_->certificate : nullptr;
}

std::string_view name(TlsOutcome outcome) {
  constexpr std::array<std::string_view, 8> kNames{"ok",    "not-tls", "silent",  "closed",
                                                   "reset", "alert",   "unacked", "failed"};
  return kNames.at(std::to_underlying(outcome));
}

std::string_view alert_name(int alert) {
  struct Row {
    int number;
    std::string_view name;
  };
  // RFC 8446 section 6, and those of older versions.
  constexpr std::array kAlerts{
      Row{0, "close_notify"},
      Row{10, "unexpected_message"},
      Row{20, "bad_record_mac"},
      Row{21, "decryption_failed"},
      Row{22, "record_overflow"},
      Row{30, "decompression_failure"},
      Row{40, "handshake_failure"},
      Row{41, "no_certificate"},
      Row{42, "bad_certificate"},
      Row{43, "unsupported_certificate"},
      Row{44, "certificate_revoked"},
      Row{45, "certificate_expired"},
      Row{46, "certificate_unknown"},
      Row{47, "illegal_parameter"},
      Row{48, "unknown_ca"},
      Row{49, "access_denied"},
      Row{50, "decode_error"},
      Row{51, "decrypt_error"},
      Row{60, "export_restriction"},
      Row{70, "protocol_version"},
      Row{71, "insufficient_security"},
      Row{80, "internal_error"},
      Row{86, "inappropriate_fallback"},
      Row{90, "user_canceled"},
      Row{100, "no_renegotiation"},
      Row{109, "missing_extension"},
      Row{110, "unsupported_extension"},
      Row{111, "certificate_unobtainable"},
      Row{112, "unrecognized_name"},
      Row{113, "bad_certificate_status_response"},
      Row{115, "unknown_psk_identity"},
      Row{116, "certificate_required"},
      Row{120, "no_application_protocol"},
  };
  const auto* row = std::ranges::find(kAlerts, alert, &Row::number);
  return row != kAlerts.end() ? row->name : std::string_view{"unknown"};
}

Task<TlsResult> tls_handshake(Fd socket, TlsOptions options) {
  TlsResult result;
  const Instant began = Clock::now();
  auto connection = begin(std::move(socket), options);
  SSL* ssl = connection->ssl.get();
  if (ssl == nullptr) {
    result.reason = "internal: " + take_openssl_reason();
    co_return result;
  }
  bool in_time = true;
  bool done = false;
  int why = SSL_ERROR_NONE;
  while (in_time && !done) {
    ERR_clear_error();
    const int code = SSL_do_handshake(ssl);
    done = code == 1;
    if (done) break;
    why = SSL_get_error(ssl, code);
    if (!waits(why)) break;
    in_time = co_await connection->wait(why, options.deadline);
  }
  result.elapsed = Clock::now() - began;
  if (!done) {
    fail(*connection, in_time, why, result);
    note_certificate(ssl, options, result);
    co_return result;
  }
  result.outcome = TlsOutcome::ok;
  note_facts(*connection, result);
  result.acked = true;  // of the last flight it may still be under way
  note_agreed(ssl, result);
  result.resumed = SSL_session_reused(ssl) == 1;
  if (!result.resumed) note_certificate(ssl, options, result);
  if (connection->seen.past && result.certificate) {
    connection->seen.past->state().certificate = result.certificate;
  }
  result.stream = tls_stream(std::move(connection));
  co_return result;
}

Parsed<bool> prepare_tls(const std::string& ca_file, bool cloudflare_origin_ca) {
  context_for(TlsOffer::edge);
  const auto trust = TrustStore::load(ca_file, cloudflare_origin_ca);
  if (!trust) return std::unexpected{trust.error()};
  return true;
}

bool trusts_any_issuer(const std::string& ca_file) {
  const auto trust = TrustStore::load(ca_file, false);
  return !trust || (*trust)->holds_any();
}

}  // namespace causeway::net
