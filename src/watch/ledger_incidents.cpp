// From a target's confirmed state to incidents: opening, members, holding and telling, closing.
#include <fmt/format.h>

#include "base/limits.hpp"
#include "watch/duration_words.hpp"
#include "watch/ledger_state.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

constexpr std::string_view kSelf = "causeway";

std::string first_sentence(const Entry& entry) {
  const View* bad = entry.bad_view();
  if (!entry.detail.empty()) return entry.detail;
  return bad != nullptr && bad->failure ? std::string{row(*bad->failure).sentence}
                                        : "It fails its checks.";
}

std::string without_stop(std::string_view sentence) {
  return std::string{sentence.ends_with('.') ? sentence.substr(0, sentence.size() - 1) : sentence};
}

}  // namespace

Live* Ledger::Impl::live(const std::string& id) {
  const auto found = id.empty() ? lives.end() : lives.find(id);
  return found == lives.end() ? nullptr : &found->second;
}

void Ledger::Impl::touch(Live& live, Moment now) {
  live.row.updated = now.wall;
  dirty.insert(live.row.id);
}

void Ledger::Impl::event(Live& live, std::string kind, std::string author, std::string text,
                         Moment now) {
  live.events.push_back({.incident = live.row.id,
                         .at = now.wall,
                         .kind = std::move(kind),
                         .author = std::move(author),
                         .text = std::move(text)});
  touch(live, now);
}

std::string Ledger::Impl::title_of(const Live& live) const {
  if (live.share && std::cmp_greater(live.peak, live.row.shared_all)) {
    return fmt::format("{} sites fail together, most of them on {} {}", live.peak,
                       name(live.share->kind), live.share->value);
  }
  if (live.share) {
    return fmt::format("{} of {} sites on {} {} fail together", live.peak, live.row.shared_all,
                       name(live.share->kind), live.share->value);
  }
  if (live.open.empty()) return live.row.title;
  const Entry& entry = entries[live.open.begin()->first];
  return fmt::format("{} is {}: {}", entry.shown, live.row.severity,
                     without_stop(first_sentence(entry)));
}

Live& Ledger::Impl::create(std::uint32_t number, Severity severity, Moment now) {
  const Entry& entry = entries[number];
  const View* bad = entry.bad_view();
  Live made;
  made.row.id = new_id();
  made.row.severity = name(severity);
  made.row.cause = "unknown";
  made.row.owner = "you";
  made.row.sentence = first_sentence(entry);
  if (bad != nullptr && bad->failure) {
    made.row.failure = name(*bad->failure);
    made.row.code = row(*bad->failure).code;
  }
  made.row.first_failed = bad != nullptr ? bad->bad_since_wall : now.wall;
  made.row.opened = now.wall;
  made.opened = now.steady;
  made.tell_at = now.steady + options.gather;
  Live& live = lives.emplace(made.row.id, std::move(made)).first->second;
  live.events.push_back(
      {.incident = live.row.id,
       .at = live.row.first_failed,
       .kind = "first-failed",
       .author = std::string{kSelf},
       .text = fmt::format("{} failed a check: {}", entry.shown, first_sentence(entry))});
  event(live, "confirmed", std::string{kSelf},
        fmt::format("{} of {} checks failed.", entry.confirm.open_failures, entry.confirm.open_of),
        now);
  return live;
}

void Ledger::Impl::admit(Live& live, std::uint32_t number, store::Member member) {
  if (!live.notice_key.empty()) notices[number].insert(live.row.id);
  live.open.insert_or_assign(number, std::move(member));
}

void Ledger::Impl::join(Live& live, std::uint32_t number, Moment now) {
  Entry& entry = entries[number];
  const View* bad = entry.bad_view();
  entry.incident = live.row.id;
  store::Member member{.incident = live.row.id, .target = entry.id};
  member.since = bad != nullptr ? bad->bad_since_wall : now.wall;
  if (bad != nullptr && bad->failure) member.failure = name(*bad->failure);
  live.row.first_failed = std::min(live.row.first_failed, member.since);
  live.members.push_back(member);
  admit(live, number, std::move(member));
  live.peak = std::max(live.peak, live.open.size());
  if (live.ever.size() < limits::kWatchConcerned) live.ever.insert(entry.id);
  live.close_at.reset();
  live.thin_since.reset();
  live.row.title = title_of(live);
  touch(live, now);
}

// Failing again soon after it ended is the same trouble; often, and it flaps.
bool Ledger::Impl::reopen(std::uint32_t number, Severity severity, Moment now) {
  Entry& entry = entries[number];
  Live* still = live(entry.last_incident);
  if (still == nullptr) {
    const auto ghost = ghosts.find(entry.last_incident);
    if (ghost == ghosts.end() || now.steady - ghost->second.ended_at > options.reopen) return false;
    // What is only degraded now was down before: in one incident it would count as downtime.
    if (severity < severity_named(ghost->second.row.severity)) return false;
    still = &lives.insert(ghosts.extract(ghost)).position->second;
    if (still->share) make_about(*still, *still->share);
    still->row.closed = WallTime{};
    still->row.told.clear();
    still->opened = now.steady;
    still->tell_at = now.steady + options.gather;
  }
  // Others of it fail still, or failed again a moment ago: that is one time and not many.
  const bool again = still->open.empty();
  if (again) ++still->row.round;
  join(*still, number, now);
  raise(*still, number, severity, now);
  if (!still->share) to_gather.insert(number);
  const bool flaps = again && still->row.round >= options.flaps;
  event(*still, "reopened", std::string{kSelf},
        fmt::format("{} fails again{}.", entry.shown,
                    flaps ? fmt::format(", {} times now: it flaps", still->row.round) : ""),
        now);
  return true;
}

void Ledger::Impl::make_worse(Live& live, Severity severity) {
  live.row.severity = name(severity);
  if (!live.told() || severity <= severity_named(live.row.told)) return;
  live.tell = Change::Tell::worse;
  live.row.told = name(severity);
}

// One of its members fails in a graver way than all before.
void Ledger::Impl::raise(Live& live, std::uint32_t number, Severity severity, Moment now) {
  if (severity <= severity_named(live.row.severity)) return;
  const Entry& entry = entries[number];
  make_worse(live, severity);
  live.row.title = title_of(live);
  event(live, "change", std::string{kSelf},
        fmt::format("{} is {} now: {}", entry.shown, name(severity), first_sentence(entry)), now);
}

void Ledger::Impl::opened(std::uint32_t number, Severity severity, Moment now) {
  Entry& entry = entries[number];
  if (Live* known = live(entry.incident)) return raise(*known, number, severity, now);
  if (reopen(number, severity, now)) return;
  if (Live* shared = about_what(entry)) {
    join(*shared, number, now);
    shared->row.shared_failing = static_cast<int>(shared->open.size());
    event(*shared, "member-joined", std::string{kSelf}, fmt::format("{} fails too.", entry.shown),
          now);
    // Somebody else may look after this one, and has not heard of it.
    if (shared->told() && shared->tell == Change::Tell::nothing) {
      shared->tell = Change::Tell::joined;
    }
    return raise(*shared, number, severity, now);
  }
  Live& made = create(number, severity, now);
  join(made, number, now);
  to_gather.insert(number);
  if (budget > 0) gather(number, now);
}

void Ledger::Impl::leave(Live& live, std::uint32_t number, const std::string& text, bool well,
                         Moment now) {
  const auto found = live.open.find(number);
  if (found == live.open.end()) return;
  Entry& entry = entries[number];
  found->second.until = now.wall;
  live.members.push_back(found->second);
  live.open.erase(found);
  entry.incident.clear();
  entry.last_incident = live.row.id;
  entry.last_closed = now.steady;
  event(live, "member-recovered", std::string{kSelf}, text, now);
  if (!live.open.empty()) {
    const std::size_t few = std::max<std::size_t>(1, live.peak / 20);
    if (live.share && live.open.size() <= few && !live.thin_since) live.thin_since = now.steady;
    return;
  }
  if (live.row.round >= options.flaps) {
    live.close_at = now.steady + options.calm;
  } else {
    close(live, well ? "Every check is well again." : "Nothing of it is checked any more.", now);
  }
}

void Ledger::Impl::recovered(std::uint32_t number, Moment now) {
  Entry& entry = entries[number];
  to_gather.erase(number);
  if (Live* known = live(entry.incident)) {
    leave(*known, number, fmt::format("{} is well again.", entry.shown), true, now);
  }
}

void Ledger::Impl::close(Live& live, const std::string& text, Moment now) {
  live.row.closed = now.wall;
  event(live, "closed", std::string{kSelf},
        fmt::format("{} It lasted {}.", text, words(now.wall - live.row.first_failed)), now);
  if (live.told()) live.tell = Change::Tell::recovered;
  ended.push_back({.incident = live.row,
                   .events = std::move(live.events),
                   .members = std::move(live.members),
                   .tell = live.tell,
                   .concerned = {live.ever.begin(), live.ever.end()},
                   .round = live.row.round,
                   .held_because = live.told() ? "" : "it ended before an alert was due"});
  no_longer_about(live);
  dirty.erase(live.row.id);
  auto node = lives.extract(live.row.id);
  Live& ghost = node.mapped();
  ghost.events.clear();
  ghost.members.clear();
  ghost.tell = Change::Tell::nothing;
  ghost.close_at.reset();
  ghost.thin_since.reset();
  ghost.ended_at = now.steady;
  if (ghost.row.merged_into.empty()) ghosts.insert(std::move(node));
}

// As those see it who see now: what a silent vantage said last holds nobody's alert.
bool Ledger::Impl::is_down(const Entry& entry, Moment now) const {
  if (entry.stands == Outcome::down) return true;
  for (std::size_t i = 0; i < entry.views.size(); ++i) {
    if (counts(entry, i, now) && entry.views[i].newest == Outcome::down) return true;
  }
  return false;
}

std::string Ledger::Impl::hold(const Live& live, Moment now) const {
  if (live.open.empty()) return {};
  bool all_maintained = true;
  std::string parent;
  bool all_behind = true;
  for (const auto& [number, member] : live.open) {
    const Entry& entry = entries[number];
    all_maintained = all_maintained && entry.maintenance;
    bool behind = false;
    for (const std::string& id : entry.parents) {
      const auto found = numbers.find(id);
      if (found == numbers.end()) continue;
      const Entry& above = entries[found->second];
      if (is_down(above, now)) {
        behind = true;
        parent = above.shown;
      }
    }
    all_behind = all_behind && behind;
  }
  if (all_maintained) return "maintenance";
  return all_behind ? fmt::format("{}, which it depends on, is down", parent) : "";
}

void Ledger::Impl::tell(Live& live, Moment now) {
  const std::string held = hold(live, now);
  if (!held.empty()) {
    if (held != live.held_because) {
      live.held_because = held;
      event(live, "change", std::string{kSelf}, fmt::format("Alerts are held: {}.", held), now);
    }
    live.tell_at = now.steady + limits::kWatchTick;
    return;
  }
  live.held_because.clear();
  live.row.told = live.row.severity;
  live.tell = Change::Tell::opened;
  touch(live, now);
}

// Most of a shared incident is over and one site is still down: that one has trouble of its own.
void Ledger::Impl::split_rest(Live& live, Moment now) {
  std::vector<std::uint32_t> rest;
  rest.reserve(live.open.size());
  for (const auto& [number, member] : live.open) rest.push_back(number);
  const std::string from = live.row.id;
  for (const std::uint32_t number : rest) {
    Live& made = create(number, severity_named(live.row.severity), now);
    event(made, "split", std::string{kSelf},
          fmt::format("Most of incident {} is over; {} still fails.", from, entries[number].shown),
          now);
    const auto held = live.open.extract(number);
    store::Member left = held.mapped();
    left.until = now.wall;
    live.members.push_back(std::move(left));
    join(made, number, now);
  }
  close(live, "What its members share works again.", now);
}

void Ledger::Impl::tick(Moment now) {
  regroup(now);
  std::vector<std::string> over;
  std::vector<std::string> thin;
  steps += lives.size() + ghosts.size();
  for (auto& [id, one] : lives) {
    const bool waits = one.row.diagnosis.empty() && !one.undiagnosed && one.notice_key.empty() &&
                       now.steady < one.tell_at + options.diagnosis_wait;
    if (!one.told() && one.tell_at <= now.steady && !waits) tell(one, now);
    if (!one.diagnosis_asked && !one.open.empty() && one.notice_key.empty()) {
      one.diagnosis_asked = true;
      wishes.diagnose.emplace_back(one.open.begin()->first, id);
    }
    if (one.close_at && *one.close_at <= now.steady) over.push_back(id);
    if (one.thin_since && *one.thin_since + options.reopen <= now.steady) thin.push_back(id);
  }
  std::erase_if(ghosts, [&](const auto& ghost) {
    return now.steady - ghost.second.ended_at > options.reopen;
  });
  for (const auto& id : over) close(lives.at(id), "It stayed well.", now);
  for (const auto& id : thin) split_rest(lives.at(id), now);
}

}  // namespace causeway::watch
