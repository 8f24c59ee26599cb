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

std::vector<OwnRule> own_rules(std::string_view listing) {
  std::vector<OwnRule> out;
  const auto all = nlohmann::json::parse(listing, nullptr, false);
  if (all.is_discarded() || !all.contains("nftables")) return out;
  for (const auto& each : all["nftables"]) {
    const auto rule = each.find("rule");
    if (rule == each.end() || rule->value("comment", "") != kComment) continue;
    OwnRule own{rule->value("family", ""), rule->value("table", ""), rule->value("chain", ""),
                rule->value("handle", std::int64_t{0})};
    if (plain(own.table) && plain(own.chain)) out.push_back(std::move(own));
  }
  return out;
}

std::string list_of(const Grant& grant, bool v4) {
  std::string out;
  for (const auto& range : grant.ranges) {
    if (range.address().is_v4() != v4) continue;
    out += (out.empty() ? "" : ", ") + range.text();
  }
  return out;
}

void add_rules(const Place& place, const Grant& grant, bool v4, std::string& out) {
  const auto ranges = list_of(grant, v4);
  if (ranges.empty()) return;
  const auto ports = fmt::format("{}", fmt::join(grant.ports, ", "));
  const char* family = v4 ? "ip" : "ip6";
  const auto add = [&](const std::string& match) {
    out += fmt::format("insert rule {} {} {} {} accept comment \"{}\"\n", place.family, place.table,
                       place.chain, match, kComment);
  };
  if (place.hook == "output" || place.hook == "postrouting") {
    add(fmt::format("{} daddr {{ {} }} tcp sport {{ {} }}", family, ranges, ports));
    return;
  }
  add(fmt::format("{} saddr {{ {} }} tcp dport {{ {} }}", family, ranges, ports));
  if (place.hook != "forward" && place.hook != "input") return;
  add(fmt::format("meta l4proto tcp {} saddr {{ {} }} ct original proto-dst {{ {} }}", family,
                  ranges, ports));
  if (place.hook != "forward") return;
  add(fmt::format("meta l4proto tcp {} daddr {{ {} }} ct original proto-dst {{ {} }}", family,
                  ranges, ports));
}

}  // namespace

std::string nft_script(const Grant& to, std::string_view listing) {
  std::string out;
  for (const auto& rule : own_rules(listing)) {
    out += fmt::format("delete rule {} {} {} handle {}\n", rule.family, rule.table, rule.chain,
                       rule.handle);
  }
  for (const auto& place : to.places) {
    if (place.stack != "nft" || !plain(place.table) || !plain(place.chain)) continue;
    if (place.family != "ip6") add_rules(place, to, true, out);
    if (place.family != "ip") add_rules(place, to, false, out);
  }
  return out;
}

}  // namespace causeway::guard
