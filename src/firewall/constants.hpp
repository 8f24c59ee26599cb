// Words of ruleset languages as numbers: protocols, connection states, TCP flags, route types ...
#pragma once

#include <optional>
#include <string_view>

#include "firewall/model.hpp"

namespace causeway::firewall {

constexpr unsigned kTcp = 6;
constexpr unsigned kIcmp = 1;
constexpr unsigned kIcmp6 = 58;

// "0x1f" or decimal.
std::optional<Key> number_word(std::string_view word);
// An interval for an address, prefix ("a/n", "a/mask"), port, protocol, name ("eth*") ... of
// `type`.
std::optional<Interval> constant(DataType type, std::string_view word);
// A flag or a list of them.
std::optional<Key> flag_bits(DataType type, std::string_view word);
bool is_flags(DataType type);

// nft's names of data types ("ipv4_addr").
DataType data_type(std::string_view name);

// "1.2.3.0/24", "1.2.3.0/255.255.255.0", "2001:db8::/32", "1.2.3.4"
std::optional<Interval> address_range(std::string_view text, Family family);
// A mask as prefix length, if it is one.
std::optional<unsigned> mask_length(std::string_view mask, Family family);

// Codes of a reject statement by word, of any of the languages.
std::optional<Reject> reject_kind(std::string_view word);

}  // namespace causeway::firewall
