// The watcher's incidents: writing them down with their alerts, diagnosing, remedies, housekeeping.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "judge/conclude.hpp"
#include "model/json.hpp"
#include "reach/diagnose.hpp"
#include "store/alerts.hpp"
#include "store/incidents.hpp"
#include "store/rollups.hpp"
#include "store/targets.hpp"
#include "watch/diagnosis_request.hpp"
#include "watch/maintenance.hpp"
#include "watch/typed_target.hpp"
#include "watch/watcher_state.hpp"

namespace causeway::watch {
namespace {

model::Diagnosis concluded(const Target& target, const model::Target& asked, WallTime started,
                           reach::DiagnosisRun run, std::vector<model::Observation> seen,
                           const std::vector<model::Document>& others) {
  model::Diagnosis out;
  out.id = random_id();
  out.started = started;
  out.target = asked;
  out.attempts = std::move(run.attempts);
  out.vantage = std::move(run.vantage);
  out.interrupted = run.interrupted;
  out.duration = run.duration;
  judge::conclude(out, std::move(seen), others);
  limit_claim(target, out);
  return out;
}

// Only who heard of a beginning hears of the end.
Parsed<bool> queue(store::Database& database, const store::Alert& alert) {
  if (alert.kind == "recovered") {
    auto heard = store::was_alerted(database, alert.incident, alert.channel);
    if (!heard || !*heard) return heard ? true : heard;
  }
  const auto queued = store::queue_alert(database, alert);
  return queued ? true : queued;
}

}  // namespace

void Watcher::Impl::serve_ledger() {
  fulfil(ledger.wishes());
  for (Change& change : ledger.changes(limits::kWatchChanges)) apply(std::move(change));
  const Moment moment = now();
  if (!stopping)
    outbox.serve(tasks, moment.steady, moment.wall, std::exchange(alerts_queued, false));
}

void Watcher::Impl::fulfil(Wishes wishes) {
  if (wishes.own_check && !looking) tasks.start(look_at_self());
  const Instant at = net::Loop::current().now();
  for (const std::uint32_t number : wishes.check) {
    Site& site = sites[number];
    if (!site.target || site.target->paused || site.running ||
        at - site.asked < limits::kWatchSiblingPause) {
      continue;
    }
    site.asked = at;
    plan(number, at);
  }
  for (auto& one : wishes.diagnose) {
    const Site& site = sites[one.first];
    const bool can = site.target && diagnosis_request(*site.target) &&
                     !(site.target->public_only && !private_place(*site.target).empty());
    if (settings.diagnose && can && diagnoses_waiting.size() < limits::kWatchDiagnosesWaiting) {
      diagnoses_waiting.push_back(std::move(one));
    } else {
      ledger.not_diagnosed(one.second);
    }
  }
  while (diagnoses < limits::kWatchDiagnoses && !diagnoses_waiting.empty()) {
    auto [number, incident] = diagnoses_waiting.front();
    diagnoses_waiting.pop_front();
    // Ended, or part of another meanwhile.
    if (ledger.standing(number).incident != incident) continue;
    ++diagnoses;
    tasks.start(diagnose(number, std::move(incident)));
  }
}

// The incident, what happened in it and its alerts: one transaction, so that neither is ever
// without the other.
void Watcher::Impl::apply(Change change) {
  std::vector<const Target*> members;
  for (const std::string& id : change.concerned) {
    if (const auto* number = number_of(id)) members.push_back(sites[*number].target.get());
  }
  auto alerts = alerts_for(change, settings.channels, members, wall_now(), random_id);
  const bool tells = !alerts.empty();
  const bool closed = change.incident.closed != WallTime{};
  // Confirmed without a check of now: a look at the own network, a vantage that went silent.
  for (const auto& member : change.members) {
    if (const auto* number = number_of(member.target)) keep_state(*number);
  }
  // The failing answer itself, as it was at that moment.
  std::vector<store::Document> documents;
  for (const auto& member : change.members) {
    const auto* number = number_of(member.target);
    if (number == nullptr || member.until != WallTime{}) continue;
    const CheckResult& newest = sites[*number].newest;
    if (newest.excerpt.empty() || documents.size() == limits::kWatchMembersShown) continue;
    documents.push_back({.id = random_id(),
                         .incident = change.incident.id,
                         .target = member.target,
                         .kind = "excerpt",
                         .at = wall_now(),
                         .body = newest.excerpt});
  }
  if (change.tell == Change::Tell::opened || change.tell == Change::Tell::joined) {
    for (const std::uint32_t number : ledger.members(change.incident.id)) {
      if (ledger.standing(number).incident != change.incident.id) continue;  // a notice of it
      const std::string& id = sites[number].target->id;
      const bool joins = std::ranges::find(change.concerned, id) != change.concerned.end();
      if (change.tell == Change::Tell::joined && !joins) continue;
      for (const Remedy& one : sites[number].target->remedies) {
        tasks.start(remedy(number, change.incident.id, one, change.incident.failure));
      }
    }
  }
  std::string text = change.incident.title;
  if (!change.events.empty()) text += " - " + change.events.back().text;
  say(LiveEvent::Kind::incident, change.incident.id, text);
  store.write_soon(
      [change = std::move(change), alerts = std::move(alerts), documents = std::move(documents),
       closed](store::Database& db) -> Parsed<bool> {
        auto kept = store::put_incident(db, change.incident);
        for (const auto& event : change.events) {
          if (kept) kept = store::add_event(db, event);
        }
        for (const auto& member : change.members) {
          if (kept) kept = store::put_member(db, member);
        }
        for (const auto& document : documents) {
          if (kept) kept = store::put_document(db, document);
        }
        for (const auto& alert : alerts) {
          if (kept) kept = queue(db, alert);
        }
        for (const char* kind : {"reminder", "escalated"}) {
          if (kept && closed)
            kept = store::cancel_alerts(db, change.incident.id, kind, "it is over");
        }
        return kept;
      },
      [this, tells](const Parsed<bool>& /*kept*/) {
        // Only what is committed is delivered: then the outbox is looked at.
        if (tells) post([this] { alerts_queued = true; });
      });
}

// Kept in the store. Without an id: there is none, and the verdict's sentence says why.
net::Task<model::Diagnosis> Watcher::Impl::diagnosis_of(std::shared_ptr<const Target> target,
                                                        std::string incident) {
  const auto asked = diagnosis_request(*target);
  if (!asked) {
    model::Diagnosis none;
    none.verdict.sentence = asked.error().text;
    co_return none;
  }
  const reach::Request& request = *asked;
  const WallTime started = wall_now();
  const Instant since = net::Loop::current().now();
  ask_for_facts(*target);
  reach::Record record;
  auto run = co_await reach::diagnose(request, record);
  const auto others = co_await facts_for(*target, run.attempts, since);
  auto diagnosis =
      concluded(*target, request.target, started, std::move(run), record.take(), others);
  std::string json = model::to_json(diagnosis);
  const store::Document row{
      .id = diagnosis.id,
      .incident = incident,
      .target = target->id,
      .kind = "diagnosis",
      .at = started,
      .body = json.size() <= limits::kWatchDocumentBytes ? std::move(json) : "{}"};
  store.write_soon([row](store::Database& db) { return store::put_document(db, row); });
  co_return diagnosis;
}

net::Task<void> Watcher::Impl::diagnose(std::uint32_t number, std::string incident) {
  const std::shared_ptr<const Target> target = sites[number].target;
  model::Diagnosis found = co_await diagnosis_of(target, incident);
  model::Verdict verdict = std::move(found.verdict);
  --diagnoses;
  if (net::Loop::current().interrupted()) co_return;
  // All that was asked is well, and the checks go on failing: no word of coming and going.
  std::string differs;
  if (verdict.state == model::State::ok && sites[number].target == target) {
    differs = what_differs(*target, sites[number].newest);
  }
  if (!differs.empty()) {
    verdict = {.state = model::State::undetermined, .sentence = std::move(differs)};
  }
  ledger.diagnosed(incident, verdict, found.id, now());
}

// Windows begin and end at whole minutes; a change of targets or windows asks anew, too.
void Watcher::Impl::look_at_maintenance() {
  const WallTime wall = wall_now();
  const WallTime minute{std::chrono::floor<std::chrono::minutes>(wall)};
  if (minute == maintained && !maintenance_stale) return;
  maintained = minute;
  maintenance_stale = false;
  std::vector<const store::MaintenanceWindow*> active;
  for (const auto& window : windows) {
    const auto times = occurrences(window, wall, wall + std::chrono::milliseconds{1});
    if (times && !times->empty()) active.push_back(&window);
  }
  if (active.empty() && !anything_maintained) return;
  anything_maintained = !active.empty();
  for (const auto& [id, number] : numbers) {
    const Target& target = *sites[number].target;
    ledger.maintenance(number, std::ranges::any_of(active, [&](const auto* window) {
                         return covers(*window, target);
                       }));
  }
}

// Every ten minutes; in portions, one after the other: whoever writes meanwhile waits for one of
// them at most.
void Watcher::Impl::keep_house() {
  const WallTime wall = wall_now();
  const bool due = wall - housed >= std::chrono::minutes{10} || wall < housed;
  if (!due && !housework->exchange(false)) return;
  if (due) housed = wall;
  const store::Retention kept = settings.retention;
  store.write([wall, kept, again = housework](store::Database& db) -> Parsed<bool> {
    auto more = store::keep_rollups(db, kept, wall);
    if (more && !*more) more = store::forget(db, kept, wall);
    if (!more) return more;
    again->store(*more);
    return true;
  });
}

// What is not written is not told: alerts wait in the store, and nobody must take that for peace.
void Watcher::Impl::look_at_store() {
  const auto written = store.figures();
  const bool away = written.failing_since != WallTime{};
  if (away == std::exchange(store_away, away)) return;
  say(LiveEvent::Kind::own, settings.vantage,
      away ? fmt::format("the store takes nothing: {}; alerts and what is seen wait for it",
                         written.last_error)
           : "the store takes what waited for it");
}

}  // namespace causeway::watch
