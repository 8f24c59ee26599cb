// What people and other parts of the watch do to incidents.
#include <fmt/format.h>

#include "watch/ledger_state.hpp"

namespace causeway::watch {

bool Ledger::acknowledge(const std::string& incident, const std::string& who, Moment now) {
  Live* live = impl_->live(incident);
  if (live == nullptr) return false;
  if (live->row.acknowledged != WallTime{}) return true;
  live->row.acknowledged = now.wall;
  live->row.acknowledged_by = who;
  impl_->event(*live, "acknowledged", who, fmt::format("{} looks after it.", who), now);
  return true;
}

bool Ledger::note(const std::string& incident, const std::string& who, const std::string& text,
                  Moment now) {
  Live* live = impl_->live(incident);
  if (live == nullptr) return false;
  impl_->event(*live, "note", who, text, now);
  return true;
}

bool Ledger::merge(const std::string& from, const std::string& into, const std::string& who,
                   Moment now) {
  Live* gone = impl_->live(from);
  Live* kept = impl_->live(into);
  if (gone == nullptr || kept == nullptr || gone == kept) return false;
  // Who is in a notice is well: in an incident of failures it would never recover.
  if (!gone->notice_key.empty() || !kept->notice_key.empty()) return false;
  impl_->merge(*gone, *kept, who, now);
  kept->row.title = impl_->title_of(*kept);
  return true;
}

bool Ledger::split(const std::string& incident, std::uint32_t number, const std::string& who,
                   Moment now) {
  Live* live = impl_->live(incident);
  if (live == nullptr || live->open.size() < 2 || !live->open.contains(number)) return false;
  const auto held = live->open.extract(number);
  store::Member left = held.mapped();
  left.until = now.wall;
  live->members.push_back(std::move(left));
  impl_->event(*live, "split", who,
               fmt::format("{} is an incident of its own.", impl_->entries[number].shown), now);
  Live& made = impl_->create(number, severity_named(live->row.severity), now);
  impl_->join(made, number, now);
  impl_->event(made, "split", who, fmt::format("Was a part of '{}'.", live->row.title), now);
  made.row.told = made.row.severity;  // a person made it
  return true;
}

void Ledger::not_diagnosed(const std::string& incident) {
  if (Live* live = impl_->live(incident)) live->undiagnosed = true;
}

void Ledger::diagnosed(const std::string& incident, const model::Verdict& verdict,
                       const std::string& document, Moment now) {
  Live* live = impl_->live(incident);
  if (live == nullptr) return;
  live->row.diagnosis = document;
  const bool found = !verdict.causes.empty() && verdict.state != model::State::ok;
  const bool shared = live->share.has_value();
  if (found) {
    const model::RankedCause& first = verdict.causes.front();
    // What its members share says more than one member's own look.
    if (!shared) {
      live->row.cause = name(first.cause);
      live->row.owner = name(row(first.cause).owner);
      live->row.sentence = verdict.sentence;
    }
    if (verdict.code != 0) live->row.code = verdict.code;
    if (verdict.failure) live->row.failure = name(*verdict.failure);
  }
  std::string text = verdict.sentence;
  if (verdict.state == model::State::ok) {
    text = "A diagnosis right after found nothing wrong: it comes and goes.";
  }
  impl_->event(*live, "diagnosed", "causeway", text, now);
  live->events.back().data = fmt::format("{{\"document\":\"{}\"}}", document);
}

void Ledger::notice(std::uint32_t number, const std::string& key, const std::string& cause,
                    const std::string& sentence, Moment now) {
  Entry& entry = impl_->entries[number];
  if (!entry.used) return;
  if (Live* known = impl_->notice_of(number, key)) {
    if (known->row.sentence == sentence) return;
    known->row.sentence = sentence;
    impl_->touch(*known, now);
    return;
  }
  const std::string failing = entry.incident;  // a notice stands beside a failure
  Live& made = impl_->create(number, Severity::notice, now);
  made.events.clear();
  made.notice_key = made.row.notice = key;
  made.diagnosis_asked = true;
  made.row.cause = cause;
  if (const auto known = model::cause_named(cause)) made.row.owner = name(row(*known).owner);
  made.row.failure.clear();
  made.row.code = 0;
  made.row.first_failed = now.wall;
  made.row.sentence = sentence;
  impl_->event(made, "confirmed", "causeway", sentence, now);
  store::Member member{.incident = made.row.id, .target = entry.id, .since = now.wall};
  made.members.push_back(member);
  made.ever.insert(entry.id);
  impl_->admit(made, number, std::move(member));
  made.peak = 1;
  made.row.title = fmt::format("{}: {}", entry.shown, sentence);
  entry.incident = failing;
}

void Ledger::notice_over(std::uint32_t number, const std::string& key, Moment now) {
  Live* live = impl_->notice_of(number, key);
  if (live == nullptr) return;
  store::Member left = live->open.at(number);
  left.until = now.wall;
  live->members.push_back(std::move(left));
  live->open.clear();
  impl_->close(*live, "It no longer holds.", now);
}

// The open notice of this key that the target is in.
Live* Ledger::Impl::notice_of(std::uint32_t number, const std::string& key) {
  const auto known = notices.find(number);
  if (known == notices.end()) return nullptr;
  std::set<std::string>& ids = known->second;
  for (auto id = ids.begin(); id != ids.end();) {
    ++steps;
    Live* one = live(*id);
    const bool in_it = one != nullptr && one->open.contains(number);
    if (in_it && one->notice_key == key) return one;
    id = in_it ? std::next(id) : ids.erase(id);
  }
  if (ids.empty()) notices.erase(known);
  return nullptr;
}

// Its number may be another target's next.
void Ledger::Impl::end_notices(std::uint32_t number, const std::string& because, Moment now) {
  const auto known = notices.find(number);
  if (known == notices.end()) return;
  const std::set<std::string> ids = std::move(known->second);
  notices.erase(known);
  for (const std::string& id : ids) {
    Live* one = live(id);
    if (one == nullptr || !one->open.contains(number)) continue;
    store::Member left = one->open.at(number);
    left.until = now.wall;
    one->members.push_back(std::move(left));
    one->open.erase(number);
    if (one->open.empty()) close(*one, because, now);
  }
}

void Ledger::event(const std::string& incident, const std::string& kind, const std::string& text,
                   Moment now) {
  if (Live* live = impl_->live(incident)) impl_->event(*live, kind, "causeway", text, now);
}

void Ledger::restore(const store::Incident& incident, const std::vector<store::Member>& members,
                     Moment now) {
  Live live;
  live.row = incident;
  live.opened = now.steady;
  live.tell_at = now.steady + impl_->options.gather;
  live.diagnosis_asked = !incident.diagnosis.empty();
  for (const ShareKind kind : {ShareKind::certificate, ShareKind::nameserver, ShareKind::address,
                               ShareKind::prefix, ShareKind::as, ShareKind::provider}) {
    if (name(kind) == incident.shared_kind) live.share = Share{kind, incident.shared_value};
  }
  const bool notice = incident.severity == "notice";
  if (notice) live.notice_key = incident.notice.empty() ? incident.cause : incident.notice;
  const std::size_t vantage = impl_->sight_of(impl_->options.own_vantage);
  bool watched = false;
  for (const store::Member& member : members) {
    const auto found = impl_->numbers.find(member.target);
    if (live.ever.size() < limits::kWatchConcerned) live.ever.insert(member.target);
    if (found == impl_->numbers.end()) continue;
    watched = true;
    if (member.until != WallTime{}) {
      impl_->entries[found->second].last_incident = incident.id;  // failing again is the same
      continue;
    }
    impl_->admit(live, found->second, member);
    if (notice) continue;
    Entry& entry = impl_->entries[found->second];
    entry.incident = incident.id;
    entry.stands = incident.severity == "down" ? Outcome::down : Outcome::degraded;
    entry.since = member.since;
    if (entry.views.size() <= vantage) entry.views.resize(vantage + 1);
    View& view = entry.views[vantage];
    view.stands = view.newest = entry.stands;
    view.bad = 0xffff;
    view.failed = incident.severity == "down" ? 0xffff : 0;
    view.known = 16;
    view.newest_at = now.steady;
    view.bad_since = now.steady;
    view.bad_since_wall = member.since;
    view.failure = model::failure_named(member.failure);
    ++impl_->failing;
  }
  ++impl_->turn;
  live.peak = std::max(live.open.size(), live.ever.size());
  Live& kept = impl_->lives.emplace(incident.id, std::move(live)).first->second;
  if (kept.share) impl_->make_about(kept, *kept.share);
  if (!kept.open.empty()) return;
  if (watched && incident.round >= impl_->options.flaps) {  // all are well, and it waits for calm
    kept.close_at = now.steady + impl_->options.calm;
  } else {
    impl_->close(kept, "None of its members is watched any more.", now);
  }
}

}  // namespace causeway::watch
