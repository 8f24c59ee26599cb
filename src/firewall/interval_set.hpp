// Sets of numbers as sorted, disjoint, closed intervals. Addresses, ports, marks and interface
// names all become such numbers, so that one set algebra serves every match of a ruleset.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace causeway::firewall {

__extension__ typedef unsigned __int128 Key;

constexpr Key kAllBits = ~Key{0};

struct Interval {
  Key first = 0;
  Key last = 0;

  bool operator==(const Interval&) const = default;
};

class IntervalSet {
 public:
  IntervalSet() = default;
  IntervalSet(Key first, Key last) : parts_{{first, last}} {}
  explicit IntervalSet(Key only) : parts_{{only, only}} {}
  explicit IntervalSet(Interval one) : parts_{one} {}
  // Any order, overlaps allowed; intervals with first > last are left out.
  static IntervalSet of(std::vector<Interval> parts);

  bool empty() const { return parts_.empty(); }
  const std::vector<Interval>& parts() const { return parts_; }
  bool contains(Key key) const;
  bool overlaps(Interval one) const;
  bool overlaps(const IntervalSet& other) const;
  bool covers(Interval one) const;
  bool covers(const IntervalSet& other) const;
  double count() const;  // how many numbers, rounded

  void add(Interval one);
  void remove(Interval one);
  // As unite() and subtract(), in place where the other set is much smaller: one move of what lies
  // behind for each of its parts.
  void add_all(const IntervalSet& other);
  void remove_all(const IntervalSet& other);
  // In time of the smaller set (times a logarithm) plus what they share.
  IntervalSet intersect(const IntervalSet& other) const;
  IntervalSet subtract(const IntervalSet& other) const;
  IntervalSet unite(const IntervalSet& other) const;

  bool operator==(const IntervalSet&) const = default;

 private:
  std::vector<Interval> parts_;
};

// --- what becomes a number, and how ---

// IPv4: the 32 bits; IPv6: all 128.
Key key_of(const IpAddress& address);
IpAddress address_of(Key key, Family family);
Interval interval_of(const Prefix& prefix);
Key highest(Family family);
// An address, "10.0.0.0/8", or "a-b" when it is no prefix.
std::string range_text(Interval one, Family family);

// Interface names, compared as the kernel does: sixteen bytes, zero-filled. "eth*" is a range.
Key name_key(std::string_view name);
Interval name_interval(std::string_view pattern, char wildcard);

}  // namespace causeway::firewall
