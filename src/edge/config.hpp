// What an edge is told to do: one immutable snapshot, made from the command line or a TOML file.
// Plain data with the defaults of the contract; nothing here reads files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {

// What is spoken to an origin, by Cloudflare's names of the modes.
enum class TlsMode : std::uint8_t {
  off,          // plain, and visitors who come by https are sent to http
  flexible,     // plain, whatever the visitor used
  full,         // TLS, any certificate will do
  strict,       // TLS, and the certificate must be acceptable (526)
  origin_pull,  // strict, and also for visitors who came by http
};
enum class OriginScheme : std::uint8_t {
  visitor,  // as the visitor used it
  http,
  https,
};
enum class OriginHttp : std::uint8_t {
  http1,
  agreed,  // HTTP/2 where the TLS handshake agrees on it (ALPN)
  http2,   // HTTP/2 alone; without TLS by prior knowledge (RFC 9113 3.3)
};
enum class ProxyProtocol : std::uint8_t { off, v1, v2 };
enum class FamilyPreference : std::uint8_t { ipv4, ipv6, alternate };  // alternate: RFC 8305
enum class Policy : std::uint8_t {
  round_robin,
  random,
  least_connections,
  peak_ewma,  // the better of two taken at random, by latency and load
  hash,       // consistent, over Pool::hash_key
  failover,   // the first healthy one in the order given
  latency,    // the lowest moving average of the time to connect
};

// Every wait has a name of its own. The defaults are those of edge-made errors (base/limits.hpp).
struct Timeouts {
  // towards the origin
  Duration resolve = limits::kEdgeResolve;             // 530
  Duration connect = limits::kEdgeConnect;             // 522
  Duration handshake = limits::kEdgeHandshake;         // 525
  Duration request_ack = limits::kEdgeRequestAck;      // 522
  Duration write_stall = limits::kEdgeWriteStall;      // 524
  Duration first_byte = limits::kEdgeFirstByte;        // 524
  Duration between_bytes = limits::kEdgeBetweenBytes;  // the answer is cut
  Duration idle = limits::kEdgeOriginIdle;             // of a kept connection
  // towards the visitor
  Duration visitor_head = limits::kEdgeVisitorHead;    // 408
  Duration visitor_body = limits::kEdgeVisitorBody;    // between two reads of a body: 408
  Duration visitor_write = limits::kEdgeVisitorWrite;  // a visitor who does not read
  Duration visitor_idle = limits::kEdgeVisitorIdle;
  Duration visitor_handshake = limits::kEdgeVisitorHandshake;
  Duration tunnel_idle = limits::kEdgeTunnelIdle;  // WebSocket and other upgrades
  Duration drain = limits::kEdgeDrain;             // after TERM, then what is left is cut
};

struct Limits {
  std::size_t request_head_bytes = limits::kRequestHeadBytes;    // 431
  std::size_t url_bytes = limits::kUrlBytes;                     // 414
  int header_lines = limits::kRequestHeaderLines;                // 431
  std::uint64_t request_body_bytes = limits::kRequestBodyBytes;  // 413; 0: no limit
  std::size_t response_head_bytes = limits::kResponseHeadBytes;  // 520
  std::size_t connections = limits::kEdgeConnections;            // of one worker
  int requests_per_connection = limits::kEdgeRequestsPerConnection;
  std::uint32_t h2_streams = limits::kEdgeH2Streams;
  Duration shed_delay = limits::kShedDelay;  // of the loop, beyond which requests are refused
};

struct Listener {
  Endpoint address;
  bool tls = false;
  bool proxy_protocol = false;  // v1 or v2 is required before anything else
};

struct Certificate {
  std::string certificate_file;  // PEM, leaf first
  std::string key_file;          // PEM
  std::string ocsp_file;         // DER; empty: none is stapled
};

// Header names an edge adds, each empty when it is not to be sent.
struct Headers {
  std::string client_address = "CF-Connecting-IP";
  std::string client_address_too = "";  // "True-Client-IP"
  std::string forwarded_for = "X-Forwarded-For";
  std::string forwarded_proto = "X-Forwarded-Proto";
  std::string forwarded_host = "";  // "X-Forwarded-Host"
  std::string visitor = "";         // "CF-Visitor": {"scheme":"https"}
  std::string ray = "Causeway-Ray";
  std::string cdn = "causeway";     // our name in CDN-Loop (RFC 8586), Proxy-Status, Cache-Status
  std::string server = "causeway";  // of answers made here
  int loops = 0;                    // CDN-Loop may name us this often before it is a loop
  // From these peers the headers above are believed: an edge behind an edge. Others' are removed.
  std::vector<Prefix> trusted;
  // Those among them that write `client_address` themselves; empty: Cloudflare's addresses.
  std::vector<Prefix> client_address_from;
  std::vector<std::pair<std::string, std::string>> set_on_request;
  std::vector<std::pair<std::string, std::string>> set_on_response;
  std::vector<std::string> remove_on_request;
  std::vector<std::string> remove_on_response;
};

struct Origin {
  std::string name;        // for logs and metrics; the address as given when no other was
  std::string host;        // name or address
  std::uint16_t port = 0;  // 0: the scheme's own
  OriginScheme scheme = OriginScheme::http;
  TlsMode tls = TlsMode::strict;
  std::string host_header;  // empty: the visitor's
  std::string sni;          // empty: host_header, else the visitor's host
  std::string ca_file;      // replaces the system's trust store
  std::string client_certificate_file;
  std::string client_key_file;
  ProxyProtocol proxy_protocol = ProxyProtocol::off;
  FamilyPreference family = FamilyPreference::ipv4;
  OriginHttp http = OriginHttp::http1;
  std::size_t h2_streams = limits::kEdgeOriginH2Streams;  // at once on one connection
  int weight = 100;                                       // 0: no traffic, still checked
  int priority = 0;  // 0 primary, 1 backup, 2 fallback ...: the lowest with a healthy one
  std::size_t connections = limits::kEdgeOriginConnections;     // at once, of one worker
  std::size_t idle_connections = limits::kEdgeIdleConnections;  // kept, of one worker
  bool drain = false;                                           // no new visitors
};

struct Retries {
  int attempts = limits::kEdgeAttempts;            // of one request, the first among them
  int budget_percent = limits::kEdgeRetryPercent;  // of recent requests that may be repeated
  int budget_least = limits::kEdgeRetryLeast;      // a second, however few requests there are
  Duration rest = limits::kEdgeCircuitRest;        // of an address that did not connect
  bool hedge = true;  // the next address is tried beside one that takes long to connect
};

enum class CheckKind : std::uint8_t { off, http, https, tcp, tls, ping };
struct HealthCheck {
  CheckKind kind = CheckKind::off;
  std::string path = "/";
  std::string host;  // Host line; empty: the origin's
  int status_from = 200;
  int status_to = 399;
  std::string text;  // the body must have it
  Duration interval = limits::kEdgeCheckInterval;
  Duration timeout = limits::kEdgeCheckTimeout;
  int failures = 3;   // in a row, then it is down
  int successes = 2;  // in a row, then it is up
};

struct Pool {
  std::string name;
  std::vector<Origin> origins;
  Policy policy = Policy::round_robin;
  std::string hash_key = "client";  // client | host | path | header:NAME | cookie:NAME
  std::string sticky_cookie;        // empty: no affinity
  Duration slow_start{};
  Retries retries;
  HealthCheck check;
  std::size_t queue = limits::kEdgeQueue;  // requests that wait for a free connection
  Duration queue_wait = limits::kEdgeQueueWait;
};

struct CacheRules {
  bool on = false;
  std::uint64_t memory_bytes = limits::kEdgeCacheBytes;
  std::uint64_t entry_bytes = limits::kEdgeCacheEntryBytes;
  std::string disk;  // directory; empty: memory alone
  std::uint64_t disk_bytes = limits::kDiskBytes;
  std::uint64_t disk_files = limits::kDiskFiles;
  Duration stale_if_error = limits::kEdgeStaleIfError;  // when the origin says nothing about it
  bool always_online = true;  // serve stale for failures of the 520 to 530 class
};

// The first route that matches takes the request.
struct Route {
  std::vector<std::string> hosts;  // lower case, "*.example.net" allowed; empty: any
  std::string path = "/";          // prefix, by whole segments
  std::string pool;
  bool maintenance = false;
  bool cache = true;  // when there is one
  std::optional<Timeouts> timeouts;
  std::optional<std::uint64_t> request_body_bytes;
};

struct AccessLog {
  bool on = true;
  std::string file;          // empty: stdout
  int sample_percent = 100;  // of answers below 500; failures are always written
  bool client_address = true;
  bool query = true;                         // the part of the URL after "?"
  std::vector<std::string> request_headers;  // names to be kept
};

struct Admin {
  std::optional<Endpoint> address;  // /metrics, /.causeway/verdict
  std::string token_file;           // empty: only from loopback
};

struct ErrorPages {
  std::string template_file;  // HTML with tokens; empty: the page built in
  std::string contact;        // shown to visitors; empty: none
};

struct Config {
  std::vector<Listener> listeners;
  std::vector<Certificate> certificates;
  std::vector<Pool> pools;
  std::vector<Route> routes;
  Timeouts timeouts;
  Limits limits;
  Headers headers;
  CacheRules cache;
  AccessLog access_log;
  Admin admin;
  ErrorPages pages;
  int workers = 0;           // 0: one a core
  std::string dns_resolver;  // endpoint; empty: the system's

  const Pool* pool(std::string_view name) const {
    for (const auto& candidate : pools) {
      if (candidate.name == name) return &candidate;
    }
    return nullptr;
  }
};

using ConfigPtr = std::shared_ptr<const Config>;

}  // namespace causeway::edge
