// The part of a URL behind "?", as pairs.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::edge {

// "a=b%20c&d" -> {"a", "b c"}, {"d", ""}; in order, at most limits::kQueryPairs.
std::vector<std::pair<std::string, std::string>> query_pairs(std::string_view query);

}  // namespace causeway::edge
