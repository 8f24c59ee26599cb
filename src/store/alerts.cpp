#include "store/alerts.hpp"

#include <algorithm>

#include "store/lists.hpp"
#include "store/rows.hpp"

namespace causeway::store {
namespace {

constexpr std::string_view kColumns =
    "id, token, incident, channel, kind, state, created, due, expires, attempts, sent, reason, "
    "body";

Alert alert_of(const Row& row) {
  return {.id = row.text(0),
          .token = row.text(1),
          .incident = row.text(2),
          .channel = row.text(3),
          .kind = row.text(4),
          .state = row.text(5),
          .created = row.time(6),
          .due = row.time(7),
          .expires = row.time(8),
          .attempts = static_cast<int>(row.integer(9)),
          .sent = row.time(10),
          .reason = row.text(11),
          .body = row.text(12)};
}

Delivery delivery_of(const Row& row) {
  return {.id = row.integer(0),
          .alert = row.text(1),
          .channel = row.text(2),
          .at = row.time(3),
          .ok = row.boolean(4),
          .elapsed_us = row.integer(5),
          .detail = row.text(6)};
}

MaintenanceWindow window_of(const Row& row) {
  return {.id = row.text(0),
          .title = row.text(1),
          .zone = row.text(2),
          .starts = row.text(3),
          .minutes = static_cast<int>(row.integer(4)),
          .repeats = row.text(5),
          .until = row.text(6),
          .targets = from_list(row.text(7)),
          .teams = from_list(row.text(8)),
          .tags = from_list(row.text(9)),
          .note = row.text(10),
          .source = row.text(11),
          .author = row.text(12),
          .created = row.time(13),
          .removed = row.time(14)};
}

RemedyRun run_of(const Row& row) {
  return {.id = row.integer(0),
          .target = row.text(1),
          .incident = row.text(2),
          .name = row.text(3),
          .at = row.time(4),
          .dry = row.boolean(5),
          .outcome = row.text(6),
          .detail = row.text(7)};
}

}  // namespace

Parsed<bool> queue_alert(Database& database, const Alert& alert) {
  const auto put = done(database.run(
      "INSERT INTO alert (id, token, incident, channel, kind, state, created, due, expires, "
      "attempts, sent, reason, body) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, NULL, $10, $11) "
      "ON CONFLICT (token) DO NOTHING",
      {cell(alert.id), cell(alert.token), cell(alert.incident), cell(alert.channel),
       cell(alert.kind), cell(alert.state), cell(alert.created), cell(alert.due),
       cell(alert.expires), cell(alert.reason), cell(alert.body)}));
  if (!put) return put;
  return database.changed() > 0;
}

Parsed<bool> was_alerted(Database& database, const std::string& incident,
                         const std::string& channel) {
  auto rows = database.run(
      "SELECT 1 FROM alert WHERE incident = $1 AND channel = $2 AND (state = 'sent' OR "
      "(kind IN ('opened', 'worse') AND state <> 'cancelled')) LIMIT 1",
      {cell(incident), cell(channel)});
  if (!rows) return error(std::move(rows.error().text));
  return !rows->empty();
}

Parsed<bool> put_alert(Database& database, const Alert& alert) {
  return done(
      database.run("UPDATE alert SET state = $2, due = $3, attempts = $4, sent = $5, "
                   "reason = $6 WHERE id = $1",
                   {cell(alert.id), cell(alert.state), cell(alert.due), cell(alert.attempts),
                    cell_or_nothing(alert.sent), cell(alert.reason)}));
}

Parsed<std::optional<Alert>> alert(Database& database, const std::string& id) {
  return first(database.run(joined("SELECT ", kColumns, " FROM alert WHERE id = $1"), {cell(id)}),
               alert_of);
}

Parsed<std::vector<Alert>> due_alerts(Database& database, const std::string& channel, WallTime now,
                                      int most) {
  return all(database.run(joined("SELECT ", kColumns,
                                 " FROM alert WHERE state = 'pending' AND channel = $1 "
                                 "AND due <= $2 ORDER BY due, id LIMIT $3"),
                          {cell(channel), cell(now), cell(most)}),
             alert_of);
}

Parsed<bool> cancel_alerts_but_of(Database& database, const std::vector<std::string>& channels,
                                  const std::string& reason) {
  const auto known = database.run("SELECT DISTINCT channel FROM alert WHERE state = 'pending'");
  if (!known) return error(known.error().text);
  for (const Row& row : *known) {
    const std::string channel = row.text(0);
    if (std::ranges::find(channels, channel) != channels.end()) continue;
    auto gone = done(
        database.run("UPDATE alert SET state = 'cancelled', reason = $2 WHERE state = 'pending' "
                     "AND channel = $1",
                     {cell(channel), cell(reason)}));
    if (!gone) return gone;
  }
  return true;
}

Parsed<std::optional<WallTime>> next_due(Database& database, const std::string& channel) {
  auto rows = database.run("SELECT min(due) FROM alert WHERE state = 'pending' AND channel = $1",
                           {cell(channel)});
  if (!rows) return error(std::move(rows.error().text));
  std::optional<WallTime> out;
  if (!rows->empty() && !rows->front().null(0)) out = rows->front().time(0);
  return out;
}

Parsed<std::vector<Alert>> alerts(Database& database, const std::string& incident, int most,
                                  int skip) {
  return all(database.run(joined("SELECT ", kColumns,
                                 " FROM alert WHERE ($1 = '' OR incident = $1) "
                                 "ORDER BY created DESC, id LIMIT $2 OFFSET $3"),
                          {cell(incident), cell(most), cell(skip)}),
             alert_of);
}

Parsed<bool> cancel_alerts(Database& database, const std::string& incident, const std::string& kind,
                           const std::string& reason) {
  return done(
      database.run("UPDATE alert SET state = 'cancelled', reason = $3 "
                   "WHERE incident = $1 AND kind = $2 AND state = 'pending'",
                   {cell(incident), cell(kind), cell(reason)}));
}

Parsed<bool> add_delivery(Database& database, const Delivery& delivery) {
  return done(
      database.run("INSERT INTO delivery (alert, channel, at, ok, elapsed, detail) "
                   "VALUES ($1, $2, $3, $4, $5, $6)",
                   {cell(delivery.alert), cell(delivery.channel), cell(delivery.at),
                    cell(delivery.ok), cell(delivery.elapsed_us), cell(delivery.detail)}));
}

Parsed<std::vector<Delivery>> deliveries(Database& database, const std::string& alert) {
  return all(database.run("SELECT id, alert, channel, at, ok, elapsed, detail FROM delivery "
                          "WHERE alert = $1 ORDER BY id",
                          {cell(alert)}),
             delivery_of);
}

Parsed<std::vector<Delivery>> newest_deliveries(Database& database, const std::string& channel,
                                                int most) {
  return all(database.run("SELECT id, alert, channel, at, ok, elapsed, detail FROM delivery "
                          "WHERE ($1 = '' OR channel = $1) ORDER BY id DESC LIMIT $2",
                          {cell(channel), cell(most)}),
             delivery_of);
}

Parsed<bool> put_maintenance(Database& database, const MaintenanceWindow& window) {
  return done(database.run(
      "INSERT INTO maintenance (id, title, zone, starts, minutes, repeats, until, targets, teams, "
      "tags, note, source, author, created, removed) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL) "
      "ON CONFLICT (id) DO UPDATE SET title = excluded.title, zone = excluded.zone, "
      "starts = excluded.starts, minutes = excluded.minutes, repeats = excluded.repeats, "
      "until = excluded.until, targets = excluded.targets, teams = excluded.teams, "
      "tags = excluded.tags, note = excluded.note, source = excluded.source, "
      "author = excluded.author, removed = NULL",
      {cell(window.id), cell(window.title), cell(window.zone), cell(window.starts),
       cell(window.minutes), cell(window.repeats), cell(window.until),
       cell(to_list(window.targets)), cell(to_list(window.teams)), cell(to_list(window.tags)),
       cell(window.note), cell(window.source), cell(window.author), cell(window.created)}));
}

Parsed<bool> remove_maintenance(Database& database, const std::string& id, WallTime at) {
  return done(database.run("UPDATE maintenance SET removed = $2 WHERE id = $1 AND removed IS NULL",
                           {cell(id), cell(at)}));
}

Parsed<std::vector<MaintenanceWindow>> maintenance_windows(Database& database) {
  return all(database.run("SELECT id, title, zone, starts, minutes, repeats, until, targets, "
                          "teams, tags, note, source, author, created, removed FROM maintenance "
                          "WHERE removed IS NULL ORDER BY starts, id"),
             window_of);
}

Parsed<std::vector<MaintenanceWindow>> maintenance_windows_since(Database& database,
                                                                 WallTime since) {
  return all(database.run("SELECT id, title, zone, starts, minutes, repeats, until, targets, "
                          "teams, tags, note, source, author, created, removed FROM maintenance "
                          "WHERE removed IS NULL OR removed > $1 ORDER BY starts, id",
                          {cell(since)}),
             window_of);
}

Parsed<bool> add_remedy_run(Database& database, const RemedyRun& run) {
  return done(
      database.run("INSERT INTO remedy (target, incident, name, at, dry, outcome, detail) "
                   "VALUES ($1, $2, $3, $4, $5, $6, $7)",
                   {cell(run.target), cell(run.incident), cell(run.name), cell(run.at),
                    cell(run.dry), cell(run.outcome), cell(run.detail)}));
}

Parsed<std::vector<RemedyRun>> remedy_runs(Database& database, const std::string& target,
                                           WallTime from, int most) {
  return all(database.run("SELECT id, target, incident, name, at, dry, outcome, detail "
                          "FROM remedy WHERE ($1 = '' OR target = $1) AND at >= $2 "
                          "ORDER BY id DESC LIMIT $3",
                          {cell(target), cell(from), cell(most)}),
             run_of);
}

}  // namespace causeway::store
