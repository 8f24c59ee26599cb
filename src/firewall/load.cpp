#include "firewall/load.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "firewall/shared_writes.hpp"

namespace causeway::firewall {
namespace {

bool has_effect(const Step& step) {
  if (const auto* decide = std::get_if<Decide>(&step)) {
    return decide->verdict.kind != Verdict::Kind::next;
  }
  return std::holds_alternative<Recent>(step) || std::holds_alternative<Assign>(step) ||
         std::holds_alternative<Notrack>(step) || std::holds_alternative<Remember>(step) ||
         std::holds_alternative<Nat>(step) || std::holds_alternative<Tproxy>(step) ||
         std::holds_alternative<Synproxy>(step) || std::holds_alternative<Choose>(step);
}

void mark_translation(Ruleset& rules) {
  for (const auto& chain : rules.chains) {
    if (chain.hook == Hook::none || chain.type != ChainType::nat) continue;
    rules.translates4 |= rules.tables[chain.table].holds(Family::ipv4);
    rules.translates6 |= rules.tables[chain.table].holds(Family::ipv6);
  }
}

}  // namespace

std::uint32_t Builder::table(Stack stack, std::string_view family, std::string_view name) {
  const auto key = fmt::format("{} {} {}", stack == Stack::legacy, family, name);
  const auto index = static_cast<std::uint32_t>(out_.tables.size());
  const auto [found, added] = tables_.emplace(key, index);
  if (added) out_.tables.push_back({stack, std::string{family}, std::string{name}, index, {}});
  return found->second;
}

std::uint32_t Builder::chain(std::uint32_t table, std::string_view name) {
  const auto index = static_cast<std::uint32_t>(out_.chains.size());
  const auto [found, added] = chains_.emplace(fmt::format("{} {}", table, name), index);
  if (added) {
    Chain chain;
    chain.name = name;
    chain.table = table;
    out_.chains.push_back(std::move(chain));
  }
  return found->second;
}

const std::uint32_t* Builder::find_chain(std::uint32_t table, std::string_view name) const {
  const auto found = chains_.find(fmt::format("{} {}", table, name));
  return found == chains_.end() ? nullptr : &found->second;
}

std::uint32_t Builder::add_set(std::string_view scope, Set set) {
  const auto index = static_cast<std::uint32_t>(out_.sets.size());
  if (!scope.empty()) sets_.emplace(fmt::format("{} {}", scope, set.name), index);
  out_.sets.push_back(std::move(set));
  return index;
}

const std::uint32_t* Builder::find_set(std::string_view scope, std::string_view name) const {
  const auto found = sets_.find(fmt::format("{} {}", scope, name));
  return found == sets_.end() ? nullptr : &found->second;
}

void Builder::add_rule(std::uint32_t chain, Rule rule) {
  rule.chain = chain;
  rule.inert = std::ranges::none_of(rule.steps, has_effect);
  out_.chains[chain].rules.push_back(static_cast<std::uint32_t>(out_.rules.size()));
  out_.rules.push_back(std::move(rule));
}

codec::Json Builder::find_object(std::string_view name) const {
  const auto found = objects_.find(name);
  return found == objects_.end() ? codec::Json{} : found->second;
}

void Builder::tracks(std::string_view family) {
  if (family == "ip" || family == "inet") out_.tracks4 = true;
  if (family == "ip6" || family == "inet") out_.tracks6 = true;
}

// --- a whole collection ---

namespace {

class CollectionReader {
 public:
  CollectionReader(Dumps dumps, Collection& out)
      : dumps_(std::move(dumps)), out_(out), builder_(out.rules) {}

  void read() {
    host();
    if (const auto ipsets = read<codec::IpsetDump>("ipset-save.txt", codec::parse_ipset_save)) {
      load_ipsets(*ipsets, builder_);
    }
    legacy("iptables-legacy-save.txt", Family::ipv4);
    legacy("ip6tables-legacy-save.txt", Family::ipv6);
    nft();
    mark_shared_writes(out_.rules);
    mark_translation(out_.rules);
    out_.host.finish();
    out_.arrival = find_arrival(out_.host);
  }

 private:
  const std::string* text(std::string_view name) const {
    const auto found = dumps_.find(name);
    if (found == dumps_.end() || trim(found->second).empty()) return nullptr;
    return &found->second;
  }

  template <class T, class Parse>
  std::optional<T> read(std::string_view name, Parse parse) {
    const auto* found = text(name);
    if (found == nullptr) return std::nullopt;
    auto parsed = parse(*found);
    if (!parsed) {
      out_.unreadable.push_back(fmt::format("{}: {}", name, parsed.error().text));
      return std::nullopt;
    }
    return std::move(*parsed);
  }

  template <class T>
  void keep(std::optional<T> in, T& out) {
    if (in) out = std::move(*in);
  }

  void host() {
    auto& host = out_.host;
    keep(read<std::vector<codec::HostInterface>>("addr.json", codec::parse_ip_addresses),
         host.interfaces);
    const auto routes = [](Family family) {
      return [family](std::string in) { return codec::parse_ip_routes(std::move(in), family); };
    };
    const auto rules = [](Family family) {
      return [family](std::string in) { return codec::parse_ip_rules(std::move(in), family); };
    };
    keep(read<std::vector<codec::HostRoute>>("route4.json", routes(Family::ipv4)), host.routes4);
    keep(read<std::vector<codec::HostRoute>>("route6.json", routes(Family::ipv6)), host.routes6);
    keep(read<std::vector<codec::HostRule>>("rule4.json", rules(Family::ipv4)), host.rules4);
    keep(read<std::vector<codec::HostRule>>("rule6.json", rules(Family::ipv6)), host.rules6);
    if (host.rules4.empty()) host.rules4 = default_rules();
    if (host.rules6.empty()) host.rules6 = default_rules();
    if (const auto* sockets = text("sockets.txt"))
      host.listeners = codec::parse_listeners(*sockets);
    if (const auto* policies = text("xfrm.txt"))
      host.ipsec = codec::parse_ipsec_policies(*policies);
    if (const auto* sysctl = text("sysctl.txt")) host.sysctl = codec::parse_sysctl(*sysctl);
    if (const auto* lists = text("recent.txt")) host.recent = codec::parse_recent_lists(*lists);
    const bool ports = std::ranges::any_of(
        host.interfaces, [](const codec::HostInterface& one) { return !one.master.empty(); });
    // Where br_netfilter is not loaded there is no such setting.
    const int otherwise = host.sysctl.empty() ? 1 : 0;
    builder_.set_bridged(
        ports && host.setting("net.bridge.bridge-nf-call-iptables", otherwise) != 0,
        ports && host.setting("net.bridge.bridge-nf-call-ip6tables", otherwise) != 0);
  }

  // What a kernel starts with (ip-rule(8)).
  static std::vector<codec::HostRule> default_rules() {
    std::vector<codec::HostRule> out;
    std::int64_t priority = 0;
    for (const char* table : {"local", "main", "default"}) {
      codec::HostRule rule;
      rule.priority = priority++;
      rule.table = table;
      out.push_back(std::move(rule));
    }
    return out;
  }

  bool on_bridge() const {
    const auto arrival = find_arrival(out_.host);
    return std::ranges::any_of(out_.host.interfaces, [&](const codec::HostInterface& one) {
      return !one.master.empty() && (one.master == arrival.device || one.master == arrival.device6);
    });
  }

  void legacy(std::string_view name, Family family) {
    if (const auto dump = read<codec::TablesDump>(name, codec::parse_tables_save)) {
      load_tables(*dump, Stack::legacy, family, builder_);
    }
  }

  void nft() {
    const auto saved4 = read<codec::TablesDump>("iptables-nft-save.txt", codec::parse_tables_save);
    const auto saved6 = read<codec::TablesDump>("ip6tables-nft-save.txt", codec::parse_tables_save);
    const auto found = dumps_.find("nft.json");
    if (found == dumps_.end() || trim(found->second).empty()) {
      if (saved4) load_tables(*saved4, Stack::iptables_nft, Family::ipv4, builder_);
      if (saved6) load_tables(*saved6, Stack::iptables_nft, Family::ipv6, builder_);
      return;
    }
    auto dump = codec::parse_nft(std::move(found->second));
    if (!dump) {
      out_.unreadable.push_back(fmt::format("nft.json: {}", dump.error().text));
      return;
    }
    const auto* bytecode = text("nft-bytecode.txt");
    load_nft(*dump, saved4 ? &*saved4 : nullptr, saved6 ? &*saved6 : nullptr,
             {bytecode != nullptr ? std::string_view{*bytecode} : std::string_view{}, on_bridge()},
             builder_);
  }

  Dumps dumps_;
  Collection& out_;
  Builder builder_;
};

}  // namespace

const std::vector<std::string>& dump_names() {
  static const std::vector<std::string> names{
      "nft.json",
      "nft-bytecode.txt",
      "iptables-legacy-save.txt",
      "ip6tables-legacy-save.txt",
      "iptables-nft-save.txt",
      "ip6tables-nft-save.txt",
      "ipset-save.txt",
      "addr.json",
      "route4.json",
      "route6.json",
      "rule4.json",
      "rule6.json",
      "sysctl.txt",
      "sockets.txt",
      "xfrm.txt",
      "recent.txt",
  };
  return names;
}

Collection load(Dumps dumps) {
  Collection out;
  CollectionReader{std::move(dumps), out}.read();
  return out;
}

}  // namespace causeway::firewall
