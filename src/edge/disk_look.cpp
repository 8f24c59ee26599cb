// Looking at the folder for what this process has not written: at the beginning all of it, later
// what other processes have added, removed or purged.
#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "edge/disk_store.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {

std::vector<DiskStore::Seen> DiskStore::look(const DiskFolder& folder, const Names& names) {
  std::vector<Seen> out;
  for (const auto& name : names) {
    const auto file = folder.read(name);
    if (file.found == DiskFolder::Found::gone) continue;
    out.push_back({.name = name,
                   .found = file.found,
                   .label = label_of(file.head.key, file.head.answer),
                   .bytes = file.body.offset + file.body.proof.bytes,
                   .used = file.used});
  }
  return out;
}

void DiskStore::adopt(std::vector<Seen> seen) {
  std::uint64_t damaged = 0;
  std::uint64_t errors = 0;
  {
    const std::scoped_lock lock{mutex_};
    for (auto& each : seen) {
      const bool whole = each.found == DiskFolder::Found::whole;
      if (each.found == DiskFolder::Found::failed) {
        ++errors;
      } else if (std::ranges::find(removals_, each.name) != removals_.end()) {
        continue;
      } else if (whole && each.used >= not_before_) {
        index_.adopt(each.name, std::move(each.label), each.bytes, each.used);
      } else if (index_.at(each.name) == nullptr) {
        damaged += whole ? 0 : 1;
        removals_.push_back(std::move(each.name));
      }
    }
  }
  counters_.damaged.fetch_add(damaged, std::memory_order_relaxed);
  counters_.errors.fetch_add(errors, std::memory_order_relaxed);
}

void DiskStore::look_at(const DiskFolder& folder, int shard) {
  const Instant then = Clock::now();
  const auto names = folder.list(shard);
  Names unknown;
  {
    const std::scoped_lock lock{mutex_};
    constexpr std::string_view kDigits = "0123456789abcdef";
    const std::string digits{kDigits[static_cast<std::size_t>(shard / 16)],
                             kDigits[static_cast<std::size_t>(shard % 16)]};
    index_.reconcile(digits, {names.begin(), names.end()}, then);
    std::ranges::copy_if(names, std::back_inserter(unknown), [&](const auto& name) {
      const DiskEntry* entry = index_.at(name);
      return entry == nullptr || entry->bytes == 0;
    });
  }
  adopt(look(folder, unknown));
}

// Another process has purged: what this one remembers may be what was to be forgotten. Its files
// are gone already.
void DiskStore::heed_purges(const DiskFolder& folder) {
  const auto count = folder.purges();
  if (!count || *count == purges_seen_) return;
  purges_seen_ = *count;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto& [due, name] : due_) index_.give_up(name);
    due_.clear();
  }
  const std::scoped_lock lock{front_mutex_};
  if (front_ != nullptr) front_->forget_all();
}

}  // namespace causeway::edge
