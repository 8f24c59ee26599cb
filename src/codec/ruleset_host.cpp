#include "codec/ruleset_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/ruleset_json.hpp"

namespace causeway::codec {
namespace {

bool has(Json list, std::string_view word) {
  for (const Json one : list) {
    if (one.text() == word) return true;
  }
  return false;
}

// "0x10" or "16", also as a JSON number.
std::optional<std::int64_t> number(Json in) {
  if (in.integer()) return in.integer();
  return std::nullopt;
}

std::optional<std::int64_t> number(std::string_view text) {
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  std::int64_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out, hex ? 16 : 10);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return out;
}

std::optional<std::int64_t> number_or_text(Json in) {
  return in.is(Json::Kind::text) ? number(in.text()) : number(in);
}

std::optional<IpAddress> address_of(Json in) {
  auto parsed = IpAddress::parse(in.text());
  if (!parsed) return std::nullopt;
  return *parsed;
}

Prefix everything(Family family) {
  return family == Family::ipv4 ? Prefix{IpAddress::v4(0U), 0}
                                : Prefix{IpAddress::v6(std::array<std::uint8_t, 16>{}), 0};
}

HostInterface read_interface(Json in) {
  HostInterface out;
  out.name = in["ifname"].text();
  out.index = static_cast<int>(in["ifindex"].integer().value_or(0));
  out.link_type = in["link_type"].text();
  out.up = has(in["flags"], "UP");
  out.master = in["master"].text();
  out.link = in["link"].text();
  out.program = static_cast<bool>(in["xdp"]["prog"]) || in["xdp"]["attached"].size() > 0;
  for (const Json one : in["addr_info"]) {
    const auto address = address_of(one["local"]);
    if (!address) continue;
    const auto length = one["prefixlen"].integer().value_or(0);
    out.addresses.push_back(
        {*address, static_cast<unsigned>(std::clamp<std::int64_t>(length, 0, 128)),
         one["scope"].text() == "global", one["secondary"].truth(),
         one["tentative"].truth() || one["dadfailed"].truth() || one["deprecated"].truth()});
  }
  return out;
}

bool is_ipv6(Json route) {
  const auto destination = route["dst"].text();
  if (destination != "default") return destination.find(':') != std::string_view::npos;
  const auto gateway = route["gateway"].text();
  // Every IPv6 route carries its router preference (RFC 4191); no IPv4 route does.
  return gateway.find(':') != std::string_view::npos || static_cast<bool>(route["pref"]);
}

std::optional<HostRoute> read_route(Json in, Family family) {
  HostRoute out;
  if (in["type"]) out.type = in["type"].text();
  if (in["table"].is(Json::Kind::text)) out.table = in["table"].text();
  if (in["table"].integer()) out.table = fmt::format("{}", *in["table"].integer());
  const auto destination = in["dst"].text();
  out.destination = everything(family);
  if (destination != "default") {
    const auto parsed = Prefix::parse(destination);
    if (!parsed || parsed->address().family() != family) return std::nullopt;
    out.destination = *parsed;
  }
  const auto hop = [&out](Json from) {
    if (has(from["flags"], "dead")) return;
    if (from["dev"]) out.devices.emplace_back(from["dev"].text());
  };
  hop(in);
  for (const Json one : in["nexthops"]) hop(one);
  out.dead = has(in["flags"], "dead") || (in["nexthops"] && out.devices.empty());
  out.gateway = address_of(in["gateway"]);
  out.preferred_source = address_of(in["prefsrc"]);
  out.metric = in["metric"].integer().value_or(0);
  out.for_tos = static_cast<bool>(in["tos"]);
  return out;
}

std::optional<Prefix> selector(Json rule, std::string_view name, std::string_view length,
                               Family family, bool& other) {
  const auto text = rule[name].text();
  if (text.empty() || text == "all") return std::nullopt;
  const auto address = IpAddress::parse(text);
  if (!address || address->family() != family) {
    other = true;
    return std::nullopt;
  }
  const auto bits = rule[length].integer().value_or(family == Family::ipv4 ? 32 : 128);
  return Prefix{*address, static_cast<unsigned>(std::clamp<std::int64_t>(bits, 0, 128))};
}

std::optional<std::pair<int, int>> ports(Json rule, const std::string& name) {
  const Json one = rule[name];
  if (one.integer())
    return std::pair{static_cast<int>(*one.integer()), static_cast<int>(*one.integer())};
  const auto first = rule[name + "_start"].integer();
  const auto last = rule[name + "_end"].integer();
  if (!first || !last) return std::nullopt;
  return std::pair{static_cast<int>(*first), static_cast<int>(*last)};
}

HostRule read_rule(Json in, Family family) {
  HostRule out;
  out.priority = in["priority"].integer().value_or(0);
  out.inverted = static_cast<bool>(in["not"]);
  out.from = selector(in, "src", "srclen", family, out.other);
  out.to = selector(in, "dst", "dstlen", family, out.other);
  out.incoming = in["iif"].text();
  out.outgoing = in["oif"].text();
  if (const auto mark = number_or_text(in["fwmark"])) out.mark = static_cast<std::uint32_t>(*mark);
  if (const auto mask = number_or_text(in["fwmask"])) out.mask = static_cast<std::uint32_t>(*mask);
  out.protocol = in["ipproto"].text();
  out.source_ports = ports(in, "sport");
  out.target_ports = ports(in, "dport");
  out.for_tos = static_cast<bool>(in["tos"]);
  out.for_user = static_cast<bool>(in["uid_start"]);
  if (in["table"].is(Json::Kind::text)) out.table = in["table"].text();
  if (in["table"].integer()) out.table = fmt::format("{}", *in["table"].integer());
  if (in["action"]) out.action = in["action"].text();
  if (in["goto"]) {
    out.action = "goto";
    out.next = in["goto"].integer().value_or(0);
  }
  const Json suppress =
      in["suppress_prefixlen"] ? in["suppress_prefixlen"] : in["suppress_prefixlength"];
  out.suppress_prefix = static_cast<int>(suppress.integer().value_or(-1));
  out.other |= in["l3mdev"] || in["suppress_ifgroup"] || in["tun_id"];
  return out;
}

Parsed<Json> list_of(JsonTree& tree, std::string text, const char* command) {
  auto root = tree.parse(std::move(text));
  if (!root) return std::unexpected(root.error());
  if (!root->is(Json::Kind::array)) {
    return error(fmt::format("not a list; expected the output of '{}'", command));
  }
  return root;
}

// "0.0.0.0:80", "[::]:443", "*:80", "127.0.0.53%lo:53", "[::ffff:1.2.3.4]:80"
std::optional<Listener> read_listener(std::string_view local) {
  Listener out;
  const auto colon = local.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = number(local.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) return std::nullopt;
  out.port = static_cast<std::uint16_t>(*port);
  auto host = local.substr(0, colon);
  const auto percent = host.find('%');
  if (percent != std::string_view::npos) {
    auto device = host.substr(percent + 1);
    if (device.ends_with(']')) device.remove_suffix(1);
    out.device = device;
    host = host.substr(0, percent);
  }
  if (host.starts_with('[')) host.remove_prefix(1);
  if (host.ends_with(']')) host.remove_suffix(1);
  if (host == "*") {  // an IPv6 socket that also takes IPv4
    out.any = true;
    out.both_families = true;
    return out;
  }
  const auto address = IpAddress::parse(host);
  if (!address) return std::nullopt;
  out.address = *address;
  out.family = address->family();
  out.any = host == "0.0.0.0" || host == "::";
  return out;
}

}  // namespace

Parsed<std::vector<HostInterface>> parse_ip_addresses(std::string text) {
  JsonTree tree;
  const auto list = list_of(tree, std::move(text), "ip -j addr");
  if (!list) return std::unexpected(list.error());
  std::vector<HostInterface> out;
  for (const Json one : *list) {
    if (one["ifname"]) out.push_back(read_interface(one));
  }
  return out;
}

Parsed<std::vector<HostRoute>> parse_ip_routes(std::string text, Family family) {
  JsonTree tree;
  const auto list = list_of(tree, std::move(text), "ip -j route show table all");
  if (!list) return std::unexpected(list.error());
  std::vector<HostRoute> out;
  for (const Json one : *list) {
    if (!one["dst"] || is_ipv6(one) != (family == Family::ipv6)) continue;
    if (auto route = read_route(one, family)) out.push_back(std::move(*route));
    if (out.size() > limits::kRulesetElements) {
      return error(fmt::format("more than {} routes", limits::kRulesetElements));
    }
  }
  return out;
}

Parsed<std::vector<HostRule>> parse_ip_rules(std::string text, Family family) {
  JsonTree tree;
  const auto list = list_of(tree, std::move(text), "ip -j rule");
  if (!list) return std::unexpected(list.error());
  std::vector<HostRule> out;
  for (const Json one : *list) {
    if (one.is(Json::Kind::object)) out.push_back(read_rule(one, family));
  }
  return out;
}

std::vector<Listener> parse_listeners(std::string_view text) {
  std::vector<Listener> out;
  for (const auto line : split(text, '\n')) {
    auto words = words_of(line);
    // State, Recv-Q, Send-Q, local, peer; with -u and -t together a Netid comes first.
    if (!words.empty() && words[0] == "tcp") words.erase(words.begin());
    if (words.size() < 4 || words[0] != "LISTEN") continue;
    auto listener = read_listener(words[3]);
    if (!listener) continue;
    listener->waiting = number(words[1]).value_or(0);
    listener->backlog = number(words[2]).value_or(0);
    out.push_back(std::move(*listener));
    if (out.size() >= limits::kRulesetElements) break;
  }
  return out;
}

std::vector<IpsecPolicy> parse_ipsec_policies(std::string_view text) {
  std::vector<IpsecPolicy> out;
  std::optional<IpsecPolicy> policy;  // none: of another protocol, or not understood
  bool directed = false;              // else it is a socket's
  bool blocks = false;
  int required = 0;  // templates that are not optional
  const auto finish = [&] {
    if (policy && directed && (blocks || required > 0) && out.size() < limits::kRulesetElements) {
      out.push_back(*policy);
    }
    policy.reset();
    directed = blocks = false;
    required = 0;
  };
  for (const auto line : split(text, '\n')) {
    const auto words = words_of(line);
    if (words.size() < 2) continue;
    const auto holds = [&words](std::string_view one) {
      return std::ranges::find(words, one) != words.end();
    };
    if (line.starts_with("src ")) {
      finish();
      const auto source = Prefix::parse(words[1]);
      const auto target = Prefix::parse(words.size() > 3 ? words[3] : "");
      const bool tcp = !holds("proto") || holds("tcp") || holds("6");  // without /etc/protocols
      if (source && target && tcp) policy = {.source = *source, .target = *target};
    } else if (words[0] == "dir" && policy) {
      using Way = IpsecPolicy::Way;
      policy->way = words[1] == "in" ? Way::in : words[1] == "out" ? Way::out : Way::forward;
      directed = true;
      blocks = holds("block");
    } else if (words[0] == "tmpl") {
      ++required;
    } else if (words[0] == "level" && words[1] == "use") {
      --required;
    }
  }
  finish();
  return out;
}

namespace {

// The kernel counts its ticks from five minutes before the first wrap of 32 bits (INITIAL_JIFFIES).
struct TickClock {
  double now = 0;        // seconds since the start
  double ticks = 0;      // jiffies
  double frequency = 0;  // 0: not known

  void settle() {
    constexpr double kWrap = 4294967296.0;
    constexpr double kBefore = 300;  // seconds
    constexpr double kNear = 10;     // too near to the wrap to divide by
    const double since = ticks < kWrap / 2 ? ticks : ticks - kWrap;
    if (std::abs(now - kBefore) < kNear) return;
    const double measured = since / (now - kBefore);
    for (const double usual : {100.0, 250.0, 300.0, 1000.0}) {
      if (std::abs(measured - usual) < usual / 50) frequency = usual;
    }
  }
};

// "src=192.0.2.1 ttl: 57 last_seen: 4298645025 oldest_pkt: 2 4298645020, 4298645025"
std::optional<RecentEntry> read_recent_entry(std::string_view line, const TickClock& clock) {
  const auto words = words_of(line);
  if (words.empty() || !words[0].starts_with("src=")) return std::nullopt;
  const auto address = IpAddress::parse(words[0].substr(4));
  if (!address) return std::nullopt;
  RecentEntry out{*address, 0, {}};
  const auto mark = std::ranges::find(words, "oldest_pkt:");
  for (auto word = mark; word != words.end(); ++word) {
    if (word - mark < 2) continue;
    const auto stamp = number(word->substr(0, word->find(',')));
    if (!stamp) return std::nullopt;
    ++out.stamps;
    if (clock.frequency > 0) {
      const double age = (clock.ticks - static_cast<double>(*stamp)) / clock.frequency;
      out.ages.push_back(std::max(age, 0.0));
    }
  }
  return out;
}

}  // namespace

RecentLists parse_recent_lists(std::string_view text) {
  RecentLists out;
  TickClock clock;
  std::vector<RecentEntry>* list = nullptr;
  std::size_t count = 0;
  for (const auto line : split(text, '\n')) {
    const auto words = words_of(line);
    if (line.starts_with("list: ")) {
      list = &out[std::string{line.substr(6)}];
    } else if (list != nullptr) {
      if (count >= limits::kRulesetElements) break;
      if (auto entry = read_recent_entry(line, clock)) {
        list->push_back(std::move(*entry));
        ++count;
      }
    } else if (words.size() > 2 && words[0] == "now" && words[1] == "at") {
      clock.now = static_cast<double>(number(words[2]).value_or(0)) / 1e9;
      clock.settle();
    } else if (words.size() == 2 && words[0] == "jiffies:") {
      clock.ticks = static_cast<double>(number(words[1]).value_or(0));
      clock.settle();
    }
  }
  return out;
}

Sysctl parse_sysctl(std::string_view text) {
  Sysctl out;
  for (const auto line : split(text, '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    out.insert_or_assign(std::string{trim(line.substr(0, equals))},
                         std::string{trim(line.substr(equals + 1))});
    if (out.size() >= limits::kRulesetElements) break;
  }
  return out;
}

}  // namespace causeway::codec
