// HAProxy's state at disconnection (configuration.txt 8.5) and Envoy's response flags ("Access
// logging", %RESPONSE_FLAGS%).
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "explain/flags.hpp"
#include "explain/phrases.hpp"

namespace causeway::explain {
namespace {

using F = model::FailureId;
using C = model::CauseId;

struct FlagRow {
  std::string_view flag;
  Phrase phrase;
};

// "?" stands for any letter. First letter: who ended the session; second: in which phase.
constexpr std::array kHaproxy{
    FlagRow{"SC",
            {"",
             "",
             {F::connect_refused, F::connect_port_unreachable, F::route_host_unreachable,
              F::route_neighbour_silent, F::route_net_unreachable, F::route_prohibited,
              F::tls_not_spoken, F::tls_closed, F::tls_reset, F::tls_alert, F::tls_no_shared_cipher,
              F::tls_no_shared_version, F::tls_name_unrecognized, F::cert_expired,
              F::cert_wrong_name, F::cert_unknown_issuer, F::cert_self_signed,
              F::cert_incomplete_chain, F::cert_not_yet_valid},
             "The connection to the server was refused, the host cannot be reached, or (with 'ssl' "
             "on the server line) the TLS handshake failed.",
             Part::failed,
             C::unknown,
             false}},
    FlagRow{"sC",
            {"",
             "",
             {F::connect_silent, F::tls_silent, F::tls_not_spoken, F::connect_port_unreachable,
              F::route_host_unreachable},
             "The connection to the server, or (with 'ssl' on the server line) the TLS handshake, "
             "was not finished within 'timeout connect'.",
             Part::failed,
             C::unknown,
             false}},
    FlagRow{"PC",
            {"",
             "",
             {F::connect_out_of_ports, F::connect_out_of_files},
             "HAProxy itself could not open the connection: a limit, or no local port or file "
             "descriptor left.",
             Part::failed,
             C::edge_port_exhaustion}},
    FlagRow{"RC",
            {"",
             "",
             {F::connect_out_of_ports, F::connect_out_of_files},
             "HAProxy itself could not open the connection: memory, file descriptors or local "
             "ports are used up.",
             Part::failed,
             C::edge_port_exhaustion}},
    FlagRow{"SH",
            {"",
             "",
             {F::http_closed, F::http_reset, F::http_headers_truncated},
             "The server ended the connection before its answer's headers were complete."}},
    FlagRow{"sH",
            {"",
             "",
             {F::http_silent, F::http_request_unacked},
             "The server took the request and did not answer within 'timeout server'."}},
    FlagRow{"PH",
            {"",
             "",
             {F::http_malformed, F::http_headers_too_large, F::http_length_mismatch,
              F::http_bad_chunking},
             "HAProxy refused the server's answer: not valid, not complete, or larger than its "
             "buffer."}},
    FlagRow{"SD",
            {"",
             "",
             {F::http_body_truncated},
             "The server ended the connection in the middle of the answer."}},
    FlagRow{"sD",
            {"",
             "",
             {F::http_stalled_body},
             "The answer began and then nothing moved within 'timeout server'."}},
    FlagRow{"PD",
            {"",
             "",
             {F::http_bad_chunking, F::http_length_mismatch},
             "HAProxy ended the answer: its coding is broken."}},
    FlagRow{"sQ",
            {"",
             "",
             {F::choose_queue_full},
             "The request waited for a free server until 'timeout queue' ended: all have as many "
             "connections as 'maxconn' allows.",
             Part::failed,
             C::origin_overloaded}},
    FlagRow{"SQ",
            {"", "", {F::choose_no_healthy_origin}, "No server was left to send the request to."}},
    FlagRow{"PQ", {"", "", {F::choose_queue_full}, "The queue is full."}},
    FlagRow{"SL",
            {"",
             "",
             {F::http_body_truncated},
             "The server broke off while HAProxy still had data to send."}},
    FlagRow{"D?",
            {"",
             "",
             {F::choose_no_healthy_origin, F::http_closed},
             "HAProxy ended the session because a health check found the server down."}},
    FlagRow{"U?",
            {"",
             "",
             {},
             "HAProxy ended the session on a backup server because a main one is up again.",
             Part::fine}},
    FlagRow{"K?", {"", "", {}, "An operator ended the session.", Part::fine}},
    FlagRow{"L?",
            {"",
             "",
             {},
             "HAProxy answered by itself (a redirect, statistics, a fixed page).",
             Part::fine}},
    FlagRow{"CQ",
            {"",
             "",
             {},
             "The client gave up while its request waited for a server.",
             Part::client_left}},
    FlagRow{"cQ",
            {"",
             "",
             {},
             "The client gave up while its request waited for a server.",
             Part::client_left}},
    FlagRow{"CC",
            {"",
             "",
             {},
             "The client gave up while the connection to the server was opening.",
             Part::client_left}},
    FlagRow{"CH",
            {"",
             "",
             {},
             "The client gave up before the server answered: often because the server is slow.",
             Part::client_left}},
    FlagRow{"cH",
            {"", "", {}, "The client stopped sending its request's body.", Part::client_left}},
    FlagRow{"CD",
            {"", "", {}, "The client went away in the middle of the answer.", Part::client_left}},
    FlagRow{"cD", {"", "", {}, "The client stopped reading the answer.", Part::client_left}},
    FlagRow{
        "CR",
        {"", "", {}, "The client went away before its request was complete.", Part::client_left}},
    FlagRow{"cR",
            {"", "", {}, "The client did not send a complete request in time.", Part::client_left}},
    FlagRow{"C?", {"", "", {}, "The client went away.", Part::client_left}},
    FlagRow{"c?", {"", "", {}, "The client's side timed out.", Part::client_left}},
    FlagRow{"PR",
            {"",
             "",
             {F::http_status},
             "HAProxy refused the client's request: not valid, or a rule denies it.",
             Part::failed,
             C::http_edge_denied}},
    FlagRow{"PT",
            {"",
             "",
             {F::http_status},
             "HAProxy holds the client's request on purpose (tarpit).",
             Part::failed,
             C::http_edge_denied}},
    FlagRow{"R?",
            {"",
             "",
             {F::connect_out_of_files},
             "A resource of HAProxy's machine is used up: memory, files, ports.",
             Part::trouble,
             C::edge_fd_exhausted}},
    FlagRow{"I?", {"", "", {F::internal}, "HAProxy met an internal error of its own."}},
    FlagRow{"S?", {"", "", {F::http_closed, F::http_reset}, "The server ended the session."}},
    FlagRow{"s?", {"", "", {F::http_silent}, "The server's side timed out."}},
    FlagRow{"--", {"", "", {}, "The session ended as it should.", Part::fine}},
};

constexpr std::array kEnvoy{
    FlagRow{"NR",
            {"",
             "",
             {F::choose_no_config},
             "No route or filter chain fits the request: the configuration does not know the host "
             "or path."}},
    FlagRow{"NC",
            {"", "", {F::choose_no_config}, "The route leads to a cluster that does not exist."}},
    FlagRow{"UH", {"", "", {F::choose_no_healthy_origin}, "The cluster has no healthy host."}},
    FlagRow{"UF",
            {"",
             "",
             {F::connect_refused, F::connect_silent, F::route_host_unreachable,
              F::route_net_unreachable, F::tls_not_spoken, F::tls_closed, F::cert_unknown_issuer},
             "The connection to the origin could not be opened; the flag alone does not say how.",
             Part::failed,
             C::unknown,
             false}},
    FlagRow{"UT",
            {"",
             "",
             {F::http_silent, F::http_request_unacked},
             "The origin did not answer within the route's time-out."}},
    FlagRow{"UC",
            {"",
             "",
             {F::http_closed, F::http_reset, F::http_headers_truncated},
             "The origin closed the connection before its answer was complete."}},
    FlagRow{"UR", {"", "", {F::http_h2_error, F::http_reset}, "The origin reset the stream."}},
    FlagRow{"LR", {"", "", {F::http_h2_error}, "Envoy reset the connection itself."}},
    FlagRow{"UPE",
            {"",
             "",
             {F::http_malformed, F::http_headers_too_large, F::http_bad_chunking},
             "The origin's answer breaks HTTP."}},
    FlagRow{"UO",
            {"",
             "",
             {F::choose_queue_full},
             "A circuit breaker of the cluster is open: too many connections or requests wait.",
             Part::failed,
             C::origin_overloaded}},
    FlagRow{"DF",
            {"",
             "",
             {F::resolve_not_found, F::resolve_server_failed, F::resolve_timeout},
             "The origin's name could not be resolved.",
             Part::failed,
             C::unknown,
             false}},
    FlagRow{
        "LH",
        {"", "", {F::choose_no_healthy_origin}, "Envoy's own health check answers with failure."}},
    FlagRow{"DT",
            {"",
             "",
             {F::http_silent, F::http_stalled_body},
             "The request or the connection lasted longer than allowed."}},
    FlagRow{"SI",
            {"", "", {F::http_silent, F::http_stalled_body}, "The stream was idle for too long."}},
    FlagRow{"OM",
            {"",
             "",
             {F::choose_queue_full},
             "Envoy's overload manager refused the request.",
             Part::failed,
             C::edge_misconfigured}},
    FlagRow{"DO",
            {"", "", {F::choose_queue_full}, "The cluster's drop_overload refused the request."}},
    FlagRow{
        "UMSDR",
        {"", "", {F::http_silent}, "The request took longer than the allowed stream duration."}},
    FlagRow{"RL",
            {"",
             "",
             {F::http_status},
             "Envoy's rate limit refused the request.",
             Part::failed,
             C::http_rate_limited}},
    FlagRow{"RLSE",
            {"",
             "",
             {F::http_status},
             "Envoy's rate limit service failed.",
             Part::failed,
             C::edge_misconfigured}},
    FlagRow{"UAEX",
            {"",
             "",
             {F::http_status},
             "The external authorization service denied the request.",
             Part::failed,
             C::http_edge_denied}},
    FlagRow{"FI",
            {"",
             "",
             {F::http_status},
             "Envoy injected the error on purpose (fault filter).",
             Part::failed,
             C::edge_misconfigured}},
    FlagRow{"DI", {"", "", {}, "Envoy delayed the request on purpose (fault filter).", Part::fine}},
    FlagRow{"DC", {"", "", {}, "The client went away.", Part::client_left}},
    FlagRow{"DPE", {"", "", {}, "The client broke HTTP.", Part::client_left}},
    FlagRow{"DR", {"", "", {}, "The client reset the stream.", Part::client_left}},
    FlagRow{"IH",
            {"",
             "",
             {F::http_status},
             "The request has a header value that Envoy refuses.",
             Part::failed,
             C::http_edge_denied}},
    FlagRow{"NFCF",
            {"", "", {F::choose_no_config}, "Envoy has not received the filter's configuration."}},
    FlagRow{"RFCF", {"", "", {}, "The answer came from a filter.", Part::fine}},
    FlagRow{"URX",
            {"",
             "",
             {F::http_closed, F::connect_refused, F::http_silent, F::connect_silent},
             "Every attempt failed and the retry limit is reached.",
             Part::failed,
             C::unknown,
             false}},
    FlagRow{"-", {"", "", {}, "The request ended as it should.", Part::fine}},
};

bool fits(std::string_view pattern, std::string_view flag) {
  return pattern.size() == flag.size() &&
         std::ranges::equal(pattern, flag, [](char p, char f) { return p == '?' || p == f; });
}

template <std::size_t N>
const Phrase* row_for(const std::array<FlagRow, N>& rows, std::string_view flag) {
  const auto found =
      std::ranges::find_if(rows, [&](const FlagRow& row) { return fits(row.flag, flag); });
  return found == rows.end() ? nullptr : &found->phrase;
}

bool is_haproxy(std::string_view flags) {
  if (flags.size() != 2 && flags.size() != 4) return false;
  constexpr std::string_view kFirst = "CSPLRIDUKcs-";
  constexpr std::string_view kSecond = "RQCHDLT-";
  constexpr std::string_view kThird = "-NIDVEUO";
  constexpr std::string_view kFourth = "-NIUPRD";
  const bool state = kFirst.contains(flags[0]) && kSecond.contains(flags[1]);
  return state && (flags.size() == 2 || (kThird.contains(flags[2]) && kFourth.contains(flags[3])));
}

}  // namespace

std::optional<Meaning> haproxy_state(std::string_view flags) {
  if (!is_haproxy(flags)) return std::nullopt;
  const Phrase* row = row_for(kHaproxy, flags.substr(0, 2));
  return row == nullptr ? std::nullopt : std::optional{meaning(*row)};
}

std::optional<Meaning> envoy_flags(std::string_view flags) {
  std::optional<Meaning> best;
  for (const auto flag : split(flags, ',')) {
    const Phrase* row = row_for(kEnvoy, flag);
    if (row == nullptr) return std::nullopt;
    const auto found = meaning(*row);
    // URX says that there were several attempts; its neighbour says how they ended.
    const bool better = !best || (best->part != Part::failed && found.part == Part::failed) ||
                        (!best->told && found.told);
    const bool retries_only = flag == "URX" && best && best->part == Part::failed;
    if (better && !retries_only) best = found;
    if (flag != "URX" && best && best->reading == row_for(kEnvoy, "URX")->reading) best = found;
  }
  return best;
}

std::vector<FlagReading> meanings_of_flags(std::string_view flags) {
  std::vector<FlagReading> out;
  if (flags.empty() || flags.size() > 40) return out;
  if (const auto state = haproxy_state(flags)) out.push_back({"HAProxy", *state});
  if (const auto envoy = envoy_flags(flags); envoy && flags != "-")
    out.push_back({"Envoy", *envoy});
  // Letters that only a rare state of HAProxy's has are Envoy's more likely.
  const bool rare = flags.size() == 2 && std::ranges::none_of(kHaproxy, [&](const FlagRow& row) {
                      return row.flag == flags;
                    });
  if (out.size() == 2 && rare) std::swap(out.front(), out.back());
  return out;
}

}  // namespace causeway::explain
