#include <algorithm>

#include "base/limits.hpp"
#include "firewall/bytes.hpp"
#include "firewall/walk.hpp"

namespace causeway::firewall {
namespace {

void doubt(Flow& flow, std::uint32_t rule, const char* why) {
  const Doubt one{rule, why};
  if (std::ranges::find(flow.doubts, one) == flow.doubts.end()) flow.doubts.push_back(one);
}

Bits bits_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::known: return {static_cast<std::uint32_t>(value.low)};
    case Value::Kind::bits:
      return {static_cast<std::uint32_t>(value.low), static_cast<std::uint32_t>(value.mask)};
    default: return {0, 0};
  }
}

// Only a packet that has no connection and no zone is given one.
void put_zone(const Assign& step, std::uint32_t number, Packet& packet) {
  if (packet.tracked || packet.zoned || (packet.notrack && step.spares_untracked)) return;
  if (packet.notrack) packet.state = kCtInvalid;
  packet.notrack = false;
  packet.zoned = true;
  packet.zone = {number, step.zone_ways};
}

void put(const Assign& step, Bits value, Key number, Flow& flow) {
  auto& packet = flow.packet;
  switch (step.field) {
    case Field::mark: packet.mark = value; break;
    case Field::ct_mark:
      if (packet.tracked) flow.connection.mark = value;
      break;
    case Field::ct_zone: put_zone(step, value.value, packet); break;
    case Field::target4:
    case Field::target6:
    case Field::target: packet.target = {false, number}; break;
    case Field::source4:
    case Field::source6:
    case Field::source: packet.source = {false, number}; break;
    case Field::target_port:
      packet.target_port = {false, static_cast<std::uint16_t>(number)};
      break;
    case Field::source_port:
      packet.source_port = {false, static_cast<std::uint16_t>(number)};
      break;
    default: break;
  }
}

bool translates_target(const Nat& step, Hook hook) {
  switch (step.kind) {
    case Nat::Kind::target:
    case Nat::Kind::redirect: return true;
    case Nat::Kind::netmap: return hook != Hook::postrouting && hook != Hook::input;
    default: return false;
  }
}

// The address a device answers with: its first of the family.
std::optional<Interval> own_address(const Host& host, std::string_view device, Family family) {
  const auto* interface = host.interface(device);
  if (interface == nullptr) return std::nullopt;
  for (const auto& one : interface->addresses) {
    if (one.address.family() != family || (family == Family::ipv6 && !one.global)) continue;
    return Interval{key_of(one.address), key_of(one.address)};
  }
  return std::nullopt;
}

std::optional<Interval> new_address(const Nat& step, const Party& old, const Packet& packet,
                                    const Host& host) {
  if (step.address) {
    if (step.kind != Nat::Kind::netmap || old.client) return step.address;
    const Key mapped = step.address->first | (old.key & (step.address->last - step.address->first));
    return Interval{mapped, mapped};
  }
  if (step.kind == Nat::Kind::redirect) return own_address(host, packet.incoming, packet.family);
  if (step.kind == Nat::Kind::masquerade) return own_address(host, packet.outgoing, packet.family);
  return std::nullopt;
}

// What the address and port may become: of a range of addresses the two ends, of ports the first
// few.
std::vector<Translation> translations(const Nat& step, bool of_target, const Packet& packet,
                                      const Host& host) {
  constexpr Key kMostPorts = 8;
  const Party& old = of_target ? packet.target : packet.source;
  const Port& old_port = of_target ? packet.target_port : packet.source_port;
  const auto addresses = new_address(step, old, packet, host);
  auto ports = step.port;
  // A port inside the range is kept (nf_nat_core.c, get_unique_tuple()).
  if (ports && !old_port.client && ports->first <= old_port.number &&
      old_port.number <= ports->last) {
    ports = Interval{old_port.number, old_port.number};
  }
  std::vector<Translation> out;
  const Key count = ports ? std::min(ports->last - ports->first + 1, kMostPorts) : 1;
  for (Key i = 0; i < count; ++i) {
    const Port port = ports ? Port{false, static_cast<std::uint16_t>(ports->first + i)} : old_port;
    out.push_back({addresses ? Party{false, addresses->first} : old, port});
    if (addresses && addresses->last != addresses->first) {
      out.push_back({Party{false, addresses->last}, port});
    }
  }
  return out;
}

Bits overlay(Bits old, Key keep, Key value) {
  const auto kept = static_cast<std::uint32_t>(keep);
  return {(old.value & kept) ^ static_cast<std::uint32_t>(value), old.known | ~kept};
}

}  // namespace

void Walk::take(std::uint32_t rule, std::uint32_t index, const Step& step, Flow flow,
                std::vector<Flow>& on, std::vector<Flow>& missed, Frame& frame) {
  if (const auto* compare = std::get_if<Compare>(&step)) {
    auto split = ask(*compare, flow, scene_);
    divide(rule, std::move(split), std::move(flow), on, missed);
  } else if (const auto* lookup = std::get_if<Lookup>(&step)) {
    look_up(rule, *lookup, std::move(flow), on, missed);
  } else if (const auto* conntrack = std::get_if<ConntrackMatch>(&step)) {
    auto split = ask(*conntrack, flow, scene_);
    divide(rule, std::move(split), std::move(flow), on, missed);
  } else if (const auto* unknown = std::get_if<Unknown>(&step)) {
    unsettled(rule, unknown->why, std::move(flow), on, missed);
  } else if (std::holds_alternative<Never>(step)) {
    merge_into(missed, std::move(flow));
  } else if (const auto* bytes = std::get_if<U32Match>(&step)) {
    const Tri answer = ask(*bytes, flow.packet);
    Split split = answer == Tri::yes ? Split::yes() : Split::no();
    if (answer == Tri::unknown) split = Split::unsure(flow, "depends on the packet's bytes");
    divide(rule, std::move(split), std::move(flow), on, missed);
  } else if (const auto* one_limit = std::get_if<Limit>(&step)) {
    limit(rule, index, *one_limit, std::move(flow), on, missed, frame);
  } else if (const auto* objects = std::get_if<Objects>(&step)) {
    choose_limit(rule, index, *objects, std::move(flow), on, missed, frame);
  } else if (const auto* one_recent = std::get_if<Recent>(&step)) {
    const auto& looked_up = one_recent->by_target ? flow.packet.target : flow.packet.source;
    if (one_recent->hits > 0 && !flow.clients.empty() && looked_up.client) {
      note_limit(rule, index, flow, frame);
    }
    recent(*one_recent, rule, std::move(flow), on, missed);
  } else if (const auto* change = std::get_if<Assign>(&step)) {
    assign(*change, rule, std::move(flow), on, missed);
  } else if (const auto* notrack = std::get_if<Notrack>(&step)) {
    const bool spared = notrack->spares_attached && flow.packet.attached;
    if (!spared && !flow.packet.zoned) {
      flow.packet.notrack = true;
      if (!flow.packet.tracked) flow.packet.state = kCtUntracked;
    }
    on.push_back(std::move(flow));
  } else if (const auto* one_element = std::get_if<Remember>(&step)) {
    remember(rule, index, *one_element, std::move(flow), on, missed, frame);
  } else if (const auto* one_proxy = std::get_if<Tproxy>(&step)) {
    proxy(*one_proxy, rule, std::move(flow), on, missed, frame);
  } else {
    if (std::holds_alternative<Synproxy>(step)) synproxied_.add_all(flow.clients);
    on.push_back(std::move(flow));
  }
}

void Walk::limit(std::uint32_t rule, std::uint32_t index, const Limit& step, Flow flow,
                 std::vector<Flow>& on, std::vector<Flow>& missed, const Frame& frame) {
  note_limit(rule, index, flow, frame);
  if (step.kind == Limit::Kind::quota && scene_.exceeded != rule) {
    // A save of iptables shows what a quota was, not what is left of it (xt_quota.c).
    const Rule& counted = scene_.rules.rules[rule];
    const auto& table = scene_.rules.tables[scene_.rules.chains[counted.chain].table];
    const bool hidden = table.stack != Stack::nft && counted.packets.value_or(0) > 0;
    if (hidden || quota_left(step) == Tri::unknown) {
      unsettled(rule, "a quota that may be used up", std::move(flow), on, missed);
      return;
    }
  }
  bool below = within_limit(step, rule, flow);
  if (scene_.exceeded == rule) below = false;
  if (below == step.over) {
    merge_into(missed, std::move(flow));
  } else {
    on.push_back(std::move(flow));
  }
}

void Walk::choose_limit(std::uint32_t rule, std::uint32_t index, const Objects& step, Flow flow,
                        std::vector<Flow>& on, std::vector<Flow>& missed, const Frame& frame) {
  constexpr const char* kWhich = "depends on which object a map holds for it";
  IntervalSet left = flow.clients;
  for (auto& one : find(scene_.rules.sets[step.map], step.key, flow, scene_)) {
    const bool all = one.split.kind == Split::Kind::all;
    left = all ? IntervalSet{} : left.subtract(one.split.hit).subtract(one.split.maybe);
    std::vector<Flow> hits;
    std::vector<Flow> rest;
    divide(rule, std::move(one.split), flow, hits, rest);
    const auto& chosen = step.limits[one.value];
    for (auto& hit : hits) {
      if (chosen) {
        limit(rule, index, *chosen, std::move(hit), on, missed, frame);
      } else {
        unsettled(rule, kWhich, std::move(hit), on, missed);
      }
    }
  }
  if (left.empty()) return;
  flow.clients = std::move(left);  // of an element that is not understood
  unsettled(rule, kWhich, std::move(flow), on, missed);
}

void Walk::unsettled(std::uint32_t rule, const char* why, Flow flow, std::vector<Flow>& on,
                     std::vector<Flow>& missed) {
  auto split = Split::unsure(flow, why);
  divide(rule, std::move(split), std::move(flow), on, missed);
}

void Walk::assign(const Assign& step, std::uint32_t rule, Flow flow, std::vector<Flow>& on,
                  std::vector<Flow>& missed) const {
  if (step.unknown) {
    put(step, {0, 0}, 0, flow);
    doubt(flow, rule, "a value that cannot be computed");
    on.push_back(std::move(flow));
    return;
  }
  if (!step.key.empty()) {
    const Set& map = scene_.rules.sets[step.map];
    IntervalSet left = flow.clients;
    for (auto& one : find(map, step.key, flow, scene_)) {
      const auto& parts = map.values[one.value].parts;
      if (parts.empty()) continue;
      left = one.split.kind == Split::Kind::all ? IntervalSet{} : left.subtract(one.split.hit);
      std::vector<Flow> hits;
      std::vector<Flow> rest;
      divide(rule, std::move(one.split), flow, hits, rest);
      for (auto& hit : hits) {
        put(step, {static_cast<std::uint32_t>(parts[0].first)}, parts[0].first, hit);
        on.push_back(std::move(hit));
      }
    }
    flow.clients = std::move(left);
    merge_into(missed, std::move(flow));  // a map without the key ends the rule
    return;
  }
  Bits old = flow.packet.mark;
  if (step.field == Field::ct_zone) old = {};
  if (step.field == Field::ct_mark) old = flow.connection.mark;
  Bits out = overlay(old, step.keep, step.value);
  if (step.from) {
    const Value value = load(*step.from, flow, scene_);
    if (value.kind == Value::Kind::absent) {
      merge_into(missed, std::move(flow));
      return;
    }
    const Bits more = bits_of(value);
    out.value ^= more.value;
    out.known &= more.known;
  }
  put(step, out, step.value, flow);
  on.push_back(std::move(flow));
}

void Walk::translate(const Nat& step, std::uint32_t rule, Flow flow, std::vector<Flow>& next,
                     Frame& frame) {
  if (step.family && *step.family != flow.packet.family) {
    merge_into(next, std::move(flow));
    return;
  }
  if (!step.key.empty()) {
    translate_by_map(step, rule, std::move(flow), next, frame);
    return;
  }
  const bool of_target = translates_target(step, scene_.rules.chains[frame.base].hook);
  const auto ways = translations(step, of_target, flow.packet, scene_.host);
  for (const auto& way : ways) {
    Flow one = flow;
    if (step.unknown || ways.size() > 1) doubt(one, rule, "one of several targets is chosen");
    // To where it goes anyway: nothing is translated (nf_nat_core.c, nf_nat_setup_info()).
    const auto& packet = one.packet;
    const bool same = of_target ? way == Translation{packet.target, packet.target_port}
                                : way == Translation{packet.source, packet.source_port};
    if (!same) (of_target ? one.connection.to : one.connection.from) = way;
    (of_target ? one.connection.target_settled : one.connection.source_settled) = true;
    accept(std::move(one), decision(rule, frame), frame);
  }
}

void Walk::translate_by_map(const Nat& step, std::uint32_t rule, Flow flow, std::vector<Flow>& next,
                            Frame& frame) {
  const Set& map = scene_.rules.sets[step.map];
  IntervalSet left = flow.clients;
  for (auto& one : find(map, step.key, flow, scene_)) {
    const auto& parts = map.values[one.value].parts;
    if (parts.empty()) continue;
    left = one.split.kind == Split::Kind::all ? IntervalSet{} : left.subtract(one.split.hit);
    std::vector<Flow> hits;
    std::vector<Flow> rest;
    divide(rule, std::move(one.split), flow, hits, rest);
    Nat single = step;
    single.key.clear();
    if (step.map_gives_port) {
      single.port = parts[0];
    } else {
      single.address = parts[0];
      if (parts.size() > 1) single.port = parts[1];
    }
    for (auto& hit : hits) translate(single, rule, std::move(hit), next, frame);
  }
  if (step.key[0].field == Field::hash) left = {};
  flow.clients = std::move(left);
  merge_into(next, std::move(flow));
}

void Walk::proxy(const Tproxy& step, std::uint32_t rule, Flow flow, std::vector<Flow>& on,
                 std::vector<Flow>& missed, Frame& frame) {
  const auto& packet = flow.packet;
  if (step.family && *step.family != packet.family) {
    merge_into(missed, std::move(flow));
    return;
  }
  const Key address = step.address.value_or(packet.target.key);
  const std::uint16_t port = step.port.value_or(packet.target_port.number);
  const bool heard = scene_.host.listens(packet.family, address, port, packet.incoming);
  if (heard) {
    Flow taken = flow;
    taken.proxy = Translation{{false, address}, {false, port}};
    if (step.accepts) {
      taken.packet.mark = overlay(taken.packet.mark, ~Key{step.mark_mask}, step.mark);
    }
    doubt(taken, rule, "depends on whether the proxy's socket is transparent");
    if (step.accepts) {
      accept(std::move(taken), decision(rule, frame), frame);
    } else {
      on.push_back(std::move(taken));
    }
    doubt(flow, rule, "depends on whether the proxy's socket is transparent");
  }
  if (step.accepts) {
    refuse(std::move(flow), decision(rule, frame), nullptr, frame);
  } else {
    merge_into(missed, std::move(flow));
  }
}

void Walk::note_limit(std::uint32_t rule, std::uint32_t step, const Flow& flow,
                      const Frame& frame) {
  const auto shape = static_cast<std::uint64_t>(flow.packet.shape);
  const std::uint64_t place = std::uint64_t{rule} << 32U | std::uint64_t{step} << 8U | shape;
  const auto [found, added] = limit_places_.emplace(place, limits_.size());
  if (added) {
    limits_.push_back({rule, step, flow.packet.shape, flow.clients, frame.path});
  } else {
    auto& seen = limits_[found->second];
    if (!seen.clients.covers(flow.clients)) seen.clients = seen.clients.unite(flow.clients);
  }
}

std::uint32_t Walk::list_index(const std::string& name) {
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    if (lists_[i] == name) return static_cast<std::uint32_t>(i);
  }
  lists_.push_back(name);
  return static_cast<std::uint32_t>(lists_.size() - 1);
}

}  // namespace causeway::firewall
