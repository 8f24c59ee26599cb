#include "watch/ledger.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "watch/ledger_state.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

constexpr int kHistory = 16;  // bits of View

int ones(std::uint16_t bits, int among) {
  const unsigned mask = among >= kHistory ? 0xffffU : (1U << static_cast<unsigned>(among)) - 1U;
  return std::popcount(static_cast<std::uint16_t>(bits & mask));
}

void remember(View& view, Outcome outcome) {
  view.failed = static_cast<std::uint16_t>(view.failed << 1U | (outcome == Outcome::down ? 1 : 0));
  view.bad = static_cast<std::uint16_t>(view.bad << 1U | (outcome == Outcome::ok ? 0 : 1));
  view.known = std::min(view.known + 1, kHistory);
  view.newest = outcome;
}

// N of M. Only a bad check opens and only a good one closes, so one result never does both.
Outcome confirmed(const View& view, const Confirm& confirm) {
  const bool newest_failed = (view.failed & 1U) != 0;
  const bool newest_bad = (view.bad & 1U) != 0;
  if (newest_failed && ones(view.failed, confirm.open_of) >= confirm.open_failures) {
    return Outcome::down;
  }
  if (newest_bad && ones(view.bad, confirm.open_of) >= confirm.open_failures) {
    const bool still_down = view.stands == Outcome::down && ones(view.failed, confirm.close_of) > 0;
    return still_down ? Outcome::down : Outcome::degraded;
  }
  if (newest_bad) return view.stands;
  const int among = std::min(confirm.close_of, view.known);
  const int good = among - ones(view.bad, among);
  const bool fresh = view.stands == Outcome::unknown;  // nothing to close: one success will do
  return fresh || good >= confirm.close_successes ? Outcome::ok : view.stands;
}

}  // namespace

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::degraded: return "degraded";
    case Outcome::down: return "down";
    case Outcome::unknown: return "unknown";
  }
  std::unreachable();
}

std::optional<Outcome> outcome_named(std::string_view text) {
  for (const auto one : {Outcome::ok, Outcome::degraded, Outcome::down, Outcome::unknown}) {
    if (name(one) == text) return one;
  }
  return std::nullopt;
}

std::string_view name(ShareKind kind) {
  switch (kind) {
    case ShareKind::certificate: return "certificate";
    case ShareKind::nameserver: return "nameserver";
    case ShareKind::address: return "address";
    case ShareKind::prefix: return "prefix";
    case ShareKind::as: return "as";
    case ShareKind::provider: return "provider";
  }
  std::unreachable();
}

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::notice: return "notice";
    case Severity::degraded: return "degraded";
    case Severity::down: return "down";
  }
  std::unreachable();
}

Severity severity_named(std::string_view text) {
  if (text == "down") return Severity::down;
  return text == "degraded" ? Severity::degraded : Severity::notice;
}

std::size_t Ledger::Impl::sight_of(std::string_view vantage) {
  for (std::size_t i = 0; i < sights.size(); ++i) {
    if (sights[i].name == vantage) return i;
  }
  sights.push_back({.name = std::string{vantage}});
  return sights.size() - 1;
}

void Ledger::Impl::take(std::uint32_t number, std::size_t vantage, const CheckResult& result,
                        Moment began, Moment now) {
  Entry& entry = entries[number];
  if (entry.views.size() <= vantage) entry.views.resize(vantage + 1);
  View& view = entry.views[vantage];
  const Sight& sight = sights[vantage];
  const bool bad = result.outcome == Outcome::down || result.outcome == Outcome::degraded;
  // What this machine cannot see says nothing about the target.
  if (result.outcome == Outcome::unknown || (bad && sight.blind)) return;
  const bool was_bad = entry.newest_bad();
  if (bad && view.newest != Outcome::down && view.newest != Outcome::degraded) {
    view.bad_since = began.steady;
    view.bad_since_wall = began.wall;
  }
  ++turn;
  remember(view, result.outcome);
  view.newest_began = began.steady;
  view.newest_at = now.steady;
  if (bad) {
    view.failure = result.failure;
    entry.detail = result.detail;
  }
  failing += static_cast<int>(entry.newest_bad()) - static_cast<int>(was_bad);

  const Outcome stands = confirmed(view, entry.confirm);
  view.waits = false;
  const bool worse = bad && stands != view.stands;
  if (worse && sight.healthy_at < began.steady) {
    view.waits = true;
    waiting.insert(number);
    wishes.own_check = true;
    return;
  }
  view.stands = stands;
  if (bad && entry.incident.empty()) ask_siblings(entry, now);
  settle(number, now);
}

void Ledger::Impl::believe(std::uint32_t number, View& view, Moment now) {
  view.waits = false;
  view.stands = confirmed(view, entries[number].confirm);
  settle(number, now);
}

// What a vantage saw long ago is no vote: it may have other targets by now, or another name.
bool Ledger::Impl::counts(const Entry& entry, std::size_t vantage, Moment now) const {
  return !sights[vantage].blind && now.steady - entry.views[vantage].newest_at <= entry.fresh;
}

// A majority of those that see, or the quorum asked for; fewer is a fact of its own: degraded.
Outcome Ledger::Impl::agreed(const Entry& entry, Moment now) const {
  int seeing = 0;
  int down = 0;
  int bad = 0;
  for (std::size_t i = 0; i < entry.views.size(); ++i) {
    const View& view = entry.views[i];
    if (!counts(entry, i, now) || view.stands == Outcome::unknown) continue;
    ++seeing;
    down += view.stands == Outcome::down ? 1 : 0;
    bad += view.stands != Outcome::ok ? 1 : 0;
  }
  if (seeing == 0) return entry.stands;
  const int quorum = std::min(seeing, options.quorum > 0 ? options.quorum : seeing / 2 + 1);
  if (down >= quorum) return Outcome::down;
  return bad > 0 ? Outcome::degraded : Outcome::ok;
}

void Ledger::Impl::settle(std::uint32_t number, Moment now) {
  Entry& entry = entries[number];
  const Outcome before = entry.stands;
  const Outcome after = agreed(entry, now);
  if (after == before) return;
  entry.stands = after;
  const View* bad = entry.bad_view();
  entry.since = after == Outcome::ok || bad == nullptr ? now.wall : bad->bad_since_wall;
  switch (after) {
    case Outcome::ok: recovered(number, now); break;
    case Outcome::degraded: opened(number, Severity::degraded, now); break;
    case Outcome::down: opened(number, Severity::down, now); break;
    case Outcome::unknown: break;
  }
}

Ledger::Ledger(LedgerOptions options, NewId new_id)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(new_id))) {}
Ledger::~Ledger() = default;

void Ledger::configure(LedgerOptions options) { impl_->options = std::move(options); }

void Ledger::add(std::uint32_t number, const Target& target) {
  auto& entries = impl_->entries;
  if (entries.size() <= number) entries.resize(number + 1);
  Entry& entry = entries[number];
  const bool known = entry.used && entry.id == target.id;  // a new version of the same target
  if (!known) entry = Entry{};
  entry.used = true;
  entry.id = target.id;
  entry.shown = target.shown();
  entry.confirm = target.confirm;
  entry.interval = target.interval;
  entry.fresh = std::max<Duration>(limits::kWatchViewLeast,
                                   limits::kWatchViewRounds * (target.interval + target.timeout));
  entry.parents = target.parents;
  impl_->numbers[target.id] = number;
}

void Ledger::remove(std::uint32_t number, Moment now, std::string_view because) {
  Entry& entry = impl_->entries[number];
  if (!entry.used) return;
  impl_->failing -= entry.newest_bad() ? 1 : 0;
  if (Live* live = impl_->live(entry.incident)) {
    impl_->leave(*live, number, fmt::format("{} is {}.", entry.shown, because), false, now);
  }
  impl_->end_notices(number, fmt::format("{} is {}.", entry.shown, because), now);
  share(number, {});
  impl_->waiting.erase(number);
  impl_->to_gather.erase(number);
  impl_->numbers.erase(entry.id);
  entry = Entry{};
}

bool Ledger::share(std::uint32_t number, std::vector<Share> shares) {
  Entry& entry = impl_->entries[number];
  std::ranges::sort(shares);
  if (shares == entry.shares) return false;
  ++impl_->turn;
  for (const Share& one : entry.shares) {
    const auto group = impl_->groups.find(one);
    group->second.members.erase(number);
    if (group->second.members.empty()) impl_->groups.erase(group);
  }
  for (const Share& one : shares) impl_->groups[one].members.insert(number);
  entry.shares = std::move(shares);
  return true;
}

void Ledger::maintenance(std::uint32_t number, bool active) {
  impl_->entries[number].maintenance = active;
}

void Ledger::take(std::uint32_t number, std::string_view vantage, const CheckResult& result,
                  Moment began, Moment now) {
  if (number >= impl_->entries.size() || !impl_->entries[number].used) return;
  impl_->take(number, impl_->sight_of(vantage), result, began, now);
}

void Ledger::own(std::string_view vantage, bool healthy, const std::string& detail, Moment now) {
  const std::size_t place = impl_->sight_of(vantage);
  Sight& sight = impl_->sights[place];
  const Instant last_healthy = sight.healthy_at;
  const bool was_blind = std::exchange(sight.blind, !healthy);
  if (healthy) sight.healthy_at = now.steady;
  for (const std::uint32_t number : std::exchange(impl_->waiting, {})) {
    auto& views = impl_->entries[number].views;
    for (std::size_t i = 0; i < views.size(); ++i) {  // what waits for another vantage's look stays
      if (i != place && views[i].waits) impl_->waiting.insert(number);
    }
    if (views.size() <= place || !views[place].waits) continue;
    if (healthy && !was_blind) impl_->believe(number, views[place], now);
  }
  if (healthy) return;
  for (auto& entry : impl_->entries) {
    if (!entry.used || entry.views.size() <= place) continue;
    View& view = entry.views[place];
    const bool bad = view.newest == Outcome::down || view.newest == Outcome::degraded;
    if (!bad || view.stands == Outcome::down || view.bad_since < last_healthy) continue;
    impl_->failing -= entry.newest_bad() ? 1 : 0;
    ++impl_->turn;
    view.failed = view.bad = 0;  // what was seen since may have been our own trouble
    view.known = 0;
    view.newest = Outcome::unknown;
    view.waits = false;
    impl_->failing += entry.newest_bad() ? 1 : 0;
  }
  for (auto& [id, live] : impl_->lives) {
    if (was_blind) break;
    impl_->event(live, "change", "causeway", fmt::format("{} cannot see: {}.", sight.name, detail),
                 now);
  }
}

void Ledger::tick(Moment now) { impl_->tick(now); }

std::vector<Change> Ledger::changes(std::size_t most) {
  std::vector<Change> out;
  auto& ended = impl_->ended;
  while (!ended.empty() && out.size() < most) {
    out.push_back(std::move(ended.front()));
    ended.pop_front();
  }
  while (!impl_->dirty.empty() && out.size() < most) {
    Live& live = impl_->lives.at(*impl_->dirty.begin());
    impl_->dirty.erase(impl_->dirty.begin());
    std::vector<std::string> concerned;
    if (live.tell == Change::Tell::joined) {
      for (const store::Member& member : live.members) {
        if (member.until == WallTime{}) concerned.push_back(member.target);
      }
    } else if (live.tell != Change::Tell::nothing) {
      concerned.assign(live.ever.begin(), live.ever.end());
    }
    out.push_back({.incident = live.row,
                   .events = std::exchange(live.events, {}),
                   .members = std::exchange(live.members, {}),
                   .tell = std::exchange(live.tell, Change::Tell::nothing),
                   .concerned = std::move(concerned),
                   .round = live.row.round,
                   .held_because = live.held_because});
  }
  return out;
}

bool Ledger::changed() const { return !impl_->ended.empty() || !impl_->dirty.empty(); }

std::vector<std::uint32_t> Ledger::members(const std::string& incident) const {
  std::vector<std::uint32_t> out;
  const Live* live = impl_->live(incident);
  if (live == nullptr) return out;
  out.reserve(live->open.size());
  for (const auto& [number, member] : live->open) out.push_back(number);
  return out;
}

std::uint64_t Ledger::steps() const { return impl_->steps; }

Wishes Ledger::wishes() { return std::exchange(impl_->wishes, {}); }

Standing Ledger::standing(std::uint32_t number) const {
  if (number >= impl_->entries.size()) return {};
  const Entry& entry = impl_->entries[number];
  Standing out{.outcome = entry.stands,
               .since = entry.since,
               .incident = entry.incident,
               .maintenance = entry.maintenance};
  for (const View& view : entry.views) {
    if (view.newest == Outcome::unknown) continue;
    if (out.newest == Outcome::unknown || view.newest > out.newest) out.newest = view.newest;
  }
  if (const View* bad = entry.bad_view()) out.failure = bad->failure;
  return out;
}

std::vector<Sighting> Ledger::sightings(std::uint32_t number) const {
  std::vector<Sighting> out;
  if (number >= impl_->entries.size()) return out;
  const auto& views = impl_->entries[number].views;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const View& view = views[i];
    if (view.known == 0) continue;
    const bool bad = view.newest == Outcome::down || view.newest == Outcome::degraded;
    out.push_back({.vantage = impl_->sights[i].name,
                   .newest = view.newest,
                   .stands = view.stands,
                   .failure = bad ? view.failure : std::nullopt,
                   .at = view.newest_at});
  }
  return out;
}

bool Ledger::blind(std::string_view vantage) const {
  return std::ranges::any_of(
      impl_->sights, [&](const Sight& sight) { return sight.name == vantage && sight.blind; });
}

std::size_t Ledger::open_incidents() const { return impl_->lives.size(); }

}  // namespace causeway::watch
