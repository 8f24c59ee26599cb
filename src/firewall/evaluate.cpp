#include "firewall/evaluate.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace causeway::firewall {
namespace {

using Kind = Value::Kind;

// The clients whose address, under the value's mask and shift, lies in `values`.
IntervalSet clients_with(const IntervalSet& values, const Value& value, Family family) {
  const Key all = highest(family);
  const Key mask = value.mask & all;
  if (mask == all && value.shift == 0) return values;
  // A prefix mask keeps the order: the multiples of the block inside [first, last].
  const Key block = all & ~mask;
  std::vector<Interval> out;
  for (const auto& one : values.parts()) {
    const Key top = all >> value.shift;
    if (one.first > top) continue;
    const Key first = one.first << value.shift;
    const Key last = (std::min(one.last, top) << value.shift) | ((Key{1} << value.shift) - 1);
    const Key low = (first & block) == 0 ? first : (first | block) + 1;
    if (low > last || (low == 0 && first != 0)) continue;
    out.push_back({low, (last & mask) | block});
  }
  return IntervalSet::of(std::move(out));
}

bool is_prefix_mask(Key mask, Family family) {
  const Key block = highest(family) & ~mask;
  return (block & (block + 1)) == 0;
}

Split inverted(Split split, const Flow& flow) {
  switch (split.kind) {
    case Split::Kind::none: return Split::yes();
    case Split::Kind::all: return Split::no();
    case Split::Kind::parts: break;
  }
  Split out = Split::only(flow, flow.clients.subtract(split.hit).subtract(split.maybe));
  if (!split.maybe.empty()) {
    if (out.kind == Split::Kind::none) out = {.kind = Split::Kind::parts};
    out.maybe = std::move(split.maybe);
    out.why = split.why;
  }
  return out;
}

Split ask_client(const IntervalSet& values, const Value& value, const Flow& flow) {
  const Family family = flow.packet.family;
  if (!is_prefix_mask(value.mask, family)) {
    return Split::unsure(flow, "an address mask that is not a prefix");
  }
  return Split::only(flow, flow.clients.intersect(clients_with(values, value, family)));
}

// How a value that is not the client's address lies to a set of numbers.
enum class Lies : std::uint8_t { in, out, across };

Lies lies(const IntervalSet& values, const Value& value) {
  const auto yes = [](bool in) { return in ? Lies::in : Lies::out; };
  switch (value.kind) {
    case Kind::known: return yes(values.contains(value.low));
    case Kind::within: {
      const Interval range{value.low, value.high};
      if (values.covers(range)) return Lies::in;
      return values.overlaps(range) ? Lies::across : Lies::out;
    }
    default: return Lies::across;
  }
}

Split ask_value(const IntervalSet& values, bool any_bit, const Value& value, const Flow& flow) {
  if (any_bit) {
    const Key bits = values.empty() ? 0 : values.parts().front().first;
    if (value.kind == Kind::known) return (value.low & bits) != 0 ? Split::yes() : Split::no();
    if (value.kind == Kind::bits) {
      if ((value.low & value.mask & bits) != 0) return Split::yes();
      if ((bits & ~value.mask) == 0) return Split::no();
    }
    return Split::unsure(flow, value.why);
  }
  switch (value.kind) {
    case Kind::absent: return Split::no();
    case Kind::client: return ask_client(values, value, flow);
    case Kind::pieces: {
      IntervalSet hit;
      for (const auto& piece : value.pieces) {
        if (values.contains(piece.value)) hit = hit.unite(piece.clients);
      }
      return Split::only(flow, flow.clients.intersect(hit));
    }
    case Kind::unknown:
    case Kind::bits: return Split::unsure(flow, value.why);
    default: break;
  }
  switch (lies(values, value)) {
    case Lies::in: return Split::yes();
    case Lies::out: return Split::no();
    default: return Split::unsure(flow, value.why);
  }
}

Lies lies(Interval cell, const Value& value) {
  if (value.high < cell.first || value.low > cell.last) return Lies::out;
  return cell.first <= value.low && value.high <= cell.last ? Lies::in : Lies::across;
}

// Which elements of a set with several fields a packet may hit, and for which clients.
struct Rows {
  struct Row {
    Interval clients;
    bool whole = false;  // no field of the key is the client's
    bool sure = true;
    bool bars = false;  // holds nobody, and what wider elements would say is not asked
    std::size_t index = 0;
  };
  std::vector<Row> rows;
  const char* why = "";
  bool absent = false;
  bool unknown = false;
};

Rows matching_rows(const Set& set, const std::vector<Value>& values, Family family) {
  Rows out;
  std::size_t client_field = values.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].kind == Kind::absent) out.absent = true;
    if (values[i].kind == Kind::unknown || values[i].kind == Kind::bits ||
        values[i].kind == Kind::pieces) {
      out.unknown = true;
      out.why = values[i].why;
    }
    if (values[i].kind == Kind::client) client_field = i;
  }
  if (out.absent || out.unknown) return out;
  const bool with_interface =
      set.of_ipset && std::ranges::find(set.types, DataType::interface_name) != set.types.end();
  for (std::size_t row = 0; row < set.size(); ++row) {
    Rows::Row hit{{0, highest(family)}, client_field == values.size(), true, false, row};
    bool fits = true;
    for (std::size_t i = 0; fits && i < values.size(); ++i) {
      if (i == client_field) continue;
      const auto where = lies(set.cells[row * set.width + i], values[i]);
      fits = where != Lies::out;
      if (!fits && with_interface && set.types[i] == DataType::interface_name) {
        hit.bars = fits = true;
      }
      if (where == Lies::across) {
        hit.sure = false;
        out.why = values[i].why;
      }
    }
    if (!fits) continue;
    if (!hit.whole) {
      const auto& value = values[client_field];
      hit.clients = set.cells[row * set.width + client_field];
      if (value.mask != kAllBits || value.shift != 0) {
        const auto clients = clients_with(IntervalSet{hit.clients}, value, family);
        if (clients.empty()) continue;
        hit.clients = clients.parts().front();
      }
    }
    out.rows.push_back(hit);
  }
  return out;
}

// With interfaces (hash:net,iface) the search ends at the longest prefix that has any element,
// of whatever interface (ip_set_hash_gen.h, mtype_test_cidrs()). ipset's nomatch: among the
// elements that hold an address, the longest prefix decides.
IntervalSet with_exceptions(const Set& set, const Rows& rows) {
  std::vector<Rows::Row> order;
  for (const auto& row : rows.rows) {
    if (row.sure) order.push_back(row);
  }
  std::ranges::sort(order, [](const auto& a, const auto& b) {
    const Key one = a.clients.last - a.clients.first;
    const Key other = b.clients.last - b.clients.first;
    if (one != other) return one > other;
    return a.bars != b.bars ? a.bars : a.index < b.index;
  });
  IntervalSet out;
  for (const auto& row : order) {
    const bool excepted = !set.exceptions.empty() && set.exceptions[row.index];
    if (excepted || row.bars) {
      out.remove(row.clients);
    } else {
      out.add(row.clients);
    }
  }
  return out;
}

Split from_rows(const Set& set, const Rows& rows, const Flow& flow) {
  if (rows.absent) return Split::no();
  if (rows.unknown) return Split::unsure(flow, rows.why);
  Split out = Split::only(flow, flow.clients.intersect(with_exceptions(set, rows)));
  if (out.kind == Split::Kind::all) return out;
  std::vector<Interval> maybe;
  for (const auto& row : rows.rows) {
    if (!row.sure) maybe.push_back(row.clients);
  }
  if (!maybe.empty()) {
    auto unsure = flow.clients.intersect(IntervalSet::of(std::move(maybe))).subtract(out.hit);
    if (!unsure.empty()) {
      out.kind = Split::Kind::parts;
      out.maybe = std::move(unsure);
      out.why = rows.why;
    }
  }
  return out;
}

// An ipset's port field holds protocol and port (ip_set_getport.c).
void add_protocol(const Set& set, std::vector<Value>& values) {
  for (std::size_t i = 0; i < values.size() && i < set.port_with_protocol.size(); ++i) {
    if (!set.port_with_protocol[i]) continue;
    constexpr Key kTcpPort = Key{6} << 16U;
    if (values[i].kind == Kind::known || values[i].kind == Kind::within) {
      values[i].low |= kTcpPort;
      values[i].high |= kTcpPort;
    }
  }
}

Split in_set(const Set& set, const std::vector<Term>& key, const Flow& flow, const Scene& scene,
             int depth);

Split in_list(const Set& set, const std::vector<Term>& key, const Flow& flow, const Scene& scene,
              int depth) {
  if (depth > limits::kRulesetSetDepth) return Split::unsure(flow, "sets nested too deep");
  IntervalSet hit;
  IntervalSet maybe;
  const char* why = "";
  for (const auto index : set.members) {
    const Set& member = scene.rules.sets[index];
    std::vector<Term> own = key;
    for (std::size_t i = 0; !member.is_list && i < own.size(); ++i) {
      const auto type = i < member.types.size() ? member.types[i] : DataType::address4;
      own[i] = ipset_term(type, key[i].of_source);
    }
    const Split one = in_set(member, own, flow, scene, depth + 1);
    if (one.kind == Split::Kind::all) return one;
    hit = hit.unite(one.hit);
    maybe = maybe.unite(one.maybe);
    if (!one.maybe.empty()) why = one.why;
  }
  Split out = Split::only(flow, std::move(hit));
  maybe = maybe.subtract(out.hit);
  if (out.kind != Split::Kind::all && !maybe.empty()) {
    out.kind = Split::Kind::parts;
    out.maybe = std::move(maybe);
    out.why = why;
  }
  return out;
}

Split in_set(const Set& set, const std::vector<Term>& key, const Flow& flow, const Scene& scene,
             int depth) {
  if (set.of_ipset) {
    // ip_set_test(): another family or too few directions never match.
    if (set.family && *set.family != flow.packet.family) return Split::no();
    if (set.is_list) return in_list(set, key, flow, scene, depth);
    if (key.size() < set.width) return Split::no();
  }
  auto values = load_all(key, flow, scene);
  values.resize(std::min(values.size(), set.width));
  if (values.size() != set.width) return Split::unsure(flow, "a set with other fields than asked");
  add_protocol(set, values);
  Split out;
  if (set.width == 1 && !set.is_map) {
    out = ask_value(set.all, false, values[0], flow);
  } else {
    out = from_rows(set, matching_rows(set, values, flow.packet.family), flow);
  }
  if (set.partial && out.kind != Split::Kind::all) {
    const bool absent =
        std::ranges::any_of(values, [](const Value& one) { return one.kind == Kind::absent; });
    if (absent) return out;
    out.maybe = flow.clients.subtract(out.hit);
    out.kind = Split::Kind::parts;
    out.why = set.why;
  }
  return out;
}

constexpr const char* kOtherKey = "depends on which element an earlier packet added";

Split same_field(const Value& element, const Value& asked, const Flow& flow) {
  const auto yes = [](bool same) { return same ? Split::yes() : Split::no(); };
  if (element == asked && element.kind != Kind::unknown && element.kind != Kind::bits) {
    return Split::yes();  // a number that is not known, as the client's port, is the same one
  }
  if (element.kind == Kind::known && asked.kind == Kind::known) return yes(false);
  for (const auto& [one, other] : {std::pair{&element, &asked}, std::pair{&asked, &element}}) {
    if (one->kind != Kind::known) continue;
    if (other->kind == Kind::client || other->kind == Kind::within) {
      return ask_value(IntervalSet{one->low}, false, *other, flow);
    }
  }
  return Split::unsure(flow, kOtherKey);
}

// Both: `one` narrowed down to those of `other`.
Split both(Split one, Split other, const Flow& flow) {
  if (one.kind == Split::Kind::none || other.kind == Split::Kind::all) return one;
  if (other.kind == Split::Kind::none || one.kind == Split::Kind::all) return other;
  const auto possible = one.hit.unite(one.maybe).intersect(other.hit.unite(other.maybe));
  Split out = Split::only(flow, one.hit.intersect(other.hit));
  auto maybe = possible.subtract(out.hit);
  if (maybe.empty() || out.kind == Split::Kind::all) return out;
  out.kind = Split::Kind::parts;
  out.maybe = std::move(maybe);
  out.why = one.maybe.empty() ? other.why : one.why;
  return out;
}

}  // namespace

Split Split::only(const Flow& flow, IntervalSet hit) {
  if (hit.empty()) return no();
  if (hit == flow.clients) return yes();
  return {.kind = Kind::parts, .hit = std::move(hit)};
}

Split ask(const Compare& step, const Flow& flow, const Scene& scene) {
  const Value value = load(step.term, flow, scene);
  if (value.kind == Kind::absent) {
    // nft leaves the rule; some iptables matches take "not there" for "not equal".
    return !step.absent_misses && step.negated ? Split::yes() : Split::no();
  }
  Split out = ask_value(step.values, step.any_bit, value, flow);
  return step.negated ? inverted(std::move(out), flow) : out;
}

std::vector<Value> load_all(const std::vector<Term>& key, const Flow& flow, const Scene& scene) {
  std::vector<Value> out;
  out.reserve(key.size());
  for (const auto& term : key) out.push_back(load(term, flow, scene));
  return out;
}

Split same_element(const std::vector<Value>& element, const std::vector<Value>& asked,
                   const Flow& flow) {
  if (element.size() != asked.size()) return Split::unsure(flow, kOtherKey);
  Split out = Split::yes();
  for (std::size_t i = 0; i < asked.size() && out.kind != Split::Kind::none; ++i) {
    out = both(std::move(out), same_field(element[i], asked[i], flow), flow);
  }
  return out;
}

Split in_dump(const Lookup& step, const Flow& flow, const Scene& scene) {
  return in_set(scene.rules.sets[step.set], step.key, flow, scene, 0);
}

// What this connection's packets put into the set or took out of it counts before the dump.
Split ask_memories(const Lookup& step, const Flow& flow, const Scene& scene) {
  const bool touched =
      std::ranges::any_of(flow.memories, [&](const Memory& one) { return one.set == step.set; });
  if (!touched) return in_dump(step, flow, scene);
  const auto asked = load_all(step.key, flow, scene);
  if (std::ranges::any_of(asked, [](const Value& one) { return one.kind == Kind::absent; })) {
    return Split::no();
  }
  IntervalSet left = flow.clients;
  IntervalSet hit;
  IntervalSet maybe;
  const char* why = "";
  const auto settle = [&](const Split& split, bool in) {
    if (split.kind == Split::Kind::none) return;
    const bool all = split.kind == Split::Kind::all;
    const auto sure = all ? left : left.intersect(split.hit);
    const auto unsure = all ? IntervalSet{} : left.intersect(split.maybe);
    if (in) hit = hit.unite(sure);
    maybe = maybe.unite(unsure);
    if (!unsure.empty()) why = split.why;
    left = left.subtract(sure).subtract(unsure);
  };
  for (std::size_t i = flow.memories.size(); i-- > 0 && !left.empty();) {
    const Memory& one = flow.memories[i];
    if (one.set == step.set) settle(same_element(one.key, asked, flow), !one.gone);
  }
  if (!left.empty()) settle(in_dump(step, flow, scene), true);
  Split out = Split::only(flow, std::move(hit));
  if (out.kind != Split::Kind::all && !maybe.empty()) {
    out.kind = Split::Kind::parts;
    out.maybe = std::move(maybe);
    out.why = why;
  }
  return out;
}

Split ask(const Lookup& step, const Flow& flow, const Scene& scene) {
  if (!scene.rules.sets[step.set].of_ipset) {  // nft leaves the rule, "!=" or not
    for (const auto& term : step.key) {
      if (load(term, flow, scene).kind == Kind::absent) return Split::no();
    }
  }
  Split out = ask_memories(step, flow, scene);
  return step.negated ? inverted(std::move(out), flow) : out;
}

Split ask(const ConntrackMatch& step, const Flow& flow, const Scene& scene) {
  const auto& packet = flow.packet;
  if (step.has_state) {
    std::uint32_t bits = packet.state;
    if (packet.tracked) {
      if (flow.connection.from) bits |= kXtSnat;
      if (flow.connection.to) bits |= kXtDnat;
    }
    if (((bits & step.states) != 0) == step.negated_state) return Split::no();
  }
  if (!packet.tracked) return step.has_state ? Split::yes() : Split::no();
  Split out = Split::yes();
  for (const auto& other : step.others) {
    Split one = ask(other, flow, scene);
    if (one.kind == Split::Kind::none) return one;
    if (one.kind == Split::Kind::parts) out = std::move(one);
  }
  return out;
}

std::vector<Found> find(const Set& set, const std::vector<Term>& key, const Flow& flow,
                        const Scene& scene) {
  std::vector<Found> out;
  const auto values = load_all(key, flow, scene);
  if (values.size() != set.width) return out;
  if (set.width == 1 && (values[0].kind == Kind::client || values[0].kind == Kind::pieces)) {
    for (std::uint32_t i = 0; i < set.by_value.size(); ++i) {
      Split split = ask_value(set.by_value[i], false, values[0], flow);
      if (split.kind != Split::Kind::none) out.push_back({i, std::move(split)});
    }
    return out;
  }
  const Rows rows = matching_rows(set, values, flow.packet.family);
  if (rows.absent) return out;
  if (rows.unknown) {
    for (std::uint32_t i = 0; i < set.values.size(); ++i) {
      out.push_back({i, Split::unsure(flow, rows.why)});
    }
    return out;
  }
  for (std::uint32_t i = 0; i < set.values.size(); ++i) {
    std::vector<Interval> sure;
    std::vector<Interval> maybe;
    for (const auto& row : rows.rows) {
      if (set.mapped[row.index] == i) (row.sure ? sure : maybe).push_back(row.clients);
    }
    if (sure.empty() && maybe.empty()) continue;
    Split split = Split::only(flow, flow.clients.intersect(IntervalSet::of(std::move(sure))));
    if (split.kind != Split::Kind::all && !maybe.empty()) {
      split.maybe = flow.clients.intersect(IntervalSet::of(std::move(maybe))).subtract(split.hit);
      split.kind = Split::Kind::parts;
      split.why = rows.why;
    }
    if (split.kind == Split::Kind::parts && split.hit.empty() && split.maybe.empty()) continue;
    if (split.kind != Split::Kind::none) out.push_back({i, std::move(split)});
  }
  return out;
}

}  // namespace causeway::firewall
