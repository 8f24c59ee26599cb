#include "codec/ruleset_nft.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::codec {
namespace {

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

// A word or a list of them, and with nft 1.0.6 the table's family instead.
NftTable::Dormant dormant_of(Json flags) {
  using Dormant = NftTable::Dormant;
  if (!flags) return Dormant::no;
  bool known = true;
  const auto sleeps = [&known](std::string_view flag) {
    known = known && (flag == "dormant" || flag == "owner" || flag == "persist");
    return flag == "dormant";
  };
  bool dormant = flags.is(Json::Kind::text) && sleeps(flags.text());
  for (const Json one : flags) dormant = sleeps(one.text()) || dormant;
  return dormant ? Dormant::yes : known ? Dormant::no : Dormant::hidden;
}

void read_object(Json object, NftDump& out) {
  const auto kind = object.key();
  if (kind == "metainfo") {
    out.version = object["version"].text();
  } else if (kind == "table") {
    out.tables.push_back(
        {object["family"].text(), object["name"].text(), dormant_of(object["flags"])});
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

NftTable::Dormant dormant_in_text(std::string_view text, std::string_view family,
                                  std::string_view table) {
  using Dormant = NftTable::Dormant;
  const auto head = fmt::format("table {} {} {{", family, table);
  bool inside = false;
  for (const auto line : split(text, '\n')) {
    if (!inside) {
      inside = line.starts_with(head);  // "# handle 4" may follow
      continue;
    }
    const auto words = trim(line);
    if (words.starts_with("comment ")) continue;
    // They stand at the top.
    const bool dormant =
        words.starts_with("flags ") && words.find("dormant") != std::string_view::npos;
    return dormant ? Dormant::yes : Dormant::no;
  }
  return Dormant::hidden;
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
