// The addresses an edge connects from: a named list of prefixes with its date and tag.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"

namespace causeway::model {

struct EdgeRanges {
  std::string name;  // "cloudflare", or the file's name
  std::string date;  // when the list was published or read, YYYY-MM-DD
  std::vector<Prefix> prefixes;

  bool contains(const IpAddress& address) const;
};

// Cloudflare's published list (15 IPv4 and 7 IPv6 prefixes), as built in.
const EdgeRanges& cloudflare_ranges();

// One prefix a line; '#' starts a comment. Refused with the line's number on anything else.
Parsed<EdgeRanges> parse_edge_ranges(std::string_view text, std::string name);

}  // namespace causeway::model
