#include "explain/phrases.hpp"

#include <algorithm>
#include <cerrno>

namespace causeway::explain {
namespace {

using F = model::FailureId;
using C = model::CauseId;

char plain(char c) {
  if (c == '_') return ' ';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

Meaning failed(Failures possible, std::string_view reading, C cause = C::unknown) {
  return {.part = Part::failed, .possible = possible, .cause = cause, .reading = reading};
}

Meaning at_connect(int number) {
  switch (number) {
    case ECONNREFUSED:
      return failed({F::connect_refused, F::connect_port_unreachable},
                    "The origin, or something before it, refused the connection.");
    case ETIMEDOUT: return failed({F::connect_silent}, "Nothing answered the connection attempt.");
    case EHOSTUNREACH:
      return failed({F::route_host_unreachable, F::route_neighbour_silent, F::route_prohibited},
                    "A router, the last one before the origin, or the origin's firewall says that "
                    "the host cannot be reached.");
    case ENETUNREACH:
      return failed({F::route_net_unreachable, F::route_no_local_route},
                    "There is no route to the origin's network, here or on the way.");
    case ECONNRESET: return failed({F::connect_reset}, "The connection was reset as it opened.");
    case EADDRNOTAVAIL:
      return failed({F::connect_out_of_ports, F::route_no_source_address},
                    "The proxy's machine had no local port or address left for the connection.",
                    C::edge_port_exhaustion);
    case EMFILE:
    case ENFILE:
      return failed({F::connect_out_of_files}, "The proxy had no file descriptor left.",
                    C::edge_fd_exhausted);
    case EACCES:
    case EPERM:
      return failed({F::route_local_block, F::route_prohibited},
                    "The proxy's own machine forbids the connection (SELinux, its firewall), or a "
                    "router prohibits it (IPv6).");
    case EINVAL:
      return failed({F::route_no_local_route}, "The proxy's machine has a blackhole route there.",
                    C::edge_no_route);
    default: return {};
  }
}

Meaning at_local_socket(int number) {
  switch (number) {
    case ENOENT:
      return failed({F::connect_refused},
                    "The application's socket does not exist: it is not running, or elsewhere.",
                    C::origin_backend_down);
    case ECONNREFUSED:
      return failed({F::connect_refused}, "Nobody listens on the application's socket.",
                    C::origin_backend_down);
    case EACCES:
    case EPERM:
      return failed({F::connect_refused},
                    "The web server may not open the application's socket: its owner or mode.",
                    C::origin_backend_down);
    case EAGAIN:
      return failed({F::connect_silent},
                    "The application's socket has a full queue: all its workers are busy.",
                    C::origin_accept_queue_full);
    default: return {};
  }
}

}  // namespace

bool has_words(std::string_view text, std::string_view words) {
  return words.empty() || !std::ranges::search(text, words, {}, plain, plain).empty();
}

const Phrase* find_phrase(std::span<const Phrase> phrases, std::string_view text) {
  const auto found = std::ranges::find_if(phrases, [&](const Phrase& each) {
    return has_words(text, each.has) && (each.also.empty() || has_words(text, each.also));
  });
  return found == phrases.end() ? nullptr : &*found;
}

Meaning meaning(const Phrase& phrase) {
  Meaning out{.part = phrase.part,
              .told = phrase.told,
              .possible = phrase.possible,
              .cause = phrase.cause,
              .reading = phrase.reading};
  // What the server answers to the client with these, unless it was told otherwise.
  if (phrase.cause == C::http_edge_denied) out.status = 403;
  if (phrase.cause == C::http_rate_limited) out.status = 503;
  if (phrase.cause == C::http_app_5xx) out.status = 500;
  return out;
}

Meaning meaning_of_errno(int number, Phase phase, bool local_socket) {
  if (phase == Phase::connect) {
    const Meaning local = local_socket ? at_local_socket(number) : Meaning{};
    return local.part == Part::fine ? at_connect(number) : local;
  }
  const bool reset = number == ECONNRESET || number == EPIPE;
  const bool unanswered = number == ETIMEDOUT || number == EHOSTUNREACH || number == ENETUNREACH ||
                          number == ECONNREFUSED;
  if (phase == Phase::handshake) {
    if (reset) return failed({F::tls_reset}, "The connection was reset in the TLS handshake.");
    if (unanswered) return failed({F::tls_silent}, "The TLS handshake was not finished in time.");
    return {};
  }
  // After connect, ICMP that comes late and retransmissions that end show as these numbers.
  if (unanswered) {
    return failed({F::http_request_unacked},
                  "The connection was open, then nothing sent on it was acknowledged any more.");
  }
  if (!reset) return {};
  if (phase == Phase::body) {
    return failed({F::http_body_truncated}, "The connection was reset in the middle of the answer.",
                  C::http_body_reset);
  }
  return failed({F::http_reset, F::http_headers_truncated, F::http_closed},
                "The connection was reset instead of a whole answer.");
}

}  // namespace causeway::explain
