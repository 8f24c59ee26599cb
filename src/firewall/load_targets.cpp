// Targets of iptables.
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "firewall/constants.hpp"
#include "firewall/load_tables.hpp"

namespace causeway::firewall {
namespace {

using codec::TablesModule;

Step decide(Verdict::Kind kind) { return Decide{{.kind = kind}}; }

// Targets that let the packet go on as it was, as far as a verdict is concerned.
bool changes_nothing(std::string_view name) {
  static constexpr std::array<std::string_view, 24> kNames{
      "",          "LOG",         "NFLOG",    "ULOG",    "TRACE",   "AUDIT",
      "TCPMSS",    "TCPOPTSTRIP", "TOS",      "DSCP",    "TTL",     "HL",
      "ECN",       "CLASSIFY",    "CHECKSUM", "NFACCT",  "TEE",     "LED",
      "IDLETIMER", "CONNSECMARK", "SECMARK",  "RATEEST", "ACCOUNT", "IPV4OPTSSTRIP"};
  return std::ranges::find(kNames, name) != kNames.end();
}

// MARK --set-xmark value/mask: (mark & ~mask) ^ value
bool mark(const TablesModule& target, Field field, std::vector<Step>& out) {
  auto value = masked_number(target.word("--set-xmark"));
  if (!value) value = masked_number(target.word("--set-mark"));
  if (!value) return false;
  Assign step;
  step.field = field;
  step.keep = ~value->mask & 0xffffffffU;
  step.value = value->value;
  out.emplace_back(std::move(step));
  return true;
}

// CONNMARK --save-mark: ctmark = (ctmark & ~ctmask) ^ (nfmark & nfmask); --restore-mark likewise.
bool connmark(const TablesModule& target, std::vector<Step>& out) {
  const bool save = target.find("--save-mark") != nullptr;
  if (!save && target.find("--restore-mark") == nullptr) {
    return mark(target, Field::ct_mark, out);
  }
  const Key nf = number_word(target.word("--nfmask")).value_or(0xffffffff);
  const Key ct = number_word(target.word("--ctmask")).value_or(0xffffffff);
  Assign step;
  step.field = save ? Field::ct_mark : Field::mark;
  step.keep = ~(save ? ct : nf) & 0xffffffffU;
  step.from = Term{.field = save ? Field::mark : Field::ct_mark, .mask = save ? nf : ct};
  out.emplace_back(std::move(step));
  return true;
}

bool ct(const TablesModule& target, std::vector<Step>& out) {
  if (target.find("--notrack") != nullptr) {
    out.emplace_back(Notrack{.spares_attached = true});
    return true;
  }
  // Without one it is zone 0, which stays as well.
  Assign step;
  step.field = Field::ct_zone;
  step.spares_untracked = true;
  struct Row {
    const char* option;
    ZoneWay ways;
  };
  static constexpr std::array kRows{Row{"--zone", kZoneBoth}, Row{"--zone-orig", kZoneOriginal},
                                    Row{"--zone-reply", kZoneReply}};
  for (const auto& row : kRows) {
    const auto zone = target.word(row.option);
    if (zone.empty()) continue;
    step.zone_ways = row.ways;
    if (zone == "mark") {
      step.from = Term{.field = Field::mark, .mask = 0xffff};
    } else {
      const auto number = number_word(zone);
      if (!number) return false;
      step.value = *number;
    }
  }
  out.emplace_back(std::move(step));
  return true;
}

bool remember(const TablesModule& target, Builder& builder, std::vector<Step>& out) {
  for (const auto& option : target.options) {
    if (option.name != "--add-set" && option.name != "--del-set") continue;
    if (option.words.size() != 2) return false;
    const auto* index = builder.find_set("ipset", option.words[0]);
    if (index == nullptr) return false;
    Remember step;
    step.forget = option.name == "--del-set";
    step.set = *index;
    step.key = ipset_key(builder.out().sets[*index], option.words[1]);
    out.emplace_back(std::move(step));
  }
  // --map-set writes marks that the dump's extensions hold.
  return target.find("--map-set") == nullptr;
}

// "10.0.0.1", "10.0.0.1-10.0.0.9:80-90", "[fd00::1]:80", ":80"
bool destination(std::string_view text, Family family, Nat& out) {
  std::string_view ports;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    ports = text.substr(close + 1);
    text = text.substr(1, close - 1);
  } else if (family == Family::ipv4) {
    const auto colon = text.find(':');
    if (colon != std::string_view::npos) {
      ports = text.substr(colon);
      text = text.substr(0, colon);
    }
  }
  if (!ports.empty()) {
    ports.remove_prefix(1);
    ports = ports.substr(0, ports.find('/'));  // "80-90/80": a shift
    const auto dash = ports.find('-');
    const auto first = constant(DataType::port, ports.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : constant(DataType::port, ports.substr(dash + 1));
    if (!first || !last) return false;
    out.port = Interval{first->first, last->last};
  }
  if (text.empty()) return true;
  const auto dash = text.find('-');
  const auto first = address_range(text.substr(0, dash), family);
  const auto last =
      dash == std::string_view::npos ? first : address_range(text.substr(dash + 1), family);
  if (!first || !last) return false;
  out.address = Interval{first->first, last->last};
  return true;
}

bool nat(const TablesModule& target, Family family, std::vector<Step>& out) {
  Nat step;
  step.family = family;
  std::string_view word;
  if (target.name == "DNAT") {
    word = target.word("--to-destination");
  } else if (target.name == "SNAT") {
    step.kind = Nat::Kind::source;
    word = target.word("--to-source");
  } else if (target.name == "MASQUERADE") {
    step.kind = Nat::Kind::masquerade;
  } else if (target.name == "NETMAP") {
    step.kind = Nat::Kind::netmap;
    step.address = address_range(target.word("--to"), family);
    if (!step.address) return false;
  } else {
    step.kind = Nat::Kind::redirect;
    const auto ports = target.word("--to-ports");
    if (!ports.empty() && !destination(":" + std::string{ports}, Family::ipv4, step)) return false;
  }
  if (!word.empty() && !destination(word, family, step)) return false;
  if ((target.name == "DNAT" || target.name == "SNAT") && word.empty()) return false;
  out.emplace_back(std::move(step));
  return true;
}

bool tproxy(const TablesModule& target, Family family, std::vector<Step>& out) {
  Tproxy step;
  step.family = family;
  step.accepts = true;
  if (const auto port = constant(DataType::port, target.word("--on-port"));
      port && port->first != 0) {
    step.port = static_cast<std::uint16_t>(port->first);
  }
  if (const auto address = address_range(target.word("--on-ip"), family);
      address && address->first != 0) {
    step.address = address->first;
  }
  if (const auto value = masked_number(target.word("--tproxy-mark"))) {
    step.mark = static_cast<std::uint32_t>(value->value);
    step.mark_mask = static_cast<std::uint32_t>(value->mask);
  }
  out.emplace_back(step);
  return true;
}

bool reject(const TablesModule& target, Family family, std::vector<Step>& out) {
  const auto with = target.word("--reject-with");
  const auto kind = reject_kind(!with.empty()            ? with
                                : family == Family::ipv4 ? std::string_view{"icmp-port-unreachable"}
                                                         : "icmp6-port-unreachable");
  if (!kind) return false;
  Verdict verdict{.kind = Verdict::Kind::reject};
  verdict.reject = *kind;
  out.emplace_back(Decide{verdict});
  return true;
}

bool queue(const TablesModule& target, std::vector<Step>& out) {
  Verdict verdict{.kind = Verdict::Kind::queue};
  verdict.bypass = target.find("--queue-bypass") != nullptr;
  out.emplace_back(Decide{verdict});
  return true;
}

bool tracks_connections(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames{"CONNMARK", "CONNSECMARK", "DNAT",
                                                          "SNAT",     "MASQUERADE",  "REDIRECT",
                                                          "NETMAP",   "SYNPROXY",    "CT"};
  return std::ranges::find(kNames, name) != kNames.end();
}

bool read_known(const TablesModule& target, Family family, Builder& builder,
                std::vector<Step>& out) {
  const std::string_view name = target.name;
  if (name == "MARK") return mark(target, Field::mark, out);
  if (name == "CONNMARK") return connmark(target, out);
  if (name == "CT") return ct(target, out);
  if (name == "NOTRACK") {
    out.emplace_back(Notrack{.spares_attached = true});
    return true;
  }
  if (name == "SET") return remember(target, builder, out);
  if (name == "TPROXY") return tproxy(target, family, out);
  if (name == "REJECT") return reject(target, family, out);
  if (name == "NFQUEUE" || name == "QUEUE") return queue(target, out);
  if (name == "SYNPROXY") {
    out.emplace_back(Synproxy{});
    return true;
  }
  if (name == "DNAT" || name == "SNAT" || name == "MASQUERADE" || name == "NETMAP" ||
      name == "REDIRECT") {
    return nat(target, family, out);
  }
  return false;
}

}  // namespace

bool read_target(const codec::TablesRule& rule, Family family, std::uint32_t table,
                 Builder& builder, std::vector<Step>& out) {
  const TablesModule& target = rule.target;
  const std::string_view name = target.name;
  // "-j CT --notrack" leaves tracking off where nothing else asks for it.
  if (tracks_connections(name) && target.find("--notrack") == nullptr) {
    builder.tracks(family == Family::ipv4 ? "ip" : "ip6");
  }
  if (name == "DSCP" || name == "TOS" || name == "ECN") builder.out().rewrites_dscp = true;
  if (name == "TTL" || name == "HL") builder.out().rewrites_ttl = true;
  if (name == "TCPMSS") builder.out().rewrites_mss = true;
  if (changes_nothing(name)) return false;
  if (name == "ACCEPT") {
    out.push_back(decide(Verdict::Kind::accept));
  } else if (name == "DROP") {
    out.push_back(decide(Verdict::Kind::drop));
  } else if (name == "RETURN") {
    out.push_back(decide(Verdict::Kind::give_back));
  } else if (const auto* chain = builder.find_chain(table, name)) {
    Verdict verdict{.kind = rule.go_to ? Verdict::Kind::go_to : Verdict::Kind::jump};
    verdict.chain = *chain;
    out.emplace_back(Decide{verdict});
  } else if (!read_known(target, family, builder, out)) {
    out.push_back(decide(Verdict::Kind::foreign));
  }
  return true;
}

}  // namespace causeway::firewall
