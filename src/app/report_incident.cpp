#include "app/report_incident.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.hpp"
#include "base/time.hpp"
#include "store/database.hpp"
#include "store/incidents.hpp"

namespace causeway::app {
namespace {

constexpr int kIncidentsLooked = 1000;
constexpr std::size_t kIncidentsNamed = 5;
constexpr std::size_t kExcerpts = 8;
constexpr std::size_t kExcerptBytes = std::size_t{256} * 1024;

std::string utc(WallTime at) {
  std::string out = rfc3339(at).substr(0, 19);
  out[10] = ' ';
  return out + " UTC";
}

Parsed<store::Incident> find(store::Database& database, const std::string& which) {
  auto all = store::incidents(database, {.most = kIncidentsLooked});
  if (!all) return std::unexpected(all.error());
  if (all->empty()) return error("the store has no incidents");
  if (which == "latest") return all->front();
  std::vector<const store::Incident*> fit;
  for (const auto& each : *all) {
    if (each.id == which) return each;
    if (each.id.starts_with(which)) fit.push_back(&each);
  }
  if (fit.size() == 1) return *fit.front();
  std::string text = fmt::format("{} incident '{}' in the store; the newest are:",
                                 fit.empty() ? "no" : "more than one", printable(which, 60));
  for (std::size_t i = 0; i < std::min(kIncidentsNamed, all->size()); ++i)
    text += fmt::format("\n  {}  {}", (*all)[i].id, printable((*all)[i].title, 100));
  return error(std::move(text));
}

std::vector<report::Fact> facts_of(const store::Incident& incident, std::size_t members) {
  std::vector<report::Fact> out;
  out.push_back({"failing since", utc(incident.first_failed)});
  out.push_back({"until", incident.closed == WallTime{} ? "it goes on" : utc(incident.closed)});
  if (!incident.shared_kind.empty()) {
    out.push_back({"sites affected",
                   fmt::format("{} of {} that share the {} {}", incident.shared_failing,
                               incident.shared_all, incident.shared_kind, incident.shared_value)});
  } else if (members > 1) {
    out.push_back({"sites affected", fmt::format("{}", members)});
  }
  out.push_back({"incident", incident.id});
  return out;
}

Parsed<IncidentPapers> papers_of(store::Database& database, const store::Incident& incident) {
  const auto members = store::members(database, incident.id);
  if (!members) return std::unexpected(members.error());
  const auto events = store::events(database, incident.id);
  if (!events) return std::unexpected(events.error());
  const auto documents = store::documents(database, incident.id);
  if (!documents) return std::unexpected(documents.error());
  std::set<std::string_view> sites;  // one that failed twice in it is one
  for (const auto& member : *members) sites.insert(member.target);
  IncidentPapers out{incident.id, {}, facts_of(incident, sites.size()), {}};
  std::string timeline;
  for (const auto& event : *events)
    timeline += fmt::format("{}  {:<16} {}\n", utc(event.at), event.kind, event.text);
  for (const auto& member : *members) {
    timeline +=
        fmt::format("{}  affected: {} ({}){}\n", utc(member.since), member.target, member.failure,
                    member.until == WallTime{} ? "" : ", well again at " + utc(member.until));
  }
  out.files.push_back({"timeline.txt", std::move(timeline)});
  std::string newest = incident.diagnosis;
  std::size_t excerpts = 0;
  for (const auto& about : *documents) {
    if (newest.empty() && about.kind == "diagnosis") newest = about.id;
    if (about.kind != "excerpt" || excerpts == kExcerpts) continue;
    const auto whole = store::document(database, about.id);
    if (!whole || !*whole || (*whole)->body.contains('\0')) continue;
    out.files.push_back(
        {fmt::format("answer-{}.txt", ++excerpts), (*whole)->body.substr(0, kExcerptBytes)});
  }
  if (newest.empty())
    return error(fmt::format(
        "incident {} has no diagnosis yet; 'causeway report URL' makes one now", incident.id));
  const auto diagnosis = store::document(database, newest);
  if (!diagnosis) return std::unexpected(diagnosis.error());
  if (!*diagnosis) return error(fmt::format("the diagnosis of incident {} is gone", incident.id));
  out.diagnosis = (*diagnosis)->body;
  return out;
}

}  // namespace

Parsed<IncidentPapers> incident_papers(store::Database& database, const std::string& which) {
  const auto incident = find(database, which);
  if (!incident) return std::unexpected(incident.error());
  return papers_of(database, *incident);
}

Parsed<IncidentPapers> read_incident(const std::string& store, const std::string& which) {
  auto database = store::open_database(store, store::Access::read);
  if (!database) return error("--store: " + database.error().text);
  return incident_papers(**database, which);
}

}  // namespace causeway::app
