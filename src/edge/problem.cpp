#include "edge/problem.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "model/code.hpp"

namespace causeway::edge {
namespace {

using std::chrono::seconds;

constexpr std::string_view kWait = "Wait a moment, then load the page again.";
constexpr std::string_view kOwnerMustAct =
    "Waiting is not likely to help. If you know the site's owner, pass on the code and the ray id "
    "below.";

// What a code says to people and programs, whichever failure led to it. Names, categories and
// Retry-After are those that programs know from Cloudflare's structured answers, where it has one.
struct CodeWords {
  int code;
  std::string_view name;
  std::string_view category;
  std::string_view happened;
  seconds retry_after;
};

constexpr std::array kCodeWords{
    CodeWords{
        500, "internal_server_error", "edge",
        "The edge could not handle this request. It says nothing about the site's own server.",
        seconds{30}},
    CodeWords{503, "origin_unavailable", "origin",
              "The site's servers take no more requests at the moment.", seconds{60}},
    CodeWords{520, "unknown_origin_error", "origin",
              "The site's server was reached, but its answer was empty, broken or not valid HTTP.",
              seconds{60}},
    CodeWords{521, "origin_down", "origin", "The site's server refuses the connection.",
              seconds{120}},
    CodeWords{522, "connection_timeout", "origin",
              "The site's server does not answer: the connection timed out.", seconds{120}},
    CodeWords{523, "origin_unreachable", "origin",
              "The network says that the site's server cannot be reached.", seconds{120}},
    CodeWords{524, "origin_response_timeout", "origin",
              "The site's server was reached and took the request, but did not answer in time.",
              seconds{120}},
    CodeWords{525, "ssl_handshake_failed", "ssl",
              "The edge and the site's server could not agree on a secure connection.", seconds{0}},
    CodeWords{526, "invalid_ssl_certificate", "ssl",
              "The certificate of the site's server is not valid, so nothing was sent to it.",
              seconds{0}},
    CodeWords{530, "host_not_configured", "config", "This host name is not set up on this edge.",
              seconds{0}},
    CodeWords{1000, "dns_points_to_prohibited_ip", "dns",
              "The site's DNS record leads back to the edge itself.", seconds{0}},
    CodeWords{1002, "dns_points_to_restricted_ip", "dns",
              "The site's DNS record holds an address that must not be used.", seconds{0}},
    CodeWords{1016, "origin_dns_error", "dns", "The name of the site's server does not resolve.",
              seconds{0}},
};

const CodeWords& words(int code) {
  const auto at = std::ranges::find(kCodeWords, code, &CodeWords::code);
  return at == kCodeWords.end() ? kCodeWords.front() : *at;
}

// Failures of this machine, its resolver or its configuration: never blamed on the origin.
bool is_ours(model::FailureId failure) {
  return model::is_own_trouble(failure) || failure == model::FailureId::choose_no_config ||
         failure == model::FailureId::cancelled;
}

struct OwnAdvice {
  model::FailureId failure;
  std::string_view happened;  // empty: the code's
  std::string_view advice;
};

// Where the code's usual first step would send the owner to the wrong place.
constexpr std::array kOwnAdvice{
    OwnAdvice{model::FailureId::route_no_local_route, "The edge has no route to the site's server.",
              "On the edge: does `ip route get ADDRESS` name a way? A family (IPv6) may be off."},
    OwnAdvice{model::FailureId::route_no_source_address,
              "The edge has no address to reach the site's server from.",
              "On the edge: is the address to connect from still configured (`ip address`)?"},
    OwnAdvice{model::FailureId::route_local_block,
              "The edge's own firewall stops the connection to the site's server.",
              "On the edge: look at the rules for outgoing connections."},
    OwnAdvice{model::FailureId::connect_out_of_ports, "The edge has no free local port left.",
              "On the edge: raise net.ipv4.ip_local_port_range, keep connections to the origin "
              "open, or add source addresses."},
    OwnAdvice{model::FailureId::connect_out_of_files, "The edge has no free file descriptor left.",
              "On the edge: raise the limit of open files (LimitNOFILE)."},
    OwnAdvice{model::FailureId::resolve_resolver_unreachable,
              "The edge's DNS resolver cannot be reached, so the site's server was not found.",
              "On the edge: look at the resolver in use (/etc/resolv.conf, or dns in the "
              "configuration). This says nothing about the origin's name."},
    OwnAdvice{model::FailureId::choose_no_config, "",
              "Add a route for this host name to the edge's configuration, or correct the DNS "
              "record that leads here."},
    OwnAdvice{model::FailureId::choose_no_healthy_origin,
              "None of the site's servers is healthy at the moment.",
              "Every origin of the pool failed its checks: /.causeway/verdict on the admin address "
              "says why."},
    OwnAdvice{model::FailureId::choose_queue_full,
              "Too many requests already wait for the site's server.",
              "The origin is slower than its visitors come: find what it waits for, or raise its "
              "limit of connections."},
    OwnAdvice{model::FailureId::choose_breaker_open,
              "The site's server failed so often that the edge lets it rest for a moment.",
              "/.causeway/verdict on the admin address says what failed."},
    OwnAdvice{model::FailureId::internal, "",
              "The edge's log has the reason under the ray id below. Please report it."},
};

struct ConditionRow {
  Condition condition;
  int status;
  int code;
  std::string_view id;
  std::string_view token;
  std::string_view name;
  std::string_view category;
  std::string_view happened;
  std::string_view visitor_advice;
  std::string_view owner_advice;
  seconds retry_after;
  Guilty guilty;
};

constexpr std::string_view kClientOwner =
    "Nothing is wrong with the origin: it was not asked. The edge's limits are in its "
    "configuration.";

constexpr std::array kConditions{
    ConditionRow{Condition::request_malformed, 400, 400, "request.malformed", "http_request_error",
                 "bad_request", "client",
                 "The request breaks the rules of HTTP, so it was not passed on.",
                 "Reload the page; if it stays, clear this site's cookies or try another browser.",
                 kClientOwner, seconds{0}, Guilty::visitor},
    ConditionRow{Condition::request_timeout, 408, 408, "request.timeout", "http_request_error",
                 "request_timeout", "client", "The request did not arrive completely in time.",
                 "Check your connection and try again.", kClientOwner, seconds{1}, Guilty::visitor},
    ConditionRow{Condition::body_too_large, 413, 413, "request.body_too_large",
                 "http_request_error", "content_too_large", "client",
                 "The upload is larger than this site accepts.", "Send a smaller file.",
                 "The limit is limits.request_body of the edge's configuration.", seconds{0},
                 Guilty::visitor},
    ConditionRow{Condition::url_too_long, 414, 414, "request.url_too_long", "http_request_error",
                 "uri_too_long", "client", "The address of the page is longer than accepted.",
                 "Shorten the address, or start from the site's home page.", kClientOwner,
                 seconds{0}, Guilty::visitor},
    ConditionRow{Condition::headers_too_large, 431, 431, "request.headers_too_large",
                 "http_request_error", "headers_too_large", "client",
                 "The request's headers are larger than accepted; cookies are the usual reason.",
                 "Clear this site's cookies, then try again.",
                 "Look at how many cookies the site sets, and how large they grow.", seconds{0},
                 Guilty::visitor},
    ConditionRow{Condition::method_not_supported, 405, 405, "request.method_not_supported",
                 "http_request_denied", "method_not_allowed", "client",
                 "The edge does not pass this request method on.", "Use another method.",
                 kClientOwner, seconds{0}, Guilty::visitor},
    ConditionRow{Condition::expectation_failed, 417, 417, "request.expectation_failed",
                 "http_request_error", "expectation_failed", "client",
                 "The request expects something that nobody here can promise.",
                 "Send the request without its Expect header.", kClientOwner, seconds{0},
                 Guilty::visitor},
    ConditionRow{Condition::misdirected, 421, 421, "request.misdirected", "http_request_denied",
                 "misdirected_request", "client",
                 "This connection was opened for another host name.",
                 "Load the page again: the browser opens a new connection.",
                 "The host name is not on the certificate that this connection began with.",
                 seconds{1}, Guilty::visitor},
    ConditionRow{Condition::version_not_supported, 505, 505, "request.version_not_supported",
                 "http_request_error", "version_not_supported", "client",
                 "The request is in a version of HTTP that is not spoken here.",
                 "Use a current browser or program.", kClientOwner, seconds{0}, Guilty::visitor},
    ConditionRow{Condition::loop, 403, 1000, "request.loop", "proxy_loop_detected",
                 "dns_points_to_prohibited_ip", "dns",
                 "The request has come through this edge before: it goes in a circle.",
                 kOwnerMustAct,
                 "The origin, or a record it uses, leads back to this edge. Point it at the "
                 "origin's own address.",
                 seconds{0}, Guilty::origin},
    ConditionRow{Condition::not_in_cache, 504, 504, "cache.not_stored", "http_request_denied",
                 "not_in_cache", "client", "Only a stored copy was asked for, and there is none.",
                 "Ask without Cache-Control: only-if-cached.", kClientOwner, seconds{0},
                 Guilty::visitor},
    ConditionRow{Condition::range_not_satisfiable, 416, 416, "request.range_not_satisfiable",
                 "http_request_error", "range_not_satisfiable", "client",
                 "The part that was asked for lies beyond the end of the file.",
                 "Start the download again from the beginning.", kClientOwner, seconds{0},
                 Guilty::visitor},
    ConditionRow{Condition::maintenance, 503, 503, "edge.maintenance", "proxy_internal_response",
                 "maintenance", "edge", "The site is in maintenance and will be back soon.",
                 "Come back a little later.",
                 "Maintenance mode is on for this route in the edge's configuration.", seconds{300},
                 Guilty::edge},
    ConditionRow{Condition::overloaded, 503, 503, "edge.overloaded", "connection_limit_reached",
                 "overloaded", "edge", "More visitors than the edge can serve at this moment.",
                 kWait, "The edge is at one of its limits: see connections and load in /metrics.",
                 seconds{5}, Guilty::edge},
    ConditionRow{Condition::draining, 503, 503, "edge.draining", "proxy_internal_response",
                 "draining", "edge", "This edge is being restarted.", kWait,
                 "A new process takes over; this one only ends its open requests.", seconds{2},
                 Guilty::edge},
};

constexpr auto kAllConditions = [] {
  std::array<Condition, kConditions.size()> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = kConditions[i].condition;
  return out;
}();

}  // namespace

std::string_view name(Guilty guilty) {
  switch (guilty) {
    case Guilty::visitor: return "visitor";
    case Guilty::edge: return "edge";
    case Guilty::origin: return "origin";
  }
  std::unreachable();
}

Problem problem(model::FailureId failure) {
  const auto& row = model::row(failure);
  Problem out;
  // Code 0 is "the origin's own status passes": with nothing to pass, only the edge is left.
  out.status = row.code == 0 ? 500 : row.code;
  out.code = row.subcode != 0 ? row.subcode : out.status;
  const CodeWords& code = words(out.code);
  out.id = row.id;
  out.stage = model::name(row.stage);
  out.token = row.proxy_status.empty() ? "proxy_internal_error" : row.proxy_status;
  out.title = model::code_title(out.code);
  out.name = code.name;
  out.category = code.category;
  out.happened = code.happened;
  out.detail = row.sentence;
  out.retry_after = code.retry_after;
  out.visitor_advice = out.retryable() ? kWait : kOwnerMustAct;
  const auto* known = model::code_row(out.code);
  if (known != nullptr) out.owner_advice = known->first_step;
  const auto own = std::ranges::find(kOwnAdvice, failure, &OwnAdvice::failure);
  if (own != kOwnAdvice.end()) {
    out.owner_advice = own->advice;
    if (!own->happened.empty()) out.happened = own->happened;
  }
  if (out.owner_advice.empty()) {
    out.owner_advice = "The edge's log has the reason under the ray id below.";
  }
  out.guilty = is_ours(failure) ? Guilty::edge : Guilty::origin;
  if (out.guilty == Guilty::edge && out.category == "origin") out.category = "edge";
  return out;
}

Problem problem(Condition condition) {
  const auto& row = kConditions.at(static_cast<std::size_t>(condition));
  return {.status = row.status,
          .code = row.code,
          .id = row.id,
          .stage = {},
          .token = row.token,
          .title = model::code_title(row.code),
          .name = row.name,
          .category = row.category,
          .happened = row.happened,
          .detail = row.happened,
          .visitor_advice = row.visitor_advice,
          .owner_advice = row.owner_advice,
          .retry_after = row.retry_after,
          .guilty = row.guilty};
}

std::span<const Condition> all_conditions() { return kAllConditions; }

}  // namespace causeway::edge
