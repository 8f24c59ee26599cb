#include "watch/schedule.hpp"

#include <algorithm>

#include "watch/limits.hpp"

namespace causeway::watch {

Schedule::Schedule(Instant now) : began_(now), slots_(limits::kWatchSlots) {}

std::int64_t Schedule::slot_of(Instant at) const {
  return std::max<std::int64_t>(0, (at - began_) / limits::kWatchSlot);
}

void Schedule::put(std::uint32_t number, Instant due) {
  if (due_.size() <= number) due_.resize(number + 1, kNever);
  due_[number] = due;
  // What is due already goes where the cursor looks next.
  const std::int64_t slot = std::max(cursor_, slot_of(due));
  slots_[static_cast<std::size_t>(slot) % limits::kWatchSlots].push_back(number);
}

void Schedule::drop(std::uint32_t number) {
  if (number < due_.size()) due_[number] = kNever;
}

std::vector<std::uint32_t> Schedule::take(Instant now, std::size_t most) {
  std::vector<std::uint32_t> out;
  const std::int64_t last = slot_of(now);
  for (; cursor_ <= last; ++cursor_) {
    auto& slot = slots_[static_cast<std::size_t>(cursor_) % limits::kWatchSlots];
    std::vector<std::uint32_t> kept;
    for (const std::uint32_t number : slot) {
      const Instant due = due_[number];
      if (due == kNever) continue;
      if (due > now || out.size() == most) {
        const bool here =
            due <= now || slot_of(due) % static_cast<std::int64_t>(limits::kWatchSlots) ==
                              cursor_ % static_cast<std::int64_t>(limits::kWatchSlots);
        if (here) kept.push_back(number);  // else it was moved, and stands in another slot
        continue;
      }
      due_[number] = kNever;
      out.push_back(number);
    }
    slot = std::move(kept);
    if (out.size() == most || cursor_ == last) break;
  }
  return out;
}

Duration first_delay(std::string_view id, Duration interval) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;  // FNV-1a
  for (const char letter : id)
    hash = (hash ^ static_cast<unsigned char>(letter)) * 1'099'511'628'211U;
  hash ^= hash >> 32U;
  return Duration{static_cast<std::int64_t>(static_cast<double>(interval.count()) *
                                            static_cast<double>(hash % 1'000'003) / 1'000'003.0)};
}

Instant next_beat(Instant due, Duration interval, Instant now) {
  if (due > now) return due;
  return due + ((now - due) / interval + 1) * interval;
}

}  // namespace causeway::watch
