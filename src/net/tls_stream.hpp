// A TLS connection after its handshake, of either side. Internal to src/net/tls*.cpp.
#pragma once

#include <memory>

#include "net/stream.hpp"
#include "net/tls.hpp"
#include "net/tls_openssl.hpp"
#include "net/tls_wire.hpp"

namespace causeway::net {

struct TlsPast::State {
  SslSession ticket;
  std::optional<CertificateFacts> certificate;
};

struct TlsSeen {
  int alert = -1;
  bool certificate_requested = false;
  std::shared_ptr<TlsPast> past;  // where tickets go; null: nowhere
};

// Lives on the heap: OpenSSL keeps addresses of `wire` and `seen`.
struct TlsConnection {
  TlsConnection() = default;
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  Wire wire;
  TlsSeen seen;
  Ssl ssl;
  unsigned retransmits_before = 0;    // SYNs
  std::shared_ptr<const void> owner;  // what its context lives in

  // Waits for what OpenSSL asked for; false when the deadline passed first.
  Task<bool> wait(int why, Instant deadline);
};

bool waits(int why);  // an SSL_get_error() that says: not now
bool is_reset(int os_code);

std::unique_ptr<Stream> tls_stream(std::unique_ptr<TlsConnection> connection);

}  // namespace causeway::net
