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
