// Incidents, their members, what happened in them, and the documents that belong to them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/database.hpp"
#include "store/records.hpp"

namespace causeway::store {

Parsed<bool> put_incident(Database& database, const Incident& incident);  // new, or replaced
Parsed<std::optional<Incident>> incident(Database& database, const std::string& id);

struct IncidentFilter {
  bool open_only = false;
  bool closed_only = false;
  std::string target;  // a member; empty: any
  WallTime from;       // open at some time in [from, to); the epoch: no bound
  WallTime to;
  int most = 100;
  int skip = 0;
};
// Open ones first, then the newest.
Parsed<std::vector<Incident>> incidents(Database& database, const IncidentFilter& filter);

struct OpenCount {  // of one cause
  std::string cause;
  std::int64_t all = 0;
  std::int64_t unacknowledged = 0;
};
// Of every open incident, however many there are; by cause.
Parsed<std::vector<OpenCount>> open_counts(Database& database);

Parsed<bool> put_member(Database& database, const Member& member);
Parsed<std::vector<Member>> members(Database& database, const std::string& incident);
// Times in which the target was a member, touching [from, to), oldest first: what SLA figures are
// made of. `severity`: of the incidents, empty for all.
Parsed<std::vector<Member>> memberships(Database& database, const std::string& target,
                                        WallTime from, WallTime to,
                                        const std::string& severity = "down");

Parsed<bool> add_event(Database& database, const IncidentEvent& event);
Parsed<std::vector<IncidentEvent>> events(Database& database, const std::string& incident);
// Of all incidents, after the given id, oldest first: for live feeds.
Parsed<std::vector<IncidentEvent>> events_after(Database& database, std::int64_t id, int most);

Parsed<bool> put_document(Database& database, const Document& document);
Parsed<std::optional<Document>> document(Database& database, const std::string& id);
// Without their bodies.
Parsed<std::vector<Document>> documents(Database& database, const std::string& incident);

}  // namespace causeway::store
