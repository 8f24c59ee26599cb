#include "calendar/availability.hpp"

#include <algorithm>

namespace causeway::calendar {
namespace {

std::vector<Interval> cut(const std::vector<Interval>& list, const Interval& over) {
  std::vector<Interval> out;
  for (const Interval& one : list) {
    const Interval part{std::max(one.from, over.from), std::min(one.to, over.to)};
    if (part.from < part.to) out.push_back(part);
  }
  return out;
}

// What of `list` lies outside `holes`; both united.
std::vector<Interval> without(const std::vector<Interval>& list,
                              const std::vector<Interval>& holes) {
  std::vector<Interval> out;
  for (Interval rest : list) {
    for (const Interval& hole : holes) {
      if (hole.to <= rest.from || hole.from >= rest.to) continue;
      if (hole.from > rest.from) out.push_back({rest.from, hole.from});
      rest.from = std::max(rest.from, hole.to);
    }
    if (rest.from < rest.to) out.push_back(rest);
  }
  return out;
}

Duration length(const std::vector<Interval>& list) {
  Duration out{};
  for (const Interval& one : list) out += one.to - one.from;
  return out;
}

}  // namespace

std::vector<Interval> united(std::vector<Interval> intervals) {
  std::ranges::sort(intervals, {}, &Interval::from);
  std::vector<Interval> out;
  for (const Interval& one : intervals) {
    if (one.from >= one.to) continue;
    if (!out.empty() && one.from <= out.back().to) {
      out.back().to = std::max(out.back().to, one.to);
    } else {
      out.push_back(one);
    }
  }
  return out;
}

std::span<const Interval> touching(const std::vector<Interval>& list, const Interval& over) {
  // Without overlaps the ends are in order too.
  const auto first = std::ranges::upper_bound(list, over.from, {}, &Interval::to);
  const auto last = std::ranges::lower_bound(list, over.to, {}, &Interval::from);
  if (first >= last) return {};
  return {first, last};
}

Availability availability(Interval over, const std::vector<Interval>& watched,
                          std::vector<Interval> down, std::vector<Interval> not_counted) {
  const auto holes = united(std::move(not_counted));
  const auto counted = without(united(cut(watched, over)), holes);
  std::vector<Interval> outages;
  for (const Interval& part : counted) {
    for (const Interval& one : cut(down, part)) outages.push_back(one);
  }
  outages = united(std::move(outages));
  Availability out;
  out.observed = length(counted);
  out.down = length(outages);
  // One that goes on through a hole is one; one that nobody could see is none.
  out.outages =
      static_cast<int>(std::ranges::count_if(united(cut(down, over)), [&](const Interval& one) {
        return !without({one}, holes).empty();
      }));
  if (out.observed > Duration::zero()) {
    out.share =
        1.0 - static_cast<double>(out.down.count()) / static_cast<double>(out.observed.count());
  }
  return out;
}

}  // namespace causeway::calendar
