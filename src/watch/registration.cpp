#include "watch/registration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "watch/limits.hpp"
#include "watch/schedule.hpp"

namespace causeway::watch {
namespace {

constexpr std::chrono::days kYear{365};
constexpr double kLastPart = 0.25;  // of the share: then it is urgent

// RFC 6761, RFC 6762, RFC 8375, ICANN's .internal, and what networks of one's own are called:
// nobody registers these, and nobody outside should hear of them.
constexpr std::array<std::string_view, 13> kNobodys{
    "test", "invalid", "localhost", "example", "local",    "internal", "onion",
    "arpa", "lan",     "home",      "corp",    "intranet", "private"};

std::optional<DomainNotice> held_back(const reach::Registration& seen) {
  for (const auto& status : seen.status) {
    if (!reach::holds_back(status)) continue;
    return DomainNotice{
        std::string{kDomainHeld}, "unknown",
        fmt::format("The registry has taken {} out of DNS ('{}'). Ask the registrar why: unpaid, "
                    "unverified contact, or a dispute.",
                    seen.domain, status)};
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> registrable(std::string_view zone) {
  while (zone.ends_with('.')) zone.remove_suffix(1);
  const std::string name_of_zone = lower(zone);
  const auto labels = split(name_of_zone, '.');
  std::vector<std::string> out;
  if (labels.size() < 2 || std::ranges::find(kNobodys, labels.back()) != kNobodys.end()) return out;
  for (std::size_t first = 0; first + 1 < labels.size(); ++first) {
    std::string name{labels[first]};
    for (std::size_t i = first + 1; i < labels.size(); ++i) name += fmt::format(".{}", labels[i]);
    out.push_back(std::move(name));
  }
  return out;
}

std::optional<DomainNotice> domain_notice(const reach::Registration& seen, double share,
                                          WallTime now) {
  if (share <= 0) return std::nullopt;
  if (auto held = held_back(seen)) return held;
  if (!seen.expires) return std::nullopt;
  const std::string day = rfc3339(*seen.expires).substr(0, 10);
  const auto left = *seen.expires - now;
  if (left.count() <= 0) {
    return DomainNotice{std::string{kDomainNow}, "dns.expired-domain",
                        fmt::format("The registration of {} ended {}: the registry may take it out "
                                    "of DNS any day. Renew it at the registrar now.",
                                    seen.domain, day)};
  }
  std::chrono::milliseconds term = kYear;
  if (seen.registered && *seen.registered < *seen.expires) {
    term = std::min<std::chrono::milliseconds>(term, *seen.expires - *seen.registered);
  }
  const double part = static_cast<double>(left.count()) / static_cast<double>(term.count());
  if (part >= share) return std::nullopt;
  if (part >= share * kLastPart) {
    return DomainNotice{std::string{kDomainSoon}, "unknown",
                        fmt::format("The registration of {} ends {}. Renew it at the registrar.",
                                    seen.domain, day)};
  }
  return DomainNotice{std::string{kDomainNow}, "unknown",
                      fmt::format("The registration of {} ends {}: then every name in it stops "
                                  "working. Renew it at the registrar now.",
                                  seen.domain, day)};
}

double Domain::share() const {
  double out = 0;
  for (const auto& [target, wanted] : members) out = std::max(out, wanted);
  return out;
}

void Domains::put(std::uint32_t target, const std::string& zone, double share, Instant now) {
  const bool wanted = share > 0 && !registrable(zone).empty();
  const auto known = zone_of_.find(target);
  if (!wanted || (known != zone_of_.end() && *known->second != zone)) remove(target);
  if (!wanted) return;
  const auto [at, fresh] = all_.try_emplace(zone);
  if (fresh) at->second.ask_at = now + limits::kWatchRegistryFirst;
  at->second.members[target] = share;
  zone_of_[target] = &at->first;
}

void Domains::remove(std::uint32_t target) {
  const auto known = zone_of_.find(target);
  if (known == zone_of_.end()) return;
  const auto at = all_.find(*known->second);
  zone_of_.erase(known);
  at->second.members.erase(target);
  if (at->second.members.empty()) all_.erase(at);
}

const Domain* Domains::of(std::uint32_t target) const {
  const auto known = zone_of_.find(target);
  return known == zone_of_.end() ? nullptr : &all_.at(*known->second);
}

std::optional<Domains::Question> Domains::due(Instant now) {
  if (now - asked_ < limits::kWatchRegistryPause) return std::nullopt;
  for (const auto& [zone, domain] : all_) {
    if (domain.ask_at > now) continue;
    asked_ = now;
    return Question{zone, registrable(zone).at(domain.asked)};
  }
  return std::nullopt;
}

void Domains::answered(const Question& about, const reach::RegistryAnswer& answer, Instant now) {
  const auto found = all_.find(about.zone);
  if (found == all_.end()) return;
  Domain& domain = found->second;
  if (answer) {
    domain.seen = *answer;
    domain.seen->domain = about.domain;
    domain.failed.clear();
    domain.failures = 0;
    // Spread, so that domains found together are not asked together for ever.
    domain.ask_at = now + limits::kWatchRegistryAgain +
                    first_delay(about.zone, limits::kWatchRegistryAgain / 8);
    return;
  }
  const bool more = domain.asked + 1 < registrable(about.zone).size();
  if (answer.error().unknown && !domain.seen && more) {
    ++domain.asked;  // a zone of its own below what is registered
    domain.ask_at = now;
    return;
  }
  domain.failed = answer.error().text;
  Duration pause = limits::kWatchRegistryRetry;
  for (int i = 0; i < domain.failures && pause < limits::kWatchRegistryAgain; ++i) pause *= 2;
  ++domain.failures;
  domain.ask_at = now + std::min<Duration>(pause, limits::kWatchRegistryAgain);
}

}  // namespace causeway::watch
