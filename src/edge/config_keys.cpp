// Every key of the [edge] table. This list is the reader, the reference and the schema.
#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "config/keys.hpp"
#include "edge/config_file.hpp"

namespace causeway::edge {

using config::at_least;
using config::between;
using config::Keys;
using config::Word;
using std::chrono::milliseconds;
using std::chrono::seconds;

static std::span<const Word<TlsMode>> words(TlsMode) {
  static constexpr std::array kWords{
      Word<TlsMode>{"off", TlsMode::off}, Word<TlsMode>{"flexible", TlsMode::flexible},
      Word<TlsMode>{"full", TlsMode::full}, Word<TlsMode>{"strict", TlsMode::strict},
      Word<TlsMode>{"origin-pull", TlsMode::origin_pull}};
  return kWords;
}
static std::span<const Word<OriginScheme>> words(OriginScheme) {
  static constexpr std::array kWords{Word<OriginScheme>{"visitor", OriginScheme::visitor},
                                     Word<OriginScheme>{"http", OriginScheme::http},
                                     Word<OriginScheme>{"https", OriginScheme::https}};
  return kWords;
}
static std::span<const Word<ProxyProtocol>> words(ProxyProtocol) {
  static constexpr std::array kWords{Word<ProxyProtocol>{"off", ProxyProtocol::off},
                                     Word<ProxyProtocol>{"v1", ProxyProtocol::v1},
                                     Word<ProxyProtocol>{"v2", ProxyProtocol::v2}};
  return kWords;
}
static std::span<const Word<OriginHttp>> words(OriginHttp) {
  static constexpr std::array kWords{Word<OriginHttp>{"1.1", OriginHttp::http1},
                                     Word<OriginHttp>{"agreed", OriginHttp::agreed},
                                     Word<OriginHttp>{"2", OriginHttp::http2}};
  return kWords;
}
static std::span<const Word<FamilyPreference>> words(FamilyPreference) {
  static constexpr std::array kWords{
      Word<FamilyPreference>{"ipv4", FamilyPreference::ipv4},
      Word<FamilyPreference>{"ipv6", FamilyPreference::ipv6},
      Word<FamilyPreference>{"alternate", FamilyPreference::alternate}};
  return kWords;
}
static std::span<const Word<Policy>> words(Policy) {
  static constexpr std::array kWords{Word<Policy>{"round-robin", Policy::round_robin},
                                     Word<Policy>{"random", Policy::random},
                                     Word<Policy>{"least-connections", Policy::least_connections},
                                     Word<Policy>{"peak-ewma", Policy::peak_ewma},
                                     Word<Policy>{"hash", Policy::hash},
                                     Word<Policy>{"failover", Policy::failover},
                                     Word<Policy>{"latency", Policy::latency}};
  return kWords;
}
static std::span<const Word<CheckKind>> words(CheckKind) {
  static constexpr std::array kWords{
      Word<CheckKind>{"off", CheckKind::off},     Word<CheckKind>{"http", CheckKind::http},
      Word<CheckKind>{"https", CheckKind::https}, Word<CheckKind>{"tcp", CheckKind::tcp},
      Word<CheckKind>{"tls", CheckKind::tls},     Word<CheckKind>{"ping", CheckKind::ping}};
  return kWords;
}
namespace {

const Keys<Timeouts>& timeout_keys() {
  constexpr auto kLeast = milliseconds{1};
  static const auto keys =
      Keys<Timeouts>{}
          .add("resolve", &Timeouts::resolve, "Origin's name to addresses; 530 with 1016 after it.",
               at_least(kLeast))
          .add("connect", &Timeouts::connect,
               "SYN to SYN-ACK; 522 after it. Under 3.1s a machine that is off (523) looks silent.",
               at_least(kLeast))
          .add("handshake", &Timeouts::handshake, "TLS handshake with the origin; 525 after it.",
               at_least(kLeast))
          .add("request_ack", &Timeouts::request_ack,
               "The request's bytes must be acknowledged; 522 after it.", at_least(kLeast))
          .add("write_stall", &Timeouts::write_stall,
               "The origin stops reading the request body; 524 after it.", at_least(kLeast))
          .add("first_byte", &Timeouts::first_byte,
               "Request acknowledged to the whole head of the answer; 524 after it.",
               at_least(kLeast))
          .add("between_bytes", &Timeouts::between_bytes,
               "A pause inside an answer; it is cut after it.", at_least(kLeast))
          .add("idle", &Timeouts::idle,
               "How long a connection to an origin is kept. An origin that closes earlier (Apache "
               "and Node 5s, nginx 75s) makes the first request after the pause go twice.",
               at_least(Duration{}))
          .add("visitor_head", &Timeouts::visitor_head, "For a visitor's request head; 408.",
               at_least(kLeast))
          .add("visitor_body", &Timeouts::visitor_body, "Pause in a visitor's request body; 408.",
               at_least(kLeast))
          .add("visitor_write", &Timeouts::visitor_write, "A visitor who does not read.",
               at_least(kLeast))
          .add("visitor_idle", &Timeouts::visitor_idle, "A visitor's connection between requests.",
               at_least(kLeast))
          .add("visitor_handshake", &Timeouts::visitor_handshake, "TLS handshake with a visitor.",
               at_least(kLeast))
          .add("tunnel_idle", &Timeouts::tunnel_idle,
               "WebSocket and other upgrades, both ways "
               "silent.",
               at_least(kLeast))
          .add("drain", &Timeouts::drain,
               "How long open requests may go on after TERM, before they are cut.",
               at_least(Duration{}));
  return keys;
}

const Keys<Limits>& limit_keys() {
  static const auto keys =
      Keys<Limits>{}
          .add_bytes("request_head", &Limits::request_head_bytes, "Head of a request; 431.",
                     between(1024, 1 << 20))
          .add_bytes("url", &Limits::url_bytes, "Length of the URL; 414.", between(256, 1 << 20))
          .add("header_lines", &Limits::header_lines, "Header lines of a request; 431.",
               between(8, 10'000))
          .add_bytes("request_body", &Limits::request_body_bytes,
                     "Body of a request; 413. 0: no limit.")
          .add_bytes("response_head", &Limits::response_head_bytes, "Head of an answer; 520.",
                     between(1024, 1 << 24))
          .add("connections", &Limits::connections, "Visitors' connections of one worker at once.",
               at_least(1))
          .add("requests_per_connection", &Limits::requests_per_connection,
               "Then a visitor's connection is closed.", at_least(1))
          .add("h2_streams", &Limits::h2_streams, "Requests at once on one HTTP/2 connection.",
               between(1, 10'000))
          .add("shed_delay", &Limits::shed_delay,
               "A worker that is behind by more, all the time, refuses a growing share of requests "
               "with 503 until it follows again. 0s: never.",
               at_least(Duration{}));
  return keys;
}

const Keys<Listener>& listener_keys() {
  static const auto keys =
      Keys<Listener>{}
          .add("address", &Listener::address, "\"ADDRESS:PORT\", \":PORT\" for every address.")
          .required()
          .add("tls", &Listener::tls, "HTTPS, with the certificates below; HTTP/2 by ALPN.")
          .add("proxy_protocol", &Listener::proxy_protocol,
               "Every connection must begin with a PROXY header, v1 or v2.");
  return keys;
}

const Keys<Certificate>& certificate_keys() {
  static const auto keys =
      Keys<Certificate>{}
          .add("certificate", &Certificate::certificate_file,
               "PEM file, leaf first, then the "
               "intermediates.")
          .required()
          .add("key", &Certificate::key_file, "PEM file.")
          .required()
          .add("ocsp", &Certificate::ocsp_file, "DER file of an OCSP response to be stapled.");
  return keys;
}

const Keys<Headers>& header_keys() {
  static const auto keys =
      Keys<Headers>{}
          .add("client_address", &Headers::client_address,
               "Tells the origin the visitor's address. Empty: not sent.")
          .add("client_address_too", &Headers::client_address_too,
               "The same under a second name, such as True-Client-IP.")
          .add("forwarded_for", &Headers::forwarded_for, "List of addresses, ours appended.")
          .add("forwarded_proto", &Headers::forwarded_proto, "http or https, as the visitor came.")
          .add("forwarded_host", &Headers::forwarded_host, "The host as the visitor asked.")
          .add("visitor", &Headers::visitor, "{\"scheme\":\"https\"} under this name.")
          .add("ray", &Headers::ray, "Sixteen digits that name the request, both ways.")
          .add("cdn", &Headers::cdn,
               "Our name in CDN-Loop (RFC 8586), Proxy-Status and Cache-Status.")
          .add("server", &Headers::server, "Server header of answers made here.")
          .add("loops", &Headers::loops,
               "CDN-Loop may name us this often before it is a loop (1000).", between(0, 16))
          .add("trusted", &Headers::trusted,
               "Peers whose headers above are believed: an edge before this edge.")
          .add("client_address_from", &Headers::client_address_from,
               "Those of the trusted whose client_address is believed before forwarded_for; empty: "
               "Cloudflare's addresses.")
          .add("set_on_request", &Headers::set_on_request, "Headers set towards the origin.")
          .add("set_on_response", &Headers::set_on_response, "Headers set towards the visitor.")
          .add("remove_on_request", &Headers::remove_on_request, "Headers the origin does not get.")
          .add("remove_on_response", &Headers::remove_on_response,
               "Headers the visitor does not get.");
  return keys;
}

const Keys<Origin>& origin_keys() {
  static const auto keys =
      Keys<Origin>{}
          .add("host", &Origin::host, "Name or address.")
          .required()
          .add("port", &Origin::port, "Unset: 80 or 443, after the scheme.", at_least(1))
          .add("name", &Origin::name, "For logs, metrics and affinity; else HOST:PORT.")
          .add("scheme", &Origin::scheme, "What is spoken; visitor: as the visitor came.")
          .add("tls", &Origin::tls,
               "Over TLS: strict refuses bad certificates (526), full takes any, flexible and off "
               "speak plain HTTP, origin-pull is strict for every visitor.")
          .add("http", &Origin::http,
               "Version of HTTP. agreed: 2 where the TLS handshake agrees on it (ALPN), else 1.1. "
               "2: nothing else, without TLS by prior knowledge (h2c); gRPC needs it.")
          .add("h2_streams", &Origin::h2_streams,
               "Requests at once on one HTTP/2 connection to it, if it takes so many.",
               between(1, 10'000))
          .add("host_header", &Origin::host_header, "Host line for the origin; else the visitor's.")
          .add("sni", &Origin::sni, "Name in the TLS handshake; else that of the Host line.")
          .add("ca", &Origin::ca_file, "PEM file that replaces the system's trust store.")
          .add("client_certificate", &Origin::client_certificate_file,
               "PEM file shown to the origin (authenticated origin pulls).")
          .add("client_key", &Origin::client_key_file, "PEM file of its key.")
          .add("proxy_protocol", &Origin::proxy_protocol, "PROXY header towards the origin.")
          .add("family", &Origin::family, "Which addresses of a name are tried first.")
          .add("weight", &Origin::weight, "Share of the traffic. 0: none.", between(0, 1000))
          .add("priority", &Origin::priority,
               "0 primary, 1 backup, 2 fallback ...: the lowest with a healthy origin serves.",
               between(0, 15))
          .add("connections", &Origin::connections,
               "Requests at it at once, of one worker; more wait in the pool's queue.", at_least(1))
          .add("idle_connections", &Origin::idle_connections, "Kept open, of one worker.",
               at_least(0))
          .add("drain", &Origin::drain, "No new visitors; those with affinity stay.");
  return keys;
}

const Keys<Retries>& retry_keys() {
  static const auto keys =
      Keys<Retries>{}
          .add("attempts", &Retries::attempts, "Of one request, the first among them.",
               between(1, 16))
          .add("budget_percent", &Retries::budget_percent,
               "Of recent requests that may be repeated: an outage is not multiplied.",
               between(0, 100))
          .add("budget_least", &Retries::budget_least,
               "Retries a second that are allowed however few requests there are.",
               between(0, 100'000))
          .add("rest", &Retries::rest,
               "How long an address that did not connect is left alone: a time-out is paid once, "
               "not by every visitor. Doubles each time it fails again, up to sixteenfold.",
               at_least(Duration{}))
          .add("hedge", &Retries::hedge,
               "While a connection takes three times as long as usual (10ms to 2s; 250ms at "
               "first), the origin's next address is tried beside it: the first serves.");
  return keys;
}

const Keys<HealthCheck>& check_keys() {
  static const auto keys =
      Keys<HealthCheck>{}
          .add("kind", &HealthCheck::kind, "What is tried; each worker checks for itself.")
          .add("path", &HealthCheck::path, "Asked for by http and https checks, with GET.")
          .add("host", &HealthCheck::host,
               "Host line and server name; else host_header or host of the origin.")
          .add("status_from", &HealthCheck::status_from, "Lowest status that is well.",
               between(100, 599))
          .add("status_to", &HealthCheck::status_to, "Highest status that is well.",
               between(100, 599))
          .add("text", &HealthCheck::text, "Must stand in the first 64 KiB of the answer's body.")
          .add("interval", &HealthCheck::interval, "From one check to the next.",
               at_least(milliseconds{100}))
          .add("timeout", &HealthCheck::timeout, "Of the whole check, for each address.",
               at_least(milliseconds{10}))
          .add("failures", &HealthCheck::failures, "So many in a row, then the origin is down.",
               between(1, 100))
          .add("successes", &HealthCheck::successes, "So many in a row, then it is up again.",
               between(1, 100));
  return keys;
}

const Keys<Pool>& pool_keys() {
  static const auto keys =
      Keys<Pool>{}
          .add("name", &Pool::name, "What routes call it.")
          .required()
          .add("policy", &Pool::policy,
               "How one of the healthy origins of the lowest priority is chosen.")
          .add("hash_key", &Pool::hash_key,
               "With policy hash: client, host, path, header:NAME or cookie:NAME.")
          .add("sticky_cookie", &Pool::sticky_cookie,
               "Cookie that keeps a visitor with one origin. Empty: none.")
          .add("slow_start", &Pool::slow_start,
               "An origin that comes back gets its share step by step over this time.")
          .add("queue", &Pool::queue,
               "Requests that may wait for a place at an origin, of one worker; then 503.",
               at_least(0))
          .add("queue_wait", &Pool::queue_wait, "How long they wait.", at_least(milliseconds{1}))
          .add_tables("origin", &Pool::origins, origin_keys(), "A server that holds the site.")
          .add_table(
              "check", &Pool::check, check_keys(),
              "Every origin is asked at an interval. One that is down gets no visitors while "
              "another is up; when all are down, they are tried all the same.")
          .add_table("retry", &Pool::retries, retry_keys(),
                     "A request is repeated only when that is safe: nothing was sent, or it is "
                     "idempotent and met a connection that had been closed.");
  return keys;
}

const Keys<Route>& route_keys() {
  static const auto keys =
      Keys<Route>{}
          .add("hosts", &Route::hosts,
               "Host names, \"*.example.net\" for all below one. None: every host.")
          .add("path", &Route::path, "Prefix of the path, by whole segments.")
          .add("pool", &Route::pool, "Who serves it.")
          .required()
          .add("maintenance", &Route::maintenance, "Answer 503 with the maintenance page.")
          .add("cache", &Route::cache, "Keep and use stored answers, when there is a cache.")
          .add_bytes("request_body", &Route::request_body_bytes, "Instead of limits.request_body.")
          .add_table("timeouts", &Route::timeouts, timeout_keys(),
                     "Instead of those of the edge; what is not given stays.");
  return keys;
}

const Keys<CacheRules>& cache_keys() {
  static const auto keys =
      Keys<CacheRules>{}
          .add("on", &CacheRules::on, "Store answers (RFC 9111, shared cache).")
          .add_bytes("memory", &CacheRules::memory_bytes, "For all workers together.",
                     at_least(1 << 16))
          .add_bytes("entry", &CacheRules::entry_bytes, "A larger answer is not stored.",
                     at_least(1024))
          .add("disk", &CacheRules::disk,
               "Directory that keeps stored answers over restarts and upgrades: its last part is "
               "made when it is missing. Empty: memory alone.")
          .add_bytes("disk_size", &CacheRules::disk_bytes,
                     "What the files in it may take; then the longest unused go.",
                     at_least(1 << 20))
          .add("disk_files", &CacheRules::disk_files,
               "How many files; each costs about 450 bytes of memory.",
               between(1, limits::kDiskFilesMost))
          .add("stale_if_error", &CacheRules::stale_if_error,
               "How long after its end an answer may be used when the origin fails, unless the "
               "origin says something about it.",
               at_least(Duration{}))
          .add("always_online", &CacheRules::always_online,
               "Serve a stored answer, however old, for failures of the 520 to 530 class.");
  return keys;
}

const Keys<AccessLog>& log_keys() {
  static const auto keys =
      Keys<AccessLog>{}
          .add("on", &AccessLog::on, "One line of JSON a request.")
          .add("file", &AccessLog::file, "Empty: standard output. USR1 opens it again.")
          .add("sample_percent", &AccessLog::sample_percent,
               "Of answers below 500; failures are always written.", between(0, 100))
          .add("client_address", &AccessLog::client_address, "Write the visitor's address.")
          .add("query", &AccessLog::query, "Write what stands behind \"?\" in the URL.")
          .add("request_headers", &AccessLog::request_headers, "Names of headers to be written.");
  return keys;
}

const Keys<Admin>& admin_keys() {
  static const auto keys =
      Keys<Admin>{}
          .add("address", &Admin::address, "For /metrics and /.causeway/; unset: none.")
          .add("token_file", &Admin::token_file,
               "File with the token that others than loopback must send as Bearer.");
  return keys;
}

const Keys<ErrorPages>& page_keys() {
  static const auto keys =
      Keys<ErrorPages>{}
          .add("template", &ErrorPages::template_file,
               "Own HTML page with tokens such as {{code}} and {{ray_id}}.")
          .add("contact", &ErrorPages::contact, "Shown to visitors on the built-in page.");
  return keys;
}

const Keys<Config>& edge_keys() {
  static const auto keys =
      Keys<Config>{}
          .add("workers", &Config::workers, "Threads, each with a loop of its own. 0: one a core.",
               between(0, 1024))
          .add("resolver", &Config::dns_resolver,
               "\"ADDRESS:PORT\" of the DNS server for origins; empty: the system's.")
          .add_tables("listen", &Config::listeners, listener_keys(), "An address visitors come to.")
          .add_tables("certificate", &Config::certificates, certificate_keys(),
                      "Chosen by the visitor's SNI; the first one where none fits.")
          .add_tables("pool", &Config::pools, pool_keys(), "Origins that serve the same site.")
          .add_tables("route", &Config::routes, route_keys(),
                      "Which pool serves which host and path. The first that fits takes the "
                      "request.")
          .add_table("timeouts", &Config::timeouts, timeout_keys(), "Every wait has its name.")
          .add_table("limits", &Config::limits, limit_keys(), "What a visitor may send.")
          .add_table("headers", &Config::headers, header_keys(),
                     "What the origin learns of the visitor, and the names used.")
          .add_table("cache", &Config::cache, cache_keys(), "Stored answers.")
          .add_table("log", &Config::access_log, log_keys(), "The access log.")
          .add_table("admin", &Config::admin, admin_keys(), "Metrics and current verdicts.")
          .add_table("pages", &Config::pages, page_keys(), "What people see when something fails.");
  return keys;
}

constexpr std::string_view kExample = R"([edge]

[[edge.listen]]
address = "0.0.0.0:80"

[[edge.listen]]
address = "0.0.0.0:443"
tls = true

[[edge.certificate]]
certificate = "/etc/causeway/www.pem"
key = "/etc/causeway/www.key"

[[edge.pool]]
name = "www"
policy = "peak-ewma"

  [[edge.pool.origin]]
  host = "203.0.113.10"
  port = 443
  scheme = "https"

  [[edge.pool.origin]]
  host = "198.51.100.20"
  port = 443
  scheme = "https"
  priority = 1

[[edge.route]]
hosts = ["www.example.net"]
pool = "www"

[edge.cache]
on = true
)";

}  // namespace

Config read_config(const config::Node& table, config::Findings& findings) {
  Config out;
  config::read_table(table, edge_keys(), out, findings);
  // A route's own times stand on those of the edge, which may come later in the file.
  const auto* routes = table.find("route");
  for (std::size_t i = 0; routes != nullptr && i < out.routes.size(); ++i) {
    const auto* own = i < routes->items.size() ? routes->items[i].find("timeouts") : nullptr;
    if (own == nullptr || !out.routes[i].timeouts) continue;
    config::Findings told_already;
    out.routes[i].timeouts = out.timeouts;
    config::read_table(*own, timeout_keys(), *out.routes[i].timeouts, told_already);
  }
  for (auto& route : out.routes) {
    for (auto& host : route.hosts) host = lower(host);
  }
  for (auto& pool : out.pools) {
    for (auto& origin : pool.origins) {
      if (!origin.name.empty()) continue;
      origin.name = origin.port == 0 ? origin.host : fmt::format("{}:{}", origin.host, origin.port);
    }
  }
  return out;
}

config::Section config_section() {
  return {.name = "edge",
          .text = "The reverse proxy: causeway edge -c FILE.",
          .keys = edge_keys().infos(),
          .example = std::string{kExample},
          .check = [](const config::Node& table, const config::CheckContext& context,
                      config::Findings& findings) {
            const Config config = read_config(table, findings);
            check_config(config, table, context, findings);
          }};
}

}  // namespace causeway::edge
