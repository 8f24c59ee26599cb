// Saved tables and ipsets become the model.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "firewall/constants.hpp"
#include "firewall/load.hpp"
#include "firewall/load_tables.hpp"

namespace causeway::firewall {
namespace {

struct Place {
  Hook hook;
  std::string_view chain;
};
constexpr std::array kBuiltins{
    Place{Hook::prerouting, "PREROUTING"},   Place{Hook::input, "INPUT"},
    Place{Hook::forward, "FORWARD"},         Place{Hook::output, "OUTPUT"},
    Place{Hook::postrouting, "POSTROUTING"},
};

// Priorities of the built-in tables (netfilter_ipv4.h).
int priority(std::string_view table, Hook hook) {
  if (table == "raw") return -300;
  if (table == "mangle") return -150;
  if (table == "nat") return hook == Hook::prerouting || hook == Hook::output ? -100 : 100;
  if (table == "security") return 50;
  return 0;
}

void make_base(Chain& chain, const codec::TablesChain& saved, std::string_view table) {
  for (const auto& place : kBuiltins) {
    if (place.chain != saved.name || saved.policy == "-") continue;
    chain.hook = place.hook;
    chain.priority = priority(table, place.hook);
    chain.type = table == "nat" ? ChainType::nat : ChainType::filter;
    chain.drops = saved.policy == "DROP";
    chain.policy_packets = saved.packets;
  }
}

// --- ipset ---

std::vector<DataType> ipset_types(std::string_view type, bool ipv6) {
  std::vector<DataType> out;
  const auto fields = type.substr(std::min(type.find(':'), type.size() - 1) + 1);
  for (const auto field : split(fields, ',')) {
    if (field == "ip" || field == "net") {
      out.push_back(ipv6 ? DataType::address6 : DataType::address4);
    } else if (field == "port") {
      out.push_back(DataType::port);
    } else if (field == "mark") {
      out.push_back(DataType::mark);
    } else if (field == "iface") {
      out.push_back(DataType::interface_name);
    } else {
      out.push_back(DataType::unknown);
    }
  }
  return out;
}

// "tcp:80", "80", "udp:53", "icmp:echo-request"
std::optional<Interval> ipset_port(std::string_view text) {
  Key protocol = kTcp;
  const auto colon = text.find(':');
  if (colon != std::string_view::npos) {
    const auto found = constant(DataType::protocol, text.substr(0, colon));
    if (!found) return std::nullopt;
    protocol = found->first;
    text = text.substr(colon + 1);
  }
  const Key base = protocol << 16U;
  if (protocol == kIcmp || protocol == kIcmp6) return Interval{base, base};
  const auto dash = text.find('-');
  const auto first = constant(DataType::port, text.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : constant(DataType::port, text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  return Interval{base | first->first, base | last->first};
}

std::optional<Interval> ipset_cell(DataType type, std::string_view text, const codec::Ipset& set,
                                   bool plain_port) {
  const Family family = set.ipv6 ? Family::ipv6 : Family::ipv4;
  switch (type) {
    case DataType::address4:
    case DataType::address6: {
      const auto dash = text.find('-');
      if (dash != std::string_view::npos) {
        const auto first = address_range(text.substr(0, dash), family);
        const auto last = address_range(text.substr(dash + 1), family);
        if (!first || !last) return std::nullopt;
        return Interval{first->first, last->last};
      }
      const auto range = address_range(text, family);
      if (!range || set.netmask < 0 || range->first != range->last) return range;
      return interval_of(
          Prefix{address_of(range->first, family), static_cast<unsigned>(set.netmask)});
    }
    case DataType::port: return plain_port ? constant(DataType::port, text) : ipset_port(text);
    case DataType::interface_name: {
      if (text.starts_with("physdev:")) return std::nullopt;
      const bool any = text.ends_with('*');
      return name_interval(text, any ? '*' : '\0');
    }
    default: return constant(type, text);
  }
}

Set read_ipset(const codec::Ipset& in) {
  Set out;
  out.name = in.name;
  out.of_ipset = true;
  out.types = ipset_types(in.type, in.ipv6);
  out.width = out.types.size();
  const bool bitmap_port = in.type == "bitmap:port";
  if (!bitmap_port) out.family = in.ipv6 ? Family::ipv6 : Family::ipv4;
  for (const auto type : out.types) {
    out.port_with_protocol.push_back(type == DataType::port && !bitmap_port);
    if (type == DataType::unknown) {
      out.partial = true;
      out.why = kWhyHardware;
    }
  }
  if (in.odd_mask) {
    out.partial = true;
    out.why = "a set with a bit mask that is not a prefix";
    return out;
  }
  bool exceptions = false;
  for (const auto& element : in.elements) {
    const auto parts = split(element.text, ',');
    std::vector<Interval> row;
    for (std::size_t i = 0; i < out.width && parts.size() == out.width; ++i) {
      const auto cell = ipset_cell(out.types[i], parts[i], in, bitmap_port);
      if (!cell) break;
      row.push_back(*cell);
    }
    if (row.size() != out.width) {
      // Frames of a bridge's port ("physdev:") are not what an edge's packets are here.
      if (element.text.find("physdev:") == std::string::npos) {
        out.partial = true;
        if (*out.why == '\0') out.why = "a set with an element that is not understood";
      }
      continue;
    }
    out.cells.insert(out.cells.end(), row.begin(), row.end());
    out.exceptions.push_back(element.nomatch);
    exceptions |= element.nomatch;
  }
  if (!exceptions) out.exceptions.clear();
  out.finish();
  return out;
}

}  // namespace

void load_ipsets(const codec::IpsetDump& dump, Builder& builder) {
  std::vector<const codec::Ipset*> lists;
  for (const auto& set : dump.sets) {
    if (set.type.starts_with("list:")) {
      lists.push_back(&set);
    } else {
      builder.add_set("ipset", read_ipset(set));
    }
  }
  for (const auto* list : lists) {
    Set out;
    out.name = list->name;
    out.of_ipset = true;
    out.is_list = true;
    out.width = 0;
    for (const auto& element : list->elements) {
      if (const auto* member = builder.find_set("ipset", element.text)) {
        out.members.push_back(*member);
      }
    }
    builder.add_set("ipset", std::move(out));
  }
  for (const auto& line : dump.skipped) builder.note("ipset-save: " + line);
}

std::vector<Step> steps_of(const codec::TablesRule& rule, Family family, std::uint32_t table,
                           Builder& builder) {
  std::vector<Step> out;
  read_matches(rule, family, builder, out);
  read_target(rule, family, table, builder, out);
  return out;
}

void load_tables(const codec::TablesDump& dump, Stack stack, Family family, Builder& builder) {
  const std::string_view family_name = family == Family::ipv4 ? "ip" : "ip6";
  for (const auto& saved : dump.tables) {
    const auto table = builder.table(stack, family_name, saved.name);
    for (const auto& one : saved.chains) {
      make_base(builder.out().chains[builder.chain(table, one.name)], one, saved.name);
    }
    std::map<std::uint32_t, std::uint32_t> positions;
    for (const auto& one : saved.rules) {
      const auto chain = builder.chain(table, one.chain);
      Rule rule;
      rule.steps = steps_of(one, family, table, builder);
      rule.position = ++positions[chain];
      rule.text = one.text;
      rule.packets = one.packets;
      builder.add_rule(chain, std::move(rule));
    }
  }
  for (const auto& line : dump.skipped) {
    builder.note(fmt::format("{} {}: {}", name(stack), family_name, line));
  }
}

}  // namespace causeway::firewall
