#include "codec/ruleset_nft.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::codec {
namespace {

// The number in "[ cmp eq reg 1 0x00000002 ]".
std::optional<std::uint32_t> number_compared(std::string_view expression) {
  constexpr std::string_view kBefore = "[ cmp eq reg 1 0x";
  if (!expression.starts_with(kBefore) || !expression.ends_with(" ]")) return std::nullopt;
  expression.remove_prefix(kBefore.size());
  expression.remove_suffix(2);
  std::uint32_t out = 0;
  const char* end = expression.data() + expression.size();
  const auto read = std::from_chars(expression.data(), end, out, 16);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return out;
}

// What a register holds when it is compared.
enum class Loaded { other, family, ether_type, connection_family, connection_protocol };

Loaded loaded_by(std::string_view expression) {
  if (expression == "[ meta load nfproto => reg 1 ]") return Loaded::family;
  if (expression == "[ meta load protocol => reg 1 ]") return Loaded::ether_type;
  if (expression == "[ ct load l3protocol => reg 1 ]") return Loaded::connection_family;
  if (expression == "[ ct load protocol => reg 1 ]") return Loaded::connection_protocol;
  return Loaded::other;
}

void ask_for(std::optional<std::uint8_t>& asked, std::uint32_t number) {
  const auto value = static_cast<std::uint8_t>(number);
  asked = asked && *asked != value ? NftHidden::kNever : value;
}

void note_asked(Loaded what, std::uint32_t number, NftHidden& out) {
  constexpr std::uint32_t kEtherIpv4 = 0x0008;  // ETH_P_*, as it is sent
  constexpr std::uint32_t kEtherIpv6 = 0xdd86;
  switch (what) {
    case Loaded::family: return ask_for(out.family, number);
    case Loaded::ether_type:
      if (number == kEtherIpv4) ask_for(out.family, NftHidden::kIpv4);
      if (number == kEtherIpv6) ask_for(out.family, NftHidden::kIpv6);
      return;
    case Loaded::connection_family: return ask_for(out.connection_family, number);
    case Loaded::connection_protocol: return ask_for(out.connection_protocol, number);
    case Loaded::other: return;
  }
}

// "type" is one name, a list of names, or "a . b".
std::vector<std::string_view> type_names(Json type) {
  std::vector<std::string_view> out;
  if (type.is(Json::Kind::text)) {
    for (const auto part : split(type.text(), '.')) out.push_back(trim(part));
  }
  for (const Json one : type) {
    if (one.is(Json::Kind::text)) out.push_back(one.text());
  }
  return out;
}

NftChain read_chain(Json in) {
  NftChain out{in["family"].text(),
               in["table"].text(),
               in["name"].text(),
               in["handle"].integer().value_or(0),
               in["type"].text(),
               in["hook"].text(),
               in["prio"].integer().value_or(0),
               in["policy"].text(),
               {}};
  const Json device = in["dev"];
  if (device.is(Json::Kind::text)) out.devices.push_back(device.text());
  for (const Json one : device) out.devices.push_back(one.text());
  return out;
}

NftSet read_set(Json in, bool is_map) {
  NftSet out;
  out.family = in["family"].text();
  out.table = in["table"].text();
  out.name = in["name"].text();
  out.types = type_names(in["type"]);
  out.is_map = is_map;
  if (is_map) out.values = type_names(in["map"]);
  out.has_timeout = static_cast<bool>(in["timeout"]);
  for (const Json flag : in["flags"]) out.has_timeout |= flag.text() == "timeout";
  out.statements = in["stmt"];
  out.elements = in["elem"];
  return out;
}

void read_object(Json object, NftDump& out) {
  const auto kind = object.key();
  if (kind == "metainfo") {
    out.version = object["version"].text();
  } else if (kind == "table") {
    out.tables.push_back({object["family"].text(), object["name"].text()});
  } else if (kind == "chain") {
    out.chains.push_back(read_chain(object));
  } else if (kind == "set" || kind == "map" || kind == "meter") {
    out.sets.push_back(read_set(object, kind == "map"));
  } else if (kind == "rule") {
    out.rules.push_back({object["family"].text(), object["table"].text(), object["chain"].text(),
                         object["handle"].integer().value_or(0), object["comment"].text(),
                         object["expr"]});
  } else {
    out.objects.push_back(
        {kind, object["family"].text(), object["table"].text(), object["name"].text(), object});
  }
}

}  // namespace

bool NftHidden::nothing() const {
  return !family && !connection_family && !connection_protocol;
}

NftHiddenByRule parse_nft_hidden(std::string_view text) {
  NftHiddenByRule out;
  std::string rule;
  Loaded loaded = Loaded::other;  // by the line before
  for (const auto line : split(text, '\n')) {
    if (out.size() > limits::kRulesetElements) break;
    if (line.empty()) continue;
    if (line.front() != ' ' && line.front() != '\t') {
      const auto words = split(line, ' ');  // family table chain handle [position]
      rule.clear();
      if (words.size() >= 4) {
        rule = fmt::format("{} {} {} {}", words[0], words[1], words[2], words[3]);
      }
      loaded = Loaded::other;
      continue;
    }
    const auto expression = trim(line);
    const auto number = number_compared(expression);
    if (number && loaded != Loaded::other && !rule.empty()) {
      note_asked(loaded, *number, out[rule]);
    }
    loaded = loaded_by(expression);
  }
  std::erase_if(out, [](const auto& entry) { return entry.second.nothing(); });
  return out;
}

bool nft_lists_ct(Json statements, std::string_view key) {
  for (const Json statement : statements) {
    const Json left = statement["match"]["left"];
    if (left["ct"]["key"].text() == key) return true;
  }
  return false;
}

Parsed<NftDump> parse_nft(std::string text) {
  NftDump out;
  auto tree = std::make_shared<JsonTree>();
  auto root = tree->parse(std::move(text));
  if (!root) return std::unexpected(root.error());
  const Json list = (*root)["nftables"];
  if (!list.is(Json::Kind::array)) {
    return error("no list \"nftables\"; expected the output of 'nft -j list ruleset'");
  }
  for (const Json entry : list) {
    if (!entry.is(Json::Kind::object) || entry.size() == 0) continue;
    read_object(entry.first(), out);
    if (out.rules.size() > limits::kRulesetRules) {
      return error(fmt::format("more than {} rules", limits::kRulesetRules));
    }
  }
  out.tree = std::move(tree);
  return out;
}

}  // namespace causeway::codec
