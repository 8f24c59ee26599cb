#include "store/incidents.hpp"

#include "store/rows.hpp"

namespace causeway::store {
namespace {

constexpr std::string_view kColumns =
    "i.id, i.severity, i.title, i.cause, i.owner, i.failure, i.code, i.sentence, i.shared_kind, "
    "i.shared_value, i.shared_all, i.shared_failing, i.expected_share, i.first_failed, i.opened, "
    "i.closed, i.acknowledged, i.acknowledged_by, i.merged_into, i.diagnosis, i.updated, i.notice, "
    "i.told, i.round";

Incident incident_of(const Row& row) {
  return {.id = row.text(0),
          .severity = row.text(1),
          .title = row.text(2),
          .cause = row.text(3),
          .owner = row.text(4),
          .failure = row.text(5),
          .code = static_cast<int>(row.integer(6)),
          .sentence = row.text(7),
          .notice = row.text(21),
          .shared_kind = row.text(8),
          .shared_value = row.text(9),
          .shared_all = static_cast<int>(row.integer(10)),
          .shared_failing = static_cast<int>(row.integer(11)),
          .expected_share = row.real(12),
          .first_failed = row.time(13),
          .opened = row.time(14),
          .closed = row.time(15),
          .acknowledged = row.time(16),
          .acknowledged_by = row.text(17),
          .merged_into = row.text(18),
          .diagnosis = row.text(19),
          .told = row.text(22),
          .round = static_cast<int>(row.integer(23)),
          .updated = row.time(20)};
}

Member member_of(const Row& row) {
  return {.incident = row.text(0),
          .target = row.text(1),
          .since = row.time(2),
          .until = row.time(3),
          .failure = row.text(4)};
}

IncidentEvent event_of(const Row& row) {
  return {.id = row.integer(0),
          .incident = row.text(1),
          .at = row.time(2),
          .kind = row.text(3),
          .author = row.text(4),
          .text = row.text(5),
          .data = row.text(6)};
}

Document document_of(const Row& row) {
  return {.id = row.text(0),
          .incident = row.text(1),
          .target = row.text(2),
          .kind = row.text(3),
          .at = row.time(4),
          .body = row.text(5)};
}

}  // namespace

Parsed<bool> put_incident(Database& database, const Incident& incident) {
  return done(database.run(
      "INSERT INTO incident (id, severity, title, cause, owner, failure, code, sentence, "
      "shared_kind, shared_value, shared_all, shared_failing, expected_share, first_failed, "
      "opened, closed, acknowledged, acknowledged_by, merged_into, diagnosis, updated, notice, "
      "told, round) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
      "$19, $20, $21, $22, $23, $24) "
      "ON CONFLICT (id) DO UPDATE SET severity = excluded.severity, title = excluded.title, "
      "cause = excluded.cause, owner = excluded.owner, failure = excluded.failure, "
      "code = excluded.code, sentence = excluded.sentence, shared_kind = excluded.shared_kind, "
      "shared_value = excluded.shared_value, shared_all = excluded.shared_all, "
      "shared_failing = excluded.shared_failing, expected_share = excluded.expected_share, "
      "first_failed = excluded.first_failed, opened = excluded.opened, closed = excluded.closed, "
      "acknowledged = excluded.acknowledged, acknowledged_by = excluded.acknowledged_by, "
      "merged_into = excluded.merged_into, diagnosis = excluded.diagnosis, "
      "updated = excluded.updated, notice = excluded.notice, told = excluded.told, "
      "round = excluded.round",
      {cell(incident.id),
       cell(incident.severity),
       cell(incident.title),
       cell(incident.cause),
       cell(incident.owner),
       cell(incident.failure),
       cell(incident.code),
       cell(incident.sentence),
       cell(incident.shared_kind),
       cell(incident.shared_value),
       cell(incident.shared_all),
       cell(incident.shared_failing),
       cell(incident.expected_share),
       cell(incident.first_failed),
       cell(incident.opened),
       cell_or_nothing(incident.closed),
       cell_or_nothing(incident.acknowledged),
       cell(incident.acknowledged_by),
       cell(incident.merged_into),
       cell(incident.diagnosis),
       cell(incident.updated),
       cell(incident.notice),
       cell(incident.told),
       cell(incident.round)}));
}

Parsed<std::optional<Incident>> incident(Database& database, const std::string& id) {
  return first(
      database.run(joined("SELECT ", kColumns, " FROM incident i WHERE i.id = $1"), {cell(id)}),
      incident_of);
}

Parsed<std::vector<Incident>> incidents(Database& database, const IncidentFilter& filter) {
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  const bool bounded = filter.to != WallTime{};
  return all(
      database.run(
          joined("SELECT ", kColumns,
                 " FROM incident i WHERE (i.closed IS NULL OR i.closed > $1) AND i.opened < $2 ",
                 filter.open_only     ? "AND i.closed IS NULL "
                 : filter.closed_only ? "AND i.closed IS NOT NULL "
                                      : "",
                 // Every parameter must be used: PostgreSQL counts them.
                 filter.target.empty()
                     ? "AND $3 = '' "
                     : "AND EXISTS (SELECT 1 FROM incident_member m WHERE m.incident = i.id "
                       "AND m.target = $3) ",
                 "ORDER BY (i.closed IS NOT NULL), i.opened DESC, i.id LIMIT $4 OFFSET $5"),
          {cell(filter.from), bounded ? cell(filter.to) : cell(last), cell(filter.target),
           cell(filter.most), cell(filter.skip)}),
      incident_of);
}

Parsed<std::vector<OpenCount>> open_counts(Database& database) {
  return all(
      database.run("SELECT cause, count(*), count(CASE WHEN acknowledged IS NULL THEN 1 END) "
                   "FROM incident WHERE closed IS NULL GROUP BY cause ORDER BY cause",
                   {}),
      [](const Row& row) {
        return OpenCount{
            .cause = row.text(0), .all = row.integer(1), .unacknowledged = row.integer(2)};
      });
}

Parsed<bool> put_member(Database& database, const Member& member) {
  return done(database.run(
      "INSERT INTO incident_member (incident, target, since, until, failure) "
      "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (incident, target, since) DO UPDATE SET "
      "until = excluded.until, failure = excluded.failure",
      {cell(member.incident), cell(member.target), cell(member.since),
       cell_or_nothing(member.until), cell(member.failure)}));
}

Parsed<std::vector<Member>> members(Database& database, const std::string& incident) {
  return all(database.run("SELECT incident, target, since, until, failure FROM incident_member "
                          "WHERE incident = $1 ORDER BY since, target",
                          {cell(incident)}),
             member_of);
}

Parsed<std::vector<Member>> memberships(Database& database, const std::string& target,
                                        WallTime from, WallTime to, const std::string& severity) {
  return all(
      database.run("SELECT m.incident, m.target, m.since, m.until, m.failure "
                   "FROM incident_member m JOIN incident i ON i.id = m.incident "
                   "WHERE m.target = $1 AND m.since < $3 AND (m.until IS NULL OR m.until > $2) "
                   "AND ($4 = '' OR i.severity = $4) ORDER BY m.since",
                   {cell(target), cell(from), cell(to), cell(severity)}),
      member_of);
}

Parsed<bool> add_event(Database& database, const IncidentEvent& event) {
  return done(
      database.run("INSERT INTO incident_event (incident, at, kind, author, text, data) "
                   "VALUES ($1, $2, $3, $4, $5, $6)",
                   {cell(event.incident), cell(event.at), cell(event.kind), cell(event.author),
                    cell(event.text), cell(event.data)}));
}

Parsed<std::vector<IncidentEvent>> events(Database& database, const std::string& incident) {
  return all(database.run("SELECT id, incident, at, kind, author, text, data FROM incident_event "
                          "WHERE incident = $1 ORDER BY id",
                          {cell(incident)}),
             event_of);
}

Parsed<std::vector<IncidentEvent>> events_after(Database& database, std::int64_t id, int most) {
  return all(database.run("SELECT id, incident, at, kind, author, text, data FROM incident_event "
                          "WHERE id > $1 ORDER BY id LIMIT $2",
                          {cell(id), cell(most)}),
             event_of);
}

Parsed<bool> put_document(Database& database, const Document& document) {
  return done(
      database.run("INSERT INTO document (id, incident, target, kind, at, body) "
                   "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET "
                   "incident = excluded.incident, body = excluded.body",
                   {cell(document.id), cell(document.incident), cell(document.target),
                    cell(document.kind), cell(document.at), cell(document.body)}));
}

Parsed<std::optional<Document>> document(Database& database, const std::string& id) {
  return first(database.run("SELECT id, incident, target, kind, at, body FROM document "
                            "WHERE id = $1",
                            {cell(id)}),
               document_of);
}

Parsed<std::vector<Document>> documents(Database& database, const std::string& incident) {
  return all(database.run("SELECT id, incident, target, kind, at, '' FROM document "
                          "WHERE incident = $1 ORDER BY at, id",
                          {cell(incident)}),
             document_of);
}

}  // namespace causeway::store
