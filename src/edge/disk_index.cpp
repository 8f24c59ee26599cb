#include "edge/disk_index.hpp"

#include <algorithm>

#include "edge/disk_folder.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

// 0 for one that has none yet: every label has a key.
std::uint64_t memory_of(const DiskLabel& label) {
  constexpr std::uint64_t kEntry = 350;  // nodes, strings and pointers
  if (label.key.empty()) return 0;
  std::uint64_t out = kEntry + label.key.size() + label.vary_key.size();
  for (const auto* texts : {&label.vary, &label.tags}) {
    for (const auto& text : *texts) out += sizeof(std::string) + text.size();
  }
  return out;
}

}  // namespace

DiskIndex::Found DiskIndex::find(std::string_view key, const CacheRequest& request) {
  const std::string digits = key_digits(key);
  Found out;
  for (auto at = entries_.lower_bound(digits);
       at != entries_.end() && at->first.starts_with(digits); ++at) {
    const auto& label = at->second.label;
    if (label.key != key) continue;
    if (vary_key(label.vary, request) == label.vary_key) return {&at->first, &at->second, false};
    out.vary_missed = true;
  }
  return out;
}

DiskEntry* DiskIndex::at(const std::string& name) {
  const auto at = entries_.find(name);
  return at == entries_.end() ? nullptr : &at->second;
}

std::vector<std::string> DiskIndex::keep(const std::string& name, std::string_view key,
                                         StoredPtr answer) {
  std::vector<std::string> gone;
  if (const auto known = entries_.find(name); known != entries_.end()) {
    set_pending(known->second, std::move(answer));
    return gone;
  }
  const std::string digits = name.substr(0, kKeyDigits);
  std::size_t variants = 0;
  auto oldest = entries_.end();
  for (auto at = entries_.lower_bound(digits);
       at != entries_.end() && at->first.starts_with(digits); ++at) {
    ++variants;
    if (oldest == entries_.end() || at->second.used < oldest->second.used) oldest = at;
  }
  if (variants >= limits::kCacheVariants) {
    gone.push_back(oldest->first);
    drop(oldest);
  }
  auto& entry = entries_[name];
  set_label(entry, label_of(key, *answer));
  set_pending(entry, std::move(answer));
  return gone;
}

bool DiskIndex::adopt(const std::string& name, DiskLabel label, std::uint64_t bytes,
                      std::int64_t used) {
  const auto [at, fresh] = entries_.try_emplace(name);
  auto& entry = at->second;
  if (!fresh && entry.bytes != 0) return false;
  if (fresh) set_label(entry, std::move(label));
  entry.bytes = bytes;
  entry.touched = used;
  bytes_ += disk_use(bytes);
  list(at, used);
  return fresh;
}

bool DiskIndex::written(const std::string& name, const StoredPtr& answer, std::uint64_t bytes,
                        Instant now, std::int64_t wall) {
  const auto at = entries_.find(name);
  if (at == entries_.end()) return false;
  auto& entry = at->second;
  unlist(entry);
  if (!entry.pending) {
    drop(at);
    return false;
  }
  if (entry.pending != answer) return false;
  entry.bytes = bytes;
  entry.touched = wall;
  entry.written = now;
  bytes_ += disk_use(bytes);
  list(at, wall);
  set_pending(entry, nullptr);
  return true;
}

void DiskIndex::use(const std::string& name, std::int64_t wall) {
  const auto at = entries_.find(name);
  if (at == entries_.end() || at->second.bytes == 0) return;
  by_use_.erase({at->second.used, at->second.turn});
  list(at, wall);
}

void DiskIndex::reconcile(std::string_view digits,
                          const std::unordered_set<std::string_view>& names, Instant then) {
  for (auto at = entries_.lower_bound(digits);
       at != entries_.end() && at->first.starts_with(digits);) {
    const auto here = at++;
    const auto& entry = here->second;
    const bool newer = entry.written && *entry.written >= then;
    if (entry.bytes != 0 && !entry.pending && !newer && !names.contains(here->first)) drop(here);
  }
}

void DiskIndex::drop(const std::string& name) {
  if (const auto at = entries_.find(name); at != entries_.end()) drop(at);
}

void DiskIndex::drop(Entries::iterator at) {
  unlist(at->second);
  set_pending(at->second, nullptr);
  set_label(at->second, {});
  entries_.erase(at);
}

void DiskIndex::give_up(const std::string& name) {
  const auto at = entries_.find(name);
  if (at == entries_.end()) return;
  if (at->second.bytes == 0) return drop(at);
  set_pending(at->second, nullptr);
}

std::optional<std::string> DiskIndex::longest_unused() const {
  if (by_use_.empty()) return std::nullopt;
  return std::string{by_use_.begin()->second};
}

std::vector<std::string> DiskIndex::take(const std::function<bool(const DiskLabel&)>& wanted) {
  std::vector<std::string> gone;
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto here = at++;
    if (!wanted(here->second.label)) continue;
    gone.push_back(here->first);
    drop(here);
  }
  return gone;
}

std::vector<std::string> DiskIndex::take_key(std::string_view key) {
  const std::string digits = key_digits(key);
  std::vector<std::string> gone;
  for (auto at = entries_.lower_bound(digits);
       at != entries_.end() && at->first.starts_with(digits);) {
    const auto here = at++;
    gone.push_back(here->first);
    drop(here);
  }
  return gone;
}

void DiskIndex::list(Entries::iterator at, std::int64_t wall) {
  auto& entry = at->second;
  entry.used = wall;
  entry.turn = ++turns_;
  by_use_.emplace(std::pair{entry.used, entry.turn}, at->first);
}

void DiskIndex::unlist(DiskEntry& entry) {
  if (entry.bytes == 0) return;
  bytes_ -= disk_use(entry.bytes);
  by_use_.erase({entry.used, entry.turn});
  entry.bytes = 0;
}

void DiskIndex::set_pending(DiskEntry& entry, StoredPtr answer) {
  if (entry.pending) {
    --pending_;
    pending_bytes_ -= entry.pending->bytes();
  }
  entry.pending = std::move(answer);
  if (entry.pending) {
    ++pending_;
    pending_bytes_ += entry.pending->bytes();
    set_label(entry, label_of(entry.label.key, *entry.pending));  // its tags may be others
  }
}

void DiskIndex::set_label(DiskEntry& entry, DiskLabel label) {
  memory_ -= memory_of(entry.label);
  entry.label = std::move(label);
  memory_ += memory_of(entry.label);
}

}  // namespace causeway::edge
