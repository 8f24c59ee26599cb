#include "watch/watcher.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "store/alerts.hpp"
#include "store/incidents.hpp"
#include "store/targets.hpp"
#include "watch/maintenance.hpp"
#include "watch/typed_target.hpp"
#include "watch/watcher_state.hpp"

namespace causeway::watch {
namespace {

// As many descriptors as this process may have: each check that waits owns one.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Parsed<bool> usable(const Settings& settings) {
  for (const Target& target : settings.targets) {
    const auto fits = validate(target);
    if (!fits) return error(fmt::format("target '{}': {}", target.id, fits.error().text));
    const auto same = std::ranges::count(settings.targets, target.id, &Target::id);
    if (settings.targets.size() < 1000 && same > 1) {
      return error(fmt::format("two targets have the id '{}'; expected each once", target.id));
    }
  }
  for (const Channel& channel : settings.channels) {
    if (const std::string why = missing(channel); !why.empty()) return error(why);
    const auto quiet = quiet_until(channel.quiet, wall_now());
    if (!quiet) return error(fmt::format("channel '{}': {}", channel.name, quiet.error().text));
  }
  for (const auto& window : settings.maintenance) {
    const auto fits = validate(window);
    if (!fits) return error(fmt::format("maintenance '{}': {}", window.title, fits.error().text));
  }
  return true;
}

LedgerOptions options_of(const Settings& settings) {
  LedgerOptions out = settings.ledger;
  out.own_vantage = settings.vantage;
  out.diagnosis_wait = settings.diagnose ? Duration{std::chrono::seconds{30}} : Duration::zero();
  return out;
}

bool depends(const Target& target, const std::string& id) {
  const auto names = [&id](const std::vector<std::string>& list) {
    return std::ranges::find(list, id) != list.end();
  };
  return target.id != id &&
         (names(target.parents) || std::ranges::any_of(target.remedies, [&](const Remedy& remedy) {
            return names(remedy.verify);
          }));
}

std::unexpected<Error> unknown_target(const std::string& id) {
  return error(fmt::format("there is no target '{}'", printable(id, 80)));
}

}  // namespace

Watcher::Impl::Impl(Settings the_settings, store::Store& the_store)
    : settings(std::move(the_settings)),
      store(the_store),
      ledger(options_of(settings), random_id),
      outbox(the_store, [this](const std::string& line) {
        ++figures.alerts_failed;
        say(LiveEvent::Kind::own, "", line);
      }) {
  wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void Watcher::Impl::say(LiveEvent::Kind kind, const std::string& id, std::string text) {
  const LiveEvent event{kind, id, std::move(text)};
  const std::scoped_lock lock{listeners_mutex};
  for (const auto& [number, listener] : listeners) listener(event);
}

std::uint32_t* Watcher::Impl::number_of(const std::string& id) {
  const auto found = numbers.find(id);
  return found == numbers.end() ? nullptr : &found->second;
}

std::uint32_t Watcher::Impl::put(const Target& target, std::string source) {
  std::uint32_t number = 0;
  if (const auto* known = number_of(target.id)) {
    number = *known;
  } else if (!free_numbers.empty()) {
    number = free_numbers.back();
    free_numbers.pop_back();
  } else {
    number = static_cast<std::uint32_t>(sites.size());
    sites.emplace_back();
  }
  numbers[target.id] = number;
  Site& site = sites[number];
  Target next = target;
  next.public_only = source == "api" && !settings.private_targets;
  site.source = std::move(source);
  if (site.target && *site.target == next) return number;  // nothing changed: its past stays
  const bool fresh = !site.target;
  if (!fresh) replaced(number, next);
  site.target = std::make_shared<const Target>(std::move(next));
  site.name_servers_until = {};  // its zone, too
  site.shares_stale = true;
  sessions.forget(target.id);
  domains.remove(number);
  ledger.add(number, target);
  maintenance_stale = true;
  if (schedule && !site.running) {
    site.due = net::Loop::current().now();
    if (target.paused) {
      schedule->drop(number);
    } else {
      plan(number, site.due);
    }
  }
  if (fresh) wait_for_beat(site);
  return number;
}

// Silence counts from now on.
void Watcher::Impl::wait_for_beat(Site& site) const {
  site.beat_at = schedule ? net::Loop::current().now() : Clock::now();
  site.beat_heard = false;
}

// What was seen of the old definition is not blamed on the new one; its incidents and figures stay.
void Watcher::Impl::replaced(std::uint32_t number, const Target& next) {
  Site& site = sites[number];
  site.stale = site.running;
  if (next.kind != site.target->kind || (site.target->paused && !next.paused)) wait_for_beat(site);
  if (site.target->subject() != next.subject()) {
    site.newest.shared = {};
    site.addresses.clear();
  }
  // One that is not checked any more cannot recover: it leaves its incident.
  if (next.paused && !site.target->paused && schedule) ledger.remove(number, now(), "paused");
}

void Watcher::Impl::remove(std::uint32_t number) {
  Site& site = sites[number];
  ledger.remove(number, schedule ? now() : Moment{Clock::now(), wall_now()});
  if (schedule) schedule->drop(number);
  domains.remove(number);
  sessions.forget(site.target->id);
  std::erase_if(doubts, [&](const Doubt& doubt) { return doubt.number == number; });
  numbers.erase(site.target->id);
  if (site.running) {
    site.gone = true;
    return;
  }
  site = Site{};
  free_numbers.push_back(number);
}

Parsed<bool> Watcher::Impl::refers(const Target& target) {
  if (target.parents.empty() && target.channels.empty()) return true;
  std::vector<std::string> ids;
  ids.reserve(numbers.size());
  for (const auto& [id, number] : numbers) ids.push_back(id);
  std::vector<std::string> channels;
  channels.reserve(settings.channels.size());
  for (const Channel& channel : settings.channels) channels.push_back(channel.name);
  return references(target, ids, channels,
                    [this](const std::string& id) -> const std::vector<std::string>* {
                      const auto* number = number_of(id);
                      if (number == nullptr || !sites[*number].target) return nullptr;
                      return &sites[*number].target->parents;
                    });
}

Parsed<bool> Watcher::Impl::load() {
  struct Known {
    std::vector<store::Target> targets;
    std::vector<store::Incident> incidents;
    std::vector<std::vector<store::Member>> members;
    std::vector<store::MaintenanceWindow> windows;
    std::vector<store::Beat> beats;
    std::optional<WallTime> alive;
  };
  auto read = store.read([](store::Database& database) -> Parsed<Known> {
    Known out;
    auto targets = store::targets_of(database, "api");
    auto incidents = store::incidents(database, {.open_only = true, .most = 100'000});
    auto windows = store::maintenance_windows(database);
    auto beats = store::beats(database);
    if (!targets) return error(targets.error().text);
    if (!incidents) return error(incidents.error().text);
    if (!windows) return error(windows.error().text);
    if (!beats) return error(beats.error().text);
    out.targets = std::move(*targets);
    out.incidents = std::move(*incidents);
    out.windows = std::move(*windows);
    out.beats = std::move(*beats);
    const auto alive = store::setting(database, kAlive);
    if (!alive) return error(alive.error().text);
    if (const auto at = parse_rfc3339(alive->value_or(""))) out.alive = *at;
    for (const auto& incident : out.incidents) {
      auto members = store::members(database, incident.id);
      if (!members) return error(members.error().text);
      out.members.push_back(std::move(*members));
    }
    return out;
  });
  if (!read) return error(read.error().text);
  for (const auto& window : read->windows) {
    if (window.source == "api") windows.push_back(window);
  }
  for (const auto& row : read->targets) {
    auto target = target_from_json(row.spec);
    if (!target) continue;  // of a newer version: its row stays
    target->paused = row.paused;
    put(*target, "api");
  }
  auto adopted = adopt(settings);
  if (!adopted) return adopted;
  const Moment begin{Clock::now(), wall_now()};
  for (std::size_t i = 0; i < read->incidents.size(); ++i) {
    // One that is not checked any more cannot recover.
    std::erase_if(read->members[i], [&](const store::Member& member) {
      const auto* number = number_of(member.target);
      return number != nullptr && sites[*number].target->paused;
    });
    ledger.restore(read->incidents[i], read->members[i], begin);
  }
  for (const auto& beat : read->beats) restore_beat(beat, begin);
  count_absence(read->alive, begin.wall);
  return true;
}

// Beats that were sent while nobody listened are lost: one that is overdue by now is unknown first.
void Watcher::Impl::restore_beat(const store::Beat& beat, Moment begin) {
  const auto* number = number_of(beat.target);
  if (number == nullptr) return;
  Site& site = sites[*number];
  site.beat = beat.at;
  if (!beat.ok) site.beat_failure = "It reports a failure: " + beat.note;
  const Duration ago = begin.wall - beat.at;
  if (ago < Duration::zero() || ago > site.target->interval + site.target->timeout) return;
  site.beat_at = begin.steady - ago;
  site.beat_heard = true;
}

// Nobody saw anything while no watch ran: that time counts as unknown.
void Watcher::Impl::count_absence(std::optional<WallTime> alive, WallTime now) {
  const bool absent = alive && now - *alive > limits::kWatchOff;
  store.write_soon(
      [vantage = settings.vantage, absent, alive, now](store::Database& database) -> Parsed<bool> {
        Parsed<bool> kept{true};
        if (absent) {
          const store::Blind off{
              .vantage = vantage, .since = *alive, .reason = "the watch did not run"};
          kept = store::begin_blind(database, off);
        }
        if (kept) kept = store::end_blind(database, vantage, now);
        return kept;
      });
}

// The file's part of everything; what the API made stays.
Parsed<bool> Watcher::Impl::adopt(Settings next) {
  const auto fits = usable(next);
  if (!fits) return fits;
  std::optional<AsDatabase> base;
  if (!next.as_database.empty()) {
    auto opened = AsDatabase::open(next.as_database);
    if (!opened) return error(opened.error().text);
    base = std::move(*opened);
  }
  settings = std::move(next);
  ledger.configure(options_of(settings));
  as_database = std::move(base);
  outbox.configure(settings.channels, settings.console);
  std::erase_if(windows, [](const auto& window) { return window.source != "api"; });
  for (const auto& window : settings.maintenance) windows.push_back(window);
  maintenance_stale = true;
  std::unordered_map<std::string, bool> wanted;
  for (const Target& target : settings.targets) wanted[target.id] = true;
  for (std::uint32_t number = 0; number < sites.size(); ++number) {
    Site& site = sites[number];
    site.shares_stale = true;  // the database of AS numbers may be another
    const bool ours = site.target && !site.gone && site.source != "api";
    if (ours && !wanted.contains(site.target->id)) remove(number);
  }
  std::vector<store::Target> rows;
  const WallTime wall = wall_now();
  for (std::uint32_t number = 0; number < sites.size(); ++number) {  // private_targets may differ
    const auto known = sites[number].target;
    if (known && !sites[number].gone && sites[number].source == "api") put(*known, "api");
  }
  for (const Target& target : settings.targets) {
    put(target, "file");
    rows.push_back(row_of(target, "file", wall));
  }
  // Those of the file that are gone are marked so, in one step with the new ones.
  store.write_soon([rows, wanted, wall, file_windows = settings.maintenance](
                       store::Database& database) -> Parsed<bool> {
    auto kept_windows = store::maintenance_windows(database);
    if (!kept_windows) return error(kept_windows.error().text);
    for (const auto& window : *kept_windows) {
      if (window.source == "api") continue;
      auto gone = store::remove_maintenance(database, window.id, wall);
      if (!gone) return gone;
    }
    for (const auto& window : file_windows) {
      auto put = store::put_maintenance(database, window);
      if (!put) return put;
    }
    const auto known = store::ids_but_of(database, "api");
    if (!known) return error(known.error().text);
    for (const auto& id : *known) {
      if (wanted.contains(id)) continue;
      auto gone = store::remove_target(database, id, wall);
      if (!gone) return gone;
    }
    for (const auto& row : rows) {
      auto kept = store::put_target(database, row);
      if (!kept) return kept;
    }
    return true;
  });
  return true;
}

bool Watcher::Impl::post(std::function<void()> what) {
  {
    const std::scoped_lock lock{posted_mutex};
    if (thread_ended) return false;
    posted.push_back(std::move(what));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_fd, &one, sizeof one);
  return true;
}

void Watcher::Impl::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(wake_fd, &count, sizeof count);
  std::deque<std::function<void()>> todo;
  {
    const std::scoped_lock lock{posted_mutex};
    todo.swap(posted);
  }
  for (const auto& what : todo) what();
}

net::Task<void> Watcher::Impl::main() {
  net::Fd wake{::dup(wake_fd)};
  const Instant begin = net::Loop::current().now();
  schedule.emplace(begin);
  light = std::make_unique<LightChecks>(
      [this](std::uint32_t number, Instant began, CheckResult result) {
        ended(number, began, std::move(result));
      });
  for (std::uint32_t number = 0; number < sites.size(); ++number) {
    Site& site = sites[number];
    if (!site.target || site.target->paused) continue;
    // The first look comes soon, the rhythm is spread over the whole interval.
    const Duration interval = site.target->interval;
    const Duration soon = std::chrono::seconds{1} +
                          std::chrono::milliseconds{10} * static_cast<std::int64_t>(sites.size());
    site.due = begin + first_delay(site.target->id, interval) - interval;
    plan(number, begin + first_delay(site.target->id, std::min(interval, soon)));
  }
  turned = begin;
  while (!stopping) {
    run_posted();
    start_due();
    const Moment moment = now();
    if (moment.steady - ticked >= limits::kWatchTick) {
      ticked = moment.steady;
      ledger.tick(moment);
      look_at_maintenance();
      look_at_agents();
      look_at_store();
      look_at_domains();
      flush_minutes(false);
      keep_house();
      if (!looking && moment.steady - looked > limits::kWatchOwnLook) tasks.start(look_at_self());
    }
    serve_ledger();
    // What was not handed over in this turn is in the next one, after whoever waits.
    const Duration pause = ledger.changed() ? Duration::zero() : Duration{limits::kWatchSlot};
    const Instant until = net::Loop::current().now() + pause;
    co_await net::Loop::current().readable(wake, until);
  }
  net::Loop::current().interrupt();
  co_await light->idle();
  co_await tasks.finished();
  do {
    serve_ledger();
  } while (ledger.changed());
  settle_doubts(!blind);
  flush_minutes(true);
  run_posted();
}

void Watcher::Impl::run() {
  own_thread = std::this_thread::get_id();
  net::Loop own;
  loop = &own;
  own.run(main());
  const std::scoped_lock ending{ending_mutex};
  {
    const std::scoped_lock lock{posted_mutex};
    thread_ended = true;
  }
  run_posted();  // what came in after the last look: somebody waits for its answer
  light.reset();
  loop = nullptr;
  // What was decided is written before this ends, and nothing of it calls back afterwards.
  [[maybe_unused]] const auto written =
      store.write_now([](store::Database&) -> Parsed<bool> { return true; });
}

Watcher::Watcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Watcher::~Watcher() {
  stop();
  ::close(impl_->wake_fd);
}

Parsed<std::unique_ptr<Watcher>> Watcher::create(Settings settings, store::Store& store) {
  raise_file_limit();
  auto impl = std::make_unique<Impl>(std::move(settings), store);
  const auto loaded = impl->load();
  if (!loaded) return error(loaded.error().text);
  return std::unique_ptr<Watcher>{new Watcher{std::move(impl)}};
}

void Watcher::start() {
  impl_->launched = true;
  impl_->thread = std::thread{[this] { impl_->run(); }};
}

void Watcher::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->stopping = true;
  impl_->post([] {});
  impl_->thread.join();
}

Parsed<bool> Watcher::reload(Settings settings) {
  return impl_->call<Parsed<bool>>([&] { return impl_->adopt(std::move(settings)); });
}

std::uint64_t Watcher::subscribe(std::function<void(const LiveEvent&)> listener) {
  const std::scoped_lock lock{impl_->listeners_mutex};
  impl_->listeners.emplace(impl_->next_listener, std::move(listener));
  return impl_->next_listener++;
}

void Watcher::unsubscribe(std::uint64_t listener) {
  const std::scoped_lock lock{impl_->listeners_mutex};
  impl_->listeners.erase(listener);
}

LiveFigures Watcher::figures() {
  return impl_->call<LiveFigures>([this] {
    LiveFigures out = impl_->figures;
    out.under_way = impl_->full_under_way + (impl_->light ? impl_->light->under_way() : 0);
    out.most_under_way = impl_->room();
    out.targets = impl_->numbers.size();
    out.incidents = impl_->ledger.open_incidents();
    out.blind = impl_->blind;
    out.blind_because = impl_->blind ? impl_->blind_because : "";
    out.diagnoses_running = impl_->diagnoses;
    for (const auto& [id, number] : impl_->numbers) {
      const Outcome stands = impl_->ledger.standing(number).outcome;
      out.down += stands == Outcome::down ? 1 : 0;
      out.degraded += stands == Outcome::degraded ? 1 : 0;
    }
    return out;
  });
}

LiveTarget Watcher::Impl::live(std::uint32_t number) {
  const Site& site = sites[number];
  return {.target = *site.target,
          .source = site.source,
          .standing = ledger.standing(number),
          .checked = site.checked,
          .address = site.newest.address,
          .detail = site.newest.detail,
          .status = site.newest.status,
          .elapsed = site.newest.elapsed,
          .phases = site.newest.phases,
          .shared = site.newest.shared,
          .shares = site.shares};
}

std::vector<LiveTarget> Watcher::targets() {
  using Answer = std::vector<LiveTarget>;
  return impl_->call<Answer>([this] {
    Answer out;
    out.reserve(impl_->numbers.size());
    for (const auto& [id, number] : impl_->numbers) out.push_back(impl_->live(number));
    std::ranges::sort(out, {}, [](const LiveTarget& one) { return one.target.id; });
    return out;
  });
}

std::optional<LiveTarget> Watcher::target(const std::string& id) {
  using Answer = std::optional<LiveTarget>;
  return impl_->call<Answer>([&]() -> Answer {
    const auto* number = impl_->number_of(id);
    if (number == nullptr) return std::nullopt;
    return impl_->live(*number);
  });
}

Settings Watcher::settings() {
  return impl_->call<Settings>([this] { return impl_->settings; });
}

Parsed<bool> Watcher::put_target(const Target& target) {
  const auto fits = validate(target);
  if (!fits) return fits;
  return impl_->call<Parsed<bool>>([&]() -> Parsed<bool> {
    const auto* known = impl_->number_of(target.id);
    if (known != nullptr && impl_->sites[*known].source != "api") {
      return error(fmt::format("'{}' stands in the configuration file; expected to change it there",
                               target.id));
    }
    if (known == nullptr && impl_->numbers.size() >= limits::kWatchTargets) {
      return error("there are too many targets");
    }
    if (const auto there = impl_->refers(target); !there) return there;
    impl_->put(target, "api");
    const auto row = row_of(target, "api", wall_now());
    impl_->store.write_soon([row](store::Database& db) { return store::put_target(db, row); });
    impl_->say(LiveEvent::Kind::targets, target.id, "changed");
    return true;
  });
}

Parsed<bool> Watcher::remove_target(const std::string& id) {
  return impl_->call<Parsed<bool>>([&]() -> Parsed<bool> {
    const auto* number = impl_->number_of(id);
    if (number == nullptr) return unknown_target(id);
    if (impl_->sites[*number].source != "api") {
      return error(
          fmt::format("'{}' stands in the configuration file; expected to remove it there", id));
    }
    for (const Site& site : impl_->sites) {
      if (!site.target || site.gone || !depends(*site.target, id)) continue;
      return error(fmt::format("'{}' depends on it; change that one first", site.target->id));
    }
    impl_->remove(*number);
    impl_->store.write_soon([id, wall = wall_now()](store::Database& db) {
      return store::remove_target(db, id, wall);
    });
    impl_->say(LiveEvent::Kind::targets, id, "removed");
    return true;
  });
}

Parsed<CheckResult> Watcher::check_now(const std::string& id) {
  auto answer = std::make_shared<std::promise<Parsed<CheckResult>>>();
  auto waiting = answer->get_future();
  const bool posted = impl_->post([impl = impl_.get(), id, answer] {
    const auto* number = impl->number_of(id);
    if (number == nullptr || impl->stopping) {
      answer->set_value(unknown_target(id));
      return;
    }
    impl->sites[*number].waiting.push_back(answer);
    if (!impl->sites[*number].running) impl->start_check(*number);
  });
  if (!posted) return ended_watch();
  return waiting.get();
}

Parsed<bool> Watcher::beat(const std::string& id, bool ok, const std::string& note) {
  return impl_->call<Parsed<bool>>([&]() -> Parsed<bool> {
    const auto* number = impl_->number_of(id);
    if (number == nullptr || impl_->sites[*number].target->kind != CheckKind::heartbeat) {
      return unknown_target(id);
    }
    Site& site = impl_->sites[*number];
    const Moment moment = impl_->now();
    site.beat = moment.wall;
    site.beat_at = moment.steady;
    site.beat_heard = true;
    const store::Beat row{
        .target = id, .at = moment.wall, .ok = ok, .note = printable(note, limits::kTextKept)};
    impl_->store.write([row](store::Database& db) { return store::put_beat(db, row); });
    CheckResult result;
    result.outcome = ok ? Outcome::ok : Outcome::down;
    result.detail = ok ? "" : fmt::format("It reports a failure: {}", row.note);
    site.beat_failure = result.detail;
    ++impl_->figures.begun;
    impl_->ended(*number, moment.steady, std::move(result));
    return true;
  });
}

Parsed<bool> Watcher::acknowledge(const std::string& incident, const std::string& who) {
  return impl_->call<Parsed<bool>>([&]() -> Parsed<bool> {
    if (!impl_->ledger.acknowledge(incident, who, impl_->now())) {
      return error("there is no such open incident");
    }
    return true;
  });
}

Parsed<bool> Watcher::note(const std::string& incident, const std::string& who,
                           const std::string& text) {
  return impl_->call<Parsed<bool>>([&]() -> Parsed<bool> {
    if (impl_->ledger.note(incident, who, text, impl_->now())) return true;
    // A closed one can be written to as well: what was learned comes afterwards.
    const store::IncidentEvent event{
        .incident = incident, .at = wall_now(), .kind = "note", .author = who, .text = text};
    impl_->store.write_soon([event](store::Database& db) { return store::add_event(db, event); });
    return true;
  });
}

Parsed<bool> Watcher::merge(const std::string& from, const std::string& into,
                            const std::string& who) {
  return impl_->call<Parsed<bool>>([&]() -> Parsed<bool> {
    if (!impl_->ledger.merge(from, into, who, impl_->now())) {
      return error("both must be open incidents of something that fails, and not the same");
    }
    return true;
  });
}

Parsed<bool> Watcher::split(const std::string& incident, const std::string& target,
                            const std::string& who) {
  return impl_->call<Parsed<bool>>([&]() -> Parsed<bool> {
    const auto* number = impl_->number_of(target);
    if (number == nullptr) return unknown_target(target);
    if (!impl_->ledger.split(incident, *number, who, impl_->now())) {
      return error("the incident must be open and have this member and another");
    }
    return true;
  });
}

Parsed<bool> Watcher::put_maintenance(const store::MaintenanceWindow& window) {
  const auto fits = validate(window);
  if (!fits) return fits;
  return impl_->call<Parsed<bool>>([&]() -> Parsed<bool> {
    store::MaintenanceWindow kept = window;
    kept.source = "api";
    if (kept.id.empty()) kept.id = random_id();
    if (kept.created == WallTime{}) kept.created = wall_now();
    std::erase_if(impl_->windows, [&](const auto& one) { return one.id == kept.id; });
    impl_->windows.push_back(kept);
    impl_->maintenance_stale = true;
    impl_->store.write_soon(
        [kept](store::Database& db) { return store::put_maintenance(db, kept); });
    return true;
  });
}

Parsed<bool> Watcher::remove_maintenance(const std::string& id) {
  return impl_->call<Parsed<bool>>([&]() -> Parsed<bool> {
    const auto gone = std::erase_if(impl_->windows, [&](const auto& one) { return one.id == id; });
    if (gone == 0) return error("there is no such window");
    impl_->maintenance_stale = true;
    impl_->store.write_soon([id, wall = wall_now()](store::Database& db) {
      return store::remove_maintenance(db, id, wall);
    });
    return true;
  });
}

Parsed<std::string> Watcher::test_channel(const std::string& name) {
  std::promise<Parsed<std::string>> answer;
  auto waiting = answer.get_future();
  const bool posted = impl_->post([&, impl = impl_.get()] {
    if (impl->stopping) return answer.set_value(error("the watch ends"));
    impl->tasks.start([](Impl& own, std::string channel,
                         std::promise<Parsed<std::string>>& told) -> net::Task<void> {
      const Taken how = co_await own.outbox.test(std::move(channel), wall_now());
      if (how.ok) {
        told.set_value(how.detail);
      } else {
        told.set_value(error(how.detail));
      }
    }(*impl, name, answer));
  });
  if (!posted) return ended_watch();
  return waiting.get();
}

}  // namespace causeway::watch
