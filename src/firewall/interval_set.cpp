#include "firewall/interval_set.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace causeway::firewall {
namespace {

constexpr std::size_t kNameBytes = 16;  // IFNAMSIZ

using Parts = std::vector<Interval>;

// The first part that ends at or after `key`, looked for forward from `from` in growing steps: two
// sets walked in step cost the smaller one's length times the logarithm of the gaps.
std::size_t seek(const Parts& parts, std::size_t from, Key key) {
  std::size_t step = 1;
  std::size_t low = from;
  std::size_t high = from;
  while (high < parts.size() && parts[high].last < key) {
    low = high + 1;
    high += step;
    step *= 2;
  }
  high = std::min(high, parts.size());
  const auto begin = parts.begin();
  const auto found = std::lower_bound(
      begin + static_cast<std::ptrdiff_t>(low), begin + static_cast<std::ptrdiff_t>(high), key,
      [](const Interval& one, Key wanted) { return one.last < wanted; });
  return static_cast<std::size_t>(found - begin);
}

void append(Parts& out, Interval one) {
  if (!out.empty() && out.back().last != kAllBits && one.first <= out.back().last + 1) {
    out.back().last = std::max(out.back().last, one.last);
  } else if (out.empty() || out.back().last != kAllBits) {
    out.push_back(one);
  }
}

// Moving a tail is about this much cheaper than writing the set anew.
bool few(const Parts& these, const Parts& beside) {
  constexpr std::size_t kCheaper = 16;
  return these.size() <= 1 || these.size() * kCheaper < beside.size();
}

}  // namespace

IntervalSet IntervalSet::of(std::vector<Interval> parts) {
  std::erase_if(parts, [](const Interval& one) { return one.first > one.last; });
  const auto by_first = [](const Interval& a, const Interval& b) { return a.first < b.first; };
  if (!std::ranges::is_sorted(parts, by_first)) std::ranges::sort(parts, by_first);
  IntervalSet out;
  out.parts_.reserve(parts.size());
  for (const auto& one : parts) append(out.parts_, one);
  return out;
}

bool IntervalSet::overlaps(Interval one) const {
  const auto at = seek(parts_, 0, one.first);
  return at < parts_.size() && parts_[at].first <= one.last;
}

bool IntervalSet::contains(Key key) const { return overlaps(Interval{key, key}); }

bool IntervalSet::covers(Interval one) const {
  const auto at = seek(parts_, 0, one.first);
  return at < parts_.size() && parts_[at].first <= one.first && one.last <= parts_[at].last;
}

bool IntervalSet::covers(const IntervalSet& other) const {
  return std::ranges::all_of(other.parts_, [this](const Interval& one) { return covers(one); });
}

bool IntervalSet::overlaps(const IntervalSet& other) const {
  const Parts& small = parts_.size() <= other.parts_.size() ? parts_ : other.parts_;
  const Parts& large = parts_.size() <= other.parts_.size() ? other.parts_ : parts_;
  std::size_t at = 0;
  for (const auto& one : small) {
    at = seek(large, at, one.first);
    if (at >= large.size()) return false;
    if (large[at].first <= one.last) return true;
  }
  return false;
}

double IntervalSet::count() const {
  double out = 0;
  for (const auto& one : parts_) out += static_cast<double>(one.last - one.first) + 1;
  return out;
}

void IntervalSet::add(Interval one) {
  if (one.first > one.last) return;
  auto at = seek(parts_, 0, one.first == 0 ? 0 : one.first - 1);
  auto end = at;
  while (end < parts_.size() &&
         (parts_[end].first <= one.last || parts_[end].first == one.last + 1)) {
    one.first = std::min(one.first, parts_[end].first);
    one.last = std::max(one.last, parts_[end].last);
    ++end;
  }
  const auto begin = parts_.begin();
  if (end == at) {
    parts_.insert(begin + static_cast<std::ptrdiff_t>(at), one);
    return;
  }
  parts_[at] = one;
  parts_.erase(begin + static_cast<std::ptrdiff_t>(at + 1),
               begin + static_cast<std::ptrdiff_t>(end));
}

void IntervalSet::remove(Interval one) {
  auto at = seek(parts_, 0, one.first);
  if (at >= parts_.size() || parts_[at].first > one.last) return;
  const auto place = [this](std::size_t index) {
    return parts_.begin() + static_cast<std::ptrdiff_t>(index);
  };
  if (parts_[at].first < one.first && parts_[at].last > one.last) {
    const Interval behind{one.last + 1, parts_[at].last};
    parts_[at].last = one.first - 1;
    parts_.insert(place(at + 1), behind);
    return;
  }
  if (parts_[at].first < one.first) parts_[at++].last = one.first - 1;
  auto end = at;
  while (end < parts_.size() && parts_[end].last <= one.last) ++end;
  if (end < parts_.size() && parts_[end].first <= one.last) parts_[end].first = one.last + 1;
  parts_.erase(place(at), place(end));
}

void IntervalSet::add_all(const IntervalSet& other) {
  if (few(other.parts_, parts_)) {
    for (const auto& one : other.parts_) add(one);
  } else {
    *this = unite(other);
  }
}

void IntervalSet::remove_all(const IntervalSet& other) {
  if (few(other.parts_, parts_)) {
    for (const auto& one : other.parts_) remove(one);
  } else {
    *this = subtract(other);
  }
}

IntervalSet IntervalSet::intersect(const IntervalSet& other) const {
  const Parts& small = parts_.size() <= other.parts_.size() ? parts_ : other.parts_;
  const Parts& large = parts_.size() <= other.parts_.size() ? other.parts_ : parts_;
  IntervalSet out;
  std::size_t at = 0;
  for (const auto& one : small) {
    at = seek(large, at, one.first);
    for (std::size_t i = at; i < large.size() && large[i].first <= one.last; ++i) {
      out.parts_.push_back(
          {std::max(one.first, large[i].first), std::min(one.last, large[i].last)});
      at = i;
    }
  }
  return out;
}

IntervalSet IntervalSet::subtract(const IntervalSet& other) const {
  IntervalSet out;
  std::size_t at = 0;
  for (const auto& one : parts_) {
    Key first = one.first;
    at = seek(other.parts_, at, first);
    bool left = true;
    for (std::size_t i = at; i < other.parts_.size() && other.parts_[i].first <= one.last; ++i) {
      const auto& cut = other.parts_[i];
      at = i;
      if (cut.first > first) out.parts_.push_back({first, cut.first - 1});
      if (cut.last >= one.last) {
        left = false;
        break;
      }
      first = cut.last + 1;
    }
    if (left) out.parts_.push_back({first, one.last});
  }
  return out;
}

IntervalSet IntervalSet::unite(const IntervalSet& other) const {
  IntervalSet out;
  out.parts_.reserve(parts_.size() + other.parts_.size());
  std::size_t a = 0;
  std::size_t b = 0;
  while (a < parts_.size() || b < other.parts_.size()) {
    const bool mine =
        b >= other.parts_.size() || (a < parts_.size() && parts_[a].first <= other.parts_[b].first);
    append(out.parts_, mine ? parts_[a++] : other.parts_[b++]);
  }
  return out;
}

Key key_of(const IpAddress& address) {
  Key out = 0;
  if (address.is_v4()) {
    for (const auto byte : address.v4_bytes()) out = out << 8U | byte;
  } else {
    for (const auto byte : address.bytes()) out = out << 8U | byte;
  }
  return out;
}

IpAddress address_of(Key key, Family family) {
  if (family == Family::ipv4) return IpAddress::v4(static_cast<std::uint32_t>(key));
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = bytes.size(); i-- > 0; key >>= 8U) {
    bytes[i] = static_cast<std::uint8_t>(key & 0xffU);
  }
  return IpAddress::v6(bytes);
}

Key highest(Family family) { return family == Family::ipv4 ? Key{0xffffffff} : kAllBits; }

Interval interval_of(const Prefix& prefix) {
  const unsigned bits = prefix.address().is_v4() ? 32 : 128;
  const Key first = key_of(prefix.address());
  const Key hosts = prefix.length() == 0 ? highest(prefix.address().family())
                                         : (Key{1} << (bits - prefix.length())) - 1;
  return {first, first | hosts};
}

std::string range_text(Interval one, Family family) {
  const unsigned bits = family == Family::ipv4 ? 32 : 128;
  const Key span = one.last - one.first;
  if (span == 0) return address_of(one.first, family).text();
  if ((span & (span + 1)) == 0 && (one.first & span) == 0) {
    unsigned length = bits;
    for (Key rest = span; rest != 0; rest >>= 1U) --length;
    return fmt::format("{}/{}", address_of(one.first, family).text(), length);
  }
  return fmt::format("{}-{}", address_of(one.first, family).text(),
                     address_of(one.last, family).text());
}

Key name_key(std::string_view name) {
  Key out = 0;
  for (std::size_t i = 0; i < kNameBytes; ++i) {
    out = out << 8U | (i < name.size() ? static_cast<std::uint8_t>(name[i]) : 0U);
  }
  return out;
}

Interval name_interval(std::string_view pattern, char wildcard) {
  if (pattern.empty() || pattern.back() != wildcard) return {name_key(pattern), name_key(pattern)};
  pattern.remove_suffix(1);
  const Key first = name_key(pattern);
  const auto open = kNameBytes - std::min(pattern.size(), kNameBytes);
  const Key rest = open == 0 ? 0 : open >= kNameBytes ? kAllBits : (Key{1} << (open * 8)) - 1;
  return {first, first | rest};
}

}  // namespace causeway::firewall
