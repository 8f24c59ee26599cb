#include "reach/connect.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "net/loop.hpp"
#include "reach/self_check.hpp"

namespace causeway::reach {
namespace {

using model::FailureId;
using net::ConnectOutcome;
using net::ConnectStep;
using net::IcmpNote;
using net::Offender;

// A router tries ARP or ND three times, a second apart, before it gives up on a machine.
constexpr auto kNeighbourGivenUp = std::chrono::milliseconds{2500};
// Our own firewall refuses within the system call that sends; our own ARP, even when somebody else
// asked for the address before, hardly ever. The margin is for a busy machine.
constexpr auto kOwnRefusal = std::chrono::milliseconds{500};

bool about_the_host(const IcmpNote& note) {
  return note.name == "host-unreachable" || note.name == "address-unreachable";
}

FailureId failure_of_note(const IcmpNote& note, Duration elapsed) {
  if (note.offender_is == Offender::self) {
    // No router in between: this machine is the last router, and asks for the address itself.
    const bool asked = about_the_host(note) && elapsed >= kOwnRefusal;
    return asked ? FailureId::route_neighbour_silent : FailureId::route_local_block;
  }
  if (about_the_host(note) && note.offender_is == Offender::router &&
      elapsed >= kNeighbourGivenUp) {
    return FailureId::route_neighbour_silent;
  }
  if (note.name == "port-unreachable") return FailureId::connect_port_unreachable;
  if (note.name == "ttl-exceeded") return FailureId::route_ttl_exceeded;
  if (note.name == "net-unreachable" || note.name == "no-route") {
    return FailureId::route_net_unreachable;
  }
  for (const char* prohibited : {"net-prohibited", "host-prohibited", "admin-prohibited",
                                 "precedence", "policy-failed", "reject-route"}) {
    if (note.name == prohibited) return FailureId::route_prohibited;
  }
  // host-, address- and protocol-unreachable, beyond-scope, source-route-failed, and every code
  // that has no word: an edge shows 523 for "any other ICMP error".
  return FailureId::route_host_unreachable;
}

FailureId failure_at_source(int os_code) {
  switch (os_code) {
    case EADDRINUSE: return FailureId::connect_out_of_ports;
    case EACCES:
    case EPERM: return FailureId::route_local_block;
    default: return FailureId::route_no_source_address;
  }
}

FailureId failure_of_local(ConnectStep step, int os_code) {
  if (os_code == EMFILE || os_code == ENFILE) return FailureId::connect_out_of_files;
  if (step == ConnectStep::source) return failure_at_source(os_code);
  switch (os_code) {
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EAGAIN: return FailureId::connect_out_of_ports;  // EAGAIN: connect(2), routing cache
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT: return FailureId::route_no_source_address;  // the family is off
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENONET:
    case ENODEV:
    case EINVAL: return FailureId::route_no_local_route;  // EINVAL: an own blackhole route
    case EPERM:
    case EACCES:
    case ECONNREFUSED: return FailureId::route_local_block;
    case ENOPROTOOPT:
    case EPROTO:
    case EMSGSIZE: return FailureId::route_host_unreachable;  // ICMP whose note was lost
    default: return FailureId::internal;
  }
}

std::string_view self_check_of(FailureId failure) {
  switch (failure) {
    case FailureId::route_no_local_route: return "route";
    case FailureId::route_no_source_address: return "source";
    case FailureId::route_local_block: return "firewall";
    case FailureId::connect_out_of_files: return "files";
    case FailureId::connect_out_of_ports: return "ports";
    default: return {};
  }
}

void describe_icmp(const IcmpNote& note, model::Observation& seen) {
  seen.set("icmp", note.name)
      .set("icmp_type", int{note.type})
      .set("icmp_code", int{note.code})
      .set("offender_is", net::name(note.offender_is));
  if (note.offender != IpAddress{}) seen.set("offender", note.offender);
}

void describe_reply(const net::SeenReply& reply, model::Observation& seen) {
  seen.set("reply", reply.reset ? "rst" : "syn-ack")
      .set("reply_ttl", reply.ttl)
      .set("reply_window", reply.window);
}

model::Observation describe(const ConnectQuestion& question, const net::ConnectResult& result) {
  model::Observation seen{model::Kind::connect, "connect", question.remote.text()};
  seen.set("address", question.remote.address)
      .set("port", int{question.remote.port})
      .set("role", question.role)
      .set("outcome", net::name(result.outcome))
      .set("elapsed_ms", result.elapsed);
  if (result.os_code != 0) seen.set("error", net::errno_name(result.os_code));
  if (result.outcome == ConnectOutcome::silent) seen.set("waited_ms", result.elapsed);
  if (result.icmp) describe_icmp(*result.icmp, seen);
  if (result.source) seen.set("source", *result.source);
  if (result.local_port != 0) {
    seen.set("syn_retransmits", static_cast<int>(result.facts.syn_retransmits));
  }
  if (result.outcome == ConnectOutcome::open) {
    seen.set("rtt_ms", result.facts.rtt).set("mss", static_cast<int>(result.facts.mss));
  }
  return seen;
}

}  // namespace

std::optional<FailureId> failure_of(const net::ConnectResult& result) {
  if (result.outcome == ConnectOutcome::open) return std::nullopt;
  if (result.cut_short) return FailureId::cancelled;
  switch (result.outcome) {
    case ConnectOutcome::refused: return FailureId::connect_refused;
    case ConnectOutcome::reset: return FailureId::connect_reset;
    case ConnectOutcome::silent: return FailureId::connect_silent;
    case ConnectOutcome::icmp:
      return result.icmp ? failure_of_note(*result.icmp, result.elapsed)
                         : failure_of_local(result.step, result.os_code);
    default: return failure_of_local(result.step, result.os_code);
  }
}

net::Task<Connected> connect(Survey& survey, ConnectQuestion question) {
  if (survey.taps != nullptr) survey.taps->listen(question.remote.address);
  net::ConnectOptions options{
      .remote = question.remote,
      .source = question.source ? question.source : survey.request.source,
      .deadline = survey.until(net::Loop::current().now(), question.wait),
      .mss = question.mss,
  };
  if (options.source && options.source->family() != question.remote.address.family()) {
    options.source.reset();
  }
  Connected out{.result = co_await net::connect_tcp(options), .failure = {}, .observation = {}};
  const auto reply = survey.taps == nullptr
                         ? std::nullopt
                         : survey.taps->reply(question.remote, out.result.local_port);
  const bool ourselves = classify(question.remote.address) == AddressClass::loopback ||
                         out.result.source == question.remote.address;
  if (reply && reply->reset && reply->from_here && !ourselves &&
      out.result.outcome == ConnectOutcome::refused) {
    // A reset that came in through the loopback interface, in the name of another machine.
    out.result.outcome = ConnectOutcome::local;
    out.result.step = ConnectStep::send;
  }
  // The diagnosis ended before even one SYN was sent again: that is not silence.
  if (out.result.outcome == ConnectOutcome::silent && out.result.facts.syn_retransmits == 0 &&
      out.result.elapsed < question.wait) {
    out.result.cut_short = true;
  }
  out.failure = failure_of(out.result);
  // Nothing was found out.
  if (out.failure == FailureId::cancelled) co_return out;
  model::Observation seen = describe(question, out.result);
  if (reply) describe_reply(*reply, seen);
  out.observation = survey.record.add(std::move(seen)).id;
  const std::string_view check = out.failure ? self_check_of(*out.failure) : std::string_view{};
  if (!check.empty()) {
    record_self(survey, {.check = check,
                         .ok = false,
                         .family = question.remote.address.family(),
                         .detail = fmt::format("connecting to {} failed here, before any answer",
                                               question.remote.text()),
                         .os_code = out.result.os_code});
  }
  co_return out;
}

void describe_reset(Survey& survey, const Endpoint& remote, std::uint16_t local_port,
                    model::Observation& seen) {
  if (survey.taps == nullptr) return;
  const auto reset = survey.taps->reset(remote, local_port);
  if (reset) seen.set("reset_ttl", reset->ttl);
}

}  // namespace causeway::reach
