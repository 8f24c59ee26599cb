// Observations as a network engineer would note them.
#include <fmt/format.h>

#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "report/report.hpp"

namespace causeway::report {
namespace {

using model::Kind;
using model::Observation;

std::string shown(std::string_view text) { return printable(text, limits::kTextKept); }

std::string span(double ms) {
  return ms < 1000 ? fmt::format("{:.1f} ms", ms) : fmt::format("{:.1f} s", ms / 1e3);
}

std::string place(const Observation& seen) {
  const auto address = seen.text("address");
  if (!seen.has("port")) return shown(address);
  return address.contains(':') ? fmt::format("[{}]:{}", shown(address), seen.integer("port"))
                               : fmt::format("{}:{}", shown(address), seen.integer("port"));
}

std::string icmp(const Observation& seen) {
  std::string out = fmt::format("ICMP {}", shown(seen.text("icmp")));
  if (seen.has("icmp_type"))
    out += fmt::format(" (type {} code {})", seen.integer("icmp_type"), seen.integer("icmp_code"));
  if (!seen.text("offender").empty()) out += fmt::format(" from {}", shown(seen.text("offender")));
  if (seen.text("offender_is") == "target") out += ", the server's own address";
  return out;
}

std::string of_connect(const Observation& seen) {
  const auto outcome = seen.text("outcome");
  std::string out = fmt::format("TCP SYN to {}", place(seen));
  if (!seen.text("source").empty()) out += fmt::format(" from {}", shown(seen.text("source")));
  const auto sent = seen.integer("syn_retransmits") + 1;
  const std::string times = sent > 1 ? fmt::format(", sent {} times", sent) : "";
  const std::string after =
      seen.has("elapsed_ms") ? fmt::format(" after {}", span(seen.real("elapsed_ms"))) : "";
  if (outcome == "open") {
    out += fmt::format(": SYN-ACK{}{}", after, times);
    if (seen.has("mss")) out += fmt::format(", MSS {}", seen.integer("mss"));
  } else if (outcome == "refused") {
    out += fmt::format(": RST{}", after);
    if (seen.has("reply_ttl")) out += fmt::format(", TTL {}", seen.integer("reply_ttl"));
  } else if (outcome == "icmp") {
    out += fmt::format(": {}{}", icmp(seen), after);
  } else if (outcome == "silent") {
    out += fmt::format("{}: no answer", times);
    if (seen.has("waited_ms")) out += fmt::format(" within {}", span(seen.real("waited_ms")));
  } else if (outcome == "reset") {
    out += fmt::format(": SYN-ACK, then RST{}", after);
  } else {
    out += fmt::format(": {} {}", outcome, shown(seen.text("error")));
  }
  return out;
}

std::string of_ping(const Observation& seen) {
  const auto outcome = seen.text("outcome");
  std::string out = fmt::format("ICMP echo to {}: ", shown(seen.text("address")));
  if (outcome == "reply") {
    return out + fmt::format("{} of {} answered, {}", seen.integer("received"),
                             seen.integer("sent"), span(seen.real("rtt_ms")));
  }
  if (outcome == "icmp") return out + icmp(seen);
  if (outcome == "silent") return out + fmt::format("0 of {} answered", seen.integer("sent"));
  return out + "not possible here";
}

std::string of_trace(const Observation& seen) {
  std::string out = fmt::format("TCP trace to {}: ", place(seen));
  const auto outcome = seen.text("outcome");
  if (outcome == "reached")
    return out + fmt::format("reached at hop {}", seen.integer("target_ttl"));
  if (outcome == "loop")
    return out + fmt::format("circles, last at {}", shown(seen.text("last_hop")));
  if (outcome == "icmp") return out + icmp(seen);
  if (outcome == "stops" && !seen.text("last_hop").empty()) {
    return out + fmt::format("the last router that answers is {} at hop {}; silence behind it",
                             shown(seen.text("last_hop")), seen.integer("last_ttl"));
  }
  return out + shown(outcome);
}

std::string of_tls(const Observation& seen) {
  std::string out = fmt::format("TLS ClientHello to {}", place(seen));
  if (!seen.text("sni").empty()) out += fmt::format(" (SNI {})", shown(seen.text("sni")));
  const auto outcome = seen.text("outcome");
  if (outcome == "ok") {
    out += fmt::format(": handshake done, {} {}", shown(seen.text("version")),
                       shown(seen.text("cipher")));
  } else if (outcome == "alert") {
    out +=
        fmt::format(": fatal alert {} {}", seen.integer("alert"), shown(seen.text("alert_name")));
  } else if (outcome == "not-tls") {
    out += fmt::format(": not TLS, first bytes: {}", shown(seen.text("first_text")));
  } else {
    out += fmt::format(": {}", shown(outcome));
    if (seen.has("acked"))
      out += seen.boolean("acked") ? ", the ClientHello was acknowledged"
                                   : ", the ClientHello was never acknowledged";
  }
  if (seen.has("elapsed_ms")) out += fmt::format(", {}", span(seen.real("elapsed_ms")));
  return out;
}

std::string of_certificate(const Observation& seen) {
  std::string out =
      fmt::format("Certificate of {}: subject {}, issuer {}, valid {} to {}", place(seen),
                  shown(seen.text("subject")), shown(seen.text("issuer")),
                  shown(seen.text("not_before")), shown(seen.text("not_after")));
  if (!seen.text("serial").empty()) out += fmt::format(", serial {}", shown(seen.text("serial")));
  out += seen.text("verify") == "ok"
             ? ": accepted"
             : fmt::format(": not accepted ({})", shown(join(seen.texts("failures"), ", ")));
  return out;
}

std::string of_http(const Observation& seen) {
  std::string out = fmt::format("HTTP request to {}", place(seen));
  if (seen.text("via") == "edge") out += " (through the edge)";
  const auto outcome = seen.text("outcome");
  if (seen.integer("status") > 0) {
    out += fmt::format(": {} {}", seen.integer("status"), shown(seen.text("reason")));
    if (outcome != "complete") out += fmt::format(", then {}", shown(outcome));
  } else {
    out += fmt::format(": {}", shown(outcome));
  }
  if (seen.has("acked"))
    out += seen.boolean("acked") ? ", request acknowledged" : ", request never acknowledged";
  if (seen.integer("retransmits") > 0)
    out += fmt::format(", {} retransmissions", seen.integer("retransmits"));
  if (seen.has("ttfb_ms")) out += fmt::format(", first byte after {}", span(seen.real("ttfb_ms")));
  if (seen.has("waited_ms")) out += fmt::format(", waited {}", span(seen.real("waited_ms")));
  return out;
}

std::string of_dns(const Observation& seen) {
  std::string out = "DNS";
  for (const auto* field : {"name", "type"}) {
    if (!seen.text(field).empty()) out += " " + shown(seen.text(field));
  }
  out += fmt::format(" at {}: ", shown(seen.text("server")));
  if (seen.text("outcome") != "answered") return out + shown(seen.text("outcome"));
  out += shown(seen.text("rcode"));
  for (const auto& each : seen.texts("addresses")) out += " " + shown(each);
  return out;
}

std::string of_edge(const Observation& seen) {
  std::string out = "The edge";
  if (!seen.text("address").empty()) out += fmt::format(" at {}", shown(seen.text("address")));
  out +=
      seen.integer("status") > 0 ? fmt::format(" answers {}", seen.integer("status")) : " answers";
  if (seen.integer("code") > 0) out += fmt::format(", made by itself: {}", seen.integer("code"));
  if (seen.integer("subcode") > 0) out += fmt::format(" ({})", seen.integer("subcode"));
  if (!seen.text("ray").empty()) out += fmt::format(", ray {}", shown(seen.text("ray")));
  return out;
}

std::string of_burst(const Observation& seen) {
  return fmt::format("{} connections to {} ({}): {} at once, {} later, {} refused, {} unanswered",
                     seen.integer("sent"), place(seen), shown(seen.text("style")),
                     seen.integer("at_once"), seen.integer("later"), seen.integer("refused"),
                     seen.integer("silent"));
}

}  // namespace

std::string packet_line(const Observation& seen) {
  switch (seen.kind) {
    case Kind::connect: return of_connect(seen);
    case Kind::ping: return of_ping(seen);
    case Kind::trace: return of_trace(seen);
    case Kind::tls: return of_tls(seen);
    case Kind::certificate: return of_certificate(seen);
    case Kind::http: return of_http(seen);
    case Kind::dns: return of_dns(seen);
    case Kind::edge_answer: return of_edge(seen);
    case Kind::burst: return of_burst(seen);
    case Kind::udp:
      return fmt::format("UDP to {}: {}", place(seen),
                         seen.text("outcome") == "icmp" ? icmp(seen) : shown(seen.text("outcome")));
    case Kind::idle:
      return fmt::format("TCP to {}, nothing sent: {}", place(seen), shown(seen.text("outcome")));
    case Kind::fact: {
      std::string out = fmt::format("On the server: {}", shown(seen.text("what")));
      if (!seen.text("value").empty()) out += fmt::format(" = {}", shown(seen.text("value")));
      if (!seen.text("detail").empty()) out += fmt::format(" ({})", shown(seen.text("detail")));
      return out;
    }
    case Kind::redirects:
      return fmt::format("Redirects: {} ({})", shown(join(seen.texts("chain"), " -> ")),
                         shown(seen.text("outcome")));
    default: return {};
  }
}

}  // namespace causeway::report
