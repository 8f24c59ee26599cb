// The bottom of a TLS connection: a BIO on a socket that keeps what OpenSSL would throw away: the
// first bytes as they came, how the socket ended, which alert came in clear.
// Internal to src/net/tls*.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "net/fd.hpp"
#include "net/tls_openssl.hpp"

namespace causeway::net {

struct Wire {
  Fd socket;
  std::string first_bytes;
  std::string last_bytes;  // as many as an alert record has
  std::uint64_t bytes_received = 0;
  bool keeps = true;   // false: only how it ended
  bool ended = false;  // FIN
  int os_code = 0;     // of the read or write that failed, the first one

  // Reads what still lies in the socket after OpenSSL gave up: the rest of a banner, or the alert
  // that came before our write failed.
  void drain();
};

// A BIO that reads and writes `wire`'s socket without blocking. The wire must outlive it.
BIO* make_wire_bio(Wire& wire);

// The description of a fatal alert in clear at the end of `bytes` (RFC 8446 section 6), or -1.
int clear_alert(std::string_view bytes);

}  // namespace causeway::net
