// nft's expressions: what they ask of a packet.
#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "firewall/constants.hpp"
#include "firewall/load_nft.hpp"
#include "firewall/load_tables.hpp"

namespace causeway::firewall {
namespace {

using codec::Json;

NftKey other(const char* why) {
  NftKey out;
  out.term.field = Field::other;
  out.term.why = why;
  return out;
}

NftKey key(Field field, DataType type) {
  NftKey out;
  out.term.field = field;
  out.type = type;
  return out;
}

struct Row {
  std::string_view protocol;
  std::string_view field;
  Field asked;
  DataType type;
};

constexpr std::array kPayloads{
    Row{"ip", "saddr", Field::source4, DataType::address4},
    Row{"ip", "daddr", Field::target4, DataType::address4},
    Row{"ip6", "saddr", Field::source6, DataType::address6},
    Row{"ip6", "daddr", Field::target6, DataType::address6},
    Row{"tcp", "sport", Field::source_port, DataType::port},
    Row{"tcp", "dport", Field::target_port, DataType::port},
    Row{"th", "sport", Field::source_port, DataType::port},
    Row{"th", "dport", Field::target_port, DataType::port},
    Row{"tcp", "flags", Field::tcp_flags, DataType::tcp_flags},
    Row{"tcp", "doff", Field::tcp_header, DataType::number},
    Row{"tcp", "window", Field::tcp_window, DataType::number},
    Row{"icmp", "type", Field::icmp_type, DataType::number},
    Row{"icmpv6", "type", Field::icmp_type, DataType::number},
    Row{"icmp", "code", Field::icmp_code, DataType::number},
    Row{"icmpv6", "code", Field::icmp_code, DataType::number},
};

// Fields of the IP header that exist in one family only.
NftKey ip_payload(std::string_view field, bool v4) {
  NftKey out = other("depends on the packet's header");
  if (field == "protocol" || field == "nexthdr") out = key(Field::protocol, DataType::protocol);
  if (field == "ttl" || field == "hoplimit") out = key(Field::ttl, DataType::number);
  if (field == "length") {
    if (!v4) return other("depends on the packet's size or options");
    out = key(Field::length, DataType::number);
  }
  if (field == "dscp" || field == "tos" || field == "ecn") out = key(Field::dscp, DataType::dscp);
  if (field == "version") out = key(Field::ip_version, DataType::number);
  if (field == "hdrlength") out = key(Field::ip_header, DataType::number);
  if (field == "frag-off") out = key(Field::fragment, DataType::number);
  out.term.argument = v4 ? 4 : 6;
  return out;
}

NftKey named_payload(std::string_view protocol, std::string_view field) {
  for (const auto& row : kPayloads) {
    if (row.protocol != protocol || row.field != field) continue;
    NftKey out = key(row.asked, row.type);
    if (protocol == "icmp") out.term.argument = 4;
    if (protocol == "icmpv6") out.term.argument = 6;
    return out;
  }
  if (protocol == "ip" || protocol == "ip6") return ip_payload(field, protocol == "ip");
  if (protocol == "tcp" || protocol == "th") return other("depends on the packet's header");
  if (protocol == "ether" || protocol == "vlan") return other(kWhyHardware);
  return key(Field::never, DataType::number);  // udp, sctp, icmp ...
}

// "@nh,96,32": bits at an offset. Those of addresses and ports are known fields.
NftKey raw_payload(Json in, const NftPlace& place) {
  const auto base = in["base"].text();
  const auto offset = in["offset"].integer().value_or(-1);
  const auto length = in["len"].integer().value_or(0);
  if (base == "th" && offset == 0 && length == 16) return key(Field::source_port, DataType::port);
  if (base == "th" && offset == 16 && length == 16) return key(Field::target_port, DataType::port);
  if (base == "th" && offset == 104 && length == 8) {
    return key(Field::tcp_flags, DataType::tcp_flags);
  }
  // The IPv6 layout stands at other offsets: only where the family is settled.
  if (base != "nh" || place.family != "ip") return other("depends on raw bytes of the packet");
  if (offset == 72 && length == 8) return key(Field::protocol, DataType::protocol);
  for (const auto& [start, field] :
       {std::pair{96, Field::source4}, std::pair{128, Field::target4}}) {
    if (offset < start || length < 1 || offset + length > start + 32) continue;
    NftKey out = key(field, DataType::number);
    out.term.shift = static_cast<unsigned>(start + 32 - offset - length);
    const Key bits = (Key{1} << static_cast<unsigned>(length)) - 1;
    out.term.mask = bits << out.term.shift;
    return out;
  }
  return other("depends on raw bytes of the packet");
}

NftKey meta(std::string_view name) {
  struct Meta {
    std::string_view name;
    Field field;
    DataType type;
  };
  static constexpr std::array kRows{
      Meta{"l4proto", Field::protocol, DataType::protocol},
      Meta{"nfproto", Field::nf_family, DataType::nf_family},
      Meta{"protocol", Field::ether_type, DataType::ether_type},
      Meta{"iif", Field::incoming, DataType::interface_name},
      Meta{"iifname", Field::incoming, DataType::interface_name},
      Meta{"oif", Field::outgoing, DataType::interface_name},
      Meta{"oifname", Field::outgoing, DataType::interface_name},
      Meta{"mark", Field::mark, DataType::mark},
      Meta{"pkttype", Field::packet_type, DataType::packet_type},
      Meta{"length", Field::length, DataType::number},
      Meta{"iiftype", Field::incoming_type, DataType::interface_type},
  };
  for (const auto& row : kRows) {
    if (row.name == name) return key(row.field, row.type);
  }
  if (name == "time" || name == "hour" || name == "day") return other(kWhyClock);
  if (name == "random") return other(kWhyChance);
  if (name == "skuid" || name == "skgid" || name.starts_with("cgroup")) return other(kWhyServer);
  if (name == "ibrname" || name == "obrname" || name == "ibrpvid" || name == "ibrvproto") {
    return key(Field::never, DataType::number);
  }
  if (name == "secpath" || name == "ipsec") {
    NftKey out = key(Field::never, DataType::number);
    return out;
  }
  return other(kWhyHardware);
}

NftKey ct(Json in, const NftPlace& place) {
  const auto name = in["key"].text();
  const bool reply = in["dir"].text() == "reply";
  const bool v6 = place.family == "ip6" || name.starts_with("ip6 ");
  const auto address = v6 ? DataType::address6 : DataType::address4;
  if (name == "state") return key(Field::ct_state, DataType::ct_state);
  if (name == "status") return key(Field::ct_status, DataType::ct_status);
  if (name == "direction") return key(Field::ct_direction, DataType::ct_direction);
  if (name == "mark") return key(Field::ct_mark, DataType::mark);
  if (name == "zone") {
    NftKey out = key(Field::ct_zone, DataType::number);
    if (in["dir"]) out.term.argument = reply ? kZoneReply : kZoneOriginal;
    return out;
  }
  if (name == "packets") return key(Field::ct_packets, DataType::number);
  if (name == "bytes") return key(Field::ct_bytes, DataType::number);
  if (name == "protocol") return key(Field::ct_protocol, DataType::protocol);
  if (name == "l3proto") return key(Field::ct_family, DataType::nf_family);
  if (name.ends_with("saddr") || name.ends_with("daddr")) {
    const bool source = name.ends_with("saddr");
    NftKey out = key(source ? Field::ct_original_source : Field::ct_original_target, address);
    if (reply) out.term.field = source ? Field::ct_reply_source : Field::ct_reply_target;
    out.term.argument = v6 ? 6 : 4;
    return out;
  }
  if (name == "proto-src") {
    return key(reply ? Field::ct_reply_source_port : Field::ct_original_source_port,
               DataType::port);
  }
  if (name == "proto-dst") {
    return key(reply ? Field::ct_reply_target_port : Field::ct_original_target_port,
               DataType::port);
  }
  if (name == "helper") return key(Field::never, DataType::number);
  return other("depends on a detail of connection tracking");
}

NftKey fib(Json in) {
  const auto result = in["result"].text();
  NftKey out = key(Field::route_device, DataType::interface_name);
  if (result == "type") out = key(Field::route_type, DataType::route_type);
  for (const Json flag : in["flags"]) {
    out.term.of_source |= flag.text() == "saddr";
    out.term.with_incoming |= flag.text() == "iif";
    out.term.with_outgoing |= flag.text() == "oif";
    out.term.with_mark |= flag.text() == "mark";
  }
  return out;
}

NftKey tcp_option(Json in) {
  struct Option {
    std::string_view name;
    std::uint32_t kind;
  };
  static constexpr std::array kOptions{
      Option{"eol", 0},       Option{"nop", 1},    Option{"maxseg", 2},
      Option{"mss", 2},       Option{"window", 3}, Option{"sack-permitted", 4},
      Option{"sack-perm", 4}, Option{"sack", 5},   Option{"timestamp", 8},
      Option{"fastopen", 34}, Option{"mptcp", 30},
  };
  const auto name = in["name"].text();
  if ((name == "maxseg" || name == "mss") && in["field"].text() == "size") {
    return key(Field::mss, DataType::number);
  }
  if (in["field"]) return other("depends on the packet's size or options");
  for (const auto& option : kOptions) {
    if (option.name != name) continue;
    NftKey out = key(Field::tcp_option, DataType::number);
    out.term.argument = option.kind;
    return out;
  }
  return other("depends on the packet's size or options");
}

std::optional<Key> constant_key(Json in, DataType type) {
  const auto value = read_constant(in, type);
  if (!value || value->first != value->last) return std::nullopt;
  return value->first;
}

// "meta mark & 0xff", "ip saddr & 255.255.255.0", "meta mark >> 8"
NftKey operation(Json in, const NftPlace& place) {
  NftKey out = read_key(in.at(0), place);
  const bool masks = in.key() == "&";
  const auto number = constant_key(in.at(1), masks ? out.type : DataType::number);
  if (!number || in.size() != 2 || out.term.field == Field::never) {
    return out.term.field == Field::never ? out : other("arithmetic that is not understood");
  }
  if (masks) {
    out.term.mask &= *number << out.term.shift;
  } else if (in.key() == ">>" && *number < 128) {
    out.term.shift += static_cast<unsigned>(*number);
    out.type = DataType::number;
  } else {
    return other("arithmetic that is not understood");
  }
  return out;
}

NftKey hash(Json in) {
  NftKey out = key(Field::hash, DataType::number);
  out.term.argument = static_cast<std::uint32_t>(in["mod"].integer().value_or(0));
  if (in["offset"].integer().value_or(0) != 0 || out.term.argument == 0) return other(kWhyChance);
  return out;
}

}  // namespace

NftKey read_key(Json expression, const NftPlace& place) {
  const Json in = expression.first();
  const auto kind = in.key();
  if (!expression.is(Json::Kind::object)) return other("an expression that is not understood");
  if (kind == "payload") {
    return in["protocol"] ? named_payload(in["protocol"].text(), in["field"].text())
                          : raw_payload(in, place);
  }
  if (kind == "meta") return meta(in["key"].text());
  if (kind == "ct") {
    place.builder.tracks(place.family);  // whoever reads it (nft_ct.c, nft_ct_get_init())
    return ct(in, place);
  }
  if (kind == "fib") return fib(in);
  if (kind == "tcp option") return tcp_option(in);
  if (kind == "&" || kind == ">>") return operation(in, place);
  if (kind == "numgen" || kind == "jhash" || kind == "symhash") return hash(in);
  // No extension headers, no IP options, no other protocol's chunks in an edge's packets.
  if (kind == "exthdr" || kind == "ip option" || kind == "sctp chunk" || kind == "dccp option") {
    return key(Field::never, DataType::number);
  }
  if (kind == "ipsec") return key(Field::never, DataType::number);
  return other("an expression that is not understood");
}

std::vector<NftKey> read_keys(Json expression, const NftPlace& place) {
  std::vector<NftKey> out;
  if (const Json parts = expression["concat"]) {
    for (const Json part : parts) out.push_back(read_key(part, place));
  } else {
    out.push_back(read_key(expression, place));
  }
  return out;
}

}  // namespace causeway::firewall
