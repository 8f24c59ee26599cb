// Between the hooks: routing, the reverse path filter, delivery, forwarding.
#include <fmt/format.h>

#include <algorithm>

#include "firewall/journey.hpp"

namespace causeway::firewall {
namespace {

constexpr std::uint8_t kNetUnreachable = 0;
constexpr std::uint8_t kHostUnreachable = 1;
constexpr std::uint8_t kAdminProhibited = 13;
constexpr std::uint8_t kNoRoute6 = 0;
constexpr std::uint8_t kProhibited6 = 1;

std::string words_of(const RouteAnswer& answer, std::string_view device) {
  if (answer.rule != nullptr) {
    return fmt::format("routing rule {}: {}", answer.rule->priority, answer.rule->action);
  }
  if (answer.route == nullptr) return "no route";
  const auto& route = *answer.route;
  std::string out =
      fmt::format("route {} {} table {}", route.type, route.destination.text(), route.table);
  if (!device.empty()) out += fmt::format(" dev {}", device);
  return out;
}

Refusal silently(Flow flow, std::string words) {
  Refusal out{std::move(flow), {}, false, {}};
  out.decision.other = std::move(words);
  return out;
}

void add_doubt(Flow& flow, const char* why) {
  const Doubt one{kNoRule, why};
  if (std::ranges::find(flow.doubts, one) == flow.doubts.end()) flow.doubts.push_back(one);
}

bool uses(const RouteAnswer& answer, std::string_view device) {
  return std::ranges::find(answer.devices, device) != answer.devices.end();
}

RouteQuestion question_of(const Packet& packet) {
  RouteQuestion out;
  out.family = packet.family;
  out.target = packet.target;
  out.source = packet.source;
  out.mark = packet.mark.value;
  out.mark_known = packet.mark.known == 0xffffffff;
  if (!packet.source_port.client) out.source_port = packet.source_port.number;
  if (!packet.target_port.client) out.target_port = packet.target_port.number;
  return out;
}

}  // namespace

// --- inward ---

Journey::Delivered Journey::arrive(Flow flow, std::vector<Refusal>& refused) {
  Flows flows;
  flows.push_back(std::move(flow));
  flows = hook(family_, Hook::ingress, std::move(flows), refused);
  flows = hook(family_, Hook::prerouting, std::move(flows), refused);
  Delivered routed;
  for (auto& one : flows) route_in(std::move(one), routed, refused);
  Delivered out;
  out.local = deliver(std::move(routed.local), refused);
  out.onward = forward(std::move(routed.onward), refused);
  return out;
}

void Journey::route_in(Flow flow, Delivered& out, std::vector<Refusal>& refused) {
  const std::string device = flow.packet.incoming;
  const bool v4 = family_ == Family::ipv4;
  if (v4 && !flow.packet.target.client && flow.packet.target.key >> 24U == 127 &&
      scene_.host.setting(fmt::format("net.ipv4.conf.{}.route_localnet", device), 0) == 0 &&
      scene_.host.setting("net.ipv4.conf.all.route_localnet", 0) == 0) {
    refused.push_back(
        silently(std::move(flow), fmt::format("sent on to a loopback address, which "
                                              "net.ipv4.conf.{}.route_localnet = 0 forbids",
                                              device)));
    return;
  }
  auto question = question_of(flow.packet);
  question.incoming = device;
  for (auto& piece : scene_.host.route(question, flow.clients)) {
    Flow one = flow;
    one.clients = std::move(piece.clients);
    const auto& answer = piece.answer;
    if (answer.doubt != nullptr) add_doubt(one, answer.doubt);
    if (answer.type == kLocal) {
      for (auto& good : validate(std::move(one), refused)) merge_into(out.local, std::move(good));
      continue;
    }
    // In IPv6 a route or rule that refuses does so itself (ip6_pkt_prohibit(), ip6_pkt_discard());
    // only what would be forwarded meets the switch (ip6_forward()). In IPv4 both do (ip_error()).
    const bool meets_switch = v4 || answer.type == kUnicast;
    if (meets_switch && !scene_.host.forwards(family_, device)) {
      refused.push_back(
          silently(std::move(one),
                   answer.type == kUnicast || answer.type == kUnspec
                       ? "not an address of this host, and forwarding is off (ip_forward = 0)"
                       : words_of(answer, "")));
      continue;
    }
    if (answer.type == kUnicast && !answer.devices.empty()) {
      one.packet.outgoing = uses(answer, arrival_.device_of(family_)) && one.packet.target.client
                                ? arrival_.device_of(family_)
                                : answer.devices.front();
      for (auto& good : validate(std::move(one), refused)) merge_into(out.onward, std::move(good));
      continue;
    }
    Refusal no = silently(std::move(one), words_of(answer, ""));
    no.rejects = answer.type == kUnreachable || answer.type == kProhibit || answer.type == kUnspec;
    // A rule's "unreachable" is ENETUNREACH (fib4_rule_action()), a route's EHOSTUNREACH.
    const bool host = answer.type == kUnreachable && answer.rule == nullptr;
    no.reject.code4 = host                       ? kHostUnreachable
                      : answer.type == kProhibit ? kAdminProhibited
                                                 : kNetUnreachable;
    no.reject.code6 = answer.type == kProhibit ? kProhibited6 : kNoRoute6;
    refused.push_back(std::move(no));
  }
}

// fib_validate_source(): IPv4 only.
Journey::Flows Journey::validate(Flow flow, std::vector<Refusal>& refused) {
  Flows out;
  if (family_ == Family::ipv6) {
    out.push_back(std::move(flow));
    return out;
  }
  const auto& host = scene_.host;
  const std::string device = flow.packet.incoming;
  const int strictness = host.reverse_path(device);
  RouteQuestion question;
  question.family = family_;
  question.target = flow.packet.source;
  question.source = flow.packet.target;
  if (host.setting(fmt::format("net.ipv4.conf.{}.src_valid_mark", device), 0) != 0 ||
      host.setting("net.ipv4.conf.all.src_valid_mark", 0) != 0) {
    question.mark = flow.packet.mark.value;
  }
  for (auto& piece : host.route(question, flow.clients)) {
    Flow one = flow;
    one.clients = std::move(piece.clients);
    const auto& answer = piece.answer;
    if (answer.doubt != nullptr) add_doubt(one, answer.doubt);
    const bool found = answer.type == kUnicast;
    const bool refusing = answer.type == kUnspec || answer.type == kBlackhole ||
                          answer.type == kUnreachable || answer.type == kProhibit;
    if (!found && !refusing) {
      const bool accepted =
          answer.type == kLocal &&
          host.setting(fmt::format("net.ipv4.conf.{}.accept_local", device), 0) != 0;
      if (accepted) {
        out.push_back(std::move(one));
      } else {
        refused.push_back(silently(std::move(one), "a source address that is this host's own"));
      }
      continue;
    }
    const bool wrong_way = found && !uses(answer, device);
    if ((refusing && strictness > 0) || (wrong_way && strictness == 1)) {
      refused.push_back(silently(
          std::move(one),
          fmt::format("reverse path filter (net.ipv4.conf.{}.rp_filter = {}): {}", device,
                      strictness,
                      words_of(answer, answer.devices.empty() ? "" : answer.devices.front()))));
    } else {
      out.push_back(std::move(one));
    }
  }
  return out;
}

Journey::Flows Journey::deliver(Flows flows, std::vector<Refusal>& refused) {
  flows = hook(family_, Hook::input, std::move(flows), refused);
  for (auto& flow : flows) {
    if (flow.packet.tracked) flow.connection.known = flow.connection.confirmed = true;
  }
  return flows;
}

Journey::Flows Journey::forward(Flows flows, std::vector<Refusal>& refused) {
  flows = hook(family_, Hook::forward, std::move(flows), refused);
  flows = hook(family_, Hook::postrouting, std::move(flows), refused);
  flows = hook(family_, Hook::egress, std::move(flows), refused);
  for (auto& flow : flows) {
    if (flow.packet.tracked) flow.connection.known = flow.connection.confirmed = true;
  }
  return homeward(std::move(flows), refused);
}

// An answer that leaves through another interface than the question came in does not arrive: the
// next network drops it, or it goes into a tunnel.
Journey::Flows Journey::homeward(Flows flows, std::vector<Refusal>& refused) {
  const std::string& home = arrival_.device_of(family_);
  Flows out;
  for (auto& flow : flows) {
    const auto& packet = flow.packet;
    if (!is_answer(packet.shape) || packet.outgoing == home) {
      out.push_back(std::move(flow));
      continue;
    }
    for (auto& piece : scene_.host.route(question_of(packet), flow.clients)) {
      Flow one = flow;
      one.clients = std::move(piece.clients);
      auto words = fmt::format("the answer leaves through {}, not through {}: {}", packet.outgoing,
                               home, words_of(piece.answer, packet.outgoing));
      refused.push_back(silently(std::move(one), std::move(words)));
    }
  }
  return out;
}

// --- outward ---

Journey::Flows Journey::route_out(Flow flow, std::vector<Refusal>& refused) {
  Flows out;
  const std::string& home = arrival_.device_of(family_);
  for (auto& piece : scene_.host.route(question_of(flow.packet), flow.clients)) {
    Flow one = flow;
    one.clients = std::move(piece.clients);
    const auto& answer = piece.answer;
    if (answer.doubt != nullptr) add_doubt(one, answer.doubt);
    if (answer.type != kUnicast || answer.devices.empty()) {
      refused.push_back(
          silently(std::move(one), fmt::format("no way back: {}", words_of(answer, ""))));
      continue;
    }
    if (answer.devices.size() > 1 &&
        std::ranges::any_of(answer.devices, [&](const auto& device) { return device != home; })) {
      add_doubt(one, "one of several ways back is chosen");
      refused.push_back(silently(one, words_of(answer, "")));
    }
    one.packet.outgoing = uses(answer, home) ? home : answer.devices.front();
    if (one.packet.source == kUnspecified) choose_source(one, answer);
    out.push_back(std::move(one));
  }
  return out;
}

void Journey::choose_source(Flow& flow, const RouteAnswer& answer) const {
  const auto own = scene_.host.own_source(family_, answer);
  if (!own) add_doubt(flow, "it is not known which of its addresses this host sends from");
  flow.packet.source = {.client = false, .key = own.value_or(address_)};
}

// A packet of this host's own, from its socket to the wire.
Journey::Flows Journey::send(Flow flow, std::vector<Refusal>& refused) {
  Flows flows = route_out(std::move(flow), refused);
  flows = hook(family_, Hook::output, std::move(flows), refused);
  flows = hook(family_, Hook::postrouting, std::move(flows), refused);
  return homeward(hook(family_, Hook::egress, std::move(flows), refused), refused);
}

}  // namespace causeway::firewall
