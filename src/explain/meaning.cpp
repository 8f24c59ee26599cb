#include "explain/meaning.hpp"

#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "explain/flags.hpp"
#include "explain/phrases.hpp"

namespace causeway::explain {
namespace {

using codec::kNotReached;
using codec::LogFormat;
using codec::LogLine;
using F = model::FailureId;
using C = model::CauseId;

constexpr double kEdgeGivesUp = 95'000;  // ms: an edge waits 100 s (formerly) to 125 s

// What proxies answer with a 502 of their own; and the origin's own 502 beside it.
constexpr Failures kBadGateway{F::connect_refused,
                               F::connect_port_unreachable,
                               F::connect_silent,
                               F::route_host_unreachable,
                               F::route_net_unreachable,
                               F::route_neighbour_silent,
                               F::http_closed,
                               F::http_reset,
                               F::http_silent,
                               F::http_malformed,
                               F::http_headers_too_large,
                               F::http_headers_truncated,
                               F::http_bad_chunking,
                               F::http_length_mismatch,
                               F::tls_not_spoken,
                               F::tls_silent,
                               F::tls_closed,
                               F::tls_reset,
                               F::tls_alert,
                               F::tls_no_shared_cipher,
                               F::tls_no_shared_version,
                               F::tls_name_unrecognized,
                               F::cert_expired,
                               F::cert_not_yet_valid,
                               F::cert_wrong_name,
                               F::cert_self_signed,
                               F::cert_unknown_issuer,
                               F::cert_incomplete_chain,
                               F::resolve_not_found,
                               F::resolve_server_failed,
                               F::resolve_timeout};
constexpr Failures kAnyBadGateway = kBadGateway.and_also(F::http_status);

constexpr Failures kServerError{F::http_status,
                                F::tls_not_spoken,
                                F::tls_silent,
                                F::tls_closed,
                                F::tls_reset,
                                F::tls_alert,
                                F::tls_no_shared_cipher,
                                F::tls_no_shared_version,
                                F::tls_name_unrecognized,
                                F::cert_expired,
                                F::cert_not_yet_valid,
                                F::cert_wrong_name,
                                F::cert_self_signed,
                                F::cert_unknown_issuer,
                                F::cert_incomplete_chain,
                                F::resolve_not_found,
                                F::resolve_server_failed,
                                F::resolve_timeout};

Meaning failed(Failures possible, std::string_view reading, C cause = C::unknown) {
  return {.part = Part::failed, .possible = possible, .cause = cause, .reading = reading};
}

Meaning untold(Failures possible, std::string_view reading) {
  return {.part = Part::failed, .told = false, .possible = possible, .reading = reading};
}

Meaning of_origin(int status, std::string_view reading) {
  Meaning out = failed({F::http_status}, reading);
  out.status = status;
  return out;
}

Meaning of_phrase(std::span<const Phrase> phrases, std::string_view words) {
  const Phrase* found = find_phrase(phrases, words);
  return found == nullptr ? Meaning{} : meaning(*found);
}

// The number in "(111: Connection refused)" or "(111)Connection refused".
int errno_in(std::string_view words) {
  for (auto at = words.find('('); at != std::string_view::npos; at = words.find('(', at + 1)) {
    int number = 0;
    const auto rest = words.substr(at + 1);
    const auto [end, bad] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (bad != std::errc{} || end == rest.data() + rest.size()) continue;
    if (*end == ':' || *end == ')') return number;
  }
  return 0;
}

std::optional<Phase> nginx_phase(std::string_view words) {
  if (words.contains("while connecting to upstream")) return Phase::connect;
  if (words.contains("while SSL handshaking to upstream")) return Phase::handshake;
  if (words.contains("while sending request to upstream")) return Phase::request;
  if (words.contains("while reading response header from upstream")) return Phase::head;
  if (words.contains("while reading upstream")) return Phase::body;
  if (words.contains("while reading from upstream") || words.contains("while proxying"))
    return Phase::body;
  return std::nullopt;
}

Meaning nginx_timeout(Phase phase) {
  switch (phase) {
    case Phase::connect:
      return failed({F::connect_silent},
                    "Nothing answered the connection attempt within proxy_connect_timeout.");
    case Phase::handshake:
      return failed({F::tls_silent}, "The TLS handshake with the origin was not finished in time.");
    case Phase::request:
      return failed({F::http_write_stalled, F::http_request_unacked},
                    "The origin stopped reading the request.");
    case Phase::head:
      return failed({F::http_silent, F::http_request_unacked},
                    "The origin took the request and did not answer within proxy_read_timeout.");
    case Phase::body:
      return failed({F::http_stalled_body, F::http_request_unacked},
                    "The origin's answer began and then stopped coming.");
  }
  std::unreachable();
}

Meaning of_nginx_error(std::string_view words, std::string_view origin) {
  const auto phase = nginx_phase(words);
  if (phase && words.starts_with("upstream timed out")) return nginx_timeout(*phase);
  if (phase == Phase::handshake || words.contains("upstream SSL certificate verify error")) {
    const auto found = of_phrase(tls_phrases(), words);
    if (found.part != Part::fine) return found;
  }
  if (phase) {
    // A socket of this machine: "connect() to unix:/run/php.sock failed (2: ...)".
    const bool local = origin.starts_with("unix:") || words.contains(" unix:");
    const auto found = meaning_of_errno(errno_in(words), *phase, local);
    if (found.part != Part::fine) return found;
  }
  const auto found = of_phrase(nginx_phrases(), words);
  return found.part != Part::fine || !found.reading.empty() ? found
                                                            : of_phrase(server_phrases(), words);
}

Meaning of_apache_error(std::string_view words) {
  const bool connecting = words.contains("attempt to connect to ");
  if (connecting) {
    const int number = errno_in(words);
    if (number == 70'007) return nginx_timeout(Phase::connect);
    const auto found =
        meaning_of_errno(number, Phase::connect, words.contains("Unix domain socket"));
    if (found.part != Part::fine) return found;
  }
  if (words.contains("SSL Library Error") || words.contains("Certificate Verification")) {
    const auto found = of_phrase(tls_phrases(), words);
    if (found.part != Part::fine) return found;
  }
  const auto found = of_phrase(apache_phrases(), words);
  return found.part != Part::fine ? found : of_phrase(server_phrases(), words);
}

// The code an edge showed, where a log has nothing else.
Meaning of_edge_code(int code) {
  switch (code) {
    case 520:
      return untold({F::http_closed, F::http_reset, F::http_malformed, F::http_headers_too_large,
                     F::http_headers_truncated, F::http_body_truncated, F::connect_reset},
                    "The edge got no answer that it could use.");
    case 521:
      return failed({F::connect_refused, F::connect_port_unreachable},
                    "The origin refused the edge's connection.");
    case 522:
      return failed({F::connect_silent, F::http_request_unacked},
                    "The origin did not answer the edge's connection, or did not acknowledge its "
                    "request.");
    case 523:
      return untold({F::route_host_unreachable, F::route_net_unreachable, F::route_neighbour_silent,
                     F::route_prohibited, F::route_ttl_exceeded},
                    "No device on the way has a route to the origin's address.");
    case 524:
      return failed({F::http_silent, F::http_write_stalled, F::http_stalled_body},
                    "The origin took the request and did not answer in time.");
    case 525:
      return untold(
          {F::tls_not_spoken, F::tls_no_shared_version, F::tls_no_shared_cipher, F::tls_closed,
           F::tls_reset, F::tls_silent, F::tls_name_unrecognized, F::tls_alert},
          "The TLS handshake between edge and origin failed.");
    case 526:
      return untold(
          {F::cert_expired, F::cert_wrong_name, F::cert_self_signed, F::cert_unknown_issuer,
           F::cert_incomplete_chain, F::cert_not_yet_valid, F::cert_revoked},
          "The origin's certificate was not accepted (strict mode).");
    case 530:
      return untold({F::resolve_not_found, F::resolve_no_address, F::resolve_server_failed,
                     F::resolve_timeout, F::choose_no_config},
                    "The edge could not resolve the origin's name, or the tunnel to it is down.");
    default: return {};
  }
}

Meaning bad_gateway(const LogLine& line) {
  // nginx sets the header time when the origin's headers are complete, and only then: without it,
  // the 502 or 504 is nginx' own, whatever $upstream_status says.
  const bool tells = line.header_ms != codec::kNotLogged;
  if (tells && line.header_ms != kNotReached)
    return of_origin(line.status, "The origin itself answered with this status.");
  if (line.status == 503) {
    return untold(
        {F::http_status, F::choose_no_healthy_origin, F::choose_queue_full, F::connect_refused,
         F::connect_port_unreachable, F::connect_silent, F::route_host_unreachable},
        "The application answered 503, the server refuses for load, or it is a proxy "
        "(Apache, HAProxy, Envoy) that could not connect to its origin.");
  }
  if (line.status == 504) {
    if (line.connect_ms == kNotReached) {
      return untold({F::connect_silent, F::tls_silent, F::tls_not_spoken},
                    "The connection to the origin, or the TLS handshake on it, was not finished in "
                    "time.");
    }
    if (line.connect_ms >= 0) {
      return failed({F::http_silent, F::http_request_unacked},
                    "The origin took the request and did not answer in time.");
    }
    return untold(
        {F::http_silent, F::connect_silent, F::tls_silent, F::http_status},
        "The origin did not answer in time, or answered 504 itself; this log does not say "
        "which.");
  }
  if (tells) {
    return untold(
        kBadGateway,
        "The proxy made this 502 itself: refused, unreachable, closed, reset or not valid "
        "HTTP. The error log of the same time says which.");
  }
  return untold(kAnyBadGateway,
                "A 502 stands for many failures, and this log does not say which. The error log of "
                "the same time does.");
}

Meaning of_status(const LogLine& line) {
  switch (line.status) {
    case 444:
      return failed({F::http_closed},
                    "nginx closed the connection without an answer, as its configuration says "
                    "(return 444): an edge in front shows 520.",
                    C::http_empty_reply);
    case 499:
      if (line.total_ms >= kEdgeGivesUp) {
        return failed({F::http_silent},
                      "The client gave up after more than 95 s: an edge in front shows 524.");
      }
      return {.part = Part::client_left,
              .reading = "The client gave up before it was answered (499)."};
    case 502:
    case 503:
    case 504: {
      Meaning out = bad_gateway(line);
      out.status = line.status;  // if it is the origin's own
      return out;
    }
    default: break;
  }
  const auto code = of_edge_code(line.status);
  if (code.part != Part::fine) return code;
  if (line.status == 500 && line.header_ms == codec::kNotLogged) {
    // Measured: Apache 2.4 as a proxy answers 500 for both.
    Meaning out =
        untold(kServerError,
               "The application answered 500; or the server is a proxy (Apache, Traefik) "
               "that could not finish the TLS handshake with its origin or resolve its name.");
    out.status = 500;
    return out;
  }
  if (line.status >= 500)
    return of_origin(line.status, "The origin itself answered with this status.");
  return {};
}

// HAProxy: the state, made sharper by what else the line has.
Meaning of_haproxy(const LogLine& line) {
  if (line.flags.empty()) {
    return {.part = Part::client_left,
            .reading = "The TLS handshake between the client and HAProxy failed."};
  }
  if (line.flags.front() == '-' && line.status < 500) return {};
  if (line.flags.starts_with("SC") && line.origin.ends_with("/<NOSRV>")) {
    return failed({F::choose_no_healthy_origin}, "No server of the backend is up.");
  }
  if (const auto state = haproxy_state(line.flags); state && state->part != Part::fine)
    return *state;
  if (line.status >= 500 && line.flags.starts_with('-'))
    return of_origin(line.status, "The server itself answered with this status.");
  return {};
}

Meaning of_haproxy_health(std::string_view words) {
  if (words.contains("has no server available"))
    return failed({F::choose_no_healthy_origin}, "No server of the backend is up.");
  if (words.starts_with("is UP")) return {};
  static constexpr std::array kChecks{
      Phrase{"Connection refused",
             "",
             {F::connect_refused, F::connect_port_unreachable},
             "The health check was refused."},
      Phrase{"No route to host",
             "",
             {F::route_host_unreachable, F::route_neighbour_silent, F::route_prohibited},
             "The health check found the host unreachable."},
      Phrase{"Network is unreachable",
             "",
             {F::route_net_unreachable, F::route_no_local_route},
             "The health check found no route."},
      Phrase{"Layer4 timeout",
             "",
             {F::connect_silent},
             "Nothing answered the health check's connection."},
      Phrase{"Layer4 connection problem",
             "",
             {F::connect_refused, F::route_host_unreachable},
             "The health check could not connect.",
             Part::failed,
             C::unknown,
             false},
      Phrase{"Layer6 timeout",
             "",
             {F::tls_silent},
             "The health check's TLS handshake was not finished in time."},
      Phrase{"Layer6 invalid response",
             "",
             {F::tls_not_spoken, F::tls_alert, F::tls_closed, F::cert_unknown_issuer},
             "The health check's TLS handshake failed.",
             Part::failed,
             C::unknown,
             false},
      Phrase{"Layer7 timeout", "", {F::http_silent}, "The health check was not answered in time."},
      Phrase{"Layer7 invalid response",
             "",
             {F::http_malformed, F::http_closed},
             "The health check's answer is not valid."},
      Phrase{"Layer7 wrong status",
             "",
             {F::http_status},
             "The server answered the health check with an error."},
      Phrase{"Socket error",
             "",
             {F::connect_out_of_ports, F::connect_out_of_files},
             "HAProxy could not open a socket for the health check."},
  };
  return of_phrase(kChecks, words);
}

// Envoy: UF and UC are made sharp by the details and the transport's failure.
Meaning of_envoy(const LogLine& line) {
  const auto flags = envoy_flags(line.flags);
  if (flags && flags->part == Part::failed && line.flags.contains("UF")) {
    for (const auto text : {line.more, line.words}) {
      if (text.empty()) continue;
      if (has_words(text, "connection timeout")) {
        return failed({F::connect_silent}, "The connection did not open within connect_timeout.");
      }
      const auto at = text.rfind("rror: ") != std::string_view::npos   ? text.rfind("rror: ") + 6
                      : text.rfind("rror:_") != std::string_view::npos ? text.rfind("rror:_") + 6
                                                                       : text.size();
      int number = 0;
      std::from_chars(text.data() + at, text.data() + text.size(), number);
      if (number == 0 && has_words(text, "connection refused")) number = 111;
      if (number == 0 && has_words(text, "no route to host")) number = 113;
      const auto found = number != 0 ? meaning_of_errno(number, Phase::connect, false)
                                     : of_phrase(tls_phrases(), text);
      if (found.part != Part::fine) return found;
    }
  }
  if (flags && flags->part != Part::fine) return *flags;
  if (has_words(line.words, "via upstream") && line.status >= 500)
    return of_origin(line.status, "The origin itself answered with this status.");
  return of_status(line);
}

Meaning of_go_words(std::string_view words) {
  if (words == "EOF" || words.ends_with(": EOF")) {
    return untold(
        {F::http_closed, F::http_headers_truncated, F::tls_closed},
        "The origin closed the connection before its answer's headers were complete, or in "
        "the TLS handshake.");
  }
  return of_phrase(go_phrases(), words);
}

Meaning of_caddy(const LogLine& line) {
  if (line.words == "aborting with incomplete response")
    return of_phrase(go_body_phrases(), line.more);
  // The same failure is told again in the line after it.
  if (line.words == "reading from backend") return {};
  for (const auto text : {line.more, line.words}) {
    const auto found = text.empty() ? Meaning{} : of_go_words(text);
    if (found.part != Part::fine) return found;
  }
  return of_status(line);
}

Meaning of_cloudflare(const LogLine& line) {
  if (line.status == 499)
    return {.part = Part::client_left, .reading = "The visitor gave up before the edge answered."};
  if (line.status == 522 && line.connect_ms > 0) {
    return failed({F::http_request_unacked},
                  "The connection opened, and the request was never acknowledged.");
  }
  if (line.status == 520 && line.origin_status >= 200) {
    return failed({F::http_malformed, F::http_headers_too_large, F::http_body_truncated},
                  "The origin began an answer that the edge could not use.");
  }
  const auto code = of_edge_code(line.status);
  if (code.part != Part::fine) return code;
  if (line.status >= 500 && line.origin_status >= 500)
    return of_origin(line.origin_status, "The origin itself answered with this status.");
  if (line.status >= 500 && line.origin_status == 0) {
    return untold({F::http_status, F::choose_queue_full},
                  "The edge made this answer itself, and the origin gave none.");
  }
  if (line.status >= 500)
    return of_origin(line.status, "The origin, or the edge for it, answered with this status.");
  return {};
}

Meaning of_causeway(const LogLine& line) {
  if (line.flags == "gone")
    return {.part = Part::client_left, .reading = "The client went away before it was answered."};
  if (line.flags == "slow")
    return {.part = Part::client_left, .reading = "The client was too slow to send or to read."};
  const auto known = model::failure_named(line.failure.empty() ? line.words : line.failure);
  if (!known) return line.status >= 500 ? of_status(line) : Meaning{};
  Meaning out = failed({*known}, model::row(*known).sentence);
  if (*known == F::http_status) out.status = line.status;
  // Another origin or the cache served the visitor all the same.
  if (line.status < 500) out.part = Part::trouble;
  return out;
}

}  // namespace

std::optional<F> Meaning::failure() const {
  if (!told || possible.empty()) return std::nullopt;
  return possible.all().front();
}

int Meaning::code() const {
  if (possible.empty()) return 0;
  const auto code_of = [&](F each) {
    return each == F::http_status ? status : model::row(each).code;
  };
  const int first = code_of(possible.all().front());
  if (told) return first;
  for (const auto each : possible.all()) {
    if (code_of(each) != first) return 0;
  }
  return first;
}

Meaning meaning_of(const LogLine& line) {
  switch (line.format) {
    case LogFormat::unknown: return {};
    case LogFormat::access:
    case LogFormat::nginx_json: return of_status(line);
    case LogFormat::nginx_error: return of_nginx_error(line.words, line.origin);
    case LogFormat::apache_error: return of_apache_error(line.words);
    case LogFormat::haproxy: return of_haproxy(line);
    case LogFormat::haproxy_health: return of_haproxy_health(line.words);
    case LogFormat::envoy:
    case LogFormat::envoy_json: return of_envoy(line);
    case LogFormat::caddy:
    case LogFormat::traefik: return of_caddy(line);
    case LogFormat::cloudflare:
    case LogFormat::cloudflare_rows: return of_cloudflare(line);
    case LogFormat::causeway: return of_causeway(line);
  }
  std::unreachable();
}

Meaning meaning_of_words(std::string_view words) {
  for (const auto& found :
       {of_nginx_error(words, {}), of_apache_error(words), of_haproxy_health(words),
        of_go_words(words), of_phrase(tls_phrases(), words)}) {
    if (found.part != Part::fine) return found;
  }
  return {};
}

}  // namespace causeway::explain
