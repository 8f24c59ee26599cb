// What fails together: one incident about what its members share, when that explains it.
#include <fmt/format.h>

#include "base/limits.hpp"
#include "watch/ledger_state.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

// Which shared things could make an attempt fail at this stage. A dead name server stops names
// only; a dead host stops everything that comes after the name.
bool applies(ShareKind kind, const std::optional<model::FailureId>& failure) {
  if (!failure) return kind != ShareKind::nameserver && kind != ShareKind::certificate;
  const model::FailureRow& what = row(*failure);
  const bool of_certificate = what.id.starts_with("cert.");
  switch (kind) {
    case ShareKind::certificate: return of_certificate;
    case ShareKind::nameserver: return what.stage == model::Stage::resolve;
    case ShareKind::provider: return true;
    default: return what.stage != model::Stage::resolve && !of_certificate;
  }
}

// Others that share the trouble began to fail at about the same time.
Instant began_with(const Entry& entry, const LedgerOptions& options) {
  const View* bad = entry.bad_view();
  return (bad == nullptr ? Instant{} : bad->bad_since) - options.gather;
}

// An other's check may have met it a whole round earlier.
Instant began_near(const Entry& entry, const LedgerOptions& options) {
  return began_with(entry, options) - std::min<Duration>(entry.interval, limits::kWatchViewLeast);
}

double portion(int part, int whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// The certificate's own failure is the cause of all who serve it.
std::string_view certificate_cause(std::string_view failure) {
  if (failure == "cert.expired") return "tls.expired";
  if (failure == "cert.not_yet_valid") return "tls.not-yet-valid";
  if (failure == "cert.revoked") return "tls.revoked";
  if (failure == "cert.unknown_issuer") return "tls.unknown-issuer";
  if (failure == "cert.incomplete_chain") return "tls.incomplete-chain";
  return "unknown";
}

std::string_view cause_of(const Share& share, std::string_view failure) {
  switch (share.kind) {
    case ShareKind::certificate: return certificate_cause(failure);
    case ShareKind::nameserver:
      return failure == "resolve.server_failed" ? "dns.auth-servfail" : "dns.auth-unreachable";
    case ShareKind::address: return "host.shared-address-outage";
    case ShareKind::prefix:
    case ShareKind::as:
    case ShareKind::provider: return "host.provider-outage";
  }
  std::unreachable();
}

}  // namespace

// So that a question costs two searches, however many of a group's members fail in one moment.
void Ledger::Impl::count(ShareKind kind, Group& group) {
  group.counted = turn;
  group.checked.clear();
  group.failing.clear();
  for (const std::uint32_t number : group.members) {
    const Entry& entry = entries[number];
    if (entry.views.empty()) continue;
    group.checked.push_back(std::ranges::max(entry.views, {}, &View::newest_at).newest_at);
    const View* bad = entry.bad_view();
    if (bad != nullptr && applies(kind, bad->failure)) group.failing.push_back(bad->bad_since);
  }
  std::ranges::sort(group.checked, std::ranges::greater{});
  std::ranges::sort(group.failing, std::ranges::greater{});
  steps += group.members.size();
  budget -= std::min(budget, group.members.size());
}

Explained Ledger::Impl::explained(const Share& share, const Entry& entry) {
  Explained out;
  const auto found = groups.find(share);
  if (found == groups.end()) return out;
  Group& group = found->second;
  out.all = static_cast<int>(group.members.size());
  if (out.all < options.least_members) return out;  // whatever fails of it, it explains nothing
  if (group.counted != turn) count(share.kind, group);
  const auto as_new = [](const std::vector<Instant>& newest_first, Instant since) {
    const auto older = std::ranges::partition_point(
        newest_first, [&](const Instant& one) { return one >= since; });
    return static_cast<int>(older - newest_first.begin());
  };
  ++steps;
  out.checked = as_new(group.checked, began_with(entry, options));
  out.failing = std::min(out.checked, as_new(group.failing, began_near(entry, options)));
  const int others = static_cast<int>(numbers.size()) - out.all;
  out.expected = portion(std::max(0, failing - out.failing), others);
  return out;
}

// The narrowest share that explains it; a wider one only when it also explains most of what lies
// beyond the narrower.
std::optional<std::pair<Share, Explained>> Ledger::Impl::explanation(const Entry& entry) {
  const View* bad = entry.bad_view();
  if (bad == nullptr) return std::nullopt;
  std::optional<std::pair<Share, Explained>> best;
  for (const Share& share : entry.shares) {  // sorted, narrowest first
    if (!applies(share.kind, bad->failure)) continue;
    const Explained seen = explained(share, entry);
    const double failing_share = portion(seen.failing, seen.checked);
    if (seen.failing < options.least_members || failing_share < options.least_share) continue;
    // Everything everywhere fails: this share explains nothing.
    if (seen.expected > failing_share * options.least_share) continue;
    if (best) {
      const int beyond = seen.failing - best->second.failing;
      const int checked_beyond = seen.checked - best->second.checked;
      if (beyond <= 0 || portion(beyond, checked_beyond) < options.least_share) continue;
    }
    best.emplace(share, seen);
  }
  return best;
}

void Ledger::Impl::ask_siblings(const Entry& entry, Moment now) {
  const View* bad = entry.bad_view();
  if (bad == nullptr) return;
  const std::size_t most = limits::kWatchSiblings;
  for (const Share& share : entry.shares) {
    if (!applies(share.kind, bad->failure)) continue;
    Group& group = groups[share];
    if (now.steady - group.asked < limits::kWatchSiblingPause) continue;
    group.asked = now.steady;
    std::size_t asked = 0;
    for (const std::uint32_t number : group.members) {
      ++steps;
      Entry& other = entries[number];
      if (&other == &entry || other.views.empty() || !other.incident.empty()) continue;
      if (now.steady - other.asked < limits::kWatchSiblingPause) continue;
      const bool fresh = std::ranges::any_of(
          other.views, [&](const View& view) { return view.newest_at >= bad->bad_since; });
      if (fresh) continue;
      other.asked = now.steady;
      wishes.check.push_back(number);
      if (++asked >= most) break;
    }
  }
}

void Ledger::Impl::describe(Live& live, const Explained& seen, Moment now) {
  live.row.shared_kind = name(live.share->kind);
  live.row.shared_value = live.share->value;
  live.row.shared_all = seen.all;
  live.row.shared_failing = seen.failing;
  live.row.expected_share = seen.expected;
  const std::string_view cause = cause_of(*live.share, live.row.failure);
  live.row.cause = cause;
  if (const auto known = model::cause_named(cause)) live.row.owner = name(row(*known).owner);
  live.row.sentence =
      fmt::format("{} of {} sites checked on {} {} fail; elsewhere {:.1f} % do.", seen.failing,
                  seen.checked, name(live.share->kind), live.share->value, seen.expected * 100);
  live.row.title = title_of(live);
  touch(live, now);
}

void Ledger::Impl::merge(Live& from, Live& into, const std::string& who, Moment now) {
  while (!from.open.empty()) {
    auto held = from.open.extract(from.open.begin());
    store::Member moved = held.mapped();
    moved.until = now.wall;
    from.members.push_back(moved);
    moved.until = WallTime{};
    moved.incident = into.row.id;
    entries[held.key()].incident = into.row.id;
    into.members.push_back(moved);
    into.row.first_failed = std::min(into.row.first_failed, moved.since);
    if (into.ever.size() < limits::kWatchConcerned) into.ever.insert(moved.target);
    admit(into, held.key(), std::move(moved));
    to_gather.erase(held.key());
  }
  into.peak = std::max(into.peak, into.open.size());
  const Severity severity = severity_named(from.row.severity);
  if (severity > severity_named(into.row.severity)) make_worse(into, severity);
  if (into.told() && into.tell == Change::Tell::nothing) into.tell = Change::Tell::joined;
  from.row.merged_into = into.row.id;
  event(from, "merged", who, fmt::format("Goes on as incident {}.", into.row.id), now);
  event(into, "merged", who, fmt::format("Takes in '{}'.", from.row.title), now);
  close(from, "It is part of another incident.", now);
}

void Ledger::Impl::make_about(Live& live, const Share& share) {
  no_longer_about(live);
  live.share = share;
  about[share].insert(live.row.id);
}

void Ledger::Impl::no_longer_about(const Live& live) {
  if (!live.share) return;
  const auto found = about.find(*live.share);
  if (found == about.end()) return;
  found->second.erase(live.row.id);
  if (found->second.empty()) about.erase(found);
}

// The open incident about something that the entry shares and that explains its failure; the first
// by id of several.
Live* Ledger::Impl::about_what(const Entry& entry) {
  const View* bad = entry.bad_view();
  const auto failure = bad == nullptr ? std::nullopt : bad->failure;
  const std::string* first = nullptr;
  for (const Share& share : entry.shares) {
    ++steps;
    const auto found = about.find(share);
    if (found == about.end()) continue;
    if (!applies(share.kind, failure)) continue;
    const std::string& id = *found->second.begin();
    if (first == nullptr || id < *first) first = &id;
  }
  return first == nullptr ? nullptr : live(*first);
}

// Whether an incident that a member of the share is in is about the same trouble as `entry`'s.
bool Ledger::Impl::comes_along(const Live& theirs, std::uint32_t member, const Share& share,
                               const Entry& entry) {
  const View* bad = entries[member].bad_view();
  if (bad == nullptr || !applies(share.kind, bad->failure)) return false;
  if (theirs.share && theirs.share->kind > share.kind) {  // wider: is this one a part of it?
    return std::ranges::binary_search(entry.shares, *theirs.share);
  }
  if (bad->bad_since < began_near(entry, options)) return false;
  steps += theirs.open.size();
  const auto& group = groups[share].members;
  return std::ranges::all_of(theirs.open,
                             [&](const auto& one) { return group.contains(one.first); });
}

void Ledger::Impl::gather(std::uint32_t number, Moment now) {
  const Entry& entry = entries[number];
  Live* mine = live(entry.incident);
  if (mine == nullptr || !mine->notice_key.empty()) return;
  const auto found = explanation(entry);
  if (!found) return;
  const auto& [share, seen] = *found;
  if (mine->share && *mine->share == share) return;
  // The oldest incident of those that fail with it becomes the one about what they share.
  Live* keeper = mine;
  std::vector<std::string> others;
  std::set<const Live*> seen_before{mine};
  for (const std::uint32_t member : groups[share].members) {
    ++steps;
    Live* theirs = live(entries[member].incident);
    if (theirs == nullptr || !theirs->notice_key.empty() || seen_before.contains(theirs)) continue;
    if (!comes_along(*theirs, member, share, entry)) continue;
    seen_before.insert(theirs);
    // A wider incident is there already: it takes this one in.
    if (theirs->share && theirs->share->kind > share.kind) {
      merge(*mine, *theirs, "causeway", now);
      return;
    }
    others.push_back(theirs->row.id);
    if (theirs->row.opened < keeper->row.opened) keeper = theirs;
  }
  if (mine != keeper) others.push_back(mine->row.id);
  const std::string kept = keeper->row.id;
  make_about(*keeper, share);
  keeper->row.shared_all = seen.all;
  for (const std::string& id : others) {
    if (Live* other = live(id); other != nullptr && id != kept) {
      merge(*other, *keeper, "causeway", now);
    }
  }
  event(*keeper, "change", "causeway",
        fmt::format("They share {} {}.", name(share.kind), share.value), now);
  describe(*keeper, seen, now);
}

// Those that failed first could not know yet what would fail with them.
void Ledger::Impl::regroup(Moment now) {
  if (now.steady - regrouped < limits::kWatchTick) return;
  regrouped = now.steady;
  budget = limits::kWatchGatherSteps;
  std::vector<std::uint32_t> asking{to_gather.begin(), to_gather.end()};
  for (const std::uint32_t number : asking) {
    if (!to_gather.contains(number)) continue;
    Live* mine = live(entries[number].incident);
    if (mine == nullptr || now.steady - mine->opened > limits::kWatchGatherMost) {
      to_gather.erase(number);
      continue;
    }
    gather(number, now);
  }
  steps += asking.size() + lives.size();
  for (auto& [id, live] : lives) {
    if (!live.share || live.open.empty()) continue;
    const int open = static_cast<int>(live.open.size());
    if (open == live.row.shared_failing) continue;
    live.row.shared_failing = open;
    live.row.title = title_of(live);
    touch(live, now);
  }
}

}  // namespace causeway::watch
