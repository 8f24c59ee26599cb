#include "edge/query.hpp"

#include "base/text.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> query_pairs(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto part : split(query, '&')) {
    if (part.empty() || out.size() == limits::kQueryPairs) continue;
    const auto equals = part.find('=');
    out.emplace_back(unescaped(part.substr(0, equals)), equals == std::string_view::npos
                                                            ? std::string{}
                                                            : unescaped(part.substr(equals + 1)));
  }
  return out;
}

}  // namespace causeway::edge
