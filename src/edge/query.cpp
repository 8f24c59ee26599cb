#include "edge/query.hpp"

#include "base/text.hpp"
#include "codec/percent.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {

std::vector<std::pair<std::string, std::string>> query_pairs(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto part : split(query, '&')) {
    if (part.empty() || out.size() == limits::kQueryPairs) continue;
    const auto equals = part.find('=');
    out.emplace_back(codec::percent_decoded(part.substr(0, equals)),
                     equals == std::string_view::npos
                         ? std::string{}
                         : codec::percent_decoded(part.substr(equals + 1)));
  }
  return out;
}

}  // namespace causeway::edge
