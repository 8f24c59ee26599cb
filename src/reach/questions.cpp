#include "reach/questions.hpp"

#include <algorithm>
#include <array>

#include "base/limits.hpp"

namespace causeway::reach {
namespace {

using enum Question;
using model::FailureId;
using model::Stage;

constexpr std::array<std::string_view, static_cast<std::size_t>(count)> kNames{
    "ping",
    "udp",
    "side-ports",
    "trace",
    "other-source",
    "idle",
    "other-name",
    "no-name",
    "older-tls",
    "small-handshake",
    "plain-on-tls-port",
    "tls-on-plain-port",
    "small-segments",
    "fetch-again",
    "connect-after",
    "connect-again",
    "proxy-header",
    "redirects",
    "reuse",
    "burst",
};

const std::vector<Question> kHostAndPath{ping, udp, side_ports, trace, other_source};

// One packet decided: a single ICMP error may be a lie, or a moment's. What took seconds is not
// waited for twice.
std::vector<Question> about_refusal(const Standing& standing) {
  auto out = kHostAndPath;
  const bool said = standing.failure != FailureId::connect_silent;
  if (said && standing.at_once) out.push_back(connect_again);
  return out;
}

// The prober's own trouble: asking the origin more questions would only repeat it.
bool asks_nothing_more(FailureId failure) {
  return model::is_own_trouble(failure) || failure == FailureId::cancelled;
}

std::vector<Question> about_handshake(FailureId failure) {
  switch (failure) {
    case FailureId::tls_silent: return {small_handshake, other_name, plain_on_tls_port, idle, ping};
    case FailureId::http_request_unacked: return {small_handshake, other_name, idle, ping, trace};
    case FailureId::tls_reset:
      return {other_name, no_name, idle, plain_on_tls_port, ping, proxy_header};
    case FailureId::tls_closed:
      return {other_name, no_name, idle, plain_on_tls_port, connect_after, proxy_header};
    case FailureId::tls_not_spoken: return {idle, plain_on_tls_port};
    case FailureId::tls_alert:
    case FailureId::tls_no_shared_version:
    case FailureId::tls_no_shared_cipher:
    case FailureId::tls_name_unrecognized: return {other_name, no_name, older_tls};
    default: return {};  // a certificate speaks for itself
  }
}

std::vector<Question> about_exchange(FailureId failure, bool tls) {
  switch (failure) {
    case FailureId::http_silent:
    case FailureId::http_stalled_body:
    case FailureId::http_write_stalled:
      return tls ? std::vector{small_segments, idle, ping}
                 : std::vector{small_segments, tls_on_plain_port, idle, ping};
    case FailureId::http_request_unacked: return {small_segments, idle, ping, trace};
    case FailureId::http_closed:
    case FailureId::http_reset:
    case FailureId::http_malformed:
    case FailureId::connect_reset:
      return tls ? std::vector{idle, fetch_again, connect_after, ping}
                 : std::vector{idle,          fetch_again, tls_on_plain_port,
                               connect_after, ping,        proxy_header};
    case FailureId::http_headers_truncated:
    case FailureId::http_body_truncated: return {fetch_again, connect_after};
    case FailureId::http_h2_error:
    case FailureId::http_goaway: return {fetch_again};
    default: return {};
  }
}

std::vector<Question> after_answer(const Standing& standing) {
  std::vector<Question> out;
  if (standing.redirected) out.push_back(redirects);
  if (!standing.tls && (standing.page == "https-required" || standing.status == 400)) {
    out.push_back(tls_on_plain_port);
  }
  // A quick diagnosis of something healthy is the critical path and nothing else.
  if (standing.mode != model::Mode::quick) {
    out.push_back(reuse);
    out.push_back(burst);
    out.push_back(ping);
  }
  return out;
}

}  // namespace

std::string_view name(Question question) { return kNames.at(static_cast<std::size_t>(question)); }

std::vector<Question> second_questions(const Standing& standing) {
  if (standing.pending) {
    switch (standing.stage) {
      case Stage::connect: return kHostAndPath;
      case Stage::secure: return about_handshake(FailureId::tls_silent);
      case Stage::exchange: return about_exchange(FailureId::http_silent, standing.tls);
      default: return {};
    }
  }
  if (!standing.failure) return after_answer(standing);
  if (asks_nothing_more(*standing.failure)) return {};
  switch (standing.stage) {
    case Stage::route: return about_refusal(standing);
    case Stage::connect:
      return *standing.failure == FailureId::connect_reset
                 ? about_exchange(*standing.failure, standing.tls)
                 : about_refusal(standing);
    case Stage::secure: return about_handshake(*standing.failure);
    case Stage::exchange:
      // A redirect where a page was expected: where it leads is the next thing to know.
      if (*standing.failure == FailureId::http_status && standing.redirected) return {redirects};
      return about_exchange(*standing.failure, standing.tls);
    default: return {};
  }
}

std::vector<std::uint16_t> side_ports(std::uint16_t port, bool tls) {
  // A service that moved is most often found on the usual alternatives (Cloudflare's proxied ports
  // and the defaults of application servers); 22 tells whether the machine talks at all.
  const std::vector<std::uint16_t> candidates =
      tls ? std::vector<std::uint16_t>{80, 22, 8443, 443, 8080, 4443}
          : std::vector<std::uint16_t>{443, 22, 8080, 80, 8000, 3000};
  std::vector<std::uint16_t> out;
  for (const auto candidate : candidates) {
    if (candidate != port && out.size() < static_cast<std::size_t>(limits::kSidePorts)) {
      out.push_back(candidate);
    }
  }
  return out;
}

}  // namespace causeway::reach
