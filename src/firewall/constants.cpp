#include "firewall/constants.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "base/text.hpp"

namespace causeway::firewall {
namespace {

struct Row {
  std::string_view word;
  std::uint32_t value;
};

// /etc/protocols, as far as rulesets use it.
constexpr std::array kProtocols{
    Row{"ip", 0},          Row{"all", 0},
    Row{"icmp", 1},        Row{"igmp", 2},
    Row{"ipencap", 4},     Row{"tcp", 6},
    Row{"egp", 8},         Row{"udp", 17},
    Row{"dccp", 33},       Row{"ipv6", 41},
    Row{"ipv6-route", 43}, Row{"ipv6-frag", 44},
    Row{"gre", 47},        Row{"esp", 50},
    Row{"ah", 51},         Row{"ipv6-icmp", 58},
    Row{"icmpv6", 58},     Row{"ipv6-nonxt", 59},
    Row{"ospf", 89},       Row{"pim", 103},
    Row{"ipcomp", 108},    Row{"comp", 108},
    Row{"vrrp", 112},      Row{"l2tp", 115},
    Row{"sctp", 132},      Row{"mobility-header", 135},
    Row{"udplite", 136},
};
constexpr std::array kStates{
    Row{"invalid", kCtInvalid}, Row{"established", kCtEstablished}, Row{"related", kCtRelated},
    Row{"new", kCtNew},         Row{"untracked", kCtUntracked},     Row{"snat", kXtSnat},
    Row{"dnat", kXtDnat},
};
constexpr std::array kStatus{
    Row{"expected", 1},
    Row{"seen-reply", kCtSeenReply},
    Row{"seen_reply", kCtSeenReply},
    Row{"assured", kCtAssured},
    Row{"confirmed", kCtConfirmed},
    Row{"snat", kCtSourceNat},
    Row{"dnat", kCtTargetNat},
    Row{"dying", 512},
    Row{"none", 0},
};
constexpr std::array kDirections{Row{"original", 0}, Row{"reply", 1}};
constexpr std::array kFlags{
    Row{"fin", kFin}, Row{"syn", kSyn}, Row{"rst", kRst}, Row{"psh", kPsh},
    Row{"ack", kAck}, Row{"urg", kUrg}, Row{"ecn", 64},   Row{"ece", 64},
    Row{"cwr", 128},  Row{"all", 63},   Row{"none", 0},
};
constexpr std::array kPacketTypes{
    Row{"host", 0}, Row{"unicast", 0}, Row{"broadcast", 1}, Row{"multicast", 2}, Row{"other", 3},
};
constexpr std::array kFamilies{Row{"ipv4", 2}, Row{"ipv6", 10}};
constexpr std::array kEtherTypes{
    Row{"ip", 0x0800},   Row{"arp", 0x0806},   Row{"ip6", 0x86dd},
    Row{"vlan", 0x8100}, Row{"8021q", 0x8100}, Row{"8021ad", 0x88a8},
};
constexpr std::array kInterfaceTypes{
    Row{"ether", 1},   Row{"ppp", 512},     Row{"ipip", 768},
    Row{"ipip6", 769}, Row{"tunnel6", 769}, Row{"loopback", 772},
    Row{"sit", 776},   Row{"ipgre", 778},   Row{"none", 65534},
};
constexpr std::array kRouteTypes{
    Row{"unspec", kUnspec},
    Row{"unicast", kUnicast},
    Row{"local", kLocal},
    Row{"broadcast", kBroadcast},
    Row{"anycast", kAnycast},
    Row{"multicast", kMulticast},
    Row{"blackhole", kBlackhole},
    Row{"unreachable", kUnreachable},
    Row{"prohibit", kProhibit},
    Row{"throw", kThrow},
    Row{"nat", 10},
};
constexpr std::array kDscp{
    Row{"cs0", 0},   Row{"cs1", 8},   Row{"cs2", 16},  Row{"cs3", 24},  Row{"cs4", 32},
    Row{"cs5", 40},  Row{"cs6", 48},  Row{"cs7", 56},  Row{"df", 0},    Row{"be", 0},
    Row{"af11", 10}, Row{"af12", 12}, Row{"af13", 14}, Row{"af21", 18}, Row{"af22", 20},
    Row{"af23", 22}, Row{"af31", 26}, Row{"af32", 28}, Row{"af33", 30}, Row{"af41", 34},
    Row{"af42", 36}, Row{"af43", 38}, Row{"va", 44},   Row{"ef", 46},
};
// /etc/services, for lists that were printed with names.
constexpr std::array kServices{
    Row{"ftp-data", 20},   Row{"ftp", 21},    Row{"ssh", 22},          Row{"telnet", 23},
    Row{"smtp", 25},       Row{"domain", 53}, Row{"bootps", 67},       Row{"bootpc", 68},
    Row{"http", 80},       Row{"pop3", 110},  Row{"ntp", 123},         Row{"imap2", 143},
    Row{"imap", 143},      Row{"https", 443}, Row{"submissions", 465}, Row{"submission", 587},
    Row{"imaps", 993},     Row{"pop3s", 995}, Row{"mysql", 3306},      Row{"postgresql", 5432},
    Row{"http-alt", 8080},
};

template <std::size_t N>
std::optional<Key> find(const std::array<Row, N>& rows, std::string_view word) {
  for (const auto& row : rows) {
    if (equals_ignoring_case(row.word, word)) return Key{row.value};
  }
  return std::nullopt;
}

std::optional<Key> word_value(DataType type, std::string_view word) {
  switch (type) {
    case DataType::protocol: return find(kProtocols, word);
    case DataType::ct_state: return find(kStates, word);
    case DataType::ct_status: return find(kStatus, word);
    case DataType::ct_direction: return find(kDirections, word);
    case DataType::tcp_flags: return find(kFlags, word);
    case DataType::packet_type: return find(kPacketTypes, word);
    case DataType::nf_family: return find(kFamilies, word);
    case DataType::ether_type: return find(kEtherTypes, word);
    case DataType::interface_type: return find(kInterfaceTypes, word);
    case DataType::route_type: return find(kRouteTypes, word);
    case DataType::dscp: return find(kDscp, word);
    case DataType::port: return find(kServices, word);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Key> number_word(std::string_view word) {
  const bool hex = word.starts_with("0x") || word.starts_with("0X");
  if (hex) word.remove_prefix(2);
  std::uint64_t out = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), out, hex ? 16 : 10);
  if (word.empty() || read.ec != std::errc{} || read.ptr != word.data() + word.size()) {
    return std::nullopt;
  }
  return Key{out};
}

bool is_flags(DataType type) {
  return type == DataType::ct_state || type == DataType::ct_status || type == DataType::tcp_flags;
}

std::optional<Key> flag_bits(DataType type, std::string_view word) {
  Key out = 0;
  for (const auto part : split(word, ',')) {
    const auto one = constant(type, trim(part));
    if (!one) return std::nullopt;
    out |= one->first;
  }
  return out;
}

std::optional<unsigned> mask_length(std::string_view mask, Family family) {
  const unsigned bits = family == Family::ipv4 ? 32 : 128;
  if (const auto number = number_word(mask)) {
    if (*number > bits) return std::nullopt;
    return static_cast<unsigned>(*number);
  }
  const auto parsed = IpAddress::parse(mask);
  if (!parsed || parsed->family() != family) return std::nullopt;
  Key key = key_of(*parsed);
  unsigned length = 0;
  const Key top = Key{1} << (bits - 1);
  while (length < bits && (key & top) != 0) {
    key = (key << 1U) & highest(family);
    ++length;
  }
  if (key != 0) return std::nullopt;
  return length;
}

std::optional<Interval> address_range(std::string_view text, Family family) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address || address->family() != family) return std::nullopt;
  if (slash == std::string_view::npos) return Interval{key_of(*address), key_of(*address)};
  const auto length = mask_length(text.substr(slash + 1), family);
  if (!length) return std::nullopt;
  return interval_of(Prefix{*address, *length});
}

std::optional<Interval> constant(DataType type, std::string_view word) {
  if (type == DataType::address4) return address_range(word, Family::ipv4);
  if (type == DataType::address6) return address_range(word, Family::ipv6);
  if (type == DataType::interface_name) return name_interval(word, '*');
  if (const auto number = number_word(word)) return Interval{*number, *number};
  if (const auto value = word_value(type, word)) return Interval{*value, *value};
  return std::nullopt;
}

DataType data_type(std::string_view name) {
  struct Type {
    std::string_view name;
    DataType type;
  };
  static constexpr std::array kTypes{
      Type{"ipv4_addr", DataType::address4},
      Type{"ipv6_addr", DataType::address6},
      Type{"inet_service", DataType::port},
      Type{"inet_proto", DataType::protocol},
      Type{"ifname", DataType::interface_name},
      Type{"iface_index", DataType::interface_name},
      Type{"mark", DataType::mark},
      Type{"ct_state", DataType::ct_state},
      Type{"ct_status", DataType::ct_status},
      Type{"ct_dir", DataType::ct_direction},
      Type{"tcp_flag", DataType::tcp_flags},
      Type{"pkt_type", DataType::packet_type},
      Type{"nf_proto", DataType::nf_family},
      Type{"ether_type", DataType::ether_type},
      Type{"iface_type", DataType::interface_type},
      Type{"fib_addrtype", DataType::route_type},
      Type{"dscp", DataType::dscp},
      Type{"integer", DataType::number},
      Type{"verdict", DataType::verdict},
  };
  for (const auto& one : kTypes) {
    if (one.name == name) return one.type;
  }
  return DataType::unknown;
}

std::optional<Reject> reject_kind(std::string_view word) {
  struct Kind {
    std::string_view word;
    Reject reject;
  };
  static constexpr std::array kKinds{
      Kind{"tcp-reset", {true, 0, 0}},
      Kind{"tcp-rst", {true, 0, 0}},
      Kind{"tcp reset", {true, 0, 0}},
      // iptables
      Kind{"icmp-net-unreachable", {false, 0, 0}},
      Kind{"icmp-host-unreachable", {false, 1, 0}},
      Kind{"icmp-proto-unreachable", {false, 2, 0}},
      Kind{"icmp-port-unreachable", {false, 3, 0}},
      Kind{"icmp-net-prohibited", {false, 9, 0}},
      Kind{"icmp-host-prohibited", {false, 10, 0}},
      Kind{"icmp-admin-prohibited", {false, 13, 0}},
      Kind{"icmp6-no-route", {false, 0, 0}},
      Kind{"icmp6-adm-prohibited", {false, 0, 1}},
      Kind{"icmp6-addr-unreachable", {false, 0, 3}},
      Kind{"icmp6-port-unreachable", {false, 0, 4}},
      Kind{"icmp6-policy-fail", {false, 0, 5}},
      Kind{"icmp6-reject-route", {false, 0, 6}},
      // nft
      Kind{"icmp net-unreachable", {false, 0, 0}},
      Kind{"icmp host-unreachable", {false, 1, 0}},
      Kind{"icmp prot-unreachable", {false, 2, 0}},
      Kind{"icmp port-unreachable", {false, 3, 0}},
      Kind{"icmp net-prohibited", {false, 9, 0}},
      Kind{"icmp host-prohibited", {false, 10, 0}},
      Kind{"icmp admin-prohibited", {false, 13, 0}},
      Kind{"icmpv6 no-route", {false, 0, 0}},
      Kind{"icmpv6 admin-prohibited", {false, 0, 1}},
      Kind{"icmpv6 addr-unreachable", {false, 0, 3}},
      Kind{"icmpv6 port-unreachable", {false, 0, 4}},
      Kind{"icmpv6 policy-fail", {false, 0, 5}},
      Kind{"icmpv6 reject-route", {false, 0, 6}},
      Kind{"icmpx no-route", {false, 0, 0}},
      Kind{"icmpx port-unreachable", {false, 3, 4}},
      Kind{"icmpx host-unreachable", {false, 1, 3}},
      Kind{"icmpx admin-prohibited", {false, 13, 1}},
  };
  for (const auto& one : kKinds) {
    if (one.word == word) return one.reject;
  }
  return std::nullopt;
}

}  // namespace causeway::firewall
