// TLS towards visitors: certificates by name, what is agreed on, sessions that can be resumed. The
// door to OpenSSL's server side; none of its types passes it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace causeway::net {

struct ServerCertificate {
  std::string certificate_file;  // PEM, leaf first, then what leads to its root
  std::string key_file;          // PEM
  std::string ocsp_file;         // DER, stapled when given
};

struct TlsServerOptions {
  std::vector<ServerCertificate> certificates;  // the first is for visitors who send no known name
  std::vector<std::string> alpn;                // in our order of preference
  // Of this process and its successors: 80 bytes that encrypt session tickets; empty: drawn anew.
  std::string ticket_keys;
};

// Immutable once loaded; shared by all threads.
class TlsServer {
 public:
  // Reads every file. The error names the file and what is wrong with it.
  static Parsed<std::shared_ptr<const TlsServer>> load(const TlsServerOptions& options);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  const std::string& ticket_keys() const;
  // When the certificate that ends first does.
  WallTime not_after() const;

 private:
  friend struct TlsServerAccess;
  struct State;
  explicit TlsServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct TlsAccepted {
  std::unique_ptr<Stream> stream;  // null: the handshake failed, `reason`
  bool h2 = false;
  std::string reason;
};

// One handshake as the server.
Task<TlsAccepted> tls_accept(Fd socket, std::shared_ptr<const TlsServer> server, Instant deadline);

// Loaded is not presented: whether the pair of files can be used, and until when.
Parsed<WallTime> check_certificate(const ServerCertificate& files);

}  // namespace causeway::net
