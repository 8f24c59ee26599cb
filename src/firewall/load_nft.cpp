// nft's tables, chains and rules.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/nft_bytecode.hpp"
#include "firewall/constants.hpp"
#include "firewall/load.hpp"
#include "firewall/load_nft.hpp"

namespace causeway::firewall {
namespace {

using codec::Json;

Hook hook_of(std::string_view word) {
  for (const Hook hook : {Hook::ingress, Hook::prerouting, Hook::input, Hook::forward, Hook::output,
                          Hook::postrouting, Hook::egress}) {
    if (name(hook) == word) return hook;
  }
  return Hook::none;
}

constexpr const char* kMaySleep = "nft does not show whether this table is dormant";

bool in_scope(std::string_view family) { return family != "bridge" && family != "arp"; }

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> known) {
  return std::ranges::find(known, word) != known.end();
}

// A word of a base chain that this version does not know; empty: it knows them all.
std::string unknown_word(const codec::NftChain& chain) {
  if (!is_one_of(chain.family, {"ip", "ip6", "inet", "netdev"})) {
    return fmt::format("family {}", chain.family);
  }
  if (hook_of(chain.hook) == Hook::none) return fmt::format("hook {}", chain.hook);
  if (!is_one_of(chain.type, {"filter", "nat", "route"})) return fmt::format("type {}", chain.type);
  return {};
}

// The saved lines of one chain, in order: where nft shows a match of iptables without its
// arguments, the line at the same place has them.
struct SavedChain {
  const codec::Table* table = nullptr;
  std::vector<const codec::TablesRule*> rules;
};
using SavedChains = std::map<std::string, SavedChain, std::less<>>;

void index_saved(const codec::TablesDump* dump, std::string_view family, SavedChains& out) {
  if (dump == nullptr) return;
  for (const auto& table : dump->tables) {
    for (const auto& chain : table.chains) {
      out[fmt::format("{} {} {}", family, table.name, chain.name)].table = &table;
    }
    for (const auto& rule : table.rules) {
      out[fmt::format("{} {} {}", family, table.name, rule.chain)].rules.push_back(&rule);
    }
  }
}

// True when the saved line can be the same rule: every foreign step is named in it.
bool agrees(Json statements, const codec::TablesRule& saved) {
  for (const Json statement : statements) {
    const Json xt = statement["xt"];
    if (!xt) continue;
    const auto wanted = xt["name"].text();
    if (xt["type"].text() == "target") {
      // "-j NOTRACK" is CT's old name for its --notrack.
      const bool old_name = wanted == "CT" && saved.target.name == "NOTRACK";
      if (saved.target.name != wanted && !old_name) return false;
      continue;
    }
    if (xt["type"].text() != "match") continue;
    const bool named = std::ranges::any_of(
        saved.matches, [wanted](const auto& match) { return match.name == wanted; });
    // -m state is conntrack's other name.
    const bool alias =
        wanted == "conntrack" &&
        std::ranges::any_of(saved.matches, [](const auto& match) { return match.name == "state"; });
    if (!named && !alias) return false;
  }
  return true;
}

std::optional<std::uint64_t> counter(Json statements) {
  for (const Json statement : statements) {
    if (const Json one = statement["counter"]) {
      if (const auto packets = one["packets"].integer(); packets && *packets >= 0) {
        return static_cast<std::uint64_t>(*packets);
      }
    }
  }
  return std::nullopt;
}

class NftLoader {
 public:
  NftLoader(const codec::NftDump& dump, const codec::TablesDump* saved4,
            const codec::TablesDump* saved6, const NftAround& around, Builder& builder)
      : dump_(dump), text_(around.bytecode), on_bridge_(around.on_bridge), builder_(builder) {
    read_bytecode(around.bytecode);
    index_saved(saved4, "ip", saved_);
    index_saved(saved6, "ip6", saved_);
  }

  void load() {
    builder_.out().trees.push_back(dump_.tree);
    tables();
    chains();
    objects();
    sets();
    rules();
  }

 private:
  void read_bytecode(std::string_view text) {
    if (text.empty()) return;
    auto bytecode = codec::parse_nft_bytecode(text);
    const bool same = std::ranges::all_of(dump_.rules, [&](const codec::NftRule& rule) {
      return bytecode.rules.contains(
          fmt::format("{} {} {} {}", rule.family, rule.table, rule.chain, rule.handle));
    });
    if (same) {
      hidden_ = std::move(bytecode.hidden);
    } else {
      builder_.note("nft-bytecode.txt is not of the rules in nft.json: taken as listed");
    }
  }

  // A table that holds iptables' own built-in chains is iptables-nft's.
  Stack stack_of(std::string_view family, std::string_view name) const {
    if (family != "ip" && family != "ip6") return Stack::nft;
    static constexpr std::array<std::string_view, 5> kNames{"filter", "nat", "mangle", "raw",
                                                            "security"};
    if (std::ranges::find(kNames, name) == kNames.end()) return Stack::nft;
    for (const auto& chain : dump_.chains) {
      if (chain.family == family && chain.table == name && !chain.hook.empty() &&
          lower(chain.name) != chain.name) {
        return Stack::iptables_nft;
      }
    }
    return Stack::nft;
  }

  void tables() {
    for (const auto& table : dump_.tables) {
      if (!in_scope(table.family)) {
        builder_.note(fmt::format("nft table {} {} is left out: {}", table.family, table.name,
                                  why_left_out(table.family)));
        continue;
      }
      builder_.table(stack_of(table.family, table.name), table.family, table.name);
      using Dormant = codec::NftTable::Dormant;
      auto dormant = table.dormant;
      if (dormant == Dormant::hidden && !text_.empty()) {
        dormant = codec::dormant_in_text(text_, table.family, table.name);
      }
      if (dormant == Dormant::no) continue;
      sleeping_[{table.family, table.name}] = dormant == Dormant::yes;
      if (dormant == Dormant::yes) {
        builder_.note(fmt::format("nft table {} {} is dormant: no packet meets it", table.family,
                                  table.name));
      }
    }
  }

  const char* why_left_out(std::string_view family) const {
    if (family == "arp")
      return "whether it keeps neighbours from finding this host is not simulated";
    return on_bridge_ ? "what it does on the host's own bridge is not simulated"
                      : "a routed packet does not meet it";
  }

  std::uint32_t table_of(std::string_view family, std::string_view name) {
    return builder_.table(stack_of(family, name), family, name);
  }

  void chains() {
    std::map<std::pair<std::string_view, std::string_view>, std::int64_t> first_rules;
    for (const auto& rule : dump_.rules) {
      auto& first =
          first_rules
              .emplace(std::pair{rule.family, rule.table}, std::numeric_limits<std::int64_t>::max())
              .first->second;
      first = std::min(first, rule.handle);
    }
    for (const auto& in : dump_.chains) {
      if (on_bridge_ && in.family == "bridge" && !in.hook.empty()) {
        may_stop(in, fmt::format("table bridge {}, which the host's own bridge meets", in.table));
      }
      if (!in_scope(in.family)) continue;
      const auto table = table_of(in.family, in.table);
      const auto number = builder_.chain(table, in.name);
      auto& chain = builder_.out().chains[number];
      chain.handle = in.handle;
      if (in.hook.empty()) continue;
      const auto sleeps = sleeping_.find({in.family, in.table});
      if (sleeps != sleeping_.end() && sleeps->second) continue;  // it has no hooks
      if (sleeps != sleeping_.end()) chain.doubt = kMaySleep;
      if (auto word = unknown_word(in); !word.empty()) {
        may_stop(in, word);
        continue;
      }
      chain.hook = hook_of(in.hook);
      chain.priority = static_cast<int>(in.priority);
      if (in.type == "nat") chain.type = ChainType::nat;
      if (in.type == "route") chain.type = ChainType::route;
      chain.drops = in.policy == "drop";
      for (const auto device : in.devices) chain.devices.emplace_back(device);
      const auto first = first_rules.find({in.family, in.table});
      chain.made_first = first == first_rules.end() || in.handle < first->second;
      if (!in.policy.empty() && !is_one_of(in.policy, {"accept", "drop"})) {
        strange_policies_.emplace_back(number, fmt::format("policy {}", in.policy));
      }
    }
  }

  // What stands in such a chain is not walked: nobody knows who meets it. It may stop everybody.
  void may_stop(const codec::NftChain& in, const std::string& word) {
    const auto table =
        builder_.table(Stack::nft, "inet", fmt::format("{} {}", in.family, in.table));
    builder_.out().tables[table].title = fmt::format("{} {}", in.family, in.table);
    const auto number = builder_.chain(table, in.name);
    auto& chain = builder_.out().chains[number];
    chain.handle = in.handle;
    chain.hook = Hook::input;
    builder_.add_rule(number, doubtful_drop(word));
  }

  static Rule doubtful_drop(const std::string& word) {
    Rule out;
    out.text = word;
    out.steps.emplace_back(Unknown{"what is not simulated may stop it", word});
    out.steps.emplace_back(Decide{{.kind = Verdict::Kind::drop}});
    return out;
  }

  void objects() {
    for (const auto& object : dump_.objects) {
      // Each asks for connection tracking when it is made, used or not (nft_ct.c).
      if (object.kind.starts_with("ct ") || object.kind == "synproxy") {
        builder_.tracks(object.family);
      }
      if (object.kind == "limit" || object.kind == "quota") {
        builder_.add_object(
            fmt::format("{} {} {} {}", object.family, object.table, object.kind, object.name),
            object.data);
      }
    }
  }

  void sets() {
    for (const auto& in : dump_.sets) {
      if (!in_scope(in.family)) continue;
      const NftPlace place{in.family, in.table, table_of(in.family, in.table), builder_};
      Set set;
      set.name = in.name;
      set.is_map = in.is_map;
      set.of_objects = in.values.size() == 1 && is_nft_object(in.values.front());
      for (const auto type : in.types) set.types.push_back(data_type(type));
      set.width = set.types.size();
      if (set.width == 0) {
        set.width = 1;
        set.types = {DataType::unknown};
      }
      for (const Json statement : in.statements) {
        if (auto limit = element_limit(statement.first())) set.limits.push_back(std::move(*limit));
      }
      set.declares_limits = !set.limits.empty();
      read_elements(in.elements, place, set);
      builder_.add_set(place.scope(), std::move(set));
    }
  }

  void rules() {
    std::map<std::uint32_t, std::size_t> counts;
    for (const auto& in : dump_.rules) {
      if (in_scope(in.family)) ++counts[builder_.chain(table_of(in.family, in.table), in.chain)];
    }
    std::map<std::uint32_t, std::uint32_t> positions;
    for (const auto& in : dump_.rules) {
      if (!in_scope(in.family)) continue;
      const auto table = table_of(in.family, in.table);
      const auto chain = builder_.chain(table, in.chain);
      Rule rule;
      rule.handle = in.handle;
      rule.position = ++positions[chain];
      rule.json = in.expression;
      rule.comment = in.comment;
      rule.packets = counter(in.expression);
      steps(in, table, counts[chain], rule);
      hidden_questions(in, rule);
      builder_.add_rule(chain, std::move(rule));
    }
    for (const auto& [chain, word] : strange_policies_) {
      builder_.add_rule(chain, doubtful_drop(word));
    }
  }

  // Where the arguments of a rule's foreign steps stand, if the two dumps agree on the chain.
  const codec::TablesRule* saved_rule(const codec::NftRule& in, std::size_t count,
                                      std::uint32_t position) const {
    const auto found = saved_.find(fmt::format("{} {} {}", in.family, in.table, in.chain));
    if (found == saved_.end() || found->second.rules.size() != count) return nullptr;
    const auto* rule = found->second.rules[position - 1];
    return agrees(in.expression, *rule) ? rule : nullptr;
  }

  // "meta nfproto ipv6 reject with tcp reset" is listed without its first part, so is "meta
  // protocol ip exthdr frag missing", which is for IPv4 and for IPv6 and thus for nobody, and so is
  // "ct l3proto ipv4 reject with icmp ...", which untracked packets do not meet.
  void hidden_questions(const codec::NftRule& in, Rule& rule) const {
    if (hidden_.empty() || rule.steps.empty()) return;
    const auto found =
        hidden_.find(fmt::format("{} {} {} {}", in.family, in.table, in.chain, in.handle));
    if (found == hidden_.end()) return;
    const auto* last = std::get_if<Decide>(&rule.steps.back());
    const auto asked = codec::unlisted(
        found->second, {.one_family = in.family == "ip" || in.family == "ip6",
                        .resets = last != nullptr && last->verdict.reject.reset,
                        .asks_l3proto = codec::nft_lists_ct(in.expression, "l3proto"),
                        .asks_protocol = codec::nft_lists_ct(in.expression, "protocol")});
    const auto ask = [&](Field field, std::uint8_t number) {
      Compare step;
      step.term.field = field;
      step.values = IntervalSet{Key{number}};
      rule.steps.insert(rule.steps.begin(), Step{std::move(step)});
    };
    if (asked.merged) {
      rule.steps.insert(rule.steps.begin(),
                        Step{Unknown{"nft lists two of its comparisons as one range", {}}});
    }
    if (asked.family) ask(Field::nf_family, *asked.family);
    if (asked.connection_family) {
      ask(Field::ct_family, *asked.connection_family);
      builder_.tracks(in.family);
    }
    if (asked.connection_protocol) {
      ask(Field::ct_protocol, *asked.connection_protocol);
      builder_.tracks(in.family);
    }
  }

  void steps(const codec::NftRule& in, std::uint32_t table, std::size_t count, Rule& rule) {
    const bool foreign = has_foreign_steps(in.expression);
    if (!foreign) {
      rule.steps = steps_of(in.expression, in.family, in.table, table, false, builder_);
      return;
    }
    const auto* saved = saved_rule(in, count, rule.position);
    if (saved == nullptr) {
      builder_.note(fmt::format("nft {} {} {} handle {}: a match of iptables without its arguments",
                                in.family, in.table, in.chain, in.handle));
      rule.steps = steps_of(in.expression, in.family, in.table, table, false, builder_);
      return;
    }
    // What nft shows of the matches counts, too: a look-up added by hand is missing in the save.
    rule.steps = steps_of(in.expression, in.family, in.table, table, true, builder_);
    const Family family = in.family == "ip" ? Family::ipv4 : Family::ipv6;
    auto more = steps_of(*saved, family, table, builder_);
    rule.steps.insert(rule.steps.end(), std::make_move_iterator(more.begin()),
                      std::make_move_iterator(more.end()));
    rule.text = saved->text;
  }

  const codec::NftDump& dump_;
  std::string_view text_;  // the bytecode, and the listing in nft's own language behind it
  // Tables that are dormant (true) or may be.
  std::map<std::pair<std::string_view, std::string_view>, bool> sleeping_;
  bool on_bridge_;
  codec::NftHiddenByRule hidden_;
  Builder& builder_;
  SavedChains saved_;
  std::vector<std::pair<std::uint32_t, std::string>> strange_policies_;  // by number of the chain
};

}  // namespace

void load_nft(const codec::NftDump& dump, const codec::TablesDump* saved4,
              const codec::TablesDump* saved6, const NftAround& around, Builder& builder) {
  NftLoader{dump, saved4, saved6, around, builder}.load();
}

}  // namespace causeway::firewall
