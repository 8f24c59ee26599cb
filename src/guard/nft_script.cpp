#include "guard/nft_script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <vector>

#include "guard/programs.hpp"

namespace causeway::guard {
namespace {

struct OwnRule {
  std::string family;
  std::string table;
  std::string chain;
  std::int64_t handle = 0;
};

// nft(8), LEXICAL CONVENTIONS. What else another program made through netlink cannot be named in a
// script, and must not be able to say anything in one.
bool plain(std::string_view name) {
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
         std::ranges::all_of(name, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '/' || c == '-' || c == '\\';
         });
}

struct Own {
  std::vector<OwnRule> rules;
  bool table = false;
};

Own find_own(std::string_view listing) {
  Own out;
  const auto all = nlohmann::json::parse(listing, nullptr, false);
  if (all.is_discarded() || !all.contains("nftables")) return out;
  for (const auto& each : all["nftables"]) {
    if (const auto table = each.find("table"); table != each.end()) {
      out.table = out.table ||
                  (table->value("family", "") == "inet" && table->value("name", "") == kOwnTable);
    }
    const auto rule = each.find("rule");
    if (rule == each.end() || rule->value("comment", "") != kComment) continue;
    OwnRule own{rule->value("family", ""), rule->value("table", ""), rule->value("chain", ""),
                rule->value("handle", std::int64_t{0})};
    if (plain(own.table) && plain(own.chain)) out.rules.push_back(std::move(own));
  }
  return out;
}

std::string list_of(const std::vector<Prefix>& ranges, bool v4) {
  std::string out;
  for (const auto& range : ranges) {
    if (range.address().is_v4() != v4) continue;
    out += (out.empty() ? "" : ", ") + range.text();
  }
  return out;
}

// Another address of this host, or another machine behind it, stays as closed as it was: only the
// address that the edge connects to is named. Behind a translated one, only connection tracking
// knows what the edge asked for.
void add_rules(const Place& place, const Grant& grant, Family of, bool tracked, std::string& out) {
  if (!grant.reaches(of)) return;
  const bool v4 = of == Family::ipv4;
  const auto ranges = list_of(grant.ranges, v4);
  const auto ports = fmt::format("{}", fmt::join(grant.ports, ", "));
  const char* family = v4 ? "ip" : "ip6";
  std::vector<std::string> own;
  for (const auto& one : grant.addresses_of(of)) own.push_back(one.text());
  const auto at = [&](const char* side) {
    return own.empty() ? "" : fmt::format("{} {} {{ {} }} ", family, side, fmt::join(own, ", "));
  };
  const auto add = [&](const std::string& match) {
    out += fmt::format("insert rule {} {} {} {} accept comment \"{}\"\n", place.family, place.table,
                       place.chain, match, kComment);
  };
  const bool outgoing = is_outgoing(place.hook);
  const bool forward = place.hook == "forward";
  if (outgoing) {
    add(fmt::format("{} daddr {{ {} }} {}tcp sport {{ {} }}", family, ranges, at("saddr"), ports));
  } else {
    add(fmt::format("{} saddr {{ {} }} {}tcp dport {{ {} }}", family, ranges, at("daddr"), ports));
  }
  if (!forward && (!tracked || at_device(place.hook))) return;
  // One rule a port and address: nft 1.0.6 lists a set of these as "0x50 [invalid type]", which it
  // does not take back, so that a saved ruleset would load no more.
  std::vector<std::string> asked;
  asked.reserve(own.size() + 1);
  for (const auto& one : own) asked.push_back(fmt::format("ct original {} daddr {} ", family, one));
  if (own.empty()) asked.emplace_back();
  for (const auto& address : asked) {
    for (const auto port : grant.ports) {
      for (const char* side : {"saddr", "daddr"}) {
        if (!forward && outgoing != (side == std::string_view{"daddr"})) continue;
        add(fmt::format("meta l4proto tcp {} {} {{ {} }} {}ct original proto-dst {}", family, side,
                        ranges, address, port));
      }
    }
  }
}

// Own addresses and other hosts' are none of its business. A set of nothing cannot be written.
void only_the_edge(const Grant& grant, bool tracked, std::string& out) {
  const auto ports = fmt::format("{}", fmt::join(grant.ports, ", "));
  out += fmt::format(
      "add table inet {0}\nadd chain inet {0} {1} {{ type filter hook prerouting priority {2}; "
      "policy accept; }}\n",
      kOwnTable, kOnlyChain, kOnlyPriority);
  const auto add = [&](const std::string& rule) {
    out += fmt::format("add rule inet {} {} {}\n", kOwnTable, kOnlyChain, rule);
  };
  add("iifname \"lo\" accept");
  for (const bool v4 : {true, false}) {
    auto sources = list_of(grant.ranges, v4);
    const auto also = list_of(grant.also, v4);
    if (!sources.empty() && !also.empty()) sources += ", ";
    sources += also;
    if (sources.empty()) continue;
    add(fmt::format("{} saddr {{ {} }} accept", v4 ? "ip" : "ip6", sources));
  }
  add(fmt::format(
      "fib daddr type local tcp dport {{ {} }} tcp flags & (fin | syn | rst | ack) == syn "
      "counter drop",
      ports));
  // HTTP/3 is for visitors, too. Without a table of connections an open one cannot be told.
  if (tracked)
    add(fmt::format("fib daddr type local udp dport {{ {} }} ct state new counter drop", ports));
}

}  // namespace

std::string nft_script(const Grant& to, std::string_view listing, bool tracked) {
  std::string out;
  const auto own = find_own(listing);
  for (const auto& rule : own.rules) {
    out += fmt::format("delete rule {} {} {} handle {}\n", rule.family, rule.table, rule.chain,
                       rule.handle);
  }
  for (const auto& place : to.places) {
    if (place.stack != "nft" || !plain(place.table) || !plain(place.chain)) continue;
    if (place.family != "ip6") add_rules(place, to, Family::ipv4, tracked, out);
    if (place.family != "ip") add_rules(place, to, Family::ipv6, tracked, out);
  }
  if (own.table) out += fmt::format("delete table inet {}\n", kOwnTable);
  if (to.only) only_the_edge(to, tracked, out);
  return out;
}

}  // namespace causeway::guard
