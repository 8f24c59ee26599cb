// `nft -j list ruleset`: the objects by kind, their expressions left as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/ruleset_json.hpp"

namespace causeway::codec {

struct NftTable {
  std::string_view family;  // ip, ip6, inet, netdev, bridge, arp
  std::string_view name;
  // Of a dormant table no packet meets a chain. nft 1.0.6 prints something else for the flag.
  enum class Dormant : std::uint8_t { no, yes, hidden };
  Dormant dormant = Dormant::no;
};

struct NftChain {
  std::string_view family;
  std::string_view table;
  std::string_view name;
  std::int64_t handle = 0;
  std::string_view type;  // filter, nat, route; empty: not a base chain
  std::string_view hook;
  std::int64_t priority = 0;
  std::string_view policy;                // empty: accept
  std::vector<std::string_view> devices;  // nft 1.0.6 does not print them
};

struct NftSet {
  std::string_view family;
  std::string_view table;
  std::string_view name;
  std::vector<std::string_view> types;  // ipv4_addr, inet_service ...; empty: unknown
  bool is_map = false;
  std::vector<std::string_view> values;  // a map's: "verdict", or types
  bool has_timeout = false;
  Json statements;  // array: what every element counts
  Json elements;
};

struct NftRule {
  std::string_view family;
  std::string_view table;
  std::string_view chain;
  std::int64_t handle = 0;
  std::string_view comment;
  Json expression;  // array of statements
};

// A named limit, quota, counter, synproxy ...
struct NftObject {
  std::string_view kind;
  std::string_view family;
  std::string_view table;
  std::string_view name;
  Json data;
};

struct NftDump {
  std::shared_ptr<const JsonTree> tree;  // keeps every view and handle alive
  std::string_view version;
  std::vector<NftTable> tables;
  std::vector<NftChain> chains;
  std::vector<NftSet> sets;
  std::vector<NftRule> rules;
  std::vector<NftObject> objects;
};

Parsed<NftDump> parse_nft(std::string text);

// The same of a table in `nft list ruleset`, with or without its bytecode before it.
NftTable::Dormant dormant_in_text(std::string_view text, std::string_view family,
                                  std::string_view table);

// Whether the statements of a listed rule compare "ct KEY" with one value.
bool nft_lists_ct(Json statements, std::string_view key);

// The statements in nft's own language, near enough to be found in `nft list ruleset`.
std::string nft_text(Json statements);

}  // namespace causeway::codec
