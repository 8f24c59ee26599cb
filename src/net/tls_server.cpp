#include "net/tls_server.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"
#include "net/tls_certificate.hpp"
#include "net/tls_stream.hpp"

namespace causeway::net {
namespace {

// TLS 1.2 with forward secrecy and AEAD alone (RFC 9325 4.2); TLS 1.3 as OpenSSL orders it.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr std::size_t kTicketKeys = 80;  // SSL_CTX_set_tlsext_ticket_keys(3): name, hmac, aes

struct Site {
  SslCtx context;
  std::vector<std::string> names;  // lower case, "*.example.net" among them
  std::string ocsp;
  WallTime not_after;
};

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern == name) return true;
  if (!pattern.starts_with("*.")) return false;
  const auto dot = name.find('.');  // one label, not more (RFC 6125 6.4.3)
  return dot != std::string_view::npos && name.substr(dot) == pattern.substr(1);
}

}  // namespace

struct TlsServer::State {
  std::vector<Site> sites;
  std::string alpn;  // in wire form
  std::string ticket_keys;

  const Site& site_for(std::string_view name) const {
    for (const auto& site : sites) {
      for (const auto& pattern : site.names) {
        if (matches(pattern, name)) return site;
      }
    }
    return sites.front();
  }
};

struct TlsServerAccess {
  static const TlsServer::State& state(const TlsServer& server) { return *server.state_; }
};

namespace {

int choose_certificate(SSL* ssl, int* /*alert*/, void* opaque) {
  const auto& state = TlsServerAccess::state(*static_cast<const TlsServer*>(opaque));
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_OK;
  SSL_set_SSL_CTX(ssl, state.site_for(lower(name)).context.get());
  return SSL_TLSEXT_ERR_OK;
}

int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* length,
                    const unsigned char* offered, unsigned offered_length, void* opaque) {
  const auto& alpn = *static_cast<const std::string*>(opaque);
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, length, reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()), offered, offered_length);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 3.2
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

int staple(SSL* ssl, void* opaque) {
  const auto& ocsp = *static_cast<const std::string*>(opaque);
  if (ocsp.empty()) return SSL_TLSEXT_ERR_NOACK;
  auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(ocsp.data(), ocsp.size()));
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(ocsp.size()));
  return SSL_TLSEXT_ERR_OK;
}

void note_alert(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || (value >> 8) != SSL3_AL_FATAL) return;
  if (auto* seen = static_cast<TlsSeen*>(SSL_get_app_data(ssl))) seen->alert = value & 0xff;
}

SslCtx make_context() {
  OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  SslCtx context{SSL_CTX_new(TLS_server_method())};
  SSL_CTX* ctx = context.get();
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(ctx, kCiphers);
  SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384");
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // Tickets alone resume: a cache would be one more thing that grows with visitors.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  static constexpr unsigned char kContextId[] = "causeway";
  SSL_CTX_set_session_id_context(ctx, kContextId, sizeof kContextId - 1);
  SSL_CTX_set_num_tickets(ctx, 1);
  SSL_CTX_set_read_ahead(ctx, 1);
  SSL_CTX_set_info_callback(ctx, note_alert);
  return context;
}

Parsed<Site> load_site(const ServerCertificate& files) {
  Site site;
  site.context = make_context();
  SSL_CTX* ctx = site.context.get();
  if (SSL_CTX_use_certificate_chain_file(ctx, files.certificate_file.c_str()) != 1) {
    return error(fmt::format("{}: cannot be read as a PEM certificate ({})", files.certificate_file,
                             take_openssl_reason()));
  }
  if (SSL_CTX_use_PrivateKey_file(ctx, files.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return error(
        fmt::format("{}: cannot be read as a PEM key ({})", files.key_file, take_openssl_reason()));
  }
  if (SSL_CTX_check_private_key(ctx) != 1) {
    return error(fmt::format("{}: is not the key of {}", files.key_file, files.certificate_file));
  }
  const auto facts = describe(SSL_CTX_get0_certificate(ctx), nullptr);
  for (const auto& name : facts.names) site.names.push_back(lower(name));
  if (site.names.empty()) site.names.push_back(lower(facts.subject));
  site.not_after = facts.not_after;
  if (!files.ocsp_file.empty()) {
    std::ifstream in{files.ocsp_file, std::ios::binary};
    site.ocsp.assign(std::istreambuf_iterator<char>{in}, {});
    if (!in || site.ocsp.empty() || site.ocsp.size() > limits::kSystemFileBytes) {
      return error(fmt::format("{}: cannot be read as an OCSP answer", files.ocsp_file));
    }
  }
  return site;
}

}  // namespace

TlsServer::TlsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsServer::~TlsServer() = default;

const std::string& TlsServer::ticket_keys() const { return state_->ticket_keys; }

WallTime TlsServer::not_after() const {
  return std::ranges::min_element(state_->sites, {}, &Site::not_after)->not_after;
}

Parsed<std::shared_ptr<const TlsServer>> TlsServer::load(const TlsServerOptions& options) {
  if (options.certificates.empty()) return error("no certificate is given for TLS");
  auto state = std::make_unique<State>();
  state->ticket_keys = options.ticket_keys;
  if (state->ticket_keys.size() != kTicketKeys) {
    state->ticket_keys.resize(kTicketKeys);
    if (RAND_bytes(reinterpret_cast<unsigned char*>(state->ticket_keys.data()), kTicketKeys) != 1) {
      return error("no random numbers for session tickets");
    }
  }
  for (const auto& protocol : options.alpn) {
    state->alpn += static_cast<char>(protocol.size());
    state->alpn += protocol;
  }
  for (const auto& files : options.certificates) {
    auto site = load_site(files);
    if (!site) return std::unexpected{site.error()};
    state->sites.push_back(std::move(*site));
  }
  std::shared_ptr<TlsServer> server{new TlsServer{std::move(state)}};
  State& own = *server->state_;
  for (auto& site : own.sites) {
    SSL_CTX* ctx = site.context.get();
    SSL_CTX_set_tlsext_servername_callback(ctx, choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(ctx, server.get());
    SSL_CTX_set_tlsext_ticket_keys(ctx, own.ticket_keys.data(), kTicketKeys);
    if (!own.alpn.empty()) SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, &own.alpn);
    SSL_CTX_set_tlsext_status_cb(ctx, staple);
    SSL_CTX_set_tlsext_status_arg(ctx, &site.ocsp);
  }
  return server;
}

Task<TlsAccepted> tls_accept(Fd socket, std::shared_ptr<const TlsServer> server, Instant deadline) {
  TlsAccepted out;
  auto connection = std::make_unique<TlsConnection>();
  connection->wire.socket = std::move(socket);
  connection->wire.keeps = false;
  connection->ssl.reset(SSL_new(TlsServerAccess::state(*server).sites.front().context.get()));
  connection->owner = std::move(server);
  SSL* ssl = connection->ssl.get();
  if (ssl == nullptr) {
    out.reason = take_openssl_reason();
    co_return out;
  }
  SSL_set_app_data(ssl, &connection->seen);
  BIO* bio = make_wire_bio(connection->wire);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
  while (true) {
    ERR_clear_error();
    const int code = SSL_do_handshake(ssl);
    if (code == 1) break;
    const int why = SSL_get_error(ssl, code);
    if (!waits(why)) {
      out.reason = take_openssl_reason();
      co_return out;
    }
    if (!co_await connection->wait(why, deadline)) {
      out.reason = "the handshake took too long";
      co_return out;
    }
  }
  const unsigned char* protocol = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &length);
  out.h2 = std::string_view{reinterpret_cast<const char*>(protocol), length} == "h2";
  out.stream = tls_stream(std::move(connection));
  co_return out;
}

Parsed<WallTime> check_certificate(const ServerCertificate& files) {
  const auto site = load_site(files);
  if (!site) return std::unexpected{site.error()};
  return site->not_after;
}

}  // namespace causeway::net
