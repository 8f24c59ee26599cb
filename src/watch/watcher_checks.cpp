// The watcher's checks: beginning them in time, and what follows from their results.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "store/rollups.hpp"
#include "store/targets.hpp"
#include "watch/duration_words.hpp"
#include "watch/full_check.hpp"
#include "watch/own_look.hpp"
#include "watch/watcher_state.hpp"

namespace causeway::watch {
namespace {

std::int64_t microseconds(Duration span) {
  return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

WallTime minute_of(WallTime at) {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(
      std::chrono::floor<std::chrono::minutes>(at));
}

std::string list(const std::vector<IpAddress>& addresses) {
  std::vector<std::string> out;
  out.reserve(addresses.size());
  for (const auto& address : addresses) out.push_back(address.text());
  return join(out, ", ");
}

// The address that the light path can take: there is exactly one, and nothing else to ask.
std::optional<Endpoint> light_way(const Target& target, const Names& names) {
  const bool plain = target.kind == CheckKind::tcp ||
                     (target.kind == CheckKind::http && target.url.scheme == "http");
  if (!plain || !target.origins.empty()) return std::nullopt;
  std::optional<IpAddress> address;
  if (const auto literal = IpAddress::parse(target.host)) {
    address = *literal;
  } else if (const Named* named = names.known(target.host, target.resolver)) {
    if (named->addresses.size() != 1) return std::nullopt;
    address = named->addresses.front();
    if (target.family && address->family() != *target.family) return std::nullopt;
  }
  if (!address) return std::nullopt;
  // The full check says why it does not ask there.
  if (target.public_only && refused_by_public_edge(classify(*address))) return std::nullopt;
  return Endpoint{*address, target.port};
}

std::string facts_of(const Site& site, const Domain* domain) {
  nlohmann::ordered_json out{{"shares", nlohmann::ordered_json::array()},
                             {"addresses", nlohmann::ordered_json::array()}};
  for (const Share& share : site.shares) {
    out["shares"].push_back({{"kind", name(share.kind)}, {"value", share.value}});
  }
  for (const IpAddress& address : site.addresses) out["addresses"].push_back(address.text());
  out["name_servers"] = site.name_servers;
  out["certificate"] = site.newest.shared.certificate_subject;
  if (site.newest.shared.certificate_seen != WallTime{}) {
    out["certificate_seen"] = rfc3339(site.newest.shared.certificate_seen);
  }
  if (domain != nullptr && domain->seen) {
    out["domain"] = domain->seen->domain;
    if (domain->seen->expires) out["domain_until"] = rfc3339(*domain->seen->expires);
  }
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

store::TargetState state_row(const Site& site, const Standing& standing, const Domain* domain) {
  return {.target = site.target->id,
          .outcome = std::string{name(standing.outcome)},
          .since = standing.since == WallTime{} ? site.checked : standing.since,
          .checked = site.checked,
          .failure = standing.failure ? std::string{name(*standing.failure)} : "",
          .status = site.newest.status,
          .address = site.newest.address,
          .detail = site.newest.detail,
          .elapsed_us = microseconds(site.newest.elapsed),
          .certificate_until = site.newest.shared.certificate_until,
          .facts = facts_of(site, domain)};
}

// A heartbeat is missing from then on.
Instant silent_from(const Site& site) {
  return site.beat_at + site.target->interval + site.target->timeout;
}

}  // namespace

// Each check that waits owns a descriptor; some are kept for the store, alerts and diagnoses.
std::size_t Watcher::Impl::room() const {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  const auto all = static_cast<std::size_t>(limit.rlim_cur);
  return all > 2 * limits::kWatchFilesSpared ? all - limits::kWatchFilesSpared : all / 2;
}

void Watcher::Impl::start_due() {
  const Instant begin = net::Loop::current().now();
  // Away for long: what is under way cannot be told from our own absence.
  if (begin - turned > limits::kWatchAbsence) {
    be_blind(fmt::format("this process did not run for {}", words(begin - turned)), begin - turned);
    ledger.own(settings.vantage, false, blind_because, now());
    settle_doubts(false);
    looked = {};
  }
  turned = begin;
  if (begin - latest_reset > std::chrono::minutes{1}) {
    latest_reset = begin;
    figures.latest = {};
  }
  const std::size_t under_way = full_under_way + light->under_way();
  const std::size_t most = room();
  if (under_way >= most) {
    ++figures.skipped;
    return;
  }
  for (const std::uint32_t number :
       schedule->take(begin, std::min(limits::kWatchStarts, most - under_way))) {
    start_check(number);
  }
}

void Watcher::Impl::start_check(std::uint32_t number) {
  Site& site = sites[number];
  if (!site.target || site.gone || site.running) return;
  const Instant begin = net::Loop::current().now();
  if (site.planned <= begin) {
    const Duration late = begin - site.planned;
    figures.lateness_sum += late;
    figures.latest = std::max(figures.latest, late);
    if (late > limits::kWatchLate) ++figures.late;
  }
  ++figures.begun;
  const Target& target = *site.target;
  if (target.kind == CheckKind::heartbeat) {
    check_heartbeat(number);
    return;
  }
  const auto way = light_way(target, names);
  if (!way && full_under_way >= limits::kWatchFullChecks) {
    --figures.begun;
    schedule->put(number, begin + limits::kWatchSlot);  // its turn comes, and it is late
    return;
  }
  site.running = true;
  // A person who asks now wants to know about the certificate as well.
  if (!site.waiting.empty()) sessions.forget(target.id);
  if (way) {
    light->start(number, *way, site.target);
  } else {
    ++full_under_way;
    tasks.start(run_full(number, site.target));
  }
}

net::Task<void> Watcher::Impl::run_full(std::uint32_t number,
                                        std::shared_ptr<const Target> target) {
  const Instant began = Clock::now();
  CheckResult result = co_await full_check(*target, names, sessions);
  --full_under_way;
  figures.resumed += result.resumed ? 1 : 0;
  ended(number, began, std::move(result));
}

void Watcher::Impl::check_heartbeat(std::uint32_t number) {
  Site& site = sites[number];
  CheckResult result;
  result.outcome = Outcome::ok;
  if (net::Loop::current().now() > silent_from(site)) {
    result.outcome = Outcome::down;
    result.detail = site.beat == WallTime{}
                        ? "No heartbeat has come."
                        : fmt::format("No heartbeat since {}.", rfc3339(site.beat));
  } else if (!site.beat_heard) {
    result.outcome = Outcome::unknown;
  } else if (!site.beat_failure.empty()) {  // what a beat reported holds until the next one
    result.outcome = Outcome::down;
    result.detail = site.beat_failure;
  }
  ended(number, net::Loop::current().now(), std::move(result));
}

void Watcher::Impl::ended(std::uint32_t number, Instant began, CheckResult result) {
  Site& site = sites[number];
  site.running = false;
  if (site.gone) {
    site = Site{};
    free_numbers.push_back(number);
    return;
  }
  if (std::exchange(site.stale, false)) {
    ++figures.checks;
    ++figures.unknown;
    if (!site.target->paused && !stopping) plan(number, net::Loop::current().now());
    if (site.waiting.empty()) return;
    // Whoever asked wants to know of the new one.
    if (!stopping) return start_check(number);
  }
  const Instant end = Clock::now();
  const WallTime wall = wall_now();
  const auto wall_began = wall - std::chrono::duration_cast<std::chrono::milliseconds>(end - began);
  // Stopped in mid-check: a silence that nobody listened to. A name may take as long as the rest.
  const Duration allowed = site.target->timeout +
                           std::min<Duration>(result.phases.resolve, site.target->timeout) +
                           limits::kWatchAbsence;
  const bool absent = end - began > allowed && result.outcome == Outcome::down;
  if (absent || net::Loop::current().interrupted()) result.outcome = Outcome::unknown;
  // Also what began blind and ends seeing: its packets may have been lost on our side.
  if ((blind || began < sees_since) && is_bad(result.outcome)) {
    result.outcome = Outcome::unknown;
    result.failure.reset();
    result.detail = fmt::format("Not judged, {}: {}", blind_because, result.detail);
  }
  ++figures.checks;
  figures.failed += is_bad(result.outcome) ? 1 : 0;
  figures.unknown += result.outcome == Outcome::unknown ? 1 : 0;
  if (result.outcome == Outcome::ok && site.target->kind != CheckKind::heartbeat) {
    (shows_network(site.target->kind, result.address) ? outside_ok : near_ok) = end;
  }
  for (const auto& waiter : std::exchange(site.waiting, {})) waiter->set_value(result);
  if (net::Loop::current().interrupted()) return;

  const CheckResult before = std::exchange(site.newest, std::move(result));
  site.checked = wall;
  if (site.newest.shared.certificate.empty()) {  // a failed handshake shows none
    const auto addresses = site.newest.shared.addresses;
    site.newest.shared = before.shared;
    site.newest.shared.addresses = addresses;
  }
  const Doubt seen{number, site.newest.outcome, wall_began, site.newest.elapsed,
                   site.newest.phases};
  if (is_bad(seen.outcome)) {
    doubts.push_back(seen);
  } else {
    add_to_minute(seen);
  }
  learn_shares(number, site.newest);
  const Outcome stood = ledger.standing(number).outcome;
  ledger.take(number, settings.vantage, site.newest, {began, wall_began}, {end, wall});
  if (before.outcome != site.newest.outcome || before.failure != site.newest.failure) {
    remember(number, before, wall_began);
  } else if (ledger.standing(number).outcome != stood) {
    keep_state(number);  // the same result again confirms it
  }
  look_at_certificate(number, site.newest);
  schedule_next(number, site.newest);
}

void Watcher::Impl::plan(std::uint32_t number, Instant at) {
  sites[number].planned = at;
  schedule->put(number, at);
}

// A failure that is not confirmed yet is looked at again soon; everything else keeps its rhythm.
void Watcher::Impl::schedule_next(std::uint32_t number, const CheckResult& result) {
  Site& site = sites[number];
  if (site.target->paused || stopping) return;
  const Instant at = net::Loop::current().now();
  site.due = next_beat(site.due == Instant{} ? at : site.due, site.target->interval, at);
  const Outcome stands = ledger.standing(number).outcome;
  const bool open_question = (is_bad(result.outcome) && stands != result.outcome) ||
                             (result.outcome == Outcome::ok && is_bad(stands));
  const Instant soon = at + std::min(site.target->retry, site.target->interval);
  // Silence is seen when it begins, not when the rhythm comes by.
  if (site.target->kind == CheckKind::heartbeat && silent_from(site) > at) {
    site.due = std::min(site.due, silent_from(site) + limits::kWatchSlot);
  }
  plan(number, open_question ? std::min(soon, site.due) : site.due);
}

void Watcher::Impl::keep_state(std::uint32_t number) {
  const auto state = state_row(sites[number], ledger.standing(number), domains.of(number));
  store.write([state](store::Database& database) { return store::put_state(database, state); });
}

// A change goes to the probe log and, as the target's state, to the store.
void Watcher::Impl::remember(std::uint32_t number, const CheckResult& before, WallTime began) {
  const Site& site = sites[number];
  const CheckResult& result = site.newest;
  const store::Transition row{.target = site.target->id,
                              .vantage = settings.vantage,
                              .at = began,
                              .before = std::string{name(before.outcome)},
                              .outcome = std::string{name(result.outcome)},
                              .failure = result.failure ? std::string{name(*result.failure)} : "",
                              .status = result.status,
                              .address = result.address,
                              .elapsed_us = microseconds(result.elapsed),
                              .detail = result.detail};
  const auto state = state_row(site, ledger.standing(number), domains.of(number));
  store.write([row, state](store::Database& database) {
    auto kept = store::add_transition(database, row);
    return kept ? store::put_state(database, state) : kept;
  });
  say(LiveEvent::Kind::target, site.target->id,
      fmt::format("{} {}{}{}", site.target->shown(), name(result.outcome),
                  result.detail.empty() ? "" : ": ", result.detail));
}

// The own network was looked at: bad results since the look before were the targets', or nobody's.
void Watcher::Impl::settle_doubts(bool healthy) {
  for (Doubt& doubt : std::exchange(doubts, {})) {
    if (!healthy) doubt.outcome = Outcome::unknown;
    if (sites[doubt.number].target) add_to_minute(doubt);
  }
}

void Watcher::Impl::add_to_minute(const Doubt& seen) {
  Site& site = sites[seen.number];
  const bool hourly = numbers.size() > limits::kWatchMinuteTargets;
  const WallTime start =
      hourly ? WallTime{std::chrono::floor<std::chrono::hours>(seen.began)} : minute_of(seen.began);
  store::Rollup& sum = site.minute;
  if (sum.start != start && sum.start != WallTime{}) {
    store.write([row = sum](store::Database& db) { return store::add_rollup(db, row); });
    sum = {};
  }
  if (sum.start == WallTime{}) {
    sum.target = site.target->id;
    sum.vantage = settings.vantage;
    sum.span = hourly ? store::Span::hour : store::Span::minute;
    sum.start = start;
  }
  switch (seen.outcome) {
    case Outcome::down: ++sum.down; return;
    case Outcome::unknown: ++sum.unknown; return;
    case Outcome::degraded: ++sum.degraded; break;
    case Outcome::ok: ++sum.ok; break;
  }
  const std::int64_t total = microseconds(seen.elapsed);
  const bool first = sum.ok + sum.degraded == 1;
  sum.total_min = first ? total : std::min(sum.total_min, total);
  sum.total_max = std::max(sum.total_max, total);
  sum.total_sum += total;
  sum.resolve_sum += microseconds(seen.phases.resolve);
  sum.connect_sum += microseconds(seen.phases.connect);
  sum.secure_sum += microseconds(seen.phases.secure);
  sum.wait_sum += microseconds(seen.phases.wait);
}

// Once a minute: sums of minutes that are over. In order, so that what stands together in the store
// is written together; and in portions, because a write keeps all that it changes in memory until
// it has ended.
void Watcher::Impl::flush_minutes(bool all) {
  const WallTime minute = minute_of(wall_now());
  if (minute == minute_now && !all) return;
  minute_now = minute;
  std::vector<store::Rollup> rows;
  for (Site& site : sites) {
    if (!site.target || site.minute.start == WallTime{}) continue;
    const bool over = site.minute.span == store::Span::minute
                          ? site.minute.start < minute
                          : site.minute.start + std::chrono::hours{1} <= minute;
    if (!over && !all) continue;
    rows.push_back(std::exchange(site.minute, {}));
  }
  store.write([at = wall_now()](store::Database& database) {
    return store::set_setting(database, kAlive, rfc3339(at));
  });
  std::ranges::sort(rows, {}, &store::Rollup::target);
  for (std::size_t at = 0; at < rows.size(); at += limits::kWatchSumsWritten) {
    const auto end = std::min(at + limits::kWatchSumsWritten, rows.size());
    const auto from = std::make_move_iterator(rows.begin() + static_cast<std::ptrdiff_t>(at));
    const auto to = std::make_move_iterator(rows.begin() + static_cast<std::ptrdiff_t>(end));
    store.write([part = std::vector(from, to)](store::Database& database) -> Parsed<bool> {
      for (const auto& row : part) {
        auto kept = store::add_rollup(database, row);
        if (!kept) return kept;
      }
      return true;
    });
  }
}

void Watcher::Impl::learn_shares(std::uint32_t number, const CheckResult& result) {
  Site& site = sites[number];
  const Target& target = *site.target;
  std::vector<IpAddress> addresses = result.shared.addresses;
  const auto literal = IpAddress::parse(target.host);
  if (addresses.empty()) {
    if (literal) {
      addresses = {*literal};
    } else if (const Named* named = names.known(target.host, target.resolver)) {
      addresses = named->addresses;
    } else {
      addresses = site.addresses;  // a name that does not resolve now
    }
  }
  const Instant at = net::Loop::current().now();
  if (at >= site.name_servers_until && target.kind != CheckKind::heartbeat && !literal) {
    // All that began together do not ask together for ever.
    site.name_servers_until =
        at + limits::kWatchNameMost - first_delay(target.id, limits::kWatchNameMost / 4);
    tasks.start(learn_zone(number, site.target));
  }
  const auto known_certificate =
      std::ranges::find(site.shares, ShareKind::certificate, &Share::kind);
  const bool same_certificate = known_certificate == site.shares.end()
                                    ? result.shared.certificate.empty()
                                    : known_certificate->value == result.shared.certificate;
  const bool stale = std::exchange(site.shares_stale, false) || site.shares.empty();
  if (site.addresses == addresses && same_certificate && !stale) return;
  if (!site.addresses.empty() && site.addresses != addresses) {
    ledger.event(ledger.standing(number).incident, "change",
                 fmt::format("DNS of {} changed from {} to {}.", target.host, list(site.addresses),
                             list(addresses)),
                 now());
  }
  site.addresses = std::move(addresses);
  site.shares = shares_of(site, result.shared.certificate);
  const bool other = ledger.share(number, site.shares);
  if (other && ledger.standing(number).outcome != Outcome::unknown) keep_state(number);
}

std::vector<Share> Watcher::Impl::shares_of(const Site& site,
                                            const std::string& certificate) const {
  std::vector<Share> out;
  for (const IpAddress& address : site.addresses) {
    out.push_back({ShareKind::address, address.text()});
    out.push_back({ShareKind::prefix, Prefix{address, address.is_v4() ? 24U : 48U}.text()});
    if (as_database) {
      if (std::string as = as_database->as_of(address); !as.empty()) {
        out.push_back({ShareKind::as, std::move(as)});
      }
    }
  }
  if (!site.target->provider().empty()) {
    out.push_back({ShareKind::provider, std::string{site.target->provider()}});
  }
  for (const auto& server : site.name_servers) out.push_back({ShareKind::nameserver, server});
  if (!certificate.empty()) out.push_back({ShareKind::certificate, certificate});
  std::ranges::sort(out);
  const auto gone = std::ranges::unique(out);
  out.erase(gone.begin(), gone.end());
  return out;
}

net::Task<void> Watcher::Impl::learn_zone(std::uint32_t number,
                                          std::shared_ptr<const Target> target) {
  auto zone = co_await names.zone_of(target->host, target->resolver);
  Site& site = sites[number];
  if (zone.name.empty() || site.target != target) co_return;
  domains.put(number, zone.name, target->domain_share, net::Loop::current().now());
  if (site.name_servers == zone.name_servers) co_return;
  site.name_servers = std::move(zone.name_servers);
  site.shares_stale = true;
}

void Watcher::Impl::look_at_certificate(std::uint32_t number, const CheckResult& result) {
  const Site& site = sites[number];
  const Shared& seen = result.shared;
  const double share = site.target->certificate_share;
  if (share <= 0 || seen.certificate_until == WallTime{} ||
      seen.certificate_from >= seen.certificate_until) {
    return;
  }
  const Moment moment = now();
  const auto life = seen.certificate_until - seen.certificate_from;
  const auto left = seen.certificate_until - moment.wall;
  const double left_share = static_cast<double>(left.count()) / static_cast<double>(life.count());
  if (left_share >= share || left.count() <= 0) {  // an ended one is a failure of its own
    ledger.notice_over(number, "certificate", moment);
    return;
  }
  ledger.notice(number, "certificate", "unknown",
                fmt::format("The certificate for {} ends {} ({:.0f} % of its lifetime is left).",
                            seen.certificate_subject, rfc3339(seen.certificate_until).substr(0, 10),
                            left_share * 100),
                moment);
}

// Nothing that is watched needs a network.
bool Watcher::Impl::all_near() const {
  return std::ranges::none_of(sites, [](const Site& site) {
    const bool asks = site.target && site.target->kind != CheckKind::heartbeat;
    return asks &&
           (site.newest.address.empty() || shows_network(site.target->kind, site.newest.address));
  });
}

// From `ago` before now on; the store counts the time as unknown.
void Watcher::Impl::be_blind(std::string why, Duration ago) {
  blind_because = std::move(why);
  if (std::exchange(blind, true)) return;
  const WallTime since = wall_now() - std::chrono::duration_cast<std::chrono::milliseconds>(ago);
  store.write_soon(
      [row = store::Blind{.vantage = settings.vantage, .since = since, .reason = blind_because}](
          store::Database& db) { return store::begin_blind(db, row); });
}

net::Task<void> Watcher::Impl::look_at_self() {
  looking = true;
  const Instant asked = net::Loop::current().now();
  OwnLook found = co_await look_at_own_network(settings.anchors);
  looking = false;
  if (net::Loop::current().interrupted()) co_return;
  looked = net::Loop::current().now();
  // A target that answered meanwhile is as good an anchor as any.
  if (!found.healthy && outside_ok > asked) found.healthy = true;
  if (!found.healthy && near_ok > asked && all_near()) found.healthy = true;
  const Moment moment = now();
  if (found.healthy == blind) {  // it changes
    const std::string vantage = settings.vantage;
    if (found.healthy) {
      const WallTime wall = moment.wall;
      store.write_soon(
          [vantage, wall](store::Database& db) { return store::end_blind(db, vantage, wall); });
      say(LiveEvent::Kind::own, vantage, "the own network works again");
      names.forget();
    } else {
      be_blind(found.detail, Duration::zero());
      say(LiveEvent::Kind::own, vantage,
          fmt::format("the own network does not work: {}; nothing is judged meanwhile",
                      found.detail));
    }
  }
  if (blind && found.healthy) sees_since = looked;
  blind = !found.healthy;
  if (blind) blind_because = found.detail;
  settle_doubts(found.healthy);
  // Believed is what began before the look did.
  ledger.own(settings.vantage, found.healthy, found.detail, moment);
  serve_ledger();
}

}  // namespace causeway::watch
