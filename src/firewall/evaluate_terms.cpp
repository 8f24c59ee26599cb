// The fields of a packet: what is known of each, for the packets of an ordinary TCP connection that
// an edge opens (no fragments, no extension headers, no type of service, an MSS option in the SYN).
#include <algorithm>

#include "firewall/constants.hpp"
#include "firewall/evaluate.hpp"

namespace causeway::firewall {
namespace {

using Kind = Value::Kind;

constexpr const char* kShape = "depends on the packet's size or options";
constexpr const char* kClientPort = "depends on the client's port";
constexpr const char* kHops = "depends on the number of hops to the edge";

// What an edge's kernel chooses its ports from, at the widest.
constexpr Key kFirstClientPort = 1024;
constexpr Key kLastPort = 65535;
constexpr Key kLeastMss = 536;  // RFC 9293 section 3.7.1
constexpr Key kMostMss = 1460;  // an Ethernet frame's
constexpr Key kLeastTtl = 30;   // 64 hops at the start, no path of today takes more than 34
constexpr Key kMostTtl = 255;

Value known(Key value) { return {.kind = Kind::known, .low = value, .high = value}; }
Value within(Key low, Key high, const char* why) {
  if (low == high) return known(low);
  return {.kind = Kind::within, .low = low, .high = high, .why = why};
}
Value unknown(const char* why) { return {.kind = Kind::unknown, .why = why}; }
Value absent() { return {}; }
Value bits(Bits in, const char* why) {
  if (in.known == 0xffffffff) return known(in.value);
  return {.kind = Kind::bits, .low = in.value, .mask = in.known, .why = why};
}

Value party(const Party& in) { return in.client ? Value{.kind = Kind::client} : known(in.key); }

Value port(const Port& in) {
  return in.client ? within(kFirstClientPort, kLastPort, kClientPort) : known(in.number);
}

Value lengths(const Packet& packet) {
  const Key head = packet.family == Family::ipv4 ? 20 : 40;
  switch (packet.shape) {
    case Shape::syn:
    case Shape::syn_ack: return within(head + 24, head + 40, kShape);
    case Shape::ack: return within(head + 20, head + 60, kShape);
    case Shape::data: return within(head + 21, 1500, kShape);
    case Shape::data_ack: return within(head + 20, head + 60, kShape);
    case Shape::reset: return known(head + 20);
    case Shape::icmp: return within(head + 8, 1280, kShape);
  }
  return absent();
}

std::uint32_t flags(Shape shape) {
  switch (shape) {
    case Shape::syn: return kSyn;
    case Shape::syn_ack: return kSyn | kAck;
    case Shape::data: return kPsh | kAck;
    case Shape::reset: return kRst | kAck;
    default: return kAck;
  }
}

Value tcp_header(Shape shape) {
  switch (shape) {
    case Shape::syn:
    case Shape::syn_ack: return within(6, 10, kShape);
    case Shape::reset: return known(5);
    default: return within(5, 15, kShape);
  }
}

// TCP option `kind`: 1 when there, 0 when not.
Value tcp_option(std::uint32_t kind, Shape shape) {
  constexpr std::uint32_t kMss = 2;
  constexpr std::uint32_t kWindowScale = 3;
  constexpr std::uint32_t kSackPermitted = 4;
  const bool opening = shape == Shape::syn || shape == Shape::syn_ack;
  if (kind == kMss) return known(opening ? 1 : 0);
  if ((kind == kWindowScale || kind == kSackPermitted) && !opening) return known(0);
  if (shape == Shape::reset) return known(0);
  return within(0, 1, kShape);
}

Key status_of(const Connection& connection, bool translates) {
  Key out = 0;
  if (translates && connection.source_settled) out |= kCtSourceNatDone;
  if (translates && connection.target_settled) out |= kCtTargetNatDone;
  if (connection.answered) out |= kCtSeenReply;
  if (connection.assured) out |= kCtAssured;
  if (connection.confirmed) out |= kCtConfirmed;
  if (connection.from) out |= kCtSourceNat;
  if (connection.to) out |= kCtTargetNat;
  return out;
}

constexpr const char* kSent = "depends on how much was sent";

struct Sent {
  Key packets = 0;
  Key bytes = 0;
};

// At most, in both directions together, when the packet is looked at.
Sent sent(Shape shape) {
  switch (shape) {
    case Shape::syn: return {1, 80};
    case Shape::syn_ack: return {2, 160};
    case Shape::ack: return {3, 260};
    default: return {6, 4000};
  }
}

Value conntrack(const Term& term, const Flow& flow, const Scene& scene) {
  const auto& packet = flow.packet;
  const auto& connection = flow.connection;
  if (term.field == Field::ct_state) return known(packet.state);
  if (!packet.tracked) return absent();
  switch (term.field) {
    case Field::ct_family: return known(packet.family == Family::ipv4 ? 2 : 10);
    case Field::ct_protocol: return known(kTcp);
    case Field::ct_status:
      return known(status_of(connection, scene.rules.translates(packet.family)));
    case Field::ct_direction: return known(packet.reply ? 1 : 0);
    case Field::ct_mark: return bits(connection.mark, "depends on a mark that is not known");
    case Field::ct_zone:
      return known(term.argument == 0 ? connection.zone.number
                                      : connection.zone.of(term.argument == kZoneReply));
    case Field::ct_packets: return within(0, sent(packet.shape).packets, kSent);
    case Field::ct_bytes: return within(0, sent(packet.shape).bytes, kSent);
    case Field::ct_original_source: return party(connection.source);
    case Field::ct_original_source_port: return port(connection.source_port);
    case Field::ct_original_target: return party(connection.target);
    case Field::ct_original_target_port: return port(connection.target_port);
    case Field::ct_reply_source:
      return party(connection.to ? connection.to->address : connection.target);
    case Field::ct_reply_source_port:
      return port(connection.to ? connection.to->port : connection.target_port);
    case Field::ct_reply_target:
      return party(connection.from ? connection.from->address : connection.source);
    case Field::ct_reply_target_port:
      return port(connection.from ? connection.from->port : connection.source_port);
    default: return absent();
  }
}

// The route to an address of the packet, as `fib` and rpfilter ask for it.
std::vector<RoutePiece> look_up(const Term& term, const Flow& flow, const Scene& scene,
                                std::string_view through) {
  const auto& packet = flow.packet;
  RouteQuestion question;
  question.family = packet.family;
  question.target = term.of_source ? packet.source : packet.target;
  question.source = term.of_source ? packet.target : packet.source;
  question.outgoing = through;
  question.mark = term.with_mark ? packet.mark.value : 0;
  question.mark_known = !term.with_mark || packet.mark.known == 0xffffffff;
  return scene.host.route(question, flow.clients);
}

bool uses(const RouteAnswer& answer, std::string_view device) {
  return std::ranges::find(answer.devices, device) != answer.devices.end();
}

Value from_pieces(std::vector<Value::Piece> pieces) {
  const bool same = std::ranges::all_of(
      pieces, [&](const Value::Piece& one) { return one.value == pieces.front().value; });
  if (same && !pieces.empty()) return known(pieces.front().value);
  return {.kind = Kind::pieces, .pieces = std::move(pieces)};
}

// `fib ... oif`: the device's name, 0 when there is none.
Value route_device(const Term& term, const Flow& flow, const Scene& scene) {
  const auto& packet = flow.packet;
  const std::string_view device = term.with_incoming   ? std::string_view{packet.incoming}
                                  : term.with_outgoing ? std::string_view{packet.outgoing}
                                                       : std::string_view{};
  // nft_fib6_eval() restricts the look-up itself to the device; nft_fib4_eval() looks up freely
  // and compares.
  const bool restricted = packet.family == Family::ipv6;
  std::vector<Value::Piece> pieces;
  for (auto& piece : look_up(term, flow, scene, restricted ? device : std::string_view{})) {
    if (piece.answer.doubt != nullptr) return unknown(piece.answer.doubt);
    Key found = 0;
    if (piece.answer.type == kUnicast && !piece.answer.devices.empty()) {
      if (device.empty()) {
        found = name_key(piece.answer.devices.front());
      } else if (uses(piece.answer, device)) {
        found = name_key(device);
      }
    }
    pieces.push_back({std::move(piece.clients), found});
  }
  return from_pieces(std::move(pieces));
}

Value route_type(const Term& term, const Flow& flow, const Scene& scene) {
  const auto& packet = flow.packet;
  const Party& asked = term.of_source ? packet.source : packet.target;
  const std::string_view device = term.with_incoming   ? std::string_view{packet.incoming}
                                  : term.with_outgoing ? std::string_view{packet.outgoing}
                                                       : std::string_view{};
  if (packet.family == Family::ipv4 || term.field == Field::xt_type) {
    if (!asked.client) return known(scene.host.local_type(packet.family, asked.key, device));
    if (packet.family == Family::ipv4) return known(kUnicast);
  }
  std::vector<Value::Piece> pieces;
  for (auto& piece : look_up(term, flow, scene, device)) {
    if (piece.answer.doubt != nullptr) return unknown(piece.answer.doubt);
    // fib6: a refusing or missing route is "unreachable" (nft_fib_ipv6.c, xt_addrtype.c).
    Key type = piece.answer.type;
    if (type == kUnspec || type == kBlackhole || type == kProhibit) type = kUnreachable;
    pieces.push_back({std::move(piece.clients), type});
  }
  return from_pieces(std::move(pieces));
}

// xt_rpfilter: is the source reached through the interface it came in on?
Value reverse_path(const Term& term, const Flow& flow, const Scene& scene) {
  const auto& packet = flow.packet;
  const std::string_view device = term.loose ? std::string_view{} : packet.incoming;
  const bool restricted = packet.family == Family::ipv6;
  std::vector<Value::Piece> pieces;
  for (auto& piece : look_up(term, flow, scene, restricted ? device : std::string_view{})) {
    if (piece.answer.doubt != nullptr) return unknown(piece.answer.doubt);
    const bool good =
        piece.answer.type == kUnicast && (term.loose || uses(piece.answer, packet.incoming));
    pieces.push_back({std::move(piece.clients), good ? Key{1} : Key{0}});
  }
  return from_pieces(std::move(pieces));
}

// The type of the device that holds the packet: after the routing of output or forwarding that is
// the outgoing one (nft_meta.c reads skb->dev, which ip_output() and ip6_output() set).
Value incoming_type(const Flow& flow, const Scene& scene) {
  const auto& packet = flow.packet;
  const bool leaves = packet.at == Hook::postrouting || packet.at == Hook::egress;
  const auto& device = leaves ? packet.outgoing : packet.incoming;
  if (device.empty()) return absent();
  const auto* interface = scene.host.interface(device);
  if (interface == nullptr) return unknown("an interface that is not known");
  const auto type = constant(DataType::interface_type, interface->link_type);
  return type ? known(type->first) : unknown("an interface type that is not known");
}

Value tcp_field(const Term& term, const Flow& flow, const Scene& scene) {
  const auto& packet = flow.packet;
  if (packet.shape == Shape::icmp) {
    // "missing" is true of what is no TCP (nft_exthdr.c, nft_exthdr_tcp_eval()).
    return term.field == Field::tcp_option ? known(0) : absent();
  }
  switch (term.field) {
    case Field::source_port: return port(packet.source_port);
    case Field::target_port: return port(packet.target_port);
    case Field::tcp_flags: return known(flags(packet.shape));
    case Field::tcp_header: return tcp_header(packet.shape);
    case Field::tcp_window: return within(1, 65535, kShape);
    case Field::tcp_option: return tcp_option(term.argument, packet.shape);
    case Field::mss:
      if (packet.shape != Shape::syn && packet.shape != Shape::syn_ack) return absent();
      if (scene.rules.rewrites_mss) return unknown(kShape);
      return within(kLeastMss, kMostMss, kShape);
    default: return absent();
  }
}

constexpr const char* kRewritten = "depends on a header field that a rule of this host rewrites";

// An ICMP error is sent as internetwork control (icmp.c, __icmp_send()), an ICMPv6 one is not.
Value dscp(const Packet& packet, const Scene& scene) {
  constexpr Key kInternetControl = 0xc0 >> 2U;
  if (scene.rules.rewrites_dscp) return unknown(kRewritten);
  const bool error = packet.shape == Shape::icmp && packet.family == Family::ipv4;
  return known(error ? kInternetControl : 0);
}

// Without an interface the kernel compares with an empty name (nft_meta.c, x_tables.h).
Value name_of(const std::string& device) { return known(name_key(device)); }

Value of_family(const Party& in, Family wanted, const Packet& packet) {
  return packet.family == wanted ? party(in) : absent();
}

Value ip_field(const Term& term, const Flow& flow, const Scene& scene) {
  const auto& packet = flow.packet;
  const bool v4 = packet.family == Family::ipv4;
  switch (term.field) {
    case Field::source: return party(packet.source);
    case Field::target: return party(packet.target);
    case Field::source4: return of_family(packet.source, Family::ipv4, packet);
    case Field::target4: return of_family(packet.target, Family::ipv4, packet);
    case Field::source6: return of_family(packet.source, Family::ipv6, packet);
    case Field::target6: return of_family(packet.target, Family::ipv6, packet);
    case Field::protocol: return known(packet.shape != Shape::icmp ? kTcp : v4 ? kIcmp : kIcmp6);
    case Field::nf_family: return known(v4 ? 2 : 10);
    case Field::ether_type: return known(v4 ? 0x0800 : 0x86dd);
    case Field::incoming: return name_of(packet.incoming);
    case Field::outgoing: return name_of(packet.outgoing);
    case Field::incoming_type: return incoming_type(flow, scene);
    case Field::packet_type: return known(0);
    case Field::mark: return bits(packet.mark, "depends on a mark that is not known");
    case Field::length: return lengths(packet);
    case Field::ttl:
      if (scene.rules.rewrites_ttl) return unknown(kRewritten);
      return packet.outgoing.empty() ? within(kLeastTtl, kMostTtl, kHops)
                                     : within(1, kMostTtl, kHops);
    case Field::dscp: return dscp(packet, scene);
    case Field::ip_version: return known(v4 ? 4 : 6);
    case Field::ip_header: return v4 ? known(5) : absent();
    case Field::fragment:  // all but "don't fragment" are zero
      return v4 ? bits({0, ~0x4000U}, kShape) : absent();
    case Field::icmp_type: return packet.shape == Shape::icmp ? known(v4 ? 3 : 1) : absent();
    case Field::icmp_code: return packet.shape == Shape::icmp ? known(packet.icmp_code) : absent();
    default: return absent();
  }
}

// Lays the term's mask and shift over a value.
Value masked(Value value, const Term& term) {
  if (term.mask == kAllBits && term.shift == 0) return value;
  switch (value.kind) {
    case Kind::known: return known((value.low & term.mask) >> term.shift);
    case Kind::client:
      value.mask = term.mask;
      value.shift = term.shift;
      return value;
    case Kind::within: {
      Key span = value.low ^ value.high;  // all bits that can differ, and those below them
      for (unsigned i = 1; i < 128; i *= 2) span |= span >> i;
      if ((term.mask & span) == 0) return known((value.low & term.mask) >> term.shift);
      return within(0, (term.mask & (span | value.low)) >> term.shift, value.why);
    }
    case Kind::bits:
      if ((term.mask & ~value.mask & 0xffffffffU) == 0) {
        return known((value.low & term.mask) >> term.shift);
      }
      return unknown(value.why);
    case Kind::pieces:
      for (auto& piece : value.pieces) piece.value = (piece.value & term.mask) >> term.shift;
      return value;
    default: return value;
  }
}

// "ip ttl" of an IPv6 packet is not there.
bool of_other_family(const Term& term, const Packet& packet) {
  switch (term.field) {
    case Field::protocol:
    case Field::length:
    case Field::ttl:
    case Field::dscp:
    case Field::ip_version:
    case Field::icmp_type:
    case Field::icmp_code:
    case Field::ct_original_source:
    case Field::ct_original_target:
    case Field::ct_reply_source:
    case Field::ct_reply_target: break;
    default: return false;
  }
  return term.argument == (packet.family == Family::ipv4 ? 6U : 4U);
}

Value plain(const Term& term, const Flow& flow, const Scene& scene) {
  if (of_other_family(term, flow.packet)) return absent();
  switch (term.field) {
    case Field::never: return absent();
    case Field::other: return unknown(term.why);
    case Field::hash:
      return within(0, term.argument == 0 ? 0 : Key{term.argument} - 1, "depends on chance");
    case Field::route_type:
    case Field::xt_type: return route_type(term, flow, scene);
    case Field::route_device: return route_device(term, flow, scene);
    case Field::reverse_path: return reverse_path(term, flow, scene);
    case Field::source_port:
    case Field::target_port:
    case Field::tcp_flags:
    case Field::tcp_header:
    case Field::tcp_window:
    case Field::tcp_option:
    case Field::mss: return tcp_field(term, flow, scene);
    default: break;
  }
  if (term.field >= Field::ct_state && term.field <= Field::ct_reply_target_port) {
    return conntrack(term, flow, scene);
  }
  return ip_field(term, flow, scene);
}

}  // namespace

Value load(const Term& term, const Flow& flow, const Scene& scene) {
  return masked(plain(term, flow, scene), term);
}

std::string_view name(Shape shape) {
  switch (shape) {
    case Shape::syn: return "SYN";
    case Shape::syn_ack: return "SYN-ACK";
    case Shape::ack: return "ACK";
    case Shape::data: return "request";
    case Shape::data_ack: return "acknowledgement";
    case Shape::reset: return "reset";
    case Shape::icmp: return "ICMP refusal";
  }
  return "";
}

}  // namespace causeway::firewall
