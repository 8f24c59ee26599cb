// nft's constants, sets and maps.
#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "firewall/constants.hpp"
#include "firewall/load_nft.hpp"

namespace causeway::firewall {
namespace {

using codec::Json;

constexpr const char* kElement = "a set with an element that is not understood";

// "2-3" of marks or ports is listed as the prefix 2/31 of their width.
std::optional<Interval> number_prefix(std::int64_t number, std::int64_t length, DataType type) {
  const std::int64_t bits = type == DataType::port ? 16 : 32;
  if (number < 0 || length < 0 || length > bits) return std::nullopt;
  const Key first = static_cast<Key>(number);
  return Interval{first, first | ((Key{1} << static_cast<unsigned>(bits - length)) - 1)};
}

std::optional<Interval> prefix_constant(Json in, DataType type) {
  if (const auto number = in["addr"].integer()) {
    return number_prefix(*number, in["len"].integer().value_or(-1), type);
  }
  const auto address = IpAddress::parse(in["addr"].text());
  const auto length = in["len"].integer();
  if (!address || !length || *length < 0) return std::nullopt;
  if (type == DataType::mark || type == DataType::number) return std::nullopt;
  const unsigned bits = address->is_v4() ? 32 : 128;
  if (static_cast<std::uint64_t>(*length) > bits) return std::nullopt;
  return interval_of(Prefix{*address, static_cast<unsigned>(*length)});
}

std::optional<Interval> range_constant(Json in, DataType type) {
  const auto first = read_constant(in.at(0), type);
  const auto last = read_constant(in.at(1), type);
  if (!first || !last || in.size() != 2 || first->first > last->last) return std::nullopt;
  return Interval{first->first, last->last};
}

// Flags joined: ["syn", "ack"], {"|": [...]}, also nested.
std::optional<Interval> joined(Json list, DataType type) {
  Key out = 0;
  for (const Json one : list) {
    const auto value = read_constant(one, type);
    if (!value || value->first != value->last) return std::nullopt;
    out |= value->first;
  }
  return Interval{out, out};
}

// An IPv4 constant in a place whose type is not known is an address, a word a name.
std::optional<Interval> guessed(std::string_view text) {
  if (const auto range = address_range(text, Family::ipv4)) return range;
  if (const auto range = address_range(text, Family::ipv6)) return range;
  return std::nullopt;
}

// The value in front of what is attached to it (timeout, counter ...). False: expired.
bool bare(Json& element, Set* set = nullptr) {
  if (const Json wrapped = element["elem"]) {
    if (const auto expires = wrapped["expires"].integer(); expires && *expires <= 0) return false;
    for (const Json part : wrapped) {
      if (set == nullptr || !set->limits.empty()) break;
      if (auto limit = element_limit(part)) set->limits.push_back(std::move(*limit));
    }
    element = wrapped["val"];
  }
  return true;
}

bool read_row(Json element, const std::vector<DataType>& types, std::vector<Interval>& out) {
  out.clear();
  const auto add = [&](Json part) {
    bare(part);
    const auto type = out.size() < types.size() ? types[out.size()] : DataType::unknown;
    const auto cell = read_constant(part, type);
    if (cell) out.push_back(*cell);
    return cell.has_value();
  };
  if (const Json parts = element["concat"]) {
    for (const Json part : parts) {
      if (!add(part)) return false;
    }
    return out.size() == types.size();
  }
  return add(element) && types.size() == 1;
}

// What a map holds: a verdict, an address, "address . port", a mark.
std::optional<MapValue> read_value(Json in, const NftPlace& place, bool of_objects) {
  MapValue out;
  bare(in);
  if (of_objects) {
    out.object = in.text();
    return out;
  }
  if (auto verdict = read_verdict(in, place)) {
    out.verdict = *verdict;
    return out;
  }
  const auto add = [&out](Json part) {
    auto value = read_constant(part, DataType::number);
    if (!value) value = read_constant(part, DataType::unknown);
    if (!value) value = read_constant(part, DataType::port);
    if (value) out.parts.push_back(*value);
    return value.has_value();
  };
  if (const Json parts = in["concat"]) {
    for (const Json part : parts) {
      if (!add(part)) return std::nullopt;
    }
    return out;
  }
  if (!add(in)) return std::nullopt;
  return out;
}

std::uint32_t value_index(Set& set, MapValue value) {
  for (std::uint32_t i = 0; i < set.values.size(); ++i) {
    if (set.values[i] == value) return i;
  }
  set.values.push_back(std::move(value));
  return static_cast<std::uint32_t>(set.values.size() - 1);
}

// "*" is found where no other element is (nft_set_core.c, nft_set_catchall_lookup()).
void add_others(std::optional<MapValue> value, Set& out) {
  const auto rest = IntervalSet{0, kAllBits}.subtract(IntervalSet::of(out.cells));
  for (const auto& part : rest.parts()) {
    out.cells.push_back(part);
    if (value) out.mapped.push_back(value_index(out, *value));
  }
}

}  // namespace

std::optional<Interval> read_constant(Json value, DataType type) {
  switch (value.kind()) {
    case Json::Kind::number: {
      const auto number = value.integer();
      if (!number || *number < 0) return std::nullopt;
      if (type == DataType::interface_name) {  // the index of an interface that is gone
        const auto name = fmt::format("#{}", *number);
        return Interval{name_key(name), name_key(name)};
      }
      return Interval{static_cast<Key>(*number), static_cast<Key>(*number)};
    }
    case Json::Kind::text:
      if (type == DataType::unknown) return guessed(value.text());
      return constant(type, value.text());
    case Json::Kind::array: return joined(value, type);
    case Json::Kind::object: break;
    default: return std::nullopt;
  }
  const Json in = value.first();
  if (in.key() == "prefix") return prefix_constant(in, type);
  if (in.key() == "range") return range_constant(in, type);
  if (in.key() == "|") return joined(in, type);
  if (in.key() == "elem") return read_constant(in["val"], type);
  return std::nullopt;
}

void read_elements(Json elements, const NftPlace& place, Set& out) {
  std::vector<Interval> row;
  if (elements.size() > limits::kRulesetElements) {
    out.partial = true;
    out.why = "a set with more elements than are read";
    return;
  }
  out.cells.reserve(elements.size() * out.width);
  bool catches_all = false;
  std::optional<MapValue> others;
  for (Json element : elements) {
    Json value;
    if (out.is_map) {
      value = element.at(1);
      element = element.at(0);
    }
    if (!bare(element, &out)) continue;
    std::optional<MapValue> mapped;
    if (out.is_map) mapped = read_value(value, place, out.of_objects);
    if (element.text() == "*" && out.width == 1 && (mapped || !out.is_map)) {
      others = std::move(mapped);
      catches_all = true;
      continue;
    }
    if (!read_row(element, out.types, row) || (out.is_map && !mapped)) {
      out.partial = true;
      out.why = kElement;
      continue;
    }
    out.cells.insert(out.cells.end(), row.begin(), row.end());
    if (out.is_map) out.mapped.push_back(value_index(out, std::move(*mapped)));
  }
  if (catches_all) add_others(std::move(others), out);
  out.finish();
}

std::optional<Verdict> read_verdict(Json statement, const NftPlace& place) {
  const Json in = statement.first();
  const auto kind = in.key();
  if (!statement.is(Json::Kind::object)) return std::nullopt;
  if (kind == "accept") return Verdict{.kind = Verdict::Kind::accept};
  if (kind == "drop") return Verdict{.kind = Verdict::Kind::drop};
  if (kind == "return") return Verdict{.kind = Verdict::Kind::give_back};
  if (kind == "continue") return Verdict{.kind = Verdict::Kind::next};
  if (kind != "jump" && kind != "goto") return std::nullopt;
  const auto* chain = place.builder.find_chain(place.table, in["target"].text());
  if (chain == nullptr) return Verdict{.kind = Verdict::Kind::foreign};
  Verdict out{.kind = kind == "jump" ? Verdict::Kind::jump : Verdict::Kind::go_to};
  out.chain = *chain;
  return out;
}

std::optional<std::uint32_t> read_set_reference(Json value, const std::vector<NftKey>& keys,
                                                bool is_map, const NftPlace& place,
                                                bool of_objects) {
  if (value.is(Json::Kind::text)) {
    const auto name = value.text();
    if (!name.starts_with('@')) return std::nullopt;
    const auto* found = place.builder.find_set(place.scope(), name.substr(1));
    if (found == nullptr) return std::nullopt;
    return *found;
  }
  const Json elements = value["set"];
  if (!elements) return std::nullopt;
  Set set;
  set.is_map = is_map;
  set.of_objects = of_objects;
  for (const auto& key : keys) set.types.push_back(key.type);
  set.width = set.types.size();
  read_elements(elements, place, set);
  return place.builder.add_set("", std::move(set));
}

}  // namespace causeway::firewall
