#include "firewall/journey.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"

namespace causeway::firewall {
namespace {

Decision in_words(std::string words) {
  Decision out;
  out.other = std::move(words);
  return out;
}

}  // namespace

std::string text(const Ending& ending) {
  switch (ending.result) {
    case Result::accept: return "accept";
    case Result::half: return "half";
    case Result::reset: return "reset";
    case Result::icmp: return fmt::format("icmp:{}/{}", ending.icmp_type, ending.icmp_code);
    case Result::drop: return "drop";
  }
  return "";
}

Journey::Journey(const Scene& scene, const HookOrder& order, const Arrival& arrival)
    : scene_(scene), order_(order), arrival_(arrival), walk_(scene) {}

std::vector<Outcome> Journey::travel(Family family, std::uint16_t port,
                                     const IntervalSet& clients) {
  outcomes_.clear();
  family_ = family;
  port_ = port;
  if (clients.empty()) return {};
  if (!arrival_.address(family)) {
    end(clients, {Result::drop},
        in_words(fmt::format("no public {} address on this host", causeway::name(family))),
        Shape::syn, {});
    return std::move(outcomes_);
  }
  address_ = key_of(*arrival_.address(family));
  const Flows opened = open(family, port, clients);
  // The bare ACK may get lost as long as the request, which acknowledges too, gets through; a
  // reset in answer to it ends the connection.
  const Flows waiting = inward(opened, Shape::ack);
  const Flows served = inward(waiting, Shape::data);
  for (const auto& flow : acknowledge(served)) {
    end(flow.clients, {Result::accept}, in_words("accepted"), Shape::data_ack, flow.doubts);
  }
  leave_to_synproxy();
  leave_to_ipsec();
  leave_to_program();
  return std::move(outcomes_);
}

// It answers in the server's place and then opens a connection of its own: neither is simulated, so
// what became of the flow otherwise is worth nothing.
void Journey::leave_to_synproxy() {
  const IntervalSet proxied = walk_.synproxied();
  if (proxied.empty()) return;
  for (auto& outcome : outcomes_) outcome.clients.remove_all(proxied);
  std::erase_if(outcomes_, [](const Outcome& one) { return one.clients.empty(); });
  const std::vector<Doubt> doubts{
      {kNoRule, "a SYNPROXY answers in the server's place, which is not simulated"}};
  end(proxied, {Result::accept}, in_words("accepted"), Shape::data_ack, doubts);
  end(proxied, {Result::drop}, in_words("lost behind a SYNPROXY"), Shape::data, doubts);
}

// Policies are asked behind the filters: what a rule has dropped is lost, whatever they say. Which
// of them decides, and whether the edge's packets come through IPsec, is not told here.
void Journey::leave_to_ipsec() {
  const IntervalSet covered = scene_.host.under_ipsec(family_, address_);
  if (covered.empty()) return;
  constexpr Doubt kDoubt{kNoRule, "an IPsec policy of these addresses (ip xfrm policy) decides"};
  auto before = std::exchange(outcomes_, {});
  for (auto& outcome : before) {
    const bool lost = outcome.ending.result == Result::drop;
    const IntervalSet both = lost ? IntervalSet{} : outcome.clients.intersect(covered);
    end(outcome.clients.subtract(both), outcome.ending, outcome.decision, outcome.lost,
        outcome.doubts);
    outcome.doubts.push_back(kDoubt);
    end(both, outcome.ending, outcome.decision, outcome.lost, outcome.doubts);
    end(both, {Result::drop}, in_words("stopped by an IPsec policy"), Shape::syn, {kDoubt});
  }
}

// What an XDP program does with a packet before the kernel sees it, nobody knows: it may drop it,
// answer, or send it elsewhere.
void Journey::leave_to_program() {
  const auto device = scene_.host.programmed(arrival_.device_of(family_));
  if (device.empty()) return;
  constexpr Doubt kDoubt{kNoRule, "a program (XDP) sees packets before the firewall"};
  IntervalSet lost;
  IntervalSet others;
  for (auto& outcome : outcomes_) {
    outcome.doubts.push_back(kDoubt);
    (outcome.ending.result == Result::drop ? lost : others).add_all(outcome.clients);
  }
  end(others, {Result::drop}, in_words(fmt::format("stopped by a program (XDP) on {}", device)),
      Shape::syn, {kDoubt});
  end(lost, {Result::accept}, in_words(fmt::format("answered by a program (XDP) on {}", device)),
      Shape::data_ack, {kDoubt});
}

// --- the packets of a connection ---

Journey::Flows Journey::open(Family family, std::uint16_t port, const IntervalSet& clients) {
  Flow syn;
  syn.clients = clients;
  syn.packet.family = family;
  syn.packet.source = {.client = true};
  syn.packet.source_port = {.client = true};
  syn.packet.target = {false, address_};
  syn.packet.target_port = {false, port};
  syn.packet.incoming = arrival_.device_of(family);
  std::vector<Refusal> refused;
  Delivered there = arrive(std::move(syn), refused);
  end_refused(refused, Shape::syn);
  Flows out = answer(listen(std::move(there.local)), true);
  for (auto& flow : answer(std::move(there.onward), false)) out.push_back(std::move(flow));
  return out;
}

// Flows that find a socket; the others are reset by the kernel.
Journey::Flows Journey::listen(Flows flows) {
  Flows out;
  for (auto& flow : flows) {
    const auto& packet = flow.packet;
    const Party where = flow.proxy ? flow.proxy->address : packet.target;
    const Port port = flow.proxy ? flow.proxy->port : packet.target_port;
    const auto* listener =
        scene_.host.listener(packet.family, where.key, port.number, packet.incoming);
    if (listener == nullptr) {
      Refusal reset{
          std::move(flow),
          in_words(fmt::format("nothing listens on {} port {}",
                               firewall::address_of(where.key, family_).text(), port.number)),
          true,
          {true}};
      say_no(std::move(reset));
    } else if (listener->waiting > listener->backlog) {  // sk_acceptq_is_full()
      end(flow.clients, {Result::drop},
          in_words(fmt::format("the accept queue of port {} is full ({} waiting, {} allowed)",
                               port.number, listener->waiting, listener->backlog)),
          Shape::syn, flow.doubts);
    } else {
      out.push_back(std::move(flow));
    }
  }
  return out;
}

Flow Journey::answering(const Flow& flow, Shape shape) const {
  Flow out = flow;
  Packet& packet = out.packet;
  const Packet& asked = flow.packet;
  packet = {};
  packet.shape = shape;
  packet.family = asked.family;
  packet.source = asked.target;
  packet.source_port = asked.target_port;
  packet.target = asked.source;
  packet.target_port = asked.source_port;
  return out;
}

// The SYN-ACK, from a socket here or from a machine behind.
Journey::Flows Journey::answer(Flows accepted, bool local) {
  Flows out;
  for (auto& flow : accepted) {
    const auto& syn = flow.packet;
    flow.server = {syn.target, syn.target_port};
    flow.caller = {syn.source, syn.source_port};
    Flow reply = answering(flow, Shape::syn_ack);
    std::vector<Refusal> refused;
    Flows sent;
    if (local) {
      if (scene_.host.setting("net.ipv4.tcp_fwmark_accept", 0) != 0) {
        reply.packet.mark = flow.packet.mark;
      }
      sent = send(std::move(reply), refused);
    } else {
      reply.packet.incoming = flow.packet.outgoing;
      Delivered there = arrive(std::move(reply), refused);
      strand(there.local, {Result::drop}, Shape::syn_ack);
      sent = std::move(there.onward);
    }
    end_refused(refused, Shape::syn_ack);
    for (auto& one : sent) {
      const auto& packet = one.packet;
      if (packet.source != Party{false, address_} || packet.source_port != Port{false, port_} ||
          !packet.target.client) {
        end(one.clients, {Result::drop},
            in_words("the answer leaves with another address or port than was asked"),
            Shape::syn_ack, one.doubts);
        continue;
      }
      merge_into(out, std::move(one));
    }
  }
  return out;
}

Flow Journey::from_client(const Flow& flow, Shape shape) const {
  Flow out = flow;
  out.packet = {};
  out.packet.shape = shape;
  out.packet.family = family_;
  out.packet.source = {.client = true};
  out.packet.source_port = {.client = true};
  out.packet.target = {false, address_};
  out.packet.target_port = {false, port_};
  out.packet.incoming = arrival_.device_of(family_);
  return out;
}

// A further packet of the client. Whoever it does not reach is half open.
Journey::Flows Journey::inward(const Flows& open, Shape shape) {
  Flows out;
  for (const auto& flow : open) {
    std::vector<Refusal> refused;
    Delivered there = arrive(from_client(flow, shape), refused);
    for (auto& one : refused) {
      if (shape == Shape::data || (one.rejects && one.reject.reset)) {
        end(one.flow.clients, {Result::half}, std::move(one.decision), shape, one.flow.doubts);
      } else {
        one.flow.packet = {};
        merge_into(out, std::move(one.flow));
      }
    }
    for (auto& one : there.local) settle(std::move(one), shape, out);
    for (auto& one : there.onward) settle(std::move(one), shape, out);
  }
  return out;
}

// A packet that is not translated as its SYN was belongs to no connection: it is answered with a
// reset.
void Journey::settle(Flow flow, Shape shape, Flows& out) {
  const auto& packet = flow.packet;
  const bool same = flow.proxy || (flow.server == Translation{packet.target, packet.target_port} &&
                                   flow.caller == Translation{packet.source, packet.source_port});
  if (same) {
    merge_into(out, std::move(flow));
    return;
  }
  end(flow.clients, {Result::half},
      in_words(
          "arrives with another address or port than the SYN did, and is refused with a reset"),
      shape, flow.doubts);
}

// The server's acknowledgement of the request.
Journey::Flows Journey::acknowledge(const Flows& served) {
  Flows out;
  for (const auto& flow : served) {
    Flow reply = answering(flow, Shape::data_ack);
    std::vector<Refusal> refused;
    Flows sent;
    if (flow.packet.outgoing.empty()) {
      sent = send(std::move(reply), refused);
    } else {
      reply.packet.incoming = flow.packet.outgoing;
      Delivered there = arrive(std::move(reply), refused);
      strand(there.local, {Result::half}, Shape::data_ack);
      sent = std::move(there.onward);
    }
    end_refused(refused, Shape::data_ack);
    for (auto& one : sent) merge_into(out, std::move(one));
  }
  return out;
}

// --- endings ---

// Sent to this host in the client's place (masqueraded), and not translated back.
void Journey::strand(const Flows& flows, Ending ending, Shape lost) {
  for (const auto& flow : flows) {
    end(flow.clients, ending,
        in_words("the answer is not translated back, and ends at this host itself"), lost,
        flow.doubts);
  }
}

void Journey::end(IntervalSet clients, Ending ending, Decision decision, Shape lost,
                  std::vector<Doubt> doubts) {
  if (clients.empty()) return;
  for (auto& one : outcomes_) {
    if (one.ending == ending && one.lost == lost && one.decision == decision &&
        one.doubts == doubts) {
      one.clients.add_all(clients);
      return;
    }
    if (outcomes_.size() > limits::kRulesetFlows) break;  // not worth the search any more
  }
  outcomes_.push_back({std::move(clients), ending, std::move(decision), lost, std::move(doubts)});
}

void Journey::end_refused(std::vector<Refusal>& refused, Shape lost) {
  for (auto& one : refused) {
    if (lost == Shape::syn && one.rejects) {
      say_no(std::move(one));
    } else {
      const Ending ending{lost == Shape::data_ack ? Result::half : Result::drop};
      end(one.flow.clients, ending, std::move(one.decision), lost, one.flow.doubts);
    }
  }
  refused.clear();
}

// A reset or an ICMP error in answer to the SYN. It has to get out, too.
void Journey::say_no(Refusal refusal) {
  const Packet asked = refusal.flow.packet;
  const bool v4 = family_ == Family::ipv4;
  const auto code = v4 ? refusal.reject.code4 : refusal.reject.code6;
  Ending ending{Result::reset};
  if (!refusal.reject.reset) {
    ending = {Result::icmp, static_cast<std::uint8_t>(v4 ? 3 : 1), code};
  }
  Flow reply = answering(refusal.flow, refusal.reject.reset ? Shape::reset : Shape::icmp);
  reply.packet.icmp_code = code;
  // icmp_send(): what was not for this host is refused in the host's own name.
  if (!refusal.reject.reset && !asked.target.client &&
      scene_.host.local_type(family_, asked.target.key) != kLocal) {
    reply.packet.source = kUnspecified;
  }
  const bool by_kernel = refusal.decision.chain == kNoRule && refusal.reject.reset;
  reply.packet.attached = !by_kernel && (asked.tracked || asked.state == kCtUntracked);
  if (reply.packet.attached && asked.tracked) {
    reply.packet.tracked = true;
    reply.packet.reply = true;
    reply.packet.state = kCtRelated;
  }
  if (scene_.host.setting(v4 ? "net.ipv4.fwmark_reflect" : "net.ipv6.fwmark_reflect", 0) != 0) {
    reply.packet.mark = asked.mark;
  }
  const bool at_ingress = refusal.decision.chain != kNoRule && !refusal.decision.path.empty() &&
                          scene_.rules.chains[refusal.decision.path.front()].hook == Hook::ingress;
  if (at_ingress) {  // nft_reject_netdev.c sends by itself
    end(reply.clients, ending, std::move(refusal.decision), Shape::syn, reply.doubts);
    return;
  }
  std::vector<Refusal> lost;
  for (auto& one : send(std::move(reply), lost)) {
    // Untracked on its way out, it is not translated back, and the client takes it for another's.
    const bool foreign = by_kernel && (one.packet.source != Party{false, address_} ||
                                       one.packet.source_port != Port{false, port_});
    if (!foreign) {
      end(one.clients, ending, refusal.decision, Shape::syn, one.doubts);
      continue;
    }
    Decision decision = refusal.decision;
    decision.other += "; the reset leaves with another address or port than was asked";
    end(one.clients, {Result::drop}, std::move(decision), Shape::syn, one.doubts);
  }
  for (auto& one : lost) {
    Decision decision = refusal.decision;
    decision.other = "its refusal does not get out of this host";
    end(one.flow.clients, {Result::drop}, std::move(decision), Shape::syn, one.flow.doubts);
  }
}

}  // namespace causeway::firewall
