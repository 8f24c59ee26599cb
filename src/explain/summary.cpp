#include "explain/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "explain/userinfo.hpp"

namespace causeway::explain {
namespace {

// Of what a stranger wrote: without passwords, before it is cut to a length.
std::string shown(std::string_view text, std::size_t most) {
  constexpr std::size_t kLooked = 4096;
  return printable(without_userinfo(text.substr(0, kLooked)), most);
}

using codec::kNoTime;
using codec::LogLine;

std::int64_t floored(std::int64_t at, std::int64_t width) {
  const auto rest = at % width;
  return at - (rest < 0 ? rest + width : rest);
}

void add_episode(std::vector<Episode>& episodes, std::int64_t at, std::uint64_t count) {
  const auto quiet = std::chrono::milliseconds{limits::kQuiet}.count();
  // Lines come nearly in order: the newest episode is nearly always the right one.
  for (auto each = episodes.rbegin(); each != episodes.rend(); ++each) {
    if (at > each->last + quiet || at < each->first - quiet) continue;
    each->first = std::min(each->first, at);
    each->last = std::max(each->last, at);
    each->count += count;
    return;
  }
  const auto place = std::ranges::upper_bound(episodes, at, {}, &Episode::first);
  episodes.insert(place, {at, at, count});
  if (episodes.size() <= limits::kEpisodes) return;
  std::size_t nearest = 1;
  for (std::size_t i = 2; i < episodes.size(); ++i) {
    const auto gap = [&](std::size_t n) { return episodes[n].first - episodes[n - 1].last; };
    if (gap(i) < gap(nearest)) nearest = i;
  }
  auto& before = episodes[nearest - 1];
  before.last = std::max(before.last, episodes[nearest].last);
  before.count += episodes[nearest].count;
  episodes.erase(episodes.begin() + static_cast<std::ptrdiff_t>(nearest));
}

}  // namespace

void TopNames::add(std::string_view name, std::uint64_t weight) {
  auto found = std::ranges::find(names_, name, &Counted::name);
  if (found == names_.end()) {
    if (names_.size() < limits::kNames) {
      names_.push_back({std::string{name}, 0});
    } else {
      names_.back().name = name;  // takes over the count of the least frequent
    }
    found = names_.end() - 1;
  }
  found->count += weight;
  for (; found != names_.begin() && (found - 1)->count < found->count; --found)
    std::swap(*found, *(found - 1));
}

std::int64_t Group::first() const { return episodes.empty() ? kNoTime : episodes.front().first; }

std::int64_t Group::last() const {
  return episodes.empty() ? kNoTime : std::ranges::max(episodes, {}, &Episode::last).last;
}

Group* Summary::group_for(const LogLine& line, const Meaning& meaning) {
  const auto origin = line.origin.substr(0, limits::kNameBytes);
  key_.assign(origin);
  key_ += '\0';
  key_.append(meaning.reading);
  key_ += static_cast<char>(line.secure);
  std::array<char, 8> number{};
  const auto end = std::to_chars(number.data(), number.data() + number.size(), meaning.status);
  key_.append(number.data(), end.ptr);
  if (!meaning.possible.empty()) key_ += static_cast<char>(meaning.possible.all().front());
  const auto found = places_.find(key_);
  if (found != places_.end()) return &groups_[found->second];
  if (groups_.size() >= limits::kGroups) return nullptr;
  places_.emplace(key_, groups_.size());
  groups_.push_back(
      {.meaning = meaning, .origin = shown(origin, limits::kNameBytes), .secure = line.secure});
  return &groups_.back();
}

void Summary::add(const LogLine& line, const Meaning& meaning, std::string_view text,
                  std::uint64_t number, std::string_view file) {
  ++lines_;
  ++formats_[static_cast<std::size_t>(line.format)];
  const bool request = is_request(line.format);
  const bool failed = meaning.part == Part::failed;
  if (!request) {
    messages_ += failed || meaning.part == Part::trouble ? line.weight : 0;
  } else if (failed) {
    failed_ += line.weight;
  } else if (meaning.part == Part::client_left) {
    client_left_ += line.weight;
  } else {
    fine_ += line.weight;  // served all the same
  }
  seen_at(line, request ? line.weight : 0, request && failed ? line.weight : 0);
  Group* group = group_for(line, meaning);
  if (group == nullptr) {
    not_grouped_ += line.weight;
    return;
  }
  if (group->count == 0) {
    group->first_line = number;
    group->first_text = shown(text, limits::kTextKept);
    group->file = file;
  }
  group->count += line.weight;
  ++group->formats[static_cast<std::size_t>(line.format)];
  if (line.at != kNoTime) add_episode(group->episodes, line.at, line.weight);
  if (!line.host.empty()) group->hosts.add(shown(line.host, limits::kNameBytes), line.weight);
  if (line.status != 0) group->statuses.add(fmt::format("{}", line.status), line.weight);
  if (!line.ray.empty() && group->rays.size() < limits::kRays)
    group->rays.push_back(printable(line.ray, limits::kNameBytes));
}

void Summary::add_unknown(std::string_view text, std::uint64_t number) {
  ++lines_;
  if (unknown_++ != 0) return;
  unknown_text_ = shown(text, limits::kTextKept);
  unknown_line_ = number;
}

void Summary::seen_at(const LogLine& line, std::uint64_t requests, std::uint64_t failed) {
  if (line.at == kNoTime) return;
  zoned_ = zoned_ && line.zoned;
  first_ = first_ == kNoTime ? line.at : std::min(first_, line.at);
  last_ = std::max(last_, line.at);
  if (requests == 0) return;
  if (line.at >= bucket_at_ && line.at < bucket_at_ + width_ && bucket_at_ != kNoTime) {
    buckets_[bucket_].rate.requests += requests;
    buckets_[bucket_].rate.failed += failed;
    return;
  }
  count_in_bucket(line.at, requests, failed);
}

void Summary::count_in_bucket(std::int64_t at, std::uint64_t requests, std::uint64_t failed) {
  constexpr std::size_t kPlaces = limits::kBuckets * 2;
  if (buckets_.empty()) buckets_.resize(kPlaces);
  const auto begin = floored(at, width_);
  auto place = static_cast<std::size_t>(begin / width_) * 0x9e3779b97f4a7c15ULL % kPlaces;
  while (buckets_[place].at != kNoTime && buckets_[place].at != begin)
    place = (place + 1) % kPlaces;
  if (buckets_[place].at == kNoTime) {
    if (buckets_used_ == limits::kBuckets) {
      widen();
      count_in_bucket(at, requests, failed);
      return;
    }
    ++buckets_used_;
    buckets_[place].at = begin;
  }
  buckets_[place].rate.requests += requests;
  buckets_[place].rate.failed += failed;
  bucket_ = place;
  bucket_at_ = begin;
}

// Twice as wide, so that a log of years fits. Each widening at least tries to halve the number.
void Summary::widen() {
  auto old = std::move(buckets_);
  buckets_ = {};
  buckets_used_ = 0;
  width_ *= 2;
  for (const auto& each : old) {
    if (each.at != kNoTime) count_in_bucket(each.at, each.rate.requests, each.rate.failed);
  }
}

std::vector<const Group*> Summary::groups(Part part) const {
  std::vector<const Group*> out;
  for (const auto& group : groups_) {
    if (group.meaning.part == part) out.push_back(&group);
  }
  std::ranges::sort(out, [](const Group* a, const Group* b) {
    return a->count != b->count ? a->count > b->count : a < b;  // else as they were met
  });
  return out;
}

Summary::Rate Summary::rate(std::int64_t first, std::int64_t last) const {
  Rate out;
  for (const auto& each : buckets_) {
    if (each.at == kNoTime || each.at > last || each.at + width_ <= first) continue;
    out.requests += each.rate.requests;
    out.failed += each.rate.failed;
  }
  return out;
}

}  // namespace causeway::explain
