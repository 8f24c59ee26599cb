#include "guard/web_lists.hpp"

#include <algorithm>

#include "firewall/interval_set.hpp"

namespace causeway::guard {

using firewall::IntervalSet;

std::string_view visitor_field(std::string_view edge) {
  return edge == "cloudflare" ? "CF-Connecting-IP" : "X-Forwarded-For";
}

std::vector<Prefix> prefixes_in(const std::vector<std::string>& words) {
  std::vector<Prefix> out;
  for (const auto& word : words) {
    if (const auto prefix = Prefix::parse(word)) out.push_back(*prefix);
  }
  return out;
}

bool overlaps(const Prefix& a, const Prefix& b) {
  return a.contains(b.address()) || b.contains(a.address());
}

bool inside_any(const Prefix& one, const std::vector<Prefix>& ranges) {
  return std::ranges::any_of(ranges, [&](const Prefix& range) {
    return range.length() <= one.length() && range.contains(one.address());
  });
}

bool overlaps_any(const Prefix& one, const std::vector<Prefix>& others) {
  return std::ranges::any_of(others, [&](const Prefix& other) { return overlaps(one, other); });
}

std::vector<Prefix> not_covered(const std::vector<Prefix>& ranges,
                                const std::vector<Prefix>& others) {
  std::vector<Prefix> out;
  for (const auto& range : ranges) {
    const auto family = range.address().family();
    std::vector<firewall::Interval> parts;
    for (const auto& other : others) {
      if (other.address().family() == family) parts.push_back(firewall::interval_of(other));
    }
    if (!IntervalSet::of(std::move(parts)).covers(firewall::interval_of(range))) {
      out.push_back(range);
    }
  }
  return out;
}

std::string indent_at(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  const auto line = text.substr(0, at).rfind('\n') + 1;
  const auto before = text.substr(line, at - line);
  return before.find_first_not_of(" \t") == std::string_view::npos ? std::string{before} : "";
}

}  // namespace causeway::guard
