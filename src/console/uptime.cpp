#include "console/uptime.hpp"

#include <algorithm>

namespace causeway::console {
namespace {

struct Interval {
  WallTime from;
  WallTime to;
};

// Cut to [from, to), sorted, overlaps merged.
std::vector<Interval> tidy(std::vector<Interval> all, WallTime from, WallTime to) {
  for (auto& each : all) {
    if (each.to == WallTime{}) each.to = to;
    each.from = std::max(each.from, from);
    each.to = std::min(each.to, to);
  }
  std::erase_if(all, [](const Interval& each) { return each.from >= each.to; });
  std::ranges::sort(all, {}, &Interval::from);
  std::vector<Interval> out;
  for (const auto& each : all) {
    if (!out.empty() && each.from <= out.back().to) {
      out.back().to = std::max(out.back().to, each.to);
    } else {
      out.push_back(each);
    }
  }
  return out;
}

Duration length(const std::vector<Interval>& all) {
  Duration sum{};
  for (const auto& each : all) sum += each.to - each.from;
  return sum;
}

// What two tidy lists have in common.
Duration overlap(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  Duration sum{};
  for (const auto& each : a) {
    for (const auto& other : b) {
      const auto from = std::max(each.from, other.from);
      const auto to = std::min(each.to, other.to);
      if (from < to) sum += to - from;
    }
  }
  return sum;
}

}  // namespace

Uptime uptime(WallTime from, WallTime to, WallTime watched_since,
              const std::vector<store::Member>& downs, const std::vector<store::Blind>& blinds) {
  from = std::max(from, watched_since);
  if (from >= to) return {};
  std::vector<Interval> down;
  std::vector<Interval> blind;
  down.reserve(downs.size());
  blind.reserve(blinds.size());
  for (const auto& each : downs) down.push_back({each.since, each.until});
  for (const auto& each : blinds) blind.push_back({each.since, each.until});
  down = tidy(std::move(down), from, to);
  blind = tidy(std::move(blind), from, to);
  Uptime out;
  out.incidents = static_cast<int>(down.size());
  out.seen = (to - from) - length(blind);
  out.down = length(down) - overlap(down, blind);
  return out;
}

}  // namespace causeway::console
