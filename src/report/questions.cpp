// What a hosting provider is asked, so that the answer settles the cause.
#include <fmt/format.h>

#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "judge/words.hpp"
#include "report/report.hpp"

namespace causeway::report {
namespace {

using C = model::CauseId;

struct Row {
  C cause;
  std::string_view question;  // {place} {host} {address} {port} {when} are filled in
};

constexpr std::array kRows{
    Row{C::firewall_drop,
        "Does a firewall of yours, or a filter or null route before the server, drop TCP to "
        "{place}? If so, which rule, since when, and for which sources?"},
    Row{C::firewall_source_blocked,
        "Are the ranges of our edge blocked or rate-limited on the way to {place}? Please check "
        "ban lists, DDoS protection and firewall rules for them and let all of the edge's "
        "published ranges through."},
    Row{C::firewall_reject,
        "Which firewall rejects TCP to {place}, and with which rule? Our edge must be let "
        "through."},
    Row{C::firewall_connection_limited,
        "Which device limits the number of connections a source may hold to {place}? All visitors "
        "reach the server through few addresses of our edge."},
    Row{C::firewall_rate_limited,
        "Which device limits the rate of new connections to {place}? All visitors reach the server "
        "through few addresses of our edge."},
    Row{C::firewall_conntrack_full,
        "Was the connection-tracking table of a firewall before {place}, or of the server, full at "
        "{when}? What are its size and its peak?"},
    Row{C::firewall_data_dropped,
        "The connection to {place} opens and its data is lost. Which device between your border "
        "and the server drops packets after the handshake?"},
    Row{C::firewall_dpi,
        "Which device on the way to {place} reads the host name of TLS or HTTP and cuts the "
        "connection?"},
    Row{C::firewall_upstream_filter,
        "Is traffic to {address} filtered, rate-limited or null-routed at your border or by your "
        "carrier (DDoS protection)? Since when, and how is it lifted?"},
    Row{C::firewall_synproxy,
        "Which device answers TCP handshakes for {place} in the server's place, and why does it "
        "not reach the server?"},
    Row{C::firewall_invalid_drop,
        "Does a stateful firewall before {place} drop packets as invalid? Do packets of one "
        "connection pass it in both directions?"},
    Row{C::firewall_output_drop,
        "Are packets from {address} to our edge dropped on the way out, by the server's or your "
        "own firewall?"},
    Row{C::firewall_state_lost,
        "After how long does your firewall forget an idle TCP connection to {place}? Connections "
        "are kept open for up to 900 s."},
    Row{C::firewall_tarpit, "Which device accepts connections to {place} and holds them (tarpit)?"},
    Row{C::route_no_route,
        "Is the prefix of {address} announced, and does every router of yours have a route to it? "
        "The last router that answers us says that it has none."},
    Row{C::route_unreachable,
        "Which router of yours declares {address} unreachable, and why? Its answer is among the "
        "packets below."},
    Row{C::route_prohibited,
        "Which router or firewall of yours prohibits traffic to {address} (ICMP administratively "
        "prohibited), and by which rule?"},
    Row{C::route_blackhole,
        "Is {address} null-routed (blackholed), at your border or by your carrier? Since when, for "
        "what reason, and how is it lifted?"},
    Row{C::route_loop,
        "Packets to {address} circle between routers until they expire; the routers are named in "
        "the path below. Please correct the route."},
    Row{C::route_packet_loss,
        "Where between your border and {address} are packets lost? Please check port errors, load "
        "and policers on that path at {when}."},
    Row{C::route_bandwidth,
        "Was the line to {address} saturated at {when}? Please send its utilisation for that hour, "
        "and any policer's drops."},
    Row{C::route_pmtu_blackhole,
        "Which link before {address} has an MTU below 1500, and why does no ICMP 'fragmentation "
        "needed' (IPv6: 'packet too big') reach the sender?"},
    Row{C::route_link_down, "Is the link to {address} down? Since when?"},
    Row{C::route_ip_conflict,
        "Do two machines in your network use {address}? Please check the ARP or neighbour tables "
        "for more than one hardware address."},
    Row{C::route_no_return_route,
        "Has the server at {address} a route back to our edge's ranges through your gateway? "
        "Please run the trace named under 'path back'."},
    Row{C::route_rp_filter,
        "Do packets for {address} arrive on the interface that its answers leave by? A "
        "reverse-path filter seems to drop them."},
    Row{C::route_asymmetric,
        "Do packets to and from {address} take different paths past a stateful device? It sees one "
        "direction only and drops the rest."},
    Row{C::origin_host_down,
        "Is the machine with the address {address} powered on and connected? If it is: does it "
        "answer ARP (IPv6: neighbour discovery) on that segment? If it is not: since when, and "
        "why?"},
    Row{C::origin_link_down,
        "Is the network link of the machine with {address} up, at its own end and at the switch's? "
        "Please check the port's log at {when}."},
    Row{C::origin_host_hung,
        "Does the machine with {address} still react on its console? Please send what the console "
        "shows, and the hypervisor's or the board's log at {when}."},
    Row{C::origin_process_stopped,
        "Does a web server run on {address}, and does it listen on port {port} on the outside "
        "address? If you run it for us: why did it stop, and what do its log and the system's say "
        "at {when}?"},
    Row{C::origin_process_crash,
        "Did the web server on {address} crash at {when}? Please send its error log and the "
        "kernel's log of that time (segfault, out of memory)."},
    Row{C::origin_process_hung,
        "Connections to {place} open and stay unanswered. Are all workers of the web server busy "
        "or blocked at {when}, and with what?"},
    Row{C::origin_accept_queue_full,
        "Is the accept queue of the web server at {place} full (ss -ltn: Recv-Q above Send-Q)? How "
        "many workers has it, and are all of them busy?"},
    Row{C::origin_out_of_memory,
        "Did the kernel of the machine with {address} kill processes for want of memory at {when}? "
        "Please send those lines of its log."},
    Row{C::origin_disk_full,
        "Is a file system of the machine with {address} full, or out of inodes?"},
    Row{C::origin_overloaded,
        "What were load, memory and disk waiting times of the machine with {address} at {when}, "
        "and did a limit of the account throttle it?"},
    Row{C::origin_suspended,
        "Is the account of {host} suspended? For what reason, and what lifts it?"},
    Row{C::origin_maintenance, "Is maintenance under way at {address}, and until when?"},
    Row{C::host_provider_outage,
        "Is there an outage of yours that concerns {address}? Please send its start, its cause and "
        "when you expect its end."},
    Row{C::host_shared_address_outage,
        "Is the shared server with {address} down for all its sites? Since when, and when do you "
        "expect it back?"},
    Row{C::port_forward_dead,
        "Where does the port forward or load balancer at {place} lead, and is that machine up?"},
    Row{C::dns_stale_a_record,
        "Does {address} still belong to our server? If not, since when, and which address has it "
        "now?"},
    Row{C::dns_stale_aaaa_record,
        "Does {address} still belong to our server? If not, since when, and which IPv6 address has "
        "it now?"},
    Row{C::tls_expired,
        "The certificate that {place} shows for {host} has expired. Who renews it, why did the "
        "renewal fail, and when will the new one be loaded?"},
    Row{C::tls_renewed_not_loaded,
        "Was the certificate of {host} renewed without the server at {place} loading it? Please "
        "reload it, and let each renewal do so."},
    Row{C::tls_wrong_host,
        "Which virtual host answers for {host} at {place}? The certificate shown is for other "
        "names."},
    Row{C::tls_incomplete_chain,
        "Please let {place} send the whole chain for {host}: the issuer's intermediate certificate "
        "is missing."},
    Row{C::tls_self_signed,
        "Please install a certificate of a public authority for {host} at {place}: the one shown "
        "is "
        "self-signed."},
    Row{C::http_edge_denied,
        "Which rule of the web server, or of a security module before it, denies requests from our "
        "edge's ranges?"},
    Row{C::http_rate_limited,
        "Which rule limits the rate of requests at {place}? All visitors reach the server through "
        "few addresses of our edge."},
    Row{C::http_slow_first_byte,
        "What kept {host} from answering at {when}: the application, its database, or a limit of "
        "the account? Please send its slow log of that time."},
};

std::string when(const model::Diagnosis& diagnosis) {
  std::string out = rfc3339(diagnosis.started).substr(0, 16);
  out[10] = ' ';
  return out + " UTC";
}

const model::Attempt* direct_attempt(const model::Diagnosis& diagnosis) {
  const model::Attempt* first = nullptr;
  for (const auto& attempt : diagnosis.attempts) {
    if (attempt.via != model::Via::direct || !attempt.address) continue;
    const auto* failed = attempt.failed_stage();
    if (failed != nullptr && failed->failure == diagnosis.verdict.failure) return &attempt;
    if (first == nullptr) first = &attempt;
  }
  return first;
}

std::string filled(std::string_view text, const model::Diagnosis& diagnosis) {
  const auto* attempt = direct_attempt(diagnosis);
  const std::string address = attempt != nullptr ? attempt->address->text() : diagnosis.target.host;
  const auto port = attempt != nullptr ? attempt->port : diagnosis.target.port;
  std::string out;
  while (!text.empty()) {
    const auto open = text.find('{');
    out += text.substr(0, open);
    if (open == std::string_view::npos) break;
    const auto close = text.find('}', open);
    const auto word = text.substr(open + 1, close - open - 1);
    if (word == "place") out += fmt::format("{} port {}", address, port);
    if (word == "address") out += address;
    if (word == "port") out += fmt::format("{}", port);
    if (word == "host") out += printable(diagnosis.target.host, limits::kTextKept);
    if (word == "when") out += when(diagnosis);
    text.remove_prefix(close + 1);
  }
  return out;
}

std::string_view fallback(model::Stage stage) {
  switch (stage) {
    case model::Stage::resolve:
      return "Please confirm which address our server has now; the name's records are checked on "
             "our side.";
    case model::Stage::route:
      return "Please check the route to {address} from your border to the machine, and that the "
             "machine is up.";
    case model::Stage::connect:
      return "Please check whether packets for {place} reach the machine, and what answers them: a "
             "firewall before it, its own, or the web server.";
    case model::Stage::secure:
      return "Please check the TLS set-up of the web server for {host} at {place}: its error log "
             "at {when} says why the handshake or the certificate fails.";
    default:
      return "Please check the error log of the web server for {host} at {when}: the request below "
             "reached it, and its answer was not a whole HTTP response.";
  }
}

}  // namespace

std::string question_for(model::CauseId cause, const model::Diagnosis& diagnosis) {
  for (const auto& row : kRows) {
    if (row.cause == cause) return filled(row.question, diagnosis);
  }
  return filled(fallback(diagnosis.verdict.stage.value_or(model::Stage::exchange)), diagnosis);
}

}  // namespace causeway::report
