// nft's statements become steps.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "firewall/constants.hpp"
#include "firewall/load_nft.hpp"
#include "firewall/load_tables.hpp"

namespace causeway::firewall {
namespace {

using codec::Json;

// A value computed from another by bits: (base & mask) ^ value.
struct Computed {
  std::optional<Term> base;
  Key mask = kAllBits;
  Key value = 0;
};

Limit rate_of(Json in) {
  Limit out;
  out.over = in["inv"].truth();
  out.rate = static_cast<std::uint64_t>(in["rate"].integer().value_or(0));
  out.burst = static_cast<std::uint64_t>(in["burst"].integer().value_or(5));
  out.per = in["per"].text();
  out.unit = in["rate_unit"] ? in["rate_unit"].text() : "packets";
  out.key = "all clients together";
  out.global = true;
  return out;
}

Limit count_of(Json in) {
  Limit out;
  out.kind = Limit::Kind::connections;
  out.over = in["inv"].truth();
  out.rate = static_cast<std::uint64_t>(std::max<std::int64_t>(in["val"].integer().value_or(0), 0));
  out.key = "all clients together";
  out.global = true;
  return out;
}

std::uint64_t unit(std::string_view word) {
  if (word == "kbytes") return 1024;
  if (word == "mbytes") return 1024 * 1024;
  return 1;
}

Limit quota_of(Json in) {
  Limit out;
  out.kind = Limit::Kind::quota;
  out.over = in["inv"].truth();
  const auto number = [&](std::string_view name, std::string_view scale) {
    const auto value = std::max<std::int64_t>(in[name].integer().value_or(0), 0);
    return static_cast<std::uint64_t>(value) * unit(in[scale].text());
  };
  out.rate = in["bytes"] ? number("bytes", "") : number("val", "val_unit");
  out.used = number("used", "used_unit");
  out.unit = "bytes";
  out.key = "all clients together";
  out.global = true;
  return out;
}

class StatementReader {
 public:
  StatementReader(const NftPlace& place, bool matches_only)
      : place_(place), matches_only_(matches_only) {}

  std::vector<Step> read(Json statements) {
    for (const Json statement : statements) read_one(statement);
    return std::move(out_);
  }

 private:
  using Reader = void (StatementReader::*)(Json);

  void read_one(Json statement) {
    const Json in = statement.first();
    const auto kind = in.key();
    if (kind == "match") {
      match(in);
      return;
    }
    if (matches_only_) return;
    if (in["map"] && is_nft_object(kind)) {
      chosen(kind, in["map"]);
      return;
    }
    if (const auto verdict = read_verdict(statement, place_)) {
      out_.emplace_back(Decide{*verdict});
      return;
    }
    struct Row {
      std::string_view kind;
      Reader reader;
    };
    static constexpr std::array kReaders{
        Row{"reject", &StatementReader::reject},     Row{"queue", &StatementReader::queue},
        Row{"vmap", &StatementReader::vmap},         Row{"limit", &StatementReader::limit},
        Row{"quota", &StatementReader::quota},       Row{"ct count", &StatementReader::ct_count},
        Row{"set", &StatementReader::set},           Row{"meter", &StatementReader::meter},
        Row{"mangle", &StatementReader::mangle},     Row{"dnat", &StatementReader::nat},
        Row{"snat", &StatementReader::nat},          Row{"redirect", &StatementReader::nat},
        Row{"masquerade", &StatementReader::nat},    Row{"tproxy", &StatementReader::tproxy},
        Row{"synproxy", &StatementReader::synproxy}, Row{"notrack", &StatementReader::notrack},
        Row{"xt", &StatementReader::foreign},
    };
    for (const auto& row : kReaders) {
      if (row.kind == kind) {
        (this->*row.reader)(in);
        return;
      }
    }
    rest(kind);
  }

  void rest(std::string_view kind) {
    static constexpr std::array<std::string_view, 12> kNothing{
        "counter",        "log",     "dup",     "flow", "ct helper", "ct timeout",
        "ct expectation", "secmark", "comment", "last", "tunnel",    "map"};
    if (std::ranges::find(kNothing, kind) != kNothing.end()) return;
    if (kind == "fwd") {  // leaves this host at once
      out_.emplace_back(Decide{{.kind = Verdict::Kind::drop}});
      return;
    }
    out_.emplace_back(Decide{{.kind = Verdict::Kind::foreign}});
  }

  void foreign(Json in) {
    if (in["type"].text() == "match") {
      out_.emplace_back(Unknown{"a match of iptables whose arguments nft does not show",
                                std::string{in["name"].text()}});
    } else if (in["type"].text() == "target" && in["name"].text() != "LOG") {
      out_.emplace_back(Decide{{.kind = Verdict::Kind::foreign}});
    }
  }

  void track() { place_.builder.tracks(place_.family); }

  // --- matches ---

  void unknown(const char* why, std::string_view what) {
    out_.emplace_back(Unknown{why, std::string{what}});
  }

  void match(Json in) {
    auto keys = read_keys(in["left"], place_);
    const auto op = in["op"].text();
    const Json right = in["right"];
    const bool negated = op == "!=";
    if (right.is(Json::Kind::boolean)) {
      existence(in["left"], keys.front(), right.truth() != negated);
      return;
    }
    const bool is_set = right["set"] || right.text().starts_with('@');
    if (keys.size() > 1 || right.text().starts_with('@')) {
      lookup(right, keys, negated);
      return;
    }
    const auto& key = keys.front();
    if (op == "<" || op == ">" || op == "<=" || op == ">=") {
      order(op, right, key);
      return;
    }
    Compare step;
    step.term = key.term;
    step.negated = negated || op == "!";
    step.any_bit = op == "in" || op == "!";
    const auto values = is_set ? constants(right["set"], key) : constants_of(right, key);
    if (!values) {
      require_families(keys);
      unknown("a constant that is not understood", "nft");
      return;
    }
    step.values = *values;
    out_.emplace_back(std::move(step));
  }

  static std::optional<IntervalSet> constants_of(Json value, const NftKey& key) {
    const auto one = read_constant(value, key.type);
    if (one) return IntervalSet{*one};
    // A type of ICMP by name: none that a refused TCP packet causes, but one.
    if (key.term.field == Field::icmp_type && value.is(Json::Kind::text)) {
      constexpr Key kNone = 0xffff;
      if (value.text() != "destination-unreachable") return IntervalSet{kNone};
      return IntervalSet{Key{key.term.argument == 4 ? 3U : 1U}};
    }
    return std::nullopt;
  }

  static std::optional<IntervalSet> constants(Json list, const NftKey& key) {
    std::vector<Interval> out;
    for (Json element : list) {
      if (element["elem"]) element = element["elem"]["val"];
      const auto one = constants_of(element, key);
      if (!one) return std::nullopt;
      out.insert(out.end(), one->parts().begin(), one->parts().end());
    }
    return IntervalSet::of(std::move(out));
  }

  void existence(Json left, const NftKey& key, bool wanted) {
    if (left["exthdr"] || left["ip option"]) {
      // No packet of an edge has one; those of the other family are not asked (nft_exthdr.c).
      if (wanted) {
        out_.emplace_back(Never{});
        return;
      }
      Compare family;
      family.term.field = Field::nf_family;
      family.values = IntervalSet{*constant(DataType::nf_family, left["exthdr"] ? "ipv6" : "ipv4")};
      out_.emplace_back(std::move(family));
      return;
    }
    Compare step;
    step.term = key.term;
    step.values = IntervalSet{Key{0}};
    step.negated = wanted;  // anything but "none"
    out_.emplace_back(std::move(step));
  }

  void order(std::string_view op, Json right, const NftKey& key) {
    const auto number = read_constant(right, key.type);
    if (!number) {
      unknown("a constant that is not understood", "nft");
      return;
    }
    const Key n = number->first;
    Compare step;
    step.term = key.term;
    if (op == "<" && n > 0) step.values = IntervalSet{0, n - 1};
    if (op == "<=") step.values = IntervalSet{0, n};
    if (op == ">" && n != kAllBits) step.values = IntervalSet{n + 1, kAllBits};
    if (op == ">=") step.values = IntervalSet{n, kAllBits};
    out_.emplace_back(std::move(step));
  }

  static std::vector<Term> terms(const std::vector<NftKey>& keys) {
    std::vector<Term> out;
    out.reserve(keys.size());
    for (const auto& key : keys) out.push_back(key.term);
    return out;
  }

  void lookup(Json right, const std::vector<NftKey>& keys, bool negated) {
    const auto set = read_set_reference(right, keys, false, place_);
    if (!set) {
      unknown("a set that is not in the dump", right.text());
      return;
    }
    out_.emplace_back(Lookup{terms(keys), *set, negated});
  }

  void vmap(Json in) {
    const auto keys = read_keys(in["key"], place_);
    const auto set = read_set_reference(in["data"], keys, true, place_);
    if (!set) {
      out_.emplace_back(Decide{{.kind = Verdict::Kind::foreign}});
      return;
    }
    out_.emplace_back(Choose{terms(keys), *set});
  }

  // --- counting ---

  // Without an object for the packet the rule ends (nft_objref.c, nft_objref_map_eval()).
  void chosen(std::string_view kind, Json map) {
    const auto keys = read_keys(map["key"], place_);
    const auto index = read_set_reference(map["data"], keys, true, place_, true);
    if (!index) {
      unknown("a map that is not in the dump", kind);
      return;
    }
    out_.emplace_back(Lookup{terms(keys), *index, false});
    if (kind == "synproxy") synproxy({});
    if (kind != "limit" && kind != "quota") return;
    Objects step{terms(keys), *index, {}};
    for (const auto& value : place_.builder.out().sets[*index].values) {
      const Json data = object(kind, value.object);
      step.limits.emplace_back();
      if (data) step.limits.back() = kind == "limit" ? rate_of(data) : quota_of(data);
    }
    out_.emplace_back(std::move(step));
  }

  Json object(std::string_view kind, std::string_view name) const {
    return place_.builder.find_object(fmt::format("{} {} {}", place_.scope(), kind, name));
  }

  Json named(Json in, std::string_view kind) const {
    return in.is(Json::Kind::text) ? object(kind, in.text()) : in;
  }

  void limit(Json in) {
    const Json data = named(in, "limit");
    if (!data) {
      unknown("a limit that is not in the dump", in.text());
      return;
    }
    out_.emplace_back(rate_of(data));
  }

  void quota(Json in) {
    const Json data = named(in, "quota");
    if (!data) {
      unknown("a quota that is not in the dump", in.text());
      return;
    }
    out_.emplace_back(quota_of(data));
  }

  void ct_count(Json in) {
    track();
    out_.emplace_back(count_of(in));
  }

  // "each source address", "each source /24 and port"
  static void name_key_of(const std::vector<NftKey>& keys, Limit& out) {
    for (const auto& key : keys) {
      const bool source = key.term.field == Field::source4 || key.term.field == Field::source6;
      if (!source) continue;
      out.global = false;
      const Family family = key.term.field == Field::source4 ? Family::ipv4 : Family::ipv6;
      const auto length =
          mask_length(address_of(key.term.mask & highest(family), family).text(), family);
      const unsigned whole = family == Family::ipv4 ? 32 : 128;
      out.key = length && *length < whole ? fmt::format("each source /{}", *length)
                                          : "each source address";
    }
  }

  // Of one family, as their term's argument tells.
  static constexpr std::array kIpHeader{Field::protocol, Field::ttl,        Field::length,
                                        Field::dscp,     Field::ip_version, Field::ip_header,
                                        Field::fragment};

  // An IPv4 field in a table of both families: the rule ends for IPv6 packets.
  void require_families(const std::vector<NftKey>& keys) {
    for (const auto& key : keys) {
      const auto field = key.term.field;
      const bool of_header = std::ranges::find(kIpHeader, field) != kIpHeader.end();
      const auto family = key.term.argument;
      const bool v4 =
          field == Field::source4 || field == Field::target4 || (of_header && family == 4);
      const bool v6 =
          field == Field::source6 || field == Field::target6 || (of_header && family == 6);
      if (v4 || v6) {
        Compare step;
        step.term.field = Field::nf_family;
        step.values = IntervalSet{Key{v4 ? 2U : 10U}};
        out_.emplace_back(std::move(step));
      }
      if (field == Field::never) out_.emplace_back(Never{});
    }
  }

  // What an element counts.
  std::vector<Limit> each(Json statement, const std::vector<NftKey>& keys) {
    const Json in = statement.first();
    if (in.key() == "ct count") track();
    auto out = element_limit(in);
    if (!out) {
      if (in.key() != "counter") unknown("a statement in a set that is not understood", in.key());
      return {};
    }
    name_key_of(keys, *out);
    return {std::move(*out)};
  }

  void set(Json in) {
    Json element = in["elem"];
    if (element["elem"]) element = element["elem"]["val"];
    const auto keys = read_keys(element, place_);
    require_families(keys);
    std::vector<Limit> limits;
    for (const Json statement : in["stmt"]) {
      for (auto& one : each(statement, keys)) limits.push_back(std::move(one));
    }
    if (const auto index = read_set_reference(in["set"], keys, false, place_)) {
      out_.emplace_back(
          Remember{in["op"].text() == "delete", *index, terms(keys), std::move(limits)});
    }
  }

  void meter(Json in) {
    Json element = in["key"];
    if (element["elem"]) element = element["elem"]["val"];
    const auto keys = read_keys(element, place_);
    require_families(keys);
    for (auto& one : each(in["stmt"], keys)) out_.emplace_back(std::move(one));
  }

  // --- changes ---

  std::optional<Computed> compute(Json in, int depth) const {
    constexpr int kDeepest = 8;
    if (const auto number = read_constant(in, DataType::number)) {
      return Computed{std::nullopt, 0, number->first};
    }
    const Json inner = in.first();
    const auto op = inner.key();
    if (op != "&" && op != "|" && op != "^") {
      Computed out;
      out.base = read_key(in, place_).term;
      return out;
    }
    if (depth > kDeepest || inner.size() != 2) return std::nullopt;
    auto out = compute(inner.at(0), depth + 1);
    const auto number = read_constant(inner.at(1), DataType::number);
    if (!out || !number) return std::nullopt;
    const Key n = number->first;
    if (op == "&") {
      out->mask &= n;
      out->value &= n;
    } else if (op == "|") {
      out->mask &= ~n;
      out->value = (out->value & ~n) | n;
    } else {
      out->value ^= n;
    }
    return out;
  }

  void mangle(Json in) {
    const NftKey target = read_key(in["key"], place_);
    const auto field = target.term.field;
    const bool ct = field == Field::ct_mark || field == Field::ct_zone;
    if (ct) track();
    const bool address = field == Field::source4 || field == Field::source6 ||
                         field == Field::target4 || field == Field::target6;
    const bool port = field == Field::source_port || field == Field::target_port;
    auto& rules = place_.builder.out();
    if (field == Field::dscp) rules.rewrites_dscp = true;
    if (field == Field::ttl) rules.rewrites_ttl = true;
    if (field == Field::mss) rules.rewrites_mss = true;
    if (field != Field::mark && !ct && !address && !port) return;
    if (address) require_families({target});
    Assign step;
    step.field = field;
    if (field == Field::ct_zone && target.term.argument != 0) {
      step.zone_ways = target.term.argument;
    }
    const Json value = in["value"];
    if (const Json map = value["map"]) {
      const auto keys = read_keys(map["key"], place_);
      const auto index = read_set_reference(map["data"], keys, true, place_);
      step.unknown = !index;
      if (index) {
        step.key = terms(keys);
        step.map = *index;
      }
    } else if (address) {
      const auto constant = read_constant(value, target.type);
      step.unknown = !constant;
      if (constant) step.value = constant->first;
    } else if (const auto computed = compute(value, 0)) {
      step.value = computed->value;
      if (computed->base && computed->base->field == field) {
        step.keep = computed->mask;
      } else if (computed->base) {
        step.from = computed->base;
        step.from->mask &= computed->mask;
      }
    } else {
      step.unknown = true;
    }
    out_.emplace_back(std::move(step));
  }

  void notrack(Json) { out_.emplace_back(Notrack{}); }
  void synproxy(Json) {
    track();
    out_.emplace_back(Synproxy{});
  }

  static std::optional<Family> family_of(Json in) {
    if (in["family"].text() == "ip") return Family::ipv4;
    if (in["family"].text() == "ip6") return Family::ipv6;
    return std::nullopt;
  }

  void nat(Json in) {
    track();
    Nat step;
    const auto kind = in.key();
    if (kind == "snat") step.kind = Nat::Kind::source;
    if (kind == "redirect") step.kind = Nat::Kind::redirect;
    if (kind == "masquerade") step.kind = Nat::Kind::masquerade;
    step.family = family_of(in);
    if (!step.family && place_.family == "ip") step.family = Family::ipv4;
    if (!step.family && place_.family == "ip6") step.family = Family::ipv6;
    nat_part(in["addr"], false, step);
    nat_part(in["port"], true, step);
    out_.emplace_back(std::move(step));
  }

  void nat_part(Json value, bool port, Nat& step) {
    if (!value) return;
    if (const Json map = value["map"]) {
      const auto keys = read_keys(map["key"], place_);
      const auto index = read_set_reference(map["data"], keys, true, place_);
      step.unknown |= !index || !step.key.empty();
      if (index && step.key.empty()) {
        step.key = terms(keys);
        step.map = *index;
        step.map_gives_port = port;
      }
      return;
    }
    const auto constant = read_constant(value, port ? DataType::port : DataType::unknown);
    step.unknown |= !constant;
    if (constant) (port ? step.port : step.address) = *constant;
  }

  void tproxy(Json in) {
    Tproxy step;
    step.family = family_of(in);
    if (const auto address = read_constant(in["addr"], DataType::unknown)) {
      step.address = address->first;
    }
    if (const auto port = read_constant(in["port"], DataType::port)) {
      step.port = static_cast<std::uint16_t>(port->first);
    }
    out_.emplace_back(step);
  }

  // --- verdicts ---

  void reject(Json in) {
    Verdict verdict{.kind = Verdict::Kind::reject};
    const auto type = in["type"].text();
    // nft does not print the question for the family that goes with it.
    if (type == "icmp") require_families({{.term = {.field = Field::source4}}});
    if (type == "icmpv6") require_families({{.term = {.field = Field::source6}}});
    const auto word = in["expr"]     ? fmt::format("{} {}", type, in["expr"].text())
                      : type.empty() ? std::string{"icmpx port-unreachable"}
                                     : std::string{type};
    const auto kind = reject_kind(word);
    if (!kind) verdict.kind = Verdict::Kind::foreign;
    if (kind) verdict.reject = *kind;
    out_.emplace_back(Decide{verdict});
  }

  void queue(Json in) {
    Verdict verdict{.kind = Verdict::Kind::queue};
    verdict.bypass = in["flags"].text() == "bypass";
    for (const Json flag : in["flags"]) verdict.bypass |= flag.text() == "bypass";
    out_.emplace_back(Decide{verdict});
  }

  const NftPlace& place_;
  bool matches_only_;
  std::vector<Step> out_;
};

}  // namespace

bool is_nft_object(std::string_view kind) {
  static constexpr std::array<std::string_view, 9> kKinds{
      "limit",      "quota",          "counter", "synproxy", "ct helper",
      "ct timeout", "ct expectation", "secmark", "tunnel"};
  return std::ranges::find(kKinds, kind) != kKinds.end();
}

std::optional<Limit> element_limit(Json statement) {
  if (statement.key() == "limit") return rate_of(statement);
  if (statement.key() == "ct count") return count_of(statement);
  return std::nullopt;
}

bool has_foreign_steps(Json statements) {
  for (const Json statement : statements) {
    if (statement["xt"]) return true;
  }
  return false;
}

std::vector<Step> steps_of(Json statements, std::string_view family, std::string_view table_name,
                           std::uint32_t table, bool matches_only, Builder& builder) {
  const NftPlace place{family, table_name, table, builder};
  return StatementReader{place, matches_only}.read(statements);
}

}  // namespace causeway::firewall
