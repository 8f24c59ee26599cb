// TLS towards an origin: one handshake, told exactly, and the stream that follows it. The only door
// to OpenSSL; none of its types passes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/stream.hpp"
#include "net/task.hpp"

namespace causeway::net {

enum class TlsOutcome : std::uint8_t {
  ok,
  not_tls,  // the first bytes are no TLS record
  silent,   // acknowledged, and the deadline passed before the handshake was done
  closed,   // FIN
  reset,    // RST
  alert,    // a fatal alert came
  unacked,  // the deadline passed, and the ClientHello was never acknowledged
  failed,   // OpenSSL does not go on: `reason`
};
std::string_view name(TlsOutcome outcome);  // as in model/kinds.def: "not-tls" ...

enum class TlsOffer : std::uint8_t {
  edge,    // versions, ciphers and groups as Cloudflare documents them for its origin side
  tls12,   // the same without TLS 1.3
  legacy,  // everything this OpenSSL can still speak
};

struct CertificateFacts;

// What is remembered of a full handshake, so that a later one with the same server can be short:
// its newest ticket (RFC 8446 section 4.6.1, RFC 5077) and the certificate it showed. Of one name
// at one address with one set of trusted issuers; used by one handshake at a time, on one thread.
class TlsPast {
 public:
  TlsPast();
  ~TlsPast();
  TlsPast(const TlsPast&) = delete;
  TlsPast& operator=(const TlsPast&) = delete;

  bool can_resume() const;  // there is a ticket; each serves once
  // The server is a stranger again: the next handshake is a full one.
  void forget();
  // Of the newest full handshake; null before it.
  const CertificateFacts* certificate() const;

  struct State;
  State& state() { return *state_; }  // for src/net/tls*.cpp

 private:
  std::unique_ptr<State> state_;
};

struct TlsOptions {
  std::string sni;                // empty: none is sent. Never an address (RFC 6066 section 3)
  std::vector<std::string> alpn;  // in order of preference; empty: none
  TlsOffer offer = TlsOffer::edge;
  bool verify = true;
  std::string host;     // name or address the certificate must be for; empty: none is
  std::string ca_file;  // PEM, may also hold CRLs; empty: the system's trust store
  // Also what Cloudflare alone trusts at an origin. Without effect beside a ca_file: an edge's own
  // trust store replaces everything.
  bool cloudflare_origin_ca = false;
  // Ours, when the server asks for one (PEM; both or none).
  std::string client_certificate_file;
  std::string client_key_file;
  // Resumed from when it can be, and refilled by the server, also while the stream is read. Null:
  // every handshake is a full one and leaves nothing behind. With TlsOffer::edge only.
  std::shared_ptr<TlsPast> past;
  Instant deadline = kNever;
};

// What the server presented. Filled as far as the handshake got.
struct CertificateFacts {
  std::string subject;  // common name, or first alternative name
  std::vector<std::string> names;
  std::string issuer;
  WallTime not_before;
  WallTime not_after;
  std::vector<std::string> chain;  // subjects as sent, leaf first
  bool self_issued = false;
  bool issuer_sent = false;   // the leaf's issuer is among the certificates sent
  bool issuer_known = false;  // what the chain lacks is in the trust store or a usual intermediate
  bool has_issuer_url = false;
  std::string key;        // "RSA-2048", "P-256"
  std::string signature;  // "SHA256"
  std::string serial;
  std::string fingerprint;
  // Of TlsOptions::verify; empty and false without it.
  bool verified = false;          // verification was run
  std::vector<int> verify_codes;  // X509_V_ERR numbers, each once, in the order found
  bool name_matches = false;
  enum class Revocation : std::uint8_t { not_checked, good, revoked, unknown };
  Revocation revocation = Revocation::not_checked;
};
std::string_view name(CertificateFacts::Revocation revocation);  // "not-checked" ...

struct TlsResult {
  TlsOutcome outcome = TlsOutcome::failed;
  std::unique_ptr<Stream> stream;  // when ok
  std::string version;             // "TLSv1.3"
  std::string cipher;
  std::string alpn;  // empty: none was agreed
  int alert = -1;    // number received (RFC 8446 section 6)
  bool client_cert_requested = false;
  std::string first_bytes;  // raw, at most limits::kFirstBytesKept
  std::uint64_t bytes_received = 0;
  bool acked = false;  // everything sent so far was acknowledged
  unsigned retransmits = 0;
  unsigned mss = 0;
  Duration elapsed{};
  int os_code = 0;
  std::string reason;  // OpenSSL's reason, or the errno's name
  // Without `certificate`: the server was known by its ticket and showed none (TlsPast has it).
  bool resumed = false;
  std::optional<CertificateFacts> certificate;
};

// Never throws, always reports. A certificate that does not verify does not end the handshake: all
// that is wrong with it is collected.
Task<TlsResult> tls_handshake(Fd socket, TlsOptions options);

// "handshake_failure"; "unknown" for numbers without a name.
std::string_view alert_name(int alert);

// Loads what the first handshake needs (OpenSSL's algorithms, the trust store), so that it can
// happen while a packet is under way. The error says why `ca_file` cannot be used.
Parsed<bool> prepare_tls(const std::string& ca_file, bool cloudflare_origin_ca = false);

// False where this machine's trust store is empty (no ca-certificates): every certificate then
// looks like one of an unknown issuer. True for a file that cannot be read: prepare_tls tells of
// that.
bool trusts_any_issuer(const std::string& ca_file);

}  // namespace causeway::net
