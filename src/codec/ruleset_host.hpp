// What a host says about itself: `ip -j addr|route|rule`, `ip xfrm policy`, `ss -ltnH` and
// `sysctl -a`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"

namespace causeway::codec {

struct HostAddress {
  IpAddress address;
  unsigned length = 0;
  bool global = false;  // scope global
  bool secondary = false;
  bool unusable = false;  // tentative, dadfailed, deprecated
};

struct HostInterface {
  std::string name;
  int index = 0;
  std::string link_type;  // "ether", "none", "loopback"
  bool up = false;
  std::string master;    // the bridge or bond it belongs to
  std::string link;      // what it stands on (VLAN), or its other end (veth)
  bool program = false;  // XDP
  std::vector<HostAddress> addresses;
};

struct HostRoute {
  std::string type = "unicast";  // local, blackhole, unreachable, prohibit, throw ...
  Prefix destination;            // its family is the route's
  std::string table = "main";
  std::vector<std::string> devices;  // more than one: multipath
  std::optional<IpAddress> gateway;
  std::optional<IpAddress> preferred_source;
  std::int64_t metric = 0;
  bool for_tos = false;  // only for packets with a type of service
  bool dead = false;
};

// A rule of `ip rule`. Absent selectors match everything.
struct HostRule {
  std::int64_t priority = 0;
  bool inverted = false;
  std::optional<Prefix> from;
  std::optional<Prefix> to;
  std::string incoming;
  std::string outgoing;
  std::optional<std::uint32_t> mark;
  std::uint32_t mask = 0xffffffff;
  std::string protocol;
  std::optional<std::pair<int, int>> source_ports;
  std::optional<std::pair<int, int>> target_ports;
  bool for_tos = false;
  bool for_user = false;
  std::string action = "lookup";  // blackhole, unreachable, prohibit, nop, goto
  std::string table;
  std::int64_t next = 0;  // of a goto
  int suppress_prefix = -1;
  bool other = false;  // a selector that is not understood
};

struct Listener {
  std::optional<IpAddress> address;  // none: any, of both families
  Family family = Family::ipv4;      // of "0.0.0.0" and "[::]"
  bool both_families = false;
  bool any = false;
  std::uint16_t port = 0;
  std::string device;  // bound to it
  std::int64_t waiting = 0;
  std::int64_t backlog = 0;
};

// A policy of ip-xfrm(8) by which packets in the clear may be dropped: it blocks, or asks for
// IPsec.
struct IpsecPolicy {
  enum class Way : std::uint8_t { in, out, forward };
  Way way = Way::in;
  Prefix source;
  Prefix target;
};

// Whom a list of `-m recent` holds.
struct RecentEntry {
  IpAddress address;
  std::size_t stamps = 0;
  std::vector<double> ages;  // of the stamps, in seconds; empty: the clock was not read
};
using RecentLists = std::map<std::string, std::vector<RecentEntry>, std::less<>>;

using Sysctl = std::map<std::string, std::string, std::less<>>;

Parsed<std::vector<HostInterface>> parse_ip_addresses(std::string text);
// Only routes of `family`: `ip -j route show table all` prints both.
Parsed<std::vector<HostRoute>> parse_ip_routes(std::string text, Family family);
Parsed<std::vector<HostRule>> parse_ip_rules(std::string text, Family family);
std::vector<Listener> parse_listeners(std::string_view text);
// Those of sockets and of protocols other than TCP are left out.
std::vector<IpsecPolicy> parse_ipsec_policies(std::string_view text);
// The files of /proc/net/xt_recent, "list: NAME" before each, and before them all the lines "now
// at" and "jiffies:" of /proc/timer_list.
RecentLists parse_recent_lists(std::string_view text);
Sysctl parse_sysctl(std::string_view text);

}  // namespace causeway::codec
