// The rest of a host that decides over a packet: interfaces, routes, rules, sysctls, listeners.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/ruleset_host.hpp"
#include "firewall/interval_set.hpp"
#include "firewall/model.hpp"

namespace causeway::firewall {

// An address of a packet: the client's (any of a set), or one number.
struct Party {
  bool client = false;
  Key key = 0;

  bool operator==(const Party&) const = default;
};

constexpr Party kUnspecified{};  // until the route is chosen

struct RouteQuestion {
  Family family = Family::ipv4;
  Party target;
  Party source;
  std::string_view incoming = "lo";  // what iif selectors are compared with
  std::string_view outgoing;         // only routes through it (IPv6 reverse path)
  std::uint32_t mark = 0;
  bool mark_known = true;
  std::optional<std::uint16_t> source_port;
  std::optional<std::uint16_t> target_port;
};

struct RouteAnswer {
  RouteType type = kUnspec;          // kUnspec: no route at all
  std::vector<std::string> devices;  // of a unicast route
  const codec::HostRoute* route = nullptr;
  const codec::HostRule* rule = nullptr;  // when the rule itself refused
  const char* doubt = nullptr;            // a selector that cannot be settled
};

struct RoutePiece {
  IntervalSet clients;
  RouteAnswer answer;
};

struct Host {
  std::vector<codec::HostInterface> interfaces;
  std::vector<codec::HostRoute> routes4;
  std::vector<codec::HostRoute> routes6;
  std::vector<codec::HostRule> rules4;
  std::vector<codec::HostRule> rules6;
  std::vector<codec::Listener> listeners;
  std::vector<codec::IpsecPolicy> ipsec;
  codec::Sysctl sysctl;
  codec::RecentLists recent;  // a list that is not here was not read

  // Sorts routes for look-ups; call once after filling.
  void finish();

  // Splits `clients` by where the packet would go.
  std::vector<RoutePiece> route(const RouteQuestion& question, const IntervalSet& clients) const;
  // RTN_* of an address in the local table only, as addrtype and `fib type` ask.
  RouteType local_type(Family family, Key address, std::string_view device = {}) const;

  // What the kernel puts on a packet of this host's own that leaves as `answer` says
  // (inet_select_addr(); for IPv6 only where one address comes into question). None: not known.
  std::optional<Key> own_source(Family family, const RouteAnswer& answer) const;

  // Clients whose packets to `address`, or the answers to them, meet an IPsec policy.
  IntervalSet under_ipsec(Family family, Key address) const;

  // The device with an XDP program that a packet coming in at `device` meets; empty: none does.
  std::string programmed(std::string_view device) const;

  const codec::HostInterface* interface(std::string_view name) const;
  // net.ipv4.conf.<device>.<key> and the like; the larger of it and "all" where the kernel does so.
  int setting(std::string_view key, int otherwise) const;
  int reverse_path(std::string_view device) const;
  bool forwards(Family family, std::string_view device) const;
  bool listens(Family family, Key address, std::uint16_t port, std::string_view device) const;
  const codec::Listener* listener(Family family, Key address, std::uint16_t port,
                                  std::string_view device) const;

 private:
  struct TableRoutes {
    std::vector<std::size_t> by_length;  // of the family's routes: longest, then lowest metric
  };
  std::map<std::string, TableRoutes, std::less<>> tables4_;
  std::map<std::string, TableRoutes, std::less<>> tables6_;

  const std::vector<codec::HostRoute>& routes(Family family) const {
    return family == Family::ipv4 ? routes4 : routes6;
  }
  const TableRoutes* table(Family family, std::string_view name) const;
};

// Where the edge's packets arrive: the interface towards the internet and its addresses.
struct Arrival {
  std::string device;
  std::optional<IpAddress> address4;
  std::optional<IpAddress> address6;
  std::string device6;  // when IPv6 comes in elsewhere
  bool named = false;   // its address is one that somebody named, not the one found

  const std::optional<IpAddress>& address(Family family) const {
    return family == Family::ipv4 ? address4 : address6;
  }
  const std::string& device_of(Family family) const {
    return family == Family::ipv6 && !device6.empty() ? device6 : device;
  }
};

Arrival find_arrival(const Host& host);

}  // namespace causeway::firewall
