// What to do about a stopped range, in the words of whoever owns the rule; and the host's own allow
// lists compared with the edge's.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "firewall/proof.hpp"

namespace causeway::firewall {
namespace {

struct Case {
  const Ruleset& rules;
  const Decision& decision;
  const Prefix& range;
  std::uint16_t port;
  const RuleShown& shown;

  std::string prefix() const { return range.text(); }
  bool v4() const { return range.address().is_v4(); }
  const char* family() const { return v4() ? "ipv4" : "ipv6"; }
  const char* nft_family() const { return v4() ? "ip" : "ip6"; }
};

// "insert 1" is refused for IPv6 where rules for IPv4 come first.
std::vector<Fix> fix_ufw(const Case& it) {
  return {
      {fmt::format("allow {} before ufw's other rules", it.prefix()),
       fmt::format("ufw prepend allow proto tcp from {} to any port {}", it.prefix(), it.port)}};
}

// In panic mode this table of firewalld's drops everything before its other rules, in raw_*.
bool in_panic(const Case& it) {
  const auto& chain = it.rules.chains[it.decision.chain];
  return it.rules.tables[chain.table].name == "firewalld_policy_drop" &&
         chain.name.starts_with("raw_");
}

// The priorities of other rich rules are not in the listing: the first of all goes before them.
std::vector<Fix> fix_firewalld(const Case& it) {
  if (in_panic(it)) return {{"leave firewalld's panic mode", "firewall-cmd --panic-off"}};
  constexpr std::string_view kZone = "firewalld zone ";
  constexpr std::string_view kPolicy = "policy_";
  std::string zone;
  if (std::string_view name = it.shown.owner; name.starts_with(kZone)) {
    name.remove_prefix(kZone.size());
    const bool policy = name.starts_with(kPolicy);
    if (policy) name.remove_prefix(kPolicy.size());
    zone = fmt::format(" --{}={}", policy ? "policy" : "zone", name);
  }
  return {
      {fmt::format("accept {} in the zone that decides, before its other rich rules", it.prefix()),
       fmt::format("firewall-cmd{} --add-rich-rule='rule priority=\"-32768\" family=\"{}\" "
                   "source address=\"{}\" port port=\"{}\" protocol=\"tcp\" accept' && "
                   "firewall-cmd --runtime-to-permanent",
                   zone, it.family(), it.prefix(), it.port)}};
}

std::vector<Fix> fix_csf(const Case& it) {
  return {
      {"let the range in, and keep lfd from banning it again",
       fmt::format("csf -a {0} edge && echo {0} >> /etc/csf/csf.ignore && csf -ra", it.prefix())}};
}

std::vector<Fix> fix_fail2ban(const Case& it) {
  const std::string_view owner = it.shown.owner;
  const std::string jail{owner.starts_with("fail2ban jail ") ? owner.substr(14) : "JAIL"};
  return {
      {"lift the ban", fmt::format("fail2ban-client set {} unbanip ADDRESS", jail)},
      {fmt::format("never ban the edge: add {} to ignoreip in /etc/fail2ban/jail.local, and let "
                   "the web server log the visitor's address instead of the edge's",
                   it.prefix()),
       "fail2ban-client reload"}};
}

std::vector<Fix> fix_docker(const Case& it) {
  return {{"let the range pass before Docker's own chains; the port is the published one",
           fmt::format("{} -I DOCKER-USER -s {} -p tcp -m conntrack --ctorigdstport {} --ctdir "
                       "ORIGINAL -j RETURN",
                       it.v4() ? "iptables" : "ip6tables", it.prefix(), it.port)}};
}

std::vector<Fix> fix_crowdsec(const Case& it) {
  return {
      {"lift the decision and allow the range for good",
       fmt::format("cscli decisions delete --range {0} && cscli allowlists create edge -d edge; "
                   "cscli allowlists add edge {0}",
                   it.prefix())}};
}

// Of the host's answers the edge is the target.
bool outward(const Chain& chain) {
  return chain.hook == Hook::output || chain.hook == Hook::postrouting ||
         chain.hook == Hook::egress;
}

std::vector<Fix> fix_by_hand(const Case& it) {
  const auto& chain =
      it.rules.chains[it.decision.path.empty() ? it.decision.chain : it.decision.path.front()];
  const auto& table = it.rules.tables[chain.table];
  const bool out = outward(chain);
  const std::string text = fmt::format(
      "accept {} at the top of the chain (all ranges at once, tried and undone unless confirmed: "
      "causeway guard apply --yes)",
      it.prefix());
  if (table.stack == Stack::nft) {
    return {{text, fmt::format("nft insert rule {} {} {} {} {} tcp {} {} accept", table.shown(),
                               chain.name, it.nft_family(), out ? "daddr" : "saddr", it.prefix(),
                               out ? "sport" : "dport", it.port)}};
  }
  const std::string tool = fmt::format("{}{}", it.v4() ? "iptables" : "ip6tables",
                                       table.stack == Stack::legacy ? "-legacy" : "-nft");
  return {{text,
           fmt::format("{} -t {} -I {} {} {} -p tcp {} {} -j ACCEPT", tool, table.name, chain.name,
                       out ? "-d" : "-s", it.prefix(), out ? "--sport" : "--dport", it.port)}};
}

std::vector<Fix> fix_half(const Case& it) {
  const auto& chain =
      it.rules.chains[it.decision.path.empty() ? it.decision.chain : it.decision.path.front()];
  const auto& table = it.rules.tables[chain.table];
  if (table.stack == Stack::nft) {
    return {{"accept what belongs to open connections, first of all",
             fmt::format("nft insert rule {} {} ct state established,related accept", table.shown(),
                         chain.name)}};
  }
  const std::string tool = fmt::format("{}{}", it.v4() ? "iptables" : "ip6tables",
                                       table.stack == Stack::legacy ? "-legacy" : "-nft");
  return {{"accept what belongs to open connections, first of all",
           fmt::format("{} -t {} -I {} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", tool,
                       table.name, chain.name)}};
}

std::vector<Fix> fix_kernel(const Case& it) {
  const std::string_view what = it.decision.other;
  const auto says = [what](std::string_view part) {
    return what.find(part) != std::string_view::npos;
  };
  if (says("listens")) {
    return {{fmt::format("start the server, or let it listen on port {} of this address", it.port),
             fmt::format("ss -ltnp 'sport = :{}'", it.port)}};
  }
  if (says("accept queue"))
    return {{"the server does not take connections: restart it, or raise its backlog", ""}};
  const bool refuses = says("blackhole") || says("unreachable") || says("prohibit");
  if (says("reverse path filter") && !refuses) {
    return {{"remove the route that covers the edge's addresses, or make the filter loose",
             "sysctl -w net.ipv4.conf.all.rp_filter=2"}};
  }
  if (says("ip_forward")) {
    return {{"turn forwarding on", it.v4() ? "sysctl -w net.ipv4.ip_forward=1"
                                           : "sysctl -w net.ipv6.conf.all.forwarding=1"}};
  }
  if (says("table of connections")) {
    return {
        {"enlarge the table of connections", "sysctl -w net.netfilter.nf_conntrack_max=1048576"}};
  }
  if (says("route") || says("way back")) {
    return {{fmt::format("remove the route: {}", what),
             fmt::format("ip {}route show table all", it.v4() ? "" : "-6 ")}};
  }
  return {};
}

// --- lists ---

bool is_address_set(const Set& set, Family family) {
  const auto wanted = family == Family::ipv4 ? DataType::address4 : DataType::address6;
  return set.width == 1 && !set.is_map && !set.is_list && !set.types.empty() &&
         set.types[0] == wanted && !set.name.empty();
}

// Entries that once were the edge's, or are its ranges with another mask.
void remark(const IntervalSet& list, Family family, const model::EdgeRanges& edge, ListRow& row) {
  struct Old {
    const char* prefix;
    const char* words;
  };
  static constexpr std::array kOld{
      Old{"104.16.0.0/12", "an old range: since 2021 it is 104.16.0.0/13 and 104.24.0.0/14"},
      Old{"199.27.128.0/21", "withdrawn: not the edge's any more"},
  };
  for (const auto& old : kOld) {
    const auto prefix = Prefix::parse(old.prefix);
    if (!prefix || prefix->address().family() != family) continue;
    if (list.covers(interval_of(*prefix)) && edge.name == "cloudflare") {
      row.remarks.push_back(fmt::format("{}: {}", old.prefix, old.words));
    }
  }
  for (const auto& range : edge.prefixes) {
    if (range.address().family() != family) continue;
    const Interval whole = interval_of(range);
    for (const auto& part : list.parts()) {
      if (part.first == whole.first && part.last < whole.last) {
        row.remarks.push_back(
            fmt::format("{} should be {}", range_text(part, family), range.text()));
      }
    }
  }
}

void compare(std::string name, const IntervalSet& list, Family family,
             const model::EdgeRanges& edge, std::vector<ListRow>& out) {
  ListRow row;
  row.name = std::move(name);
  row.family = family;
  for (const auto& range : edge.prefixes) {
    if (range.address().family() != family) continue;
    ++row.of;
    if (list.covers(interval_of(range))) {
      ++row.holds;
    } else {
      row.missing.push_back(range.text());
    }
  }
  // Meant as the edge's list when it holds at least half of it, and not the whole world.
  if (row.holds == 0 || row.holds * 2 < row.of) return;
  if (list.covers(Interval{0, highest(family)})) return;
  remark(list, family, edge, row);
  out.push_back(std::move(row));
}

// The sources a chain's rules accept one by one.
IntervalSet accepted_sources(const Ruleset& rules, const Chain& chain, Family family) {
  std::vector<Interval> parts;
  for (const auto index : chain.rules) {
    const auto& rule = rules.rules[index];
    const IntervalSet* source = nullptr;
    bool accepts = false;
    for (const auto& step : rule.steps) {
      if (const auto* one = std::get_if<Compare>(&step)) {
        const auto field = one->term.field;
        const bool mine = field == Field::source ||
                          field == (family == Family::ipv4 ? Field::source4 : Field::source6);
        if (mine && !one->negated) source = &one->values;
      }
      if (const auto* decide = std::get_if<Decide>(&step)) {
        accepts = decide->verdict.kind == Verdict::Kind::accept;
      }
    }
    if (source == nullptr || !accepts) continue;
    parts.insert(parts.end(), source->parts().begin(), source->parts().end());
  }
  return IntervalSet::of(std::move(parts));
}

}  // namespace

std::vector<Fix> fixes_for(const Ruleset& rules, const Decision& decision, const Ending& ending,
                           Shape, const Prefix& range, std::uint16_t port, const RuleShown& shown) {
  const Case it{rules, decision, range, port, shown};
  if (decision.chain == kNoRule) return fix_kernel(it);
  const std::string_view owner = shown.owner;
  if (ending.result == Result::half && owner == "by hand") return fix_half(it);
  if (owner.starts_with("ufw")) return fix_ufw(it);
  if (owner.starts_with("firewalld")) return fix_firewalld(it);
  if (owner == "CSF") return fix_csf(it);
  if (owner.starts_with("fail2ban")) return fix_fail2ban(it);
  if (owner == "Docker") return fix_docker(it);
  if (owner == "CrowdSec") return fix_crowdsec(it);
  return fix_by_hand(it);
}

std::vector<ListRow> compare_lists(const Ruleset& rules, const model::EdgeRanges& edge) {
  std::vector<ListRow> out;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    for (const auto& set : rules.sets) {
      if (is_address_set(set, family)) {
        compare(fmt::format("{} {}", set.of_ipset ? "ipset" : "set", set.name), set.all, family,
                edge, out);
      }
    }
    for (const auto& chain : rules.chains) {
      const auto& table = rules.tables[chain.table];
      if (!table.holds(family)) continue;
      compare(fmt::format("rules of {} {} {}", table.family, table.name, chain.name),
              accepted_sources(rules, chain, family), family, edge, out);
    }
  }
  return out;
}

}  // namespace causeway::firewall
