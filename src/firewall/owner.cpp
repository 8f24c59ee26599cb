// Whose rule it is: programs are known by the names they give their tables, chains and sets.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "firewall/proof.hpp"

namespace causeway::firewall {
namespace {

struct Mark {
  std::string_view start;
  std::string_view owner;
};

// By the beginning of a chain's or table's name.
constexpr std::array kMarks{
    Mark{"ufw-", "ufw"},
    Mark{"ufw6-", "ufw"},
    Mark{"firewalld", "firewalld"},
    Mark{"f2b-", "fail2ban"},
    Mark{"fail2ban-", "fail2ban"},
    Mark{"DOCKER", "Docker"},
    Mark{"KUBE-", "Kubernetes"},
    Mark{"CNI-", "Kubernetes (CNI)"},
    Mark{"cali-", "Calico"},
    Mark{"CILIUM_", "Cilium"},
    Mark{"crowdsec", "CrowdSec"},
    Mark{"CROWDSEC", "CrowdSec"},
    Mark{"i360.", "Imunify360"},
    Mark{"cphulk", "cPHulk"},
    Mark{"net-fw", "Shorewall"},
    Mark{"fw-net", "Shorewall"},
    Mark{"net2fw", "Shorewall"},
    Mark{"firehol", "FireHOL"},
    Mark{"NETAVARK", "Podman"},
    Mark{"netavark", "Podman"},
    Mark{"LIBVIRT_", "libvirt"},
    Mark{"sshguard", "sshguard"},
    Mark{"csf", "CSF"},
    Mark{"IN_public", "firewalld"},
    Mark{"ts-input", "Tailscale"},
    Mark{"ts-forward", "Tailscale"},
};
// CSF's chains have plain names; several of them together are its signature.
constexpr std::array<std::string_view, 14> kCsf{
    "LOCALINPUT", "LOCALOUTPUT", "DENYIN",    "DENYOUT",   "ALLOWIN",  "ALLOWOUT",   "LOGDROPIN",
    "LOGDROPOUT", "INVDROP",     "PORTFLOOD", "CONNLIMIT", "SYNFLOOD", "ALLOWDYNIN", "UDPFLOOD"};

bool csf_name(std::string_view name) {
  return std::ranges::find(kCsf, name) != kCsf.end() || name.starts_with("CC_") ||
         name.starts_with("chain_DENY") || name.starts_with("bl_");
}

std::string by_name(std::string_view name) {
  for (const auto& mark : kMarks) {
    if (!name.starts_with(mark.start)) continue;
    if (mark.owner == "fail2ban") {
      const auto jail = name.substr(mark.start.size());
      if (jail != "table" && jail != "chain") return fmt::format("fail2ban jail {}", jail);
    }
    return std::string{mark.owner};
  }
  // nftables actions of fail2ban name their sets after the jail.
  if (name.starts_with("addr-set-") || name.starts_with("addr6-set-")) {
    return fmt::format("fail2ban jail {}", name.substr(name.find("set-") + 4));
  }
  return "";
}

bool has_csf(const Ruleset& rules, std::uint32_t table) {
  int found = 0;
  for (const auto& chain : rules.chains) {
    if (chain.table == table && csf_name(chain.name)) ++found;
  }
  return found >= 3;
}

// "--match-set f2b-sshd", "@addr-set-sshd"
std::string by_sets(const Ruleset& rules, const Rule& rule) {
  for (const auto& step : rule.steps) {
    const auto* lookup = std::get_if<Lookup>(&step);
    if (lookup == nullptr) continue;
    auto owner = by_name(rules.sets[lookup->set].name);
    if (!owner.empty()) return owner;
  }
  return "";
}

// firewalld names chains filter_IN_<zone>_*.
std::string zone_of(std::string_view chain) {
  for (const std::string_view hook : {"filter_IN_", "filter_FWD_", "filter_FWDI_"}) {
    if (!chain.starts_with(hook)) continue;
    auto zone = chain.substr(hook.size());
    for (const std::string_view part : {"_allow", "_deny", "_pre", "_post", "_log"}) {
      if (zone.ends_with(part)) zone.remove_suffix(part.size());
    }
    return std::string{zone};
  }
  return "";
}

}  // namespace

std::string owner_of(const Ruleset& rules, const Decision& decision) {
  if (decision.chain == kNoRule) return "";
  const auto& chain = rules.chains[decision.chain];
  const auto& table = rules.tables[chain.table];
  if (decision.rule != kNoRule) {
    auto owner = by_sets(rules, rules.rules[decision.rule]);
    if (!owner.empty()) return owner;
  }
  if (table.name == "firewalld") {
    for (auto at = decision.path.rbegin(); at != decision.path.rend(); ++at) {
      const auto zone = zone_of(rules.chains[*at].name);
      if (!zone.empty()) return fmt::format("firewalld zone {}", zone);
    }
    return "firewalld";
  }
  for (auto at = decision.path.rbegin(); at != decision.path.rend(); ++at) {
    auto owner = by_name(rules.chains[*at].name);
    if (!owner.empty()) return owner;
    if (csf_name(rules.chains[*at].name) && has_csf(rules, chain.table)) return "CSF";
  }
  auto owner = by_name(table.name);
  if (!owner.empty()) return owner;
  if (has_csf(rules, chain.table)) return "CSF";
  // A policy belongs to whoever fills the chain.
  if (decision.rule == kNoRule) {
    for (const auto index : chain.rules) {
      for (const auto& step : rules.rules[index].steps) {
        const auto* decide = std::get_if<Decide>(&step);
        if (decide == nullptr || decide->verdict.kind != Verdict::Kind::jump) continue;
        owner = by_name(rules.chains[decide->verdict.chain].name);
        if (owner == "ufw") return owner;
      }
    }
  }
  return "by hand";
}

RuleShown show(const Ruleset& rules, const Decision& decision) {
  RuleShown out;
  if (decision.chain == kNoRule) {
    const bool socket = decision.other.find("listens") != std::string::npos ||
                        decision.other.find("accept queue") != std::string::npos;
    out.stack = decision.other == "accepted" ? "host" : socket ? "socket" : "kernel";
    out.text = decision.other;
    return out;
  }
  const auto& chain = rules.chains[decision.chain];
  const auto& table = rules.tables[chain.table];
  out.stack = name(table.stack);
  out.table = table.shown();
  for (const auto index : decision.path) out.path.push_back(rules.chains[index].name);
  out.owner = owner_of(rules, decision);
  if (decision.rule == kNoRule) {
    out.place = "policy";
    out.text = chain.drops ? "policy drop" : "policy accept";
    out.packets = chain.policy_packets;
  } else {
    const auto& rule = rules.rules[decision.rule];
    out.place = rule.handle != 0 ? fmt::format("handle {}", rule.handle)
                                 : fmt::format("rule {}", rule.position);
    out.text = rule.shown();
    out.packets = rule.packets;
  }
  if (!decision.other.empty()) out.text += " (" + decision.other + ")";
  return out;
}

const Limit* limit_of(const Step& step) {
  if (const auto* element = std::get_if<Remember>(&step)) {
    return element->limits.empty() ? nullptr : &element->limits.front();
  }
  return std::get_if<Limit>(&step);
}

std::string limit_words(const Step& step) {
  if (std::holds_alternative<Objects>(step)) return "more than the limit that a map chooses";
  if (const auto* limit = limit_of(step)) {
    constexpr const char* from = "from";
    switch (limit->kind) {
      case Limit::Kind::rate:
        return fmt::format("more than {} {} a {} (burst {}) {} {}", limit->rate, limit->unit,
                           limit->per, limit->burst, from, limit->key);
      case Limit::Kind::connections:
        return fmt::format("more than {} connections at once {} {}", limit->rate, from, limit->key);
      case Limit::Kind::quota: return fmt::format("more than {} bytes in all", limit->rate);
    }
  }
  if (const auto* recent = std::get_if<Recent>(&step)) {
    const char* key =
        recent->shared ? "each source /32 (list shared with IPv4 rules)" : "each source address";
    return recent->seconds > 0 ? fmt::format("{} packets or more within {} s from {}", recent->hits,
                                             recent->seconds, key)
                               : fmt::format("{} packets or more from {}", recent->hits, key);
  }
  return "";
}

}  // namespace causeway::firewall
