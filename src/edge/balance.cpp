#include "edge/balance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

double nanoseconds(Duration span) { return static_cast<double>(span.count()); }

// (0, 1)
double unit(std::uint64_t bits) { return (static_cast<double>(bits >> 11U) + 0.5) * 0x1.0p-53; }

}  // namespace

void PeakEwma::add(Duration sample, Instant now) {
  const double fresh = nanoseconds(sample);
  const double old = value(now);
  const double kept =
      known() ? std::exp(-nanoseconds(now - at_) / nanoseconds(limits::kEwmaDecay)) : 0;
  value_ = fresh > old ? fresh : value_ * kept + fresh * (1 - kept);
  at_ = now;
}

double PeakEwma::value(Instant now) const {
  if (!known()) return 0;
  return value_ * std::exp(-nanoseconds(now - at_) / nanoseconds(limits::kEwmaForget));
}

std::uint64_t mixed(std::uint64_t bits) {  // the finisher of MurmurHash3
  bits ^= bits >> 33U;
  bits *= 0xff51afd7ed558ccdULL;
  bits ^= bits >> 33U;
  bits *= 0xc4ceb9fe1a85ec53ULL;
  return bits ^ (bits >> 33U);
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t out = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    out ^= static_cast<unsigned char>(c);
    out *= 0x100000001b3ULL;
  }
  return mixed(out);
}

std::string affinity_cookie(std::uint64_t name_hash) { return fmt::format("{:016x}", name_hash); }

std::optional<std::uint64_t> parse_affinity(std::string_view value) {
  std::uint64_t out = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), out, 16);
  if (failed != std::errc{} || value.size() != 16 || end != value.data() + value.size()) return {};
  return out;
}

// Its weight; a part of it while it has been back for less than the slow start.
double Balancer::share(const Candidate& candidate) const {
  const double whole = candidate.weight;
  if (slow_start_ <= Duration{} || candidate.up_for >= slow_start_) return whole;
  constexpr double kFirst = 0.1;
  const double part = nanoseconds(candidate.up_for) / nanoseconds(slow_start_);
  return whole * std::max(kFirst, part);
}

std::optional<std::size_t> Balancer::pick(std::span<const Candidate> candidates, const Ask& ask) {
  if (const auto kept = with_affinity(candidates, ask)) return kept;
  auto& level = level_;  // of the lowest priority that has one
  level.clear();
  int priority = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto& each = candidates[i];
    if (!each.usable || each.drained || each.weight <= 0) continue;
    if (level.empty() || each.priority < priority) {
      level.clear();
      priority = each.priority;
    }
    if (each.priority == priority) level.push_back(i);
  }
  if (level.empty()) return std::nullopt;
  if (level.size() == 1) return level.front();
  switch (policy_) {
    case Policy::round_robin: return round_robin(candidates, level);
    case Policy::random: return at_random(candidates, level, ask.chance);
    case Policy::peak_ewma: return two_choices(candidates, level, ask.chance);
    case Policy::hash: return by_hash(candidates, level, ask.key);
    case Policy::failover: return level.front();
    case Policy::least_connections:
    case Policy::latency: return least(candidates, level, ask.chance);
  }
  std::unreachable();
}

// Affinity beats weights and priorities; a drained origin keeps the visitors it has.
std::optional<std::size_t> Balancer::with_affinity(std::span<const Candidate> all,
                                                   const Ask& ask) const {
  if (!ask.affinity) return std::nullopt;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].usable && all[i].name_hash == *ask.affinity) return i;
  }
  return std::nullopt;
}

// Everyone gains its share at each turn; the richest pays for the turn. Spreads evenly: with
// weights 5, 1, 1 the order is a a b a c a a, not five times a in a row.
std::size_t Balancer::round_robin(std::span<const Candidate> all,
                                  std::span<const std::size_t> level) {
  credit_.resize(all.size());
  double total = 0;
  std::size_t best = level.front();
  for (const auto i : level) {
    const double gain = share(all[i]);
    total += gain;
    credit_[i] += gain;
    if (credit_[i] > credit_[best]) best = i;
  }
  credit_[best] -= total;
  return best;
}

std::size_t Balancer::at_random(std::span<const Candidate> all, std::span<const std::size_t> level,
                                std::uint64_t chance) const {
  double total = 0;
  for (const auto i : level) total += share(all[i]);
  double left = unit(chance) * total;
  for (const auto i : level) {
    left -= share(all[i]);
    if (left < 0) return i;
  }
  return level.back();
}

// The better of two taken at random: close to the best of all, and no herd runs to one origin.
std::size_t Balancer::two_choices(std::span<const Candidate> all,
                                  std::span<const std::size_t> level, std::uint64_t chance) {
  const auto cost = [&](std::size_t i) {
    const double latency = all[i].latency > 0 ? all[i].latency : 1;  // unknown: try it
    return latency * (static_cast<double>(all[i].in_use) + 1) / share(all[i]);
  };
  const auto first = at_random(all, level, chance);
  auto& others = others_;
  others.clear();
  for (const auto i : level) {
    if (i != first) others.push_back(i);
  }
  const auto second = at_random(all, others, mixed(chance));
  return cost(second) < cost(first) ? second : first;
}

// Rendezvous hashing with weights: when an origin leaves, only its own keys move.
std::size_t Balancer::by_hash(std::span<const Candidate> all, std::span<const std::size_t> level,
                              std::uint64_t key) const {
  std::size_t best = level.front();
  double most = -1;
  for (const auto i : level) {
    const double draw = unit(mixed(key ^ all[i].name_hash));
    const double score = -share(all[i]) / std::log(draw);
    if (score > most) {
      most = score;
      best = i;
    }
  }
  return best;
}

// Fewest requests for its weight, or lowest latency. The search begins at a random place, so that
// ties are shared.
std::size_t Balancer::least(std::span<const Candidate> all, std::span<const std::size_t> level,
                            std::uint64_t chance) const {
  const auto cost = [&](const Candidate& each) {
    return policy_ == Policy::latency ? each.latency
                                      : (static_cast<double>(each.in_use) + 1) / share(each);
  };
  const std::size_t start = chance % level.size();
  std::size_t best = level[start];
  for (std::size_t n = 1; n < level.size(); ++n) {
    const auto i = level[(start + n) % level.size()];
    if (cost(all[i]) < cost(all[best])) best = i;
  }
  return best;
}

}  // namespace causeway::edge
