// Netfilter's hooks: chains in their order, connection tracking, address translation.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "firewall/journey.hpp"

namespace causeway::firewall {
namespace {

constexpr const char* kUnknownOrder =
    "two chains of equal priority refuse differently, and their order cannot be read";

bool same_kind(const Refusal& a, const Refusal& b) {
  return a.rejects == b.rejects && (!a.rejects || a.reject == b.reject);
}

// What connection tracking makes of a packet (nf_conntrack_proto_tcp.c): an ACK of the client is
// invalid when the SYN-ACK was not seen, and picked up in the middle when the SYN was not.
void track_packet(Flow& flow, bool loose) {
  Packet& packet = flow.packet;
  Connection& connection = flow.connection;
  const bool back = is_answer(packet.shape);
  const bool mine = connection.known && connection.zone.of(back) == packet.zone.of(back);
  const auto belongs = [&](std::uint32_t state) {
    packet.tracked = true;
    packet.state = state;
    packet.reply = back;
  };
  const auto opens = [&](bool picked_up) {
    connection = {};
    connection.zone = packet.zone;
    connection.source = packet.source;
    connection.source_port = packet.source_port;
    connection.target = packet.target;
    connection.target_port = packet.target_port;
    connection.picked_up = picked_up;
    belongs(kCtNew);
  };
  switch (packet.shape) {
    case Shape::syn: opens(false); return;
    case Shape::ack:
    case Shape::data:
      if (!mine) {
        if (loose) opens(true);
      } else if (connection.answered) {
        connection.assured = true;
        belongs(kCtEstablished);
      } else if (connection.picked_up) {
        belongs(kCtNew);
      }
      return;
    case Shape::data_ack:
      if (!mine) {  // seen for the first time: a connection of the server's to the client
        if (loose) opens(true);
        packet.reply = false;
        return;
      }
      connection.answered = true;
      belongs(kCtEstablished);
      return;
    case Shape::syn_ack:
    case Shape::reset:
      if (!mine) return;
      connection.answered = true;
      belongs(kCtEstablished);
      return;
    case Shape::icmp: return;
  }
}

}  // namespace

Journey::Flows Journey::pass(const HookOrder::Stop& stop, Hook at, Flows flows,
                             std::vector<Refusal>& refused) {
  switch (stop.kind) {
    case HookOrder::Stop::Kind::tracking: return track(std::move(flows), refused);
    case HookOrder::Stop::Kind::translation: return translate(stop, at, std::move(flows), refused);
    case HookOrder::Stop::Kind::chains: break;
  }
  return chains(stop, at, std::move(flows), refused);
}

// Which of two hooks of equal priority runs first depends on which was registered last, and the
// kernel's own (tracking, translation) come and go with whoever needs them first.
Journey::Flows Journey::either_order(const HookOrder::Stop& one, const HookOrder::Stop& other,
                                     Hook at, const Flows& flows, std::vector<Refusal>& refused) {
  constexpr const char* kTied =
      "a chain has the priority of connection tracking or translation, and their order cannot be "
      "read";
  std::vector<Refusal> met;
  Flows out;
  for (const auto& [first, second] : {std::pair{&one, &other}, std::pair{&other, &one}}) {
    auto through = pass(*second, at, pass(*first, at, flows, met), met);
    for (auto& flow : through) {
      flow.doubts.push_back({kNoRule, kTied});
      merge_into(out, std::move(flow));
    }
  }
  for (auto& refusal : met) {
    refusal.flow.doubts.push_back({kNoRule, kTied});
    refused.push_back(std::move(refusal));
  }
  return out;
}

Journey::Flows Journey::hook(Family family, Hook at, Flows flows, std::vector<Refusal>& refused) {
  const auto& stops = order_.of(family, at);
  for (auto& flow : flows) flow.packet.at = at;
  for (std::size_t i = 0; i < stops.size() && !flows.empty(); ++i) {
    const bool tied = stops[i].kind != HookOrder::Stop::Kind::chains && i + 1 < stops.size() &&
                      stops[i + 1].kind == HookOrder::Stop::Kind::chains &&
                      stops[i + 1].priority == stops[i].priority;
    if (tied) {
      flows = either_order(stops[i], stops[i + 1], at, flows, refused);
      ++i;
    } else {
      flows = pass(stops[i], at, std::move(flows), refused);
    }
  }
  return flows;
}

bool Journey::applies(std::uint32_t chain, Hook at, const Packet& packet) const {
  if (at != Hook::ingress && at != Hook::egress) return true;
  const auto& devices = scene_.rules.chains[chain].devices;
  const auto& device = at == Hook::ingress ? packet.incoming : packet.outgoing;
  // nft before 1.0.8 does not print the device: it is taken to be the one towards the internet.
  if (devices.empty()) return device == arrival_.device_of(family_);
  return std::ranges::find(devices, device) != devices.end();
}

// Whether a chain is met at all may not be known: then some go past it.
Journey::Flows Journey::run(std::uint32_t chain, Flows flows, std::vector<Refusal>& refused) {
  const char* doubt = scene_.rules.chains[chain].doubt;
  if (doubt == nullptr) return walk_.run(chain, std::move(flows), refused);
  for (auto& flow : flows) flow.doubts.push_back({kNoRule, doubt});
  Flows out = flows;
  for (auto& flow : walk_.run(chain, std::move(flows), refused)) merge_into(out, std::move(flow));
  return out;
}

Journey::Flows Journey::chains(const HookOrder::Stop& stop, Hook at, Flows flows,
                               std::vector<Refusal>& refused) {
  const auto first_refused = refused.size();
  Flows before;
  if (!stop.order_known) before = flows;
  for (const auto chain : stop.chains) {
    if (flows.empty() || !applies(chain, at, flows.front().packet)) continue;
    const auto& one = scene_.rules.chains[chain];
    const auto& table = scene_.rules.tables[one.table];
    // After these chains the kernel looks the route up again, when they themselves changed the mark
    // (nft_chain_route.c, iptable_mangle.c): what others did to it before is no reason.
    const bool reroutes =
        at == Hook::output &&
        (one.type == ChainType::route || (table.stack == Stack::legacy && table.name == "mangle"));
    for (auto& flow : flows) flow.packet.mark_before = flow.packet.mark;
    flows = run(chain, std::move(flows), refused);
    if (reroutes) flows = reroute(std::move(flows), refused);
  }
  if (!before.empty() && stop.chains.size() > 1) other_orders(stop, before, first_refused, refused);
  return flows;
}

// Another order would not let anybody else in, but the refusal may look different.
void Journey::other_orders(const HookOrder::Stop& stop, const Flows& before, std::size_t from,
                           std::vector<Refusal>& refused) {
  std::vector<Refusal> alone;
  for (const auto chain : stop.chains) walk_.run(chain, before, alone);
  const auto met = refused.size();
  for (auto& other : alone) {
    for (std::size_t i = from; i < met; ++i) {
      if (same_kind(refused[i], other)) continue;
      const auto both = refused[i].flow.clients.intersect(other.flow.clients);
      if (both.empty()) continue;
      Refusal possible = other;
      possible.flow.clients = both;
      possible.flow.doubts.push_back({possible.decision.rule, kUnknownOrder});
      refused.push_back(std::move(possible));
    }
  }
}

Journey::Flows Journey::track(Flows flows, std::vector<Refusal>& refused) {
  if (!scene_.rules.tracks(family_)) return flows;
  const auto& host = scene_.host;
  const bool loose = host.setting("net.netfilter.nf_conntrack_tcp_loose", 1) != 0;
  const int most = host.setting("net.netfilter.nf_conntrack_max", 0);
  const bool full = most > 0 && host.setting("net.netfilter.nf_conntrack_count", 0) >= most;
  for (auto& flow : flows) {
    if (flow.packet.attached && flow.packet.tracked) continue;
    if (flow.packet.notrack) {
      flow.packet.state = kCtUntracked;
      continue;
    }
    track_packet(flow, loose);
    if (full && flow.packet.shape == Shape::syn) {
      Refusal dropped{flow, {}, false, {}};
      dropped.decision.other = fmt::format("the table of connections is full ({})", most);
      dropped.flow.doubts.push_back(
          {kNoRule, "a full table of connections drops new ones unless it can evict others"});
      refused.push_back(std::move(dropped));
    }
  }
  return flows;
}

Journey::Flows Journey::translate(const HookOrder::Stop& stop, Hook at, Flows flows,
                                  std::vector<Refusal>& refused) {
  const bool of_target = at == Hook::prerouting || at == Hook::output;
  const auto settled = [of_target](Flow& flow) -> bool& {
    return of_target ? flow.connection.target_settled : flow.connection.source_settled;
  };
  Flows out;
  Flows asking;
  for (auto& flow : flows) {
    const bool asks = flow.packet.tracked && flow.packet.state == kCtNew && !settled(flow);
    (asks ? asking : out).push_back(std::move(flow));
  }
  for (const auto chain : stop.chains) {
    if (asking.empty()) break;
    Flows still;
    for (auto& flow : run(chain, std::move(asking), refused)) {
      (settled(flow) ? out : still).push_back(std::move(flow));
    }
    asking = std::move(still);
  }
  for (auto& flow : asking) {
    settled(flow) = true;
    out.push_back(std::move(flow));
  }
  for (auto& flow : out) {
    auto& packet = flow.packet;
    const auto& connection = flow.connection;
    if (!packet.tracked) continue;
    if (!packet.reply && of_target && connection.to) {
      packet.target = connection.to->address;
      packet.target_port = connection.to->port;
    } else if (!packet.reply && !of_target && connection.from) {
      packet.source = connection.from->address;
      packet.source_port = connection.from->port;
    } else if (packet.reply && of_target && connection.from) {
      packet.target = connection.source;
      packet.target_port = connection.source_port;
    } else if (packet.reply && !of_target && connection.to) {
      packet.source = connection.target;
      packet.source_port = connection.target_port;
    }
  }
  return out;
}

Journey::Flows Journey::reroute(Flows flows, std::vector<Refusal>& refused) {
  Flows out;
  for (auto& flow : flows) {
    if (flow.packet.mark == flow.packet.mark_before) {
      out.push_back(std::move(flow));
    } else {
      for (auto& one : route_out(std::move(flow), refused)) out.push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace causeway::firewall
