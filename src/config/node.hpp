// A configuration file as a plain tree in which every key and value knows its place. TOML 1.0 goes
// in (document.cpp, the only file that sees the parser); typed tables read it (keys.hpp).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/findings.hpp"

namespace causeway::config {

enum class Kind : std::uint8_t { table, array, string, integer, real, boolean, time };
std::string_view name(Kind kind);  // "a table", "a string" ...

struct Member;

struct Node {
  Kind kind = Kind::table;
  Place place;
  std::string text;  // string; time in RFC 3339 form
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<Member> members;  // of a table, in the order of the file
  std::vector<Node> items;      // of an array

  const Member* member(std::string_view key) const;  // null when there is none
  const Node* find(std::string_view key) const;      // its value, or null
};

struct Member {
  std::string key;
  Place place;  // of the key
  Node value;
};

// The text of one file. A syntax error is the one finding that comes back.
std::expected<Node, Finding> parse(std::string_view text);

}  // namespace causeway::config
