#include "firewall/host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace causeway::firewall {
namespace {

RouteType route_type(std::string_view word) {
  struct Row {
    std::string_view word;
    RouteType type;
  };
  static constexpr std::array kRows{
      Row{"unicast", kUnicast},         Row{"local", kLocal},         Row{"broadcast", kBroadcast},
      Row{"anycast", kAnycast},         Row{"multicast", kMulticast}, Row{"blackhole", kBlackhole},
      Row{"unreachable", kUnreachable}, Row{"prohibit", kProhibit},   Row{"throw", kThrow},
  };
  for (const auto& row : kRows) {
    if (row.word == word) return row.type;
  }
  return kUnicast;
}

// Which clients a selector lets through.
IntervalSet selected(const std::optional<Prefix>& selector, const Party& party,
                     const IntervalSet& clients) {
  if (!selector) return clients;
  const auto range = interval_of(*selector);
  if (party.client) return clients.intersect(IntervalSet{range});
  return range.first <= party.key && party.key <= range.last ? clients : IntervalSet{};
}

bool port_fits(const std::optional<std::pair<int, int>>& range,
               const std::optional<std::uint16_t>& port, const char*& doubt) {
  if (!range) return true;
  if (!port) {
    doubt = "the client's port decides over its route";
    return true;
  }
  return range->first <= *port && *port <= range->second;
}

// The rule's selectors that do not depend on the client's address.
bool fits(const codec::HostRule& rule, const RouteQuestion& question, const char*& doubt) {
  if (!rule.incoming.empty() && rule.incoming != question.incoming) return false;
  if (!rule.outgoing.empty() && rule.outgoing != question.outgoing) return false;
  if (rule.mark) {
    if (!question.mark_known) {
      doubt = "a mark that is not known decides over the route";
    } else if ((question.mark & rule.mask) != (*rule.mark & rule.mask)) {
      return false;
    }
  }
  if (!rule.protocol.empty() && rule.protocol != "tcp" && rule.protocol != "6") return false;
  if (rule.for_tos) return false;  // the packets of an edge carry none
  // Answers are sent with the kernel's own user id or the server's, which no dump tells.
  if (rule.for_user) doubt = "a routing rule asks for the user";
  if (rule.other) doubt = "a routing rule with a selector that is not understood";
  return port_fits(rule.source_ports, question.source_port, doubt) &&
         port_fits(rule.target_ports, question.target_port, doubt);
}

bool through(const codec::HostRoute& route, std::string_view device) {
  return device.empty() || std::ranges::find(route.devices, device) != route.devices.end();
}

}  // namespace

void Host::finish() {
  const auto index = [](const std::vector<codec::HostRoute>& routes,
                        std::map<std::string, TableRoutes, std::less<>>& tables) {
    tables.clear();
    for (std::size_t i = 0; i < routes.size(); ++i) {
      const auto& route = routes[i];
      if (!route.dead && !route.for_tos) tables[route.table].by_length.push_back(i);
    }
    for (auto& [name, table] : tables) {
      std::ranges::sort(table.by_length, [&routes](std::size_t a, std::size_t b) {
        const auto& one = routes[a];
        const auto& other = routes[b];
        if (one.destination.length() != other.destination.length()) {
          return one.destination.length() > other.destination.length();
        }
        return one.metric != other.metric ? one.metric < other.metric : a < b;
      });
    }
  };
  index(routes4, tables4_);
  index(routes6, tables6_);
}

const Host::TableRoutes* Host::table(Family family, std::string_view name) const {
  const auto& tables = family == Family::ipv4 ? tables4_ : tables6_;
  const auto found = tables.find(name);
  return found == tables.end() ? nullptr : &found->second;
}

std::vector<RoutePiece> Host::route(const RouteQuestion& question,
                                    const IntervalSet& clients) const {
  std::vector<RoutePiece> out;
  const auto& rules = question.family == Family::ipv4 ? rules4 : rules6;
  IntervalSet open = clients;
  std::int64_t jump_to = -1;
  for (const auto& rule : rules) {
    if (open.empty()) break;
    if (rule.priority < jump_to) continue;
    const char* doubt = nullptr;
    IntervalSet here;
    if (fits(rule, question, doubt)) {
      here = selected(rule.to, question.target, selected(rule.from, question.source, open));
    }
    if (rule.inverted) here = open.subtract(here);
    if (here.empty()) continue;
    if (rule.action == "goto") {
      // Only when it takes all: a rule that splits the clients and jumps is left to the doubt.
      if (here == open) jump_to = rule.next;
      continue;
    }
    if (rule.action != "lookup") {
      if (rule.action == "nop") continue;
      RouteAnswer answer{route_type(rule.action), {}, nullptr, &rule, doubt};
      out.push_back({here, answer});
      if (doubt == nullptr) open = open.subtract(here);
      continue;
    }
    const auto* order = table(question.family, rule.table);
    if (order == nullptr) continue;
    for (const auto number : order->by_length) {
      const auto* route = &routes(question.family)[number];
      if (here.empty()) break;
      if (!through(*route, question.outgoing)) continue;
      IntervalSet hit = selected(route->destination, question.target, here);
      if (hit.empty()) continue;
      here = here.subtract(hit);
      const RouteType type = route_type(route->type);
      const auto length = static_cast<int>(route->destination.length());
      // "throw" and suppressed routes end the look-up in this table only.
      if (type == kThrow || length <= rule.suppress_prefix) continue;
      if (doubt == nullptr) open = open.subtract(hit);
      out.push_back({std::move(hit), {type, route->devices, route, nullptr, doubt}});
    }
  }
  if (!open.empty()) out.push_back({std::move(open), {}});
  return out;
}

RouteType Host::local_type(Family family, Key address, std::string_view device) const {
  if (family == Family::ipv4) {
    if (address >> 28U == 0xe) return kMulticast;
    if (address == 0xffffffff || address == 0) return kBroadcast;
  } else if (address >> 120U == 0xff) {
    return kMulticast;
  }
  const auto* order = table(family, "local");
  if (order == nullptr) return kUnicast;
  for (const auto number : order->by_length) {
    const auto& route = routes(family)[number];
    const auto range = interval_of(route.destination);
    if (address < range.first || address > range.last || !through(route, device)) continue;
    return route_type(route.type);
  }
  return kUnicast;
}

std::optional<Key> Host::own_source(Family family, const RouteAnswer& answer) const {
  if (answer.route == nullptr || answer.devices.empty()) return std::nullopt;
  if (const auto& preferred = answer.route->preferred_source) return key_of(*preferred);
  const auto* out = interface(answer.devices.front());
  if (out == nullptr) return std::nullopt;
  const auto& gateway = answer.route->gateway;
  std::optional<Key> found;
  for (const auto& one : out->addresses) {
    if (one.address.family() != family || one.secondary || one.unusable || !one.global) continue;
    if (gateway && Prefix{one.address, one.length}.contains(*gateway)) return key_of(one.address);
    if (found && family == Family::ipv6) return std::nullopt;
    if (!found) found = key_of(one.address);
  }
  return found;
}

IntervalSet Host::under_ipsec(Family family, Key address) const {
  IntervalSet out;
  for (const auto& policy : ipsec) {
    if (policy.way == codec::IpsecPolicy::Way::forward) continue;
    const bool inward = policy.way == codec::IpsecPolicy::Way::in;
    const Prefix& client = inward ? policy.source : policy.target;
    const Prefix& own = inward ? policy.target : policy.source;
    if (client.address().family() == family && own.contains(address_of(address, family))) {
      out.add(interval_of(client));
    }
  }
  return out;
}

std::string Host::programmed(std::string_view device) const {
  const auto* in = interface(device);
  if (in == nullptr) return {};
  const auto* below = in->link.empty() ? nullptr : interface(in->link);
  if (below != nullptr && below->link == device) below = nullptr;  // the two ends of a veth
  for (const auto& one : interfaces) {
    // Of a bridge or bond, each port; of a VLAN on one, what that stands on.
    const bool port = !one.master.empty() &&
                      (one.master == device || (below != nullptr && one.master == below->name));
    if (one.program && (&one == in || &one == below || port)) return one.name;
  }
  return {};
}

const codec::HostInterface* Host::interface(std::string_view name) const {
  for (const auto& one : interfaces) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

int Host::setting(std::string_view key, int otherwise) const {
  const auto found = sysctl.find(key);
  if (found == sysctl.end()) return otherwise;
  int out = otherwise;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), out);
  return out;
}

// The larger of "all" and the interface's own (ip-sysctl.rst, rp_filter).
int Host::reverse_path(std::string_view device) const {
  return std::max(setting("net.ipv4.conf.all.rp_filter", 0),
                  setting(fmt::format("net.ipv4.conf.{}.rp_filter", device), 0));
}

bool Host::forwards(Family family, std::string_view device) const {
  if (family == Family::ipv6) {
    return setting("net.ipv6.conf.all.forwarding", 0) != 0 ||
           setting(fmt::format("net.ipv6.conf.{}.force_forwarding", device), 0) != 0;
  }
  return setting(fmt::format("net.ipv4.conf.{}.forwarding", device),
                 setting("net.ipv4.ip_forward", 0)) != 0;
}

const codec::Listener* Host::listener(Family family, Key address, std::uint16_t port,
                                      std::string_view device) const {
  const codec::Listener* best = nullptr;
  for (const auto& one : listeners) {
    if (one.port != port || (!one.device.empty() && one.device != device)) continue;
    if (one.any) {
      if (one.both_families || one.family == family) {
        if (best == nullptr) best = &one;
      }
    } else if (one.address && one.address->family() == family && key_of(*one.address) == address) {
      best = &one;
    }
  }
  return best;
}

bool Host::listens(Family family, Key address, std::uint16_t port, std::string_view device) const {
  return listener(family, address, port, device) != nullptr;
}

namespace {

bool tunnel_name(std::string_view name) {
  return name.starts_with("wg") || name.starts_with("tun") || name.starts_with("tap") ||
         name.starts_with("tailscale") || name.starts_with("docker") || name.starts_with("br-") ||
         name.starts_with("veth") || name.starts_with("virbr") || name == "lo";
}

std::optional<IpAddress> main_address(const codec::HostInterface& interface, Family family) {
  std::optional<IpAddress> out;
  for (const auto& one : interface.addresses) {
    if (one.address.family() != family || !one.global) continue;
    if (family == Family::ipv6 && one.unusable) continue;
    const auto kind = classify(one.address);
    const bool outside = kind == AddressClass::global || kind == AddressClass::documentation;
    if (!out || (outside && classify(*out) == AddressClass::private_use)) out = one.address;
  }
  return out;
}

// The interface of the lowest-metric default route, then any that has a public address.
std::string device_to_internet(const Host& host, Family family) {
  const auto& routes = family == Family::ipv4 ? host.routes4 : host.routes6;
  const codec::HostRoute* best = nullptr;
  for (const auto& route : routes) {
    if (route.destination.length() != 0 || route.devices.empty() || route.type != "unicast") {
      continue;
    }
    const auto rank = [](const codec::HostRoute& one) {
      return std::tuple{tunnel_name(one.devices.front()), one.table != "main", one.metric};
    };
    const auto* interface = host.interface(route.devices.front());
    if (interface == nullptr || !main_address(*interface, family)) continue;
    if (best == nullptr || rank(route) < rank(*best)) best = &route;
  }
  if (best != nullptr) return best->devices.front();
  for (const bool any : {false, true}) {
    for (const auto& interface : host.interfaces) {
      if (interface.name == "lo" || (!any && tunnel_name(interface.name))) continue;
      if (main_address(interface, family)) return interface.name;
    }
  }
  return "";
}

}  // namespace

Arrival find_arrival(const Host& host) {
  Arrival out;
  out.device = device_to_internet(host, Family::ipv4);
  out.device6 = device_to_internet(host, Family::ipv6);
  if (const auto* one = host.interface(out.device)) out.address4 = main_address(*one, Family::ipv4);
  if (const auto* one = host.interface(out.device6)) {
    out.address6 = main_address(*one, Family::ipv6);
  }
  if (out.device.empty()) out.device = out.device6;
  return out;
}

}  // namespace causeway::firewall
