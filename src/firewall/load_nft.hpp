// nft rules: the parts of their loader.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/ruleset_nft.hpp"
#include "firewall/load.hpp"
#include "firewall/model.hpp"

namespace causeway::firewall {

// Where a statement stands: what its names mean there.
struct NftPlace {
  std::string_view family;
  std::string_view table_name;
  std::uint32_t table = 0;
  Builder& builder;

  std::string scope() const { return std::string{family} + " " + std::string{table_name}; }
};

// One question of an expression, and how its constants are written.
struct NftKey {
  Term term;
  DataType type = DataType::unknown;
};

// "ip saddr", "meta mark & 0xff" ... What is not understood becomes Field::other.
NftKey read_key(codec::Json expression, const NftPlace& place);
// The parts of a concatenation, or the one question.
std::vector<NftKey> read_keys(codec::Json expression, const NftPlace& place);

// "80", {"range": [80, 90]}, {"prefix": ...}, ["syn", "ack"] (flags), {"|": [...]}
std::optional<Interval> read_constant(codec::Json value, DataType type);

// Of a statement or of a map's values: what stands for itself in a table and has a name.
bool is_nft_object(std::string_view kind);
// The elements of a set or map into `out`; types are those of the key where the set has none.
void read_elements(codec::Json elements, const NftPlace& place, Set& out);
// What is counted for each element of a set: {"limit": ...}, {"ct count": ...}
std::optional<Limit> element_limit(codec::Json statement);
std::optional<Verdict> read_verdict(codec::Json statement, const NftPlace& place);
// "@name" or {"set": [...]}: the set's index.
std::optional<std::uint32_t> read_set_reference(codec::Json value, const std::vector<NftKey>& keys,
                                                bool is_map, const NftPlace& place,
                                                bool of_objects = false);

}  // namespace causeway::firewall
