#include "reach/route.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <string_view>

#include "net/kernel_route.hpp"
#include "net/tcp.hpp"
#include "reach/self_check.hpp"

namespace causeway::reach {
namespace {

using model::FailureId;

struct Reading {
  std::string_view outcome;  // model/kinds.def, route.outcome
  std::string_view check;    // self.check
  std::optional<FailureId> failure;
};

// Linux, ip-route(8): "unreachable" gives EHOSTUNREACH, "prohibit" EACCES, "blackhole" EINVAL, no
// route ENETUNREACH.
Reading reading_of(const net::KernelRoute& route) {
  switch (route.os_code) {
    case 0: return {"ok", {}, std::nullopt};
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN: return {"no-route", "route", FailureId::route_no_local_route};
    case EINVAL:
      if (route.source_failed) break;
      return {"blocked", "route", FailureId::route_no_local_route};
    case EACCES: return {"prohibited", "firewall", FailureId::route_local_block};
    case EPERM: return {"blocked", "firewall", FailureId::route_local_block};
    case EMFILE:
    case ENFILE: return {"failed", "files", FailureId::connect_out_of_files};
    case EADDRINUSE:
    case EAGAIN: return {"failed", "ports", FailureId::connect_out_of_ports};
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT: return {"no-source", "source", FailureId::route_no_source_address};
    default: break;
  }
  if (route.source_failed) return {"no-source", "source", FailureId::route_no_source_address};
  return {"failed", "route", FailureId::internal};
}

}  // namespace

RouteFacts route_to(Survey& survey, const IpAddress& address) {
  auto source = survey.request.source;
  if (source && source->family() != address.family()) source.reset();
  const net::KernelRoute route = net::kernel_route(address, source);
  const Reading reading = reading_of(route);

  model::Observation seen{model::Kind::route, "route", address.text()};
  seen.set("address", address).set("outcome", reading.outcome);
  if (route.source) seen.set("source", *route.source);
  if (route.mtu) seen.set("mtu", *route.mtu);
  if (route.os_code != 0) seen.set("error", net::errno_name(route.os_code));
  survey.record.add(std::move(seen));
  if (reading.failure) {
    record_self(survey, {.check = reading.check,
                         .ok = false,
                         .family = address.family(),
                         .detail = fmt::format("no way to {} from here", address.text()),
                         .os_code = route.os_code});
  }
  return {reading.failure, route.os_code, route.source, route.mtu};
}

}  // namespace causeway::reach
