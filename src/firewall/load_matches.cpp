// Matches of iptables: who, where, which connection.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "firewall/constants.hpp"
#include "firewall/load_tables.hpp"

namespace causeway::firewall {

using codec::TablesOption;

std::optional<Interval> port_range(std::string_view text) {
  const auto colon = text.find(':');
  const auto first = constant(DataType::port, text.substr(0, colon));
  if (!first) return std::nullopt;
  if (colon == std::string_view::npos) return first;
  const auto last = constant(DataType::port, text.substr(colon + 1));
  if (!last) return std::nullopt;
  return Interval{first->first, last->last};
}

std::optional<Interval> number_range(std::string_view text) {
  const auto colon = text.find(':');
  const auto first = text.substr(0, colon).empty() && colon != std::string_view::npos
                         ? std::optional<Key>{0}
                         : number_word(text.substr(0, colon));
  if (!first) return std::nullopt;
  if (colon == std::string_view::npos) return Interval{*first, *first};
  const auto rest = text.substr(colon + 1);
  const auto last = rest.empty() ? std::optional<Key>{kAllBits} : number_word(rest);
  if (!last) return std::nullopt;
  return Interval{*first, *last};
}

std::optional<Masked> masked_number(std::string_view text) {
  const auto slash = text.find('/');
  const auto value = number_word(text.substr(0, slash));
  if (!value) return std::nullopt;
  Masked out{*value, 0xffffffff};
  if (slash != std::string_view::npos) {
    const auto mask = number_word(text.substr(slash + 1));
    if (!mask) return std::nullopt;
    out.mask = *mask;
  }
  return out;
}

std::string_view first_word(const TablesOption& option) {
  return option.words.empty() ? std::string_view{} : std::string_view{option.words.front()};
}

Compare compare(Field field, IntervalSet values, bool negated) {
  Compare out;
  out.term.field = field;
  out.values = std::move(values);
  out.negated = negated;
  return out;
}

namespace {

std::optional<IntervalSet> port_list(std::string_view text) {
  std::vector<Interval> out;
  for (const auto part : split(text, ',')) {
    const auto range = port_range(part);
    if (!range) return std::nullopt;
    out.push_back(*range);
  }
  return IntervalSet::of(std::move(out));
}

bool read_basic(const TablesOption& option, Family family, std::vector<Step>& out) {
  const auto word = first_word(option);
  if (option.name == "-s" || option.name == "-d") {
    const auto range = address_range(word, family);
    if (!range) return false;
    out.emplace_back(compare(option.name == "-s" ? Field::source : Field::target,
                             IntervalSet{*range}, option.negated));
  } else if (option.name == "-i" || option.name == "-o") {
    // "+" stands for any rest. A chain where the packet has no such interface compares with "".
    Compare step = compare(option.name == "-i" ? Field::incoming : Field::outgoing,
                           IntervalSet{name_interval(word, '+')}, option.negated);
    step.absent_misses = false;
    if (word == "+") return !option.negated;
    out.emplace_back(std::move(step));
  } else if (option.name == "-p") {
    const auto protocol = constant(DataType::protocol, word);
    if (!protocol) return false;
    if (protocol->first == 0) return !option.negated;  // all
    out.emplace_back(compare(Field::protocol, IntervalSet{*protocol}, option.negated));
  } else if (option.name == "-f") {
    if (!option.negated) out.emplace_back(Never{});
  } else {
    return false;
  }
  return true;
}

}  // namespace

void MatchReader::read() {
  struct Row {
    std::string_view name;
    bool (MatchReader::*reader)();
  };
  static constexpr std::array kReaders{
      Row{"tcp", &MatchReader::tcp},
      Row{"icmp", &MatchReader::icmp},
      Row{"icmp6", &MatchReader::icmp},
      Row{"multiport", &MatchReader::multiport},
      Row{"conntrack", &MatchReader::conntrack},
      Row{"state", &MatchReader::state},
      Row{"set", &MatchReader::set},
      Row{"mark", &MatchReader::mark},
      Row{"connmark", &MatchReader::connmark},
      Row{"addrtype", &MatchReader::addrtype},
      Row{"iprange", &MatchReader::iprange},
      Row{"limit", &MatchReader::limit},
      Row{"hashlimit", &MatchReader::hashlimit},
      Row{"recent", &MatchReader::recent},
      Row{"connlimit", &MatchReader::connlimit},
      Row{"tcpmss", &MatchReader::tcpmss},
      Row{"rpfilter", &MatchReader::rpfilter},
      Row{"pkttype", &MatchReader::pkttype},
      Row{"statistic", &MatchReader::statistic},
      Row{"length", &MatchReader::length},
      Row{"ttl", &MatchReader::ttl},
      Row{"hl", &MatchReader::ttl},
      Row{"dscp", &MatchReader::dscp},
      Row{"tos", &MatchReader::tos},
      Row{"time", &MatchReader::time},
      Row{"string", &MatchReader::string},
      Row{"connbytes", &MatchReader::connbytes},
      Row{"quota", &MatchReader::quota},
      Row{"policy", &MatchReader::policy},
      Row{"u32", &MatchReader::u32},
      Row{"ipv6header", &MatchReader::ipv6header},
      Row{"physdev", &MatchReader::physdev},
  };
  const auto before = out_.size();
  const auto name = std::string_view{module_.name};
  for (const auto& row : kReaders) {
    if (row.name != name) continue;
    if (!(this->*row.reader)()) {
      out_.resize(before);
      out_.emplace_back(Unknown{kWhyModule, module_.name});
    }
    return;
  }
  plain();
}

// Modules that need no options to be judged.
void MatchReader::plain() {
  // Of other protocols, or of parts that the packets of an edge do not have.
  static constexpr std::array<std::string_view, 15> kNever{
      "udp", "sctp", "dccp", "esp", "ah",    "udplite", "rt",    "frag",
      "hbh", "dst",  "mh",   "srh", "eui64", "helper",  "ipcomp"};
  const std::string_view name = module_.name;
  if (name == "comment" || name == "nfacct") return;
  if (std::ranges::find(kNever, name) != kNever.end()) {
    // A header that is not there fails "!", too; no helper is none of that name.
    if (name != "helper" || !all_negated()) out_.emplace_back(Never{});
    return;
  }
  const char* why = kWhyModule;
  if (name == "owner" || name == "cgroup") why = kWhyServer;
  if (name == "mac" || name == "cpu" || name == "devgroup") why = kWhyHardware;
  out_.emplace_back(Unknown{why, module_.name});
}

// Not being there is what is asked.
bool MatchReader::all_negated() const {
  return !module_.options.empty() &&
         std::ranges::all_of(module_.options,
                             [](const TablesOption& option) { return option.negated; });
}

bool MatchReader::add(Compare step) {
  out_.emplace_back(std::move(step));
  return true;
}

bool MatchReader::unknown(const char* why) {
  out_.emplace_back(Unknown{why, module_.name});
  return true;
}

bool MatchReader::tcp() {
  for (const auto& option : module_.options) {
    if (option.name == "--sport" || option.name == "--dport") {
      const auto range = port_range(first_word(option));
      if (!range) return false;
      add(compare(option.name == "--sport" ? Field::source_port : Field::target_port,
                  IntervalSet{*range}, option.negated));
    } else if (option.name == "--tcp-flags" && option.words.size() == 2) {
      const auto mask = flag_bits(DataType::tcp_flags, option.words[0]);
      const auto flags = flag_bits(DataType::tcp_flags, option.words[1]);
      if (!mask || !flags) return false;
      Compare step = compare(Field::tcp_flags, IntervalSet{*flags}, option.negated);
      step.term.mask = *mask;
      add(std::move(step));
    } else if (option.name == "--tcp-option") {
      const auto kind = number_word(first_word(option));
      if (!kind) return false;
      Compare step = compare(Field::tcp_option, IntervalSet{Key{1}}, option.negated);
      step.term.argument = static_cast<std::uint32_t>(*kind);
      add(std::move(step));
    } else {
      return false;
    }
  }
  return true;
}

// "3", "3/13", "any": of the refusals that this host sends.
bool MatchReader::icmp() {
  const bool v4 = family_ == Family::ipv4;
  for (const auto& option : module_.options) {
    if (option.name != (v4 ? "--icmp-type" : "--icmpv6-type")) return false;
    const auto word = first_word(option);
    Compare protocol = compare(Field::protocol, IntervalSet{Key{v4 ? 1U : 58U}}, false);
    add(std::move(protocol));
    if (word == "any") continue;
    const auto slash = word.find('/');
    const auto type = number_word(word.substr(0, slash));
    if (!type) return false;
    // The type alone, or type and code: negated, either may differ.
    if (slash == std::string_view::npos) {
      add(compare(Field::icmp_type, IntervalSet{*type}, option.negated));
      continue;
    }
    const auto code = number_word(word.substr(slash + 1));
    if (!code) return false;
    Set both;
    both.types = {DataType::number, DataType::number};
    both.width = 2;
    both.cells = {{*type, *type}, {*code, *code}};
    both.finish();
    Lookup step;
    step.key = {{.field = Field::icmp_type}, {.field = Field::icmp_code}};
    step.set = builder_.add_set("", std::move(both));
    step.negated = option.negated;
    out_.emplace_back(std::move(step));
  }
  return true;
}

bool MatchReader::multiport() {
  for (const auto& option : module_.options) {
    const auto ports = port_list(first_word(option));
    if (!ports) return false;
    if (option.name == "--dports") {
      add(compare(Field::target_port, *ports, option.negated));
    } else if (option.name == "--sports") {
      add(compare(Field::source_port, *ports, option.negated));
    } else if (option.name == "--ports") {
      // Either of them: certain when ours is in, else up to the client's.
      Set either;
      either.types = {DataType::port, DataType::port};
      either.width = 2;
      for (const auto& range : ports->parts()) {
        either.cells.insert(either.cells.end(), {range, {0, 65535}, {0, 65535}, range});
      }
      either.finish();
      Lookup step;
      step.key = {{.field = Field::source_port}, {.field = Field::target_port}};
      step.set = builder_.add_set("", std::move(either));
      step.negated = option.negated;
      out_.emplace_back(std::move(step));
    } else {
      return false;
    }
  }
  return true;
}

bool MatchReader::conntrack_option(const TablesOption& option, ConntrackMatch& step) {
  struct Row {
    std::string_view name;
    Field field;
    DataType type;
  };
  static constexpr std::array kRows{
      Row{"--ctorigsrc", Field::ct_original_source, DataType::address4},
      Row{"--ctorigdst", Field::ct_original_target, DataType::address4},
      Row{"--ctreplsrc", Field::ct_reply_source, DataType::address4},
      Row{"--ctrepldst", Field::ct_reply_target, DataType::address4},
      Row{"--ctorigsrcport", Field::ct_original_source_port, DataType::port},
      Row{"--ctorigdstport", Field::ct_original_target_port, DataType::port},
      Row{"--ctreplsrcport", Field::ct_reply_source_port, DataType::port},
      Row{"--ctrepldstport", Field::ct_reply_target_port, DataType::port},
      Row{"--ctdir", Field::ct_direction, DataType::ct_direction},
      Row{"--ctproto", Field::ct_protocol, DataType::protocol},
  };
  const auto word = first_word(option);
  if (option.name == "--ctstate") {
    const auto bits = flag_bits(DataType::ct_state, word);
    if (!bits) return false;
    step.states = static_cast<std::uint32_t>(*bits);
    step.has_state = true;
    step.negated_state = option.negated;
    return true;
  }
  if (option.name == "--ctstatus") {
    const auto bits = flag_bits(DataType::ct_status, word);
    if (!bits) return false;
    Compare one = compare(Field::ct_status, IntervalSet{*bits}, option.negated);
    one.any_bit = true;
    step.others.push_back(std::move(one));
    return true;
  }
  if (option.name == "--ctexpire") {
    Compare one = compare(Field::other, {}, false);
    one.term.why = kWhyClock;
    step.others.push_back(std::move(one));
    return true;
  }
  for (const auto& row : kRows) {
    if (row.name != option.name) continue;
    std::optional<Interval> range;
    if (row.type == DataType::address4) {
      range = address_range(word, family_);
    } else if (row.type == DataType::port) {
      range = port_range(word);
    } else {
      range = constant(row.type, word);
    }
    if (!range) return false;
    step.others.push_back(compare(row.field, IntervalSet{*range}, option.negated));
    return true;
  }
  return false;
}

bool MatchReader::conntrack() {
  track();
  ConntrackMatch step;
  for (const auto& option : module_.options) {
    if (!conntrack_option(option, step)) return false;
  }
  out_.emplace_back(std::move(step));
  return true;
}

bool MatchReader::state() {
  track();
  const auto* option = module_.find("--state");
  if (option == nullptr) return false;
  const auto bits = flag_bits(DataType::ct_state, first_word(*option));
  if (!bits) return false;
  ConntrackMatch step;
  step.states = static_cast<std::uint32_t>(*bits);
  step.has_state = true;
  step.negated_state = option->negated;
  out_.emplace_back(std::move(step));
  return true;
}

bool MatchReader::set() {
  const TablesOption* option = module_.find("--match-set");
  if (option == nullptr || option->words.size() != 2) return false;
  for (const auto& other : module_.options) {
    // --return-nomatch, --packets-gt ... ask for more than membership.
    if (other.name != "--match-set" && other.name != "--update-counters" &&
        other.name != "--update-subcounters") {
      return false;
    }
  }
  const auto* index = builder_.find_set("ipset", option->words[0]);
  if (index == nullptr) return unknown("an ipset that is not in the dump");
  Lookup step;
  step.set = *index;
  step.negated = option->negated;
  step.key = ipset_key(builder_.out().sets[*index], option->words[1]);
  out_.emplace_back(std::move(step));
  return true;
}

bool MatchReader::mark() {
  const auto* option = module_.find("--mark");
  if (option == nullptr) return false;
  const auto value = masked_number(first_word(*option));
  if (!value) return false;
  Compare step = compare(Field::mark, IntervalSet{value->value}, option->negated);
  step.term.mask = value->mask;
  return add(std::move(step));
}

bool MatchReader::connmark() {
  track();
  const auto* option = module_.find("--mark");
  if (option == nullptr) return false;
  const auto value = masked_number(first_word(*option));
  if (!value) return false;
  Compare step = compare(Field::ct_mark, IntervalSet{value->value}, option->negated);
  step.term.mask = value->mask;
  return add(std::move(step));
}

bool MatchReader::addrtype() {
  const bool in = module_.find("--limit-iface-in") != nullptr;
  const bool out = module_.find("--limit-iface-out") != nullptr;
  for (const auto& option : module_.options) {
    if (option.name.starts_with("--limit-iface")) continue;
    if (option.name != "--src-type" && option.name != "--dst-type") return false;
    std::vector<Interval> types;
    for (const auto word : split(first_word(option), ',')) {
      const auto type = constant(DataType::route_type, word);
      if (!type) return false;
      types.push_back(*type);
    }
    auto wanted = IntervalSet::of(std::move(types));
    if (family_ == Family::ipv6) {
      // xt_addrtype.c, match_type6(): "unicast" asks about the address alone, which an edge's and
      // this host's always are; "multicast" likewise, and the rest about the route.
      const bool impossible = wanted.contains(kMulticast) || wanted.contains(kUnspec);
      wanted.remove({kUnicast, kUnicast});
      if (impossible || wanted.empty()) {
        if (impossible != option.negated) out_.emplace_back(Never{});
        continue;
      }
    }
    Compare step = compare(Field::xt_type, std::move(wanted), option.negated);
    step.term.of_source = option.name == "--src-type";
    step.term.with_incoming = in;
    step.term.with_outgoing = out;
    add(std::move(step));
  }
  return true;
}

bool MatchReader::iprange() {
  for (const auto& option : module_.options) {
    const auto word = first_word(option);
    const auto dash = word.find('-');
    if (dash == std::string_view::npos) return false;
    const auto first = address_range(word.substr(0, dash), family_);
    const auto last = address_range(word.substr(dash + 1), family_);
    if (!first || !last) return false;
    add(compare(option.name == "--src-range" ? Field::source : Field::target,
                IntervalSet{first->first, last->last}, option.negated));
  }
  return true;
}

bool MatchReader::rpfilter() {
  Compare step =
      compare(Field::reverse_path, IntervalSet{Key{1}}, module_.find("--invert") != nullptr);
  step.term.of_source = true;
  step.term.loose = module_.find("--loose") != nullptr;
  step.term.with_mark = module_.find("--validmark") != nullptr;
  return add(std::move(step));
}

bool MatchReader::pkttype() {
  const auto* option = module_.find("--pkt-type");
  if (option == nullptr) return false;
  const auto type = constant(DataType::packet_type, first_word(*option));
  if (!type) return false;
  return add(compare(Field::packet_type, IntervalSet{*type}, option->negated));
}

bool MatchReader::policy() {
  const auto* option = module_.find("--pol");
  if (option == nullptr) return false;
  const bool none = first_word(*option) == "none";
  if (none == option->negated) out_.emplace_back(Never{});
  return true;
}

// A packet that no bridge of this host passed to its rules has no port (xt_physdev.c).
bool MatchReader::physdev() {
  if (builder_.bridged(family_)) return unknown("depends on the port of a bridge it came through");
  if (!all_negated()) out_.emplace_back(Never{});
  return true;
}

// What there is behind the header is the protocol alone (ip6t_ipv6header.c).
bool MatchReader::ipv6header() {
  const auto* option = module_.find("--header");
  if (option == nullptr) return false;
  const auto names = split(first_word(*option), ',');
  const bool protocol = std::ranges::any_of(names, [](std::string_view name) {
    return name == "protocol" || name == "proto" || name == "prot";
  });
  const bool alone = protocol && names.size() == 1;
  bool matches = alone != option->negated;
  if (module_.find("--soft") != nullptr && option->negated) matches = !protocol;
  if (!matches) out_.emplace_back(Never{});
  return true;
}

Term ipset_term(DataType type, bool source) {
  Term term;
  switch (type) {
    case DataType::port: term.field = source ? Field::source_port : Field::target_port; break;
    case DataType::mark: term.field = Field::mark; break;
    case DataType::interface_name: term.field = source ? Field::incoming : Field::outgoing; break;
    case DataType::address4:
    case DataType::address6: term.field = source ? Field::source : Field::target; break;
    default:
      term.field = Field::other;
      term.why = kWhyHardware;
      break;
  }
  return term;
}

std::vector<Term> ipset_key(const Set& set, std::string_view directions) {
  std::vector<Term> out;
  for (const auto word : split(directions, ',')) {
    const bool source = word == "src";
    const auto type = out.size() < set.types.size() ? set.types[out.size()] : DataType::address4;
    out.push_back(ipset_term(type, source));
    out.back().of_source = source;  // the members of a list have fields of their own
  }
  return out;
}

void read_matches(const codec::TablesRule& rule, Family family, Builder& builder,
                  std::vector<Step>& out) {
  for (const auto& option : rule.basics) {
    if (!read_basic(option, family, out)) out.emplace_back(Unknown{kWhyModule, option.name});
  }
  for (const auto& module : rule.matches) MatchReader{module, family, builder, out}.read();
}

}  // namespace causeway::firewall
