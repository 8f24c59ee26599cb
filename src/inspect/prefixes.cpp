#include "inspect/prefixes.hpp"

#include <array>

namespace causeway::inspect {
namespace {

using firewall::Interval;
using firewall::IntervalSet;
using firewall::Key;

IntervalSet without(Family family, const std::vector<const char*>& special) {
  IntervalSet out{0, firewall::highest(family)};
  for (const char* one : special) {
    if (const auto prefix = Prefix::parse(one)) out.remove(firewall::interval_of(*prefix));
  }
  return out;
}

}  // namespace

std::optional<std::vector<std::string>> prefixes_of(const IntervalSet& set, Family family,
                                                    std::size_t most) {
  const unsigned width = family == Family::ipv4 ? 32 : 128;
  std::vector<std::string> out;
  for (const auto& part : set.parts()) {
    Key at = part.first;
    while (true) {
      // As wide as the alignment of `at` and what is left allow.
      unsigned free_bits = 0;
      Key last = at;
      while (free_bits < width) {
        const Key size = Key{1} << free_bits;
        if ((at & size) != 0 || part.last - at < (size - 1) + size) break;
        last = at + (size - 1) + size;
        ++free_bits;
      }
      if (out.size() >= most) return std::nullopt;
      out.push_back(Prefix{firewall::address_of(at, family), width - free_bits}.text());
      if (last >= part.last) break;
      at = last + 1;
    }
  }
  return out;
}

const IntervalSet& internet(Family family) {
  // IANA special-purpose registries (RFC 6890); documentation ranges stay: they are routed in test
  // networks.
  static const IntervalSet v4 =
      without(Family::ipv4, {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
                             "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"});
  static const IntervalSet v6 =
      IntervalSet{firewall::interval_of(Prefix::parse("2000::/3").value())};
  return family == Family::ipv4 ? v4 : v6;
}

IntervalSet set_of(const std::vector<Prefix>& prefixes) {
  std::vector<Interval> out;
  out.reserve(prefixes.size());
  for (const auto& prefix : prefixes) out.push_back(firewall::interval_of(prefix));
  return IntervalSet::of(std::move(out));
}

}  // namespace causeway::inspect
