#include "guard/programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "guard/blocks.hpp"
#include "guard/limits.hpp"
#include "guard/nft_script.hpp"

namespace causeway::guard {
namespace {

bool v4(const Prefix& range) { return range.address().is_v4(); }

// --- iptables ---

struct Family4Or6 {
  const char* tool;    // "iptables"
  const char* family;  // of Place
  bool v4;
};
constexpr Family4Or6 kFamilies[] = {{"iptables", "ip", true}, {"ip6tables", "ip6", false}};

std::string own_chain(const Place& place) { return fmt::format("{}{}", kChainPrefix, place.chain); }

// Jumps and chains of ours that a saved ruleset holds, by table.
struct Found {
  std::set<std::pair<std::string, std::string>> jumps;   // table, "-A INPUT -j CAUSEWAY-INPUT"
  std::set<std::pair<std::string, std::string>> chains;  // table, chain
};

Found find_own(std::string_view saved) {
  Found out;
  std::string table;
  for (const auto line : split(saved, '\n')) {
    if (line.starts_with('*')) table = trim(line.substr(1));
    if (line.starts_with(fmt::format(":{}", kChainPrefix))) {
      out.chains.emplace(table, std::string{line.substr(1, line.find(' ') - 1)});
    }
    const auto at = line.find("-A ");
    if (at == std::string_view::npos) continue;
    const auto rule = trim(line.substr(at));
    const auto jump = rule.find(fmt::format(" -j {}", kChainPrefix));
    if (jump == std::string_view::npos || rule.starts_with(fmt::format("-A {}", kChainPrefix))) {
      continue;
    }
    out.jumps.emplace(table, std::string{rule});
  }
  return out;
}

std::string port_list(const std::vector<std::uint16_t>& ports) {
  return fmt::format("{}", fmt::join(ports, ","));
}

// multiport takes 15 ports (iptables-extensions(8)).
std::vector<std::string> multiports(const std::vector<std::uint16_t>& ports) {
  constexpr std::size_t kMultiport = 15;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < ports.size(); at += kMultiport) {
    const auto end = std::min(ports.size(), at + kMultiport);
    out.push_back(port_list({ports.begin() + static_cast<std::ptrdiff_t>(at),
                             ports.begin() + static_cast<std::ptrdiff_t>(end)}));
  }
  return out;
}

// The rules of our chain that serves `place`: as those of nft_script.cpp.
void chain_rules(const Place& place, const Grant& grant, Family family, bool tracked,
                 std::string& out) {
  if (!grant.reaches(family)) return;
  const auto chain = own_chain(place);
  const bool outgoing = is_outgoing(place.hook);
  const bool forward = place.hook == "forward";
  std::vector<std::string> own;
  for (const auto& one : grant.addresses_of(family)) own.push_back(one.text());
  if (own.empty()) own.emplace_back();
  const auto at = [](const char* option, const std::string& address) {
    return address.empty() ? "" : fmt::format(" {} {}", option, address);
  };
  for (const auto& range : grant.ranges) {
    if (range.address().family() != family) continue;
    for (const auto& address : own) {
      for (const auto& some : multiports(grant.ports)) {
        out += outgoing ? fmt::format("-A {}{} -d {} -p tcp -m multiport --sports {} -j ACCEPT\n",
                                      chain, at("-s", address), range.text(), some)
                        : fmt::format("-A {} -s {}{} -p tcp -m multiport --dports {} -j ACCEPT\n",
                                      chain, range.text(), at("-d", address), some);
      }
      if (!forward && !tracked) continue;
      for (const auto port : grant.ports) {
        for (const char* side : {"-s", "-d"}) {
          if (!forward && outgoing != (side == std::string_view{"-d"})) continue;
          out += fmt::format("-A {} {} {} -p tcp -m conntrack{} --ctorigdstport {} -j ACCEPT\n",
                             chain, side, range.text(), at("--ctorigdst", address), port);
        }
      }
    }
  }
}

struct Restore {
  std::string stack;  // of Place
  std::string program;
  std::string dump;
};

void iptables(const Grant& to, const firewall::Dumps& now, std::vector<Action>& out) {
  for (const auto& family : kFamilies) {
    for (const std::string variant : {"legacy", "nft"}) {
      const auto stack = "iptables-" + variant;
      const auto dump = now.find(fmt::format("{}-{}-save.txt", family.tool, variant));
      const std::string_view saved = dump == now.end() ? std::string_view{} : dump->second;
      const bool tracked = saved.find("-m conntrack") != saved.npos ||
                           saved.find("-m state") != saved.npos || saved.find("*nat") != saved.npos;
      const auto found = find_own(saved);
      std::set<std::string> tables;
      for (const auto& place : to.places) {
        if (place.stack == stack && place.family == family.family) tables.insert(place.table);
      }
      for (const auto& [table, chain] : found.chains) tables.insert(table);
      std::string input;
      for (const auto& table : tables) {
        std::string body;
        std::set<std::string> wanted;
        for (const auto& place : to.places) {
          if (place.stack != stack || place.family != family.family || place.table != table) {
            continue;
          }
          wanted.insert(own_chain(place));
          body += fmt::format(":{} - [0:0]\n", own_chain(place));
        }
        // What is not wanted any more goes in the same commit.
        for (const auto& [of, jump] : found.jumps) {
          if (of == table) body += "-D" + jump.substr(2) + "\n";
        }
        for (const auto& [of, chain] : found.chains) {
          if (of != table || wanted.contains(chain)) continue;
          body += fmt::format("-F {0}\n-X {0}\n", chain);
        }
        for (const auto& place : to.places) {
          if (place.stack != stack || place.family != family.family || place.table != table) {
            continue;
          }
          chain_rules(place, to, family.v4 ? Family::ipv4 : Family::ipv6, tracked, body);
          body += fmt::format("-I {} 1 -j {}\n", place.chain, own_chain(place));
        }
        input += fmt::format("*{}\n{}COMMIT\n", table, body);
      }
      if (input.empty()) continue;
      Action action;
      action.layer = stack;
      action.program.words = {fmt::format("{}-restore", fmt::format("{}-{}", family.tool, variant)),
                              "--noflush"};
      action.program.input = std::move(input);
      out.push_back(std::move(action));
    }
  }
}

// --- layers with a tool of their own ---

using Words = std::vector<std::string>;

// What ufw is told to allow, in its words.
std::vector<Words> ufw_rules(const Grant& grant) {
  std::vector<Words> out;
  if (!grant.ufw) return out;
  for (const auto& range : grant.ranges) {
    const auto family = range.address().family();
    if (!grant.reaches(family)) continue;
    std::vector<std::string> to;
    for (const auto& one : grant.addresses_of(family)) to.push_back(one.text());
    if (to.empty()) to.emplace_back("any");
    for (const auto& address : to) {
      out.push_back({"allow", "proto", "tcp", "from", range.text(), "to", address, "port",
                     port_list(grant.ports)});
    }
  }
  return out;
}

void ufw(const Grant& from, const Grant& to, std::vector<Action>& out) {
  const auto wanted = ufw_rules(to);
  for (const auto& rule : wanted) {
    Action action;
    action.layer = "ufw";
    action.program.words = {"ufw", "prepend"};
    std::ranges::copy(rule, std::back_inserter(action.program.words));
    action.program.words.insert(action.program.words.end(), {"comment", std::string{kComment}});
    out.push_back(std::move(action));
  }
  for (const auto& rule : ufw_rules(from)) {
    if (std::ranges::find(wanted, rule) != wanted.end()) continue;
    Action action;
    action.layer = "ufw";
    action.program.words = {"ufw", "--force", "delete"};
    std::ranges::copy(rule, std::back_inserter(action.program.words));
    out.push_back(std::move(action));
  }
}

std::vector<std::string> rich_rules(const Grant& grant) {
  std::vector<std::string> out;
  for (const auto& range : grant.ranges) {
    const auto family = range.address().family();
    if (!grant.reaches(family)) continue;
    std::vector<std::string> to;
    for (const auto& one : grant.addresses_of(family)) {
      to.push_back(fmt::format(" destination address=\"{}\"", one.text()));
    }
    if (to.empty()) to.emplace_back();
    for (const auto& address : to) {
      for (const auto port : grant.ports) {
        out.push_back(
            fmt::format("rule priority=\"-100\" family=\"{}\" source address=\"{}\"{} port "
                        "port=\"{}\" protocol=\"tcp\" accept",
                        v4(range) ? "ipv4" : "ipv6", range.text(), address, port));
      }
    }
  }
  return out;
}

void firewalld(const Grant& from, const Grant& to, bool permanent, std::vector<Action>& out) {
  constexpr int kAlreadyEnabled = 11;  // firewall-cmd(1), EXIT CODES
  constexpr int kNotEnabled = 12;
  const auto add = [&](const std::string& zone, const Grant& grant, const char* verb,
                       const std::vector<std::string>& but) {
    Action action;
    action.layer = "firewalld";
    action.program.words = {"firewall-cmd", "--zone=" + zone};
    if (permanent) action.program.words.emplace_back("--permanent");
    const auto plain = action.program.words.size();
    for (const auto& rule : rich_rules(grant)) {
      if (std::ranges::find(but, rule) == but.end()) {
        action.program.words.push_back(fmt::format("--{}-rich-rule={}", verb, rule));
      }
    }
    action.also_fine = {kAlreadyEnabled, kNotEnabled};
    if (action.program.words.size() > plain) out.push_back(std::move(action));
  };
  for (const auto& zone : to.zones) add(zone, to, "add", {});
  for (const auto& zone : from.zones) {
    const bool stays = std::ranges::find(to.zones, zone) != to.zones.end();
    add(zone, from, "remove", stays ? rich_rules(to) : std::vector<std::string>{});
  }
}

void fail2ban(const Grant& from, const Grant& to, std::vector<Action>& out) {
  const auto say = [&out](const std::string& jail, const char* verb, const std::string& what) {
    Action action;
    action.layer = "fail2ban";
    action.program.words = {"fail2ban-client", "set", jail, verb, what};
    action.also_fine = {255};  // "is not banned", "not in the list": it is so already
    out.push_back(std::move(action));
  };
  const auto among = [](const auto& list, const auto& what) {
    return std::ranges::find(list, what) != list.end();
  };
  for (const auto& jail : to.jails) {
    for (const auto& range : to.ranges) say(jail, "addignoreip", range.text());
  }
  for (const auto& ban : to.lifted) say(ban.jail, "unbanip", ban.address);
  for (const auto& jail : from.jails) {
    for (const auto& range : from.ranges) {
      if (!among(to.jails, jail) || !among(to.ranges, range))
        say(jail, "delignoreip", range.text());
    }
  }
  for (const auto& ban : from.lifted) {
    if (!among(to.lifted, ban)) say(ban.jail, "banip", ban.address);
  }
}

bool tracks_connections(const firewall::Dumps& now) {
  return std::ranges::any_of(now, [](const auto& dump) {
    const std::string_view text = dump.second;
    const bool nft = dump.first == "nft.json";
    return nft ? text.find("\"ct\"") != text.npos || text.find("\"type\": \"nat\"") != text.npos
               : text.find("-m conntrack") != text.npos || text.find("-m state") != text.npos ||
                     text.find("*nat") != text.npos;
  });
}

}  // namespace

std::vector<Action> actions(const Grant& from, const Grant& to, const firewall::Dumps& now) {
  std::vector<Action> out;
  const auto nft = now.find("nft.json");
  auto script =
      nft_script(to, nft == now.end() ? std::string_view{} : nft->second, tracks_connections(now));
  if (!script.empty()) {
    Action action;
    action.layer = "nft";
    action.program.words = {"nft", "-f", "-"};
    action.program.input = std::move(script);
    out.push_back(std::move(action));
  }
  iptables(to, now, out);
  ufw(from, to, out);
  firewalld(from, to, false, out);
  fail2ban(from, to, out);
  return out;
}

std::vector<Action> lasting_actions(const Grant& from, const Grant& to) {
  std::vector<Action> out;
  firewalld(from, to, true, out);
  return out;
}

std::string shown(const Action& action) {
  if (action.file) {
    std::string out = action.file->path + "\n";
    const auto lines = difference(action.file->before, action.file->after);
    for (std::size_t i = 0; i < lines.size() && i < limits::kLinesShown; ++i) {
      out.append("    ").append(lines[i]).append("\n");
    }
    if (lines.size() > limits::kLinesShown) {
      out += fmt::format("    and {} lines more\n", lines.size() - limits::kLinesShown);
    }
    return out;
  }
  std::string out;
  for (const auto& word : action.program.words) {
    if (!out.empty()) out += ' ';
    out += shell_word(word);
  }
  out += '\n';
  for (const auto line : split(action.program.input, '\n')) {
    if (!line.empty()) out.append("    ").append(line).append("\n");
  }
  return out;
}

bool in_place(const Grant& kept, const firewall::Dumps& now) {
  const auto holds = [&](const std::string& dump, std::string_view sign) {
    const auto found = now.find(dump);
    return found != now.end() && found->second.contains(sign);
  };
  return std::ranges::all_of(kept.places, [&](const Place& place) {
    if (place.stack == "nft") return holds("nft.json", kComment);
    const std::string tool = place.family == "ip6" ? "ip6tables" : "iptables";
    return holds(
        fmt::format("{}-{}-save.txt", tool, place.stack == "iptables-legacy" ? "legacy" : "nft"),
        kChainPrefix);
  });
}

}  // namespace causeway::guard
