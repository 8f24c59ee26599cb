// What the host's own rules do with connections: the firewall proof, asked for the edge's ranges
// and for everybody else, becomes passages (what is seen) and facts (what the judge reads).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.hpp"
#include "firewall/proof.hpp"
#include "inspect/analyzers.hpp"
#include "inspect/limits.hpp"
#include "inspect/passages.hpp"
#include "inspect/prefixes.hpp"

namespace causeway::inspect {
namespace {

using firewall::IntervalSet;
using firewall::Result;
using firewall::Shape;
using model::Kind;

constexpr std::string_view kOthers = "others";
constexpr std::size_t kAddressesProved = 8;

std::string place_of(const firewall::RuleShown& rule) {
  std::vector<std::string> parts;
  for (const auto* part : {&rule.stack, &rule.table}) {
    if (!part->empty()) parts.push_back(*part);
  }
  if (!rule.path.empty()) parts.push_back("chain " + join(rule.path, " > "));
  if (!rule.place.empty()) parts.push_back(rule.place);
  return join(parts, ", ");
}

// Counters of rules at the end of the sample, by where the rule stands.
using RuleCounters = std::map<std::string, std::uint64_t, std::less<>>;

std::string key_of_rule(std::string_view table, std::string_view chain, std::string_view place) {
  return fmt::format("{}|{}|{}", table, chain, place);
}

RuleCounters counters_later(const View& view) {
  RuleCounters out;
  if (view.snapshot.rulesets_later.empty()) return out;
  const auto later = firewall::load(view.snapshot.rulesets_later);
  for (const auto& rule : later.rules.rules) {
    if (!rule.packets) continue;
    const auto& chain = later.rules.chains[rule.chain];
    const auto& table = later.rules.tables[chain.table];
    const auto place = rule.handle != 0 ? fmt::format("handle {}", rule.handle)
                                        : fmt::format("rule {}", rule.position);
    out[key_of_rule(fmt::format("{} {}", table.family, table.name), chain.name, place)] =
        *rule.packets;
  }
  return out;
}

bool is_everything(const Prefix& range) { return range.length() == 0; }

// Rows of one port, family and own address whose clients fare alike for the same reason.
struct Group {
  Passing passing = Passing::unclear;
  const firewall::ProofRow* row = nullptr;  // the first of them
  IntervalSet clients;
  std::vector<std::string> ids;  // passages it follows from
};

class Prover {
 public:
  Prover(const View& view, Notes& notes)
      : view_(view), notes_(notes), later_(counters_later(view)) {}

  void prove() {
    auto addresses = view_.own_addresses();
    const auto& main = view_.collection.arrival;
    // Only addresses of the interface towards the internet; the main one of each family first.
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      if (!main.address(family)) continue;
      std::vector<IpAddress> all{*main.address(family)};
      for (const auto& own : addresses) {
        if (own.address.family() != family || own.address == all.front()) continue;
        if (own.device != main.device_of(family) || all.size() >= kAddressesProved) continue;
        all.push_back(own.address);
      }
      for (const auto& address : all)
        about(family, address, all.size() > 1, address == all.front());
    }
  }

 private:
  void about(Family family, const IpAddress& address, bool of_many, bool first) {
    firewall::ProofRequest request;
    request.ports = view_.question.ports;
    request.edge.name = view_.question.edge.name;
    request.edge.prefixes = view_.edge(family);
    request.edge.prefixes.push_back(
        Prefix{family == Family::ipv4 ? IpAddress::v4(0) : IpAddress::v6({}), 0});
    auto arrival = view_.collection.arrival;
    auto collection = view_.collection;  // its arrival decides which address is asked
    (family == Family::ipv4 ? collection.arrival.address4 : collection.arrival.address6) = address;
    const auto proof = firewall::prove(collection, request);
    address_ = of_many ? address.text() : std::string{};
    for (const auto port : request.ports) groups_of(proof, family, port, first);
    for (const auto& limit : proof.limits) overload(limit, first);
    if (first) doubts(proof);
  }

  void groups_of(const firewall::Proof& proof, Family family, std::uint16_t port, bool shown) {
    std::vector<Group> groups;
    for (const auto& row : proof.rows) {
      if (row.port != port) continue;
      const std::string id = shown && worth_showing(row) ? passage(row) : std::string{};
      if (!row.certain || row.causes.empty()) continue;
      const auto passing = passing_of(row.causes.front());
      auto at = std::ranges::find_if(groups, [&](const Group& group) {
        return group.passing == passing &&
               group.row->causes.front().rule.text == row.causes.front().rule.text &&
               group.row->causes.front().rule.path == row.causes.front().rule.path;
      });
      if (at == groups.end()) at = groups.insert(at, {passing, &row, {}, {}});
      at->clients = at->clients.unite(row.clients);
      if (!id.empty()) at->ids.push_back(id);
    }
    for (const auto& group : groups) tell(group, groups, family, port);
  }

  // Everybody else only where it differs from plain acceptance or is many: a summary of the rest.
  static bool worth_showing(const firewall::ProofRow& row) {
    return !is_everything(row.range) || row.share > 0.01;
  }

  std::string passage(const firewall::ProofRow& row) {
    const Family family = row.range.address().family();
    const std::string range = is_everything(row.range) ? std::string{kOthers} : row.range.text();
    auto& out = notes_.saw(Kind::passage, fmt::format("{} port {}", range, row.port));
    const auto& cause = row.causes.front();
    out.set("range", range).set("port", int{row.port}).set("family", name(family));
    out.set("verdict", row.certain ? firewall::text(cause.ending) : std::string{"may"});
    out.set("share", row.share);
    if (row.share < 1 && !is_everything(row.range)) {
      if (auto prefixes = prefixes_of(row.clients, family, kInspectPrefixesShown)) {
        out.set("sources", std::move(*prefixes));
      }
    }
    if (cause.ending.result != Result::accept) out.set("lost", firewall::name(cause.lost));
    out.set("rule", cause.rule.text).set("place", place_of(cause.rule));
    if (!cause.rule.owner.empty()) out.set("agent", cause.rule.owner);
    if (cause.rule.packets) out.set("packets", *cause.rule.packets);
    if (const auto more = moved(cause.rule)) out.set("moved", *more);
    if (!cause.doubts.empty()) out.set("doubts", cause.doubts);
    if (!row.fixes.empty()) {
      out.set("fix", row.fixes.front().text);
      if (!row.fixes.front().command.empty()) out.set("command", row.fixes.front().command);
    }
    return out.id;
  }

  // Does anybody from the internet get in where these do not?
  static bool others_get_in(const std::vector<Group>& groups, Family family) {
    return std::ranges::any_of(groups, [family](const Group& group) {
      return group.passing == Passing::accepted && group.clients.overlaps(internet(family));
    });
  }

  // A packet that claims to come from this host itself or from a whole network of its own is
  // dropped everywhere (RFC 1812 5.3.7, 5.3.8), and is nobody's.
  IntervalSet everybody(Family family) const {
    IntervalSet out = internet(family);
    for (const auto& own : view_.own_addresses()) {
      if (own.address.family() != family) continue;
      const auto key = firewall::key_of(own.address);
      out.remove({key, key});
      if (family != Family::ipv4 || own.length > 30) continue;
      const auto network = firewall::interval_of(Prefix{own.address, own.length});
      out.remove({network.first, network.first});
      out.remove({network.last, network.last});
    }
    return out;
  }

  void tell(const Group& group, const std::vector<Group>& groups, Family family,
            std::uint16_t port) {
    const auto words = fact_of(group.passing, others_get_in(groups, family));
    const auto all = everybody(family);
    const auto clients = group.clients.intersect(all);
    if (words.what.empty() || clients.empty()) return;
    const auto edge = set_of(view_.edge(family));
    std::optional<std::vector<std::string>> sources;
    if (!clients.covers(all)) {
      sources = prefixes_of(clients, family, kInspectPrefixes);
      // Too many to list: what concerns the edge is what matters.
      if (!sources) sources = prefixes_of(clients.intersect(edge), family, kInspectPrefixes);
      if (!sources || sources->empty()) return;
    }
    auto& out = notes_.fact(words.what, words.value, group.ids);
    out.set("port", int{port}).set("family", name(family));
    if (!address_.empty()) out.set("address", address_);
    if (sources) out.set("sources", std::move(*sources));
    out.set("in_edge", clients.overlaps(edge));
    if (group.passing == Passing::accepted) return;
    const auto& rule = group.row->causes.front().rule;
    out.set("rule", rule.text).set("detail", detail_of(rule));
    if (!rule.owner.empty()) out.set("agent", rule.owner);
    if (!group.row->fixes.empty()) {
      out.set("fix", group.row->fixes.front().text);
      if (!group.row->fixes.front().command.empty()) {
        out.set("command", group.row->fixes.front().command);
      }
    }
  }

  // How far the rule's counter rose during the sample.
  std::optional<std::uint64_t> moved(const firewall::RuleShown& rule) const {
    if (!rule.packets || rule.path.empty()) return std::nullopt;
    const auto at = later_.find(key_of_rule(rule.table, rule.path.back(), rule.place));
    if (at == later_.end() || at->second < *rule.packets) return std::nullopt;
    return at->second - *rule.packets;
  }

  std::string detail_of(const firewall::RuleShown& rule) const {
    auto place = place_of(rule);
    const std::string owner = rule.owner.empty() ? "" : rule.owner + ": ";
    if (const auto more = moved(rule); more && *more > 0) {
      place += fmt::format("; it met {} packets during the sample", *more);
    }
    return place.empty() ? owner + rule.text : fmt::format("{}{} ({})", owner, rule.text, place);
  }

  void overload(const firewall::LimitRow& row, bool shown) {
    std::vector<std::string> ids;
    if (shown) {
      for (const auto& range : row.ranges) {
        auto& out = notes_.saw(
            Kind::passage,
            fmt::format("{} port {}",
                        is_everything(range) ? kOthers : std::string_view{range.text()}, row.port));
        out.set("range", is_everything(range) ? std::string{kOthers} : range.text());
        out.set("port", int{row.port}).set("family", name(row.family)).set("limit", row.limit);
        out.set("verdict", join(row.then, " or ")).set("rule", row.rule.text);
        out.set("place", place_of(row.rule));
        if (!row.rule.owner.empty()) out.set("agent", row.rule.owner);
        if (row.rule.packets) out.set("packets", *row.rule.packets);
        ids.push_back(out.id);
        if (ids.size() >= kInspectPrefixesShown) break;
      }
    }
    const bool connections = row.limit.find("connections at once") != std::string::npos;
    auto& out = notes_.fact("filter", connections ? "limit-connections" : "limit-rate", ids);
    out.set("port", int{row.port}).set("family", name(row.family));
    if (!address_.empty()) out.set("address", address_);
    const bool everybody = std::ranges::any_of(row.ranges, is_everything);
    if (!everybody) {
      std::vector<std::string> sources;
      sources.reserve(row.ranges.size());
      for (const auto& range : row.ranges) sources.push_back(range.text());
      if (sources.empty()) sources.emplace_back("0.0.0.0/32");
      out.set("sources", std::move(sources)).set("in_edge", !row.ranges.empty());
    }
    out.set("rule", row.rule.text);
    out.set("detail", fmt::format("{}: {}", row.limit, detail_of(row.rule)));
    if (!row.rule.owner.empty()) out.set("agent", row.rule.owner);
  }

  void doubts(const firewall::Proof& proof) {
    std::size_t told = 0;
    for (const auto& list : proof.lists) {
      if (list.missing.empty() && list.remarks.empty()) continue;
      if (list.holds == 0 || ++told > kInspectPrefixesShown) continue;
      auto& out = notes_.saw(Kind::ban, list.name);
      out.set("agent", "other").set("list", list.name).set("sources", list.missing);
      out.set("detail",
              fmt::format("an allow list that holds {} of the edge's {} ranges{}{}", list.holds,
                          list.of, list.remarks.empty() ? "" : ": ", join(list.remarks, "; ")));
    }
  }

  const View& view_;
  Notes& notes_;
  RuleCounters later_;
  std::string address_;
};

bool mentions(const firewall::RuleShown& rule, std::string_view words) {
  return rule.text.find(words) != std::string::npos;
}

}  // namespace

Passing passing_of(const firewall::Cause& cause) {
  const auto& rule = cause.rule;
  if (cause.ending.result == Result::accept) return Passing::accepted;
  // Refused by a socket or for want of one: the filters let it in.
  if (rule.stack == "socket") return Passing::accepted;
  if (rule.stack == "kernel" || rule.path.empty()) {
    if (mentions(rule, "reverse path filter")) return Passing::reverse_path;
    if (mentions(rule, "no way back")) return Passing::no_way_back;
    if (mentions(rule, "the answer leaves through")) return Passing::wrong_way_back;
    if (mentions(rule, "table of connections is full")) return Passing::table_full;
    return Passing::unclear;
  }
  switch (cause.lost) {
    case Shape::syn:
      return cause.ending.result == Result::drop ? Passing::dropped : Passing::rejected;
    case Shape::syn_ack:
    case Shape::data_ack: return Passing::answer_dropped;
    default: return mentions(rule, "invalid") ? Passing::invalid_dropped : Passing::data_dropped;
  }
}

FactWords fact_of(Passing passing, bool others_get_in) {
  switch (passing) {
    case Passing::accepted: return {"filter", "accept"};
    case Passing::dropped: return {"filter", others_get_in ? "drop-source" : "drop"};
    case Passing::rejected: return {"filter", others_get_in ? "reject-source" : "reject"};
    case Passing::answer_dropped: return {"filter", "drop-output"};
    case Passing::invalid_dropped: return {"filter", "drop-invalid"};
    case Passing::data_dropped: return {"filter", "drop-data"};
    case Passing::reverse_path: return {"rp-filter", "drops"};
    case Passing::no_way_back: return {"return-route", "none"};
    case Passing::wrong_way_back: return {"return-route", "wrong"};
    case Passing::table_full: return {"conntrack", "full"};
    case Passing::unclear: return {};
  }
  std::unreachable();
}

bool filters_are_known(const View& view) {
  return view.snapshot.rulesets_unreadable.empty() && view.collection.unreadable.empty() &&
         !view.snapshot.rulesets.empty();
}

void analyze_passages(const View& view, Notes& notes) {
  if (filters_are_known(view)) Prover{view, notes}.prove();
}

}  // namespace causeway::inspect
