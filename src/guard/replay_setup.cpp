#include "guard/replay_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "codec/nft_bytecode.hpp"
#include "codec/ruleset_nft.hpp"

namespace causeway::guard {
namespace {

using nlohmann::json;

// A name as `ip link` takes it, and no word of `ip` by accident.
bool plain_device(std::string_view name) {
  constexpr std::size_t kLongest = 15;  // IFNAMSIZ
  return !name.empty() && name.size() <= kLongest && name.front() != '-' && name != "." &&
         name != ".." && name.find_first_of("/ \t\n\"'") == name.npos;
}

class Setup {
 public:
  Setup(const firewall::Dumps& dumps, const firewall::Collection& collection)
      : dumps_(dumps), collection_(collection) {}

  ReplaySetup make() {
    devices();
    sysctls();
    for (const auto& route : collection_.host.routes4) add_route(route, true);
    for (const auto& route : collection_.host.routes6) add_route(route, false);
    for (const auto& rule : collection_.host.rules4) add_rule(rule, true);
    for (const auto& rule : collection_.host.rules6) add_rule(rule, false);
    filters();
    return std::move(out_);
  }

 private:
  void run(std::vector<std::string> words, std::string input = {}) {
    inspect::Program program;
    program.words = std::move(words);
    program.input = std::move(input);
    out_.programs.push_back(std::move(program));
  }

  void devices() {
    for (const auto& one : collection_.host.interfaces) {
      if (one.name == "lo" || !plain_device(one.name)) continue;
      out_.devices.push_back(one.name);
      for (const auto& address : one.addresses) {
        if (address.secondary || address.unusable) continue;
        if (classify(address.address) == AddressClass::link_local) continue;  // comes by itself
        std::vector<std::string> words{
            "ip",  "addr",  "add", fmt::format("{}/{}", address.address.text(), address.length),
            "dev", one.name};
        if (!address.address.is_v4()) words.emplace_back("nodad");
        run(std::move(words));
      }
    }
  }

  void sysctls() {
    for (const auto& [name, value] : collection_.host.sysctl) {
      std::string path;
      for (const char c : name) path += c == '.' ? '/' : c == '/' ? '.' : c;  // sysctl(8)
      if (!path.starts_with("net/") || path.find("..") != path.npos) continue;
      if (path.starts_with("net/netfilter/nf_conntrack_max") || path.ends_with("_count")) continue;
      out_.sysctls.emplace_back(std::move(path), std::string{trim(value)});
    }
  }

  static bool is_own(std::string_view table) { return table == "local" || table == "255"; }

  void add_route(const codec::HostRoute& route, bool v4) {
    if (is_own(route.table) || route.type == "local" || route.type == "broadcast" ||
        route.type == "multicast" || route.type == "anycast") {
      return;  // the kernel makes them with the addresses
    }
    if (route.for_tos || route.devices.size() > 1) {
      left_out("route", route.destination.text());
      return;
    }
    std::vector<std::string> words{"ip", v4 ? "-4" : "-6", "route", "replace"};
    if (route.type != "unicast") words.push_back(route.type);
    words.push_back(route.destination.text());
    if (route.gateway) words.insert(words.end(), {"via", route.gateway->text()});
    if (!route.devices.empty()) {
      if (!plain_device(route.devices.front())) return;
      if (route.devices.front() == "lo" && route.type == "unicast") return;
      words.insert(words.end(), {"dev", route.devices.front()});
      if (route.gateway) words.emplace_back("onlink");
    }
    words.insert(words.end(), {"table", route.table});
    if (route.metric != 0) words.insert(words.end(), {"metric", fmt::format("{}", route.metric)});
    if (route.preferred_source) {
      words.insert(words.end(), {"src", route.preferred_source->text()});
    }
    run(std::move(words));
  }

  void add_rule(const codec::HostRule& rule, bool v4) {
    constexpr std::int64_t kMain = 32766;
    if (rule.priority == 0 || rule.priority >= kMain) return;  // there from the start
    if (rule.other || rule.for_tos || rule.for_user || rule.source_ports || rule.target_ports ||
        rule.action == "goto" || rule.action == "nop" || rule.suppress_prefix >= 0) {
      left_out("routing rule", fmt::format("{}", rule.priority));
      return;
    }
    std::vector<std::string> words{"ip", v4 ? "-4" : "-6", "rule", "add"};
    if (rule.inverted) words.emplace_back("not");
    words.insert(words.end(), {"from", rule.from ? rule.from->text() : "all"});
    if (rule.to) words.insert(words.end(), {"to", rule.to->text()});
    if (!rule.incoming.empty()) words.insert(words.end(), {"iif", rule.incoming});
    if (!rule.outgoing.empty()) words.insert(words.end(), {"oif", rule.outgoing});
    if (rule.mark) {
      words.insert(words.end(), {"fwmark", fmt::format("{:#x}/{:#x}", *rule.mark, rule.mask)});
    }
    words.insert(words.end(), {"pref", fmt::format("{}", rule.priority)});
    if (rule.action == "lookup") {
      words.insert(words.end(), {"lookup", rule.table});
    } else {
      words.push_back(rule.action);
    }
    run(std::move(words));
  }

  const std::string* dump(std::string_view name) const {
    const auto found = dumps_.find(name);
    return found == dumps_.end() || trim(found->second).empty() ? nullptr : &found->second;
  }

  void filters() {
    if (const auto* sets = dump("ipset-save.txt")) run({"ipset", "restore"}, *sets);
    for (const std::string tool : {"iptables", "ip6tables"}) {
      for (const std::string variant : {"legacy", "nft"}) {
        const auto stack = fmt::format("{}-{}", tool, variant);
        if (const auto* saved = dump(stack + "-save.txt")) run({stack + "-restore"}, *saved);
      }
    }
    const auto* bytecode = dump("nft-bytecode.txt");
    if (const auto* listing = dump("nft.json")) {
      run({"nft", "-j", "-f", "-"},
          loadable_nft(*listing, bytecode == nullptr ? std::string_view{} : *bytecode, collection_,
                       out_.left_out));
    }
  }

  void left_out(const char* what, const std::string& which) {
    out_.left_out.push_back(fmt::format("{} {}", what, which));
  }

  const firewall::Dumps& dumps_;
  const firewall::Collection& collection_;
  ReplaySetup out_;
};

// Elements that count something are what packets left behind; nft 1.0.6 would load them without
// what they count, which changes what their rule does.
bool drop_counting_elements(json& set) {
  const auto list = set.find("elem");
  if (list == set.end() || !list->is_array()) return false;
  const auto counts = [](const json& element) {
    if (!element.is_object() || !element.contains("elem")) return false;
    const auto& inner = element["elem"];
    return inner.contains("limit") || inner.contains("ct count") || inner.contains("quota");
  };
  const auto before = list->size();
  json left = json::array();
  for (auto& element : *list) {
    if (!counts(element)) left.push_back(std::move(element));
  }
  const bool dropped = left.size() != before;
  if (left.empty()) {
    set.erase("elem");
  } else {
    *list = std::move(left);
  }
  return dropped;
}

// Nothing where the listing has no such text: it may be anybody's.
std::string text_at(const json& object, const char* key) {
  const auto at = object.is_object() ? object.find(key) : object.end();
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

std::int64_t number_at(const json& object, const char* key) {
  const auto at = object.is_object() ? object.find(key) : object.end();
  return at != object.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

bool lists_ct(const json& statements, const char* key) {
  return std::ranges::any_of(statements, [&](const json& statement) {
    const json::json_pointer at{"/match/left/ct/key"};
    return statement.contains(at) && statement.at(at) == key;
  });
}

// What the rule asks and nft does not list. False: the listing does not tell what the rule asks.
bool show_hidden(json& rule, const codec::NftHiddenByRule& hidden) {
  using codec::NftHidden;
  const auto family = text_at(rule, "family");
  const auto statements = rule.find("expr");
  if (statements == rule.end() || !statements->is_array()) return true;
  const auto found = hidden.find(fmt::format("{} {} {} {}", family, text_at(rule, "table"),
                                             text_at(rule, "chain"), number_at(rule, "handle")));
  if (found == hidden.end()) return true;
  const auto resets = [](const json& statement) {
    return statement.is_object() && statement.contains("reject") &&
           text_at(statement["reject"], "type") == "tcp reset";
  };
  const auto asked =
      codec::unlisted(found->second, {.one_family = family == "ip" || family == "ip6",
                                      .resets = std::ranges::any_of(*statements, resets),
                                      .asks_l3proto = lists_ct(*statements, "l3proto"),
                                      .asks_protocol = lists_ct(*statements, "protocol")});
  const auto ask_for = [&](const char* kind, const char* key, const json& value) {
    statements->insert(
        statements->begin(),
        json{{"match", {{"op", "=="}, {"left", {{kind, {{"key", key}}}}}, {"right", value}}}});
  };
  // One and the other: as written, it never matches.
  const auto ask_for_family = [&](const char* kind, const char* key, std::uint8_t number) {
    if (number != NftHidden::kIpv6) ask_for(kind, key, "ipv4");
    if (number != NftHidden::kIpv4) ask_for(kind, key, "ipv6");
  };
  if (asked.family) ask_for_family("meta", "nfproto", *asked.family);
  if (asked.connection_family) ask_for_family("ct", "l3proto", *asked.connection_family);
  if (asked.connection_protocol) ask_for("ct", "protocol", *asked.connection_protocol);
  return !asked.merged;
}

}  // namespace

std::string loadable_nft(std::string_view listing, std::string_view bytecode,
                         const firewall::Collection& collection,
                         std::vector<std::string>& left_out) {
  const auto hidden = codec::parse_nft_bytecode(bytecode).hidden;
  auto all = json::parse(listing, nullptr, false);
  if (!all.is_object() || !all.contains("nftables") || !all["nftables"].is_array()) return "{}";
  std::set<std::pair<std::string, std::string>> of_iptables;
  for (const auto& table : collection.rules.tables) {
    if (table.stack == firewall::Stack::iptables_nft) of_iptables.emplace(table.family, table.name);
  }
  json out = json::array();
  for (auto& object : all["nftables"]) {
    if (!object.is_object() || object.empty() || object.contains("metainfo")) continue;
    auto& inner = object.begin().value();
    if (!inner.is_object()) continue;
    const bool is_table = object.contains("table");
    const std::pair table{text_at(inner, "family"), text_at(inner, is_table ? "name" : "table")};
    if (of_iptables.contains(table)) continue;
    if (object.contains("rule") && !show_hidden(inner, hidden)) {
      left_out.push_back(
          fmt::format("a rule of nft {} {} of which nft lists two comparisons as one range",
                      table.first, table.second));
      continue;
    }
    inner.erase("handle");
    if (object.contains("chain") && text_at(inner, "hook") == "ingress" && !inner.contains("dev")) {
      inner["dev"] = collection.arrival.device;
    }
    if (object.contains("rule") &&
        inner.dump(-1, ' ', false, json::error_handler_t::replace).find("\"xt\":") !=
            std::string::npos) {
      left_out.push_back(
          fmt::format("a rule of nft {} {} with a match of iptables", table.first, table.second));
      continue;
    }
    if (object.contains("set") && drop_counting_elements(inner)) {
      left_out.push_back(fmt::format("what set {} {} {} has counted so far", table.first,
                                     table.second, text_at(inner, "name")));
    }
    out.push_back(std::move(object));
  }
  return json{{"nftables", std::move(out)}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

ReplaySetup replay_setup(const firewall::Dumps& dumps, const firewall::Collection& collection) {
  return Setup{dumps, collection}.make();
}

}  // namespace causeway::guard
