#include "explain/userinfo.hpp"

#include <algorithm>

namespace causeway::explain {

std::string without_userinfo(std::string_view text) {
  std::string out;
  while (true) {
    const auto scheme = text.find("://");
    if (scheme == std::string_view::npos) return out.append(text);
    const auto from = scheme + 3;
    out += text.substr(0, from);
    text.remove_prefix(from);
    const auto end = std::min(text.find_first_of("/?# \t\"'<>\\"), text.size());
    const auto at = text.substr(0, end).rfind('@');
    if (at != std::string_view::npos) text.remove_prefix(at + 1);
  }
}

}  // namespace causeway::explain
