#include "store/targets.hpp"

#include "store/lists.hpp"
#include "store/rows.hpp"

namespace causeway::store {
namespace {

constexpr std::string_view kTargetColumns =
    "id, name, kind, subject, team, tags, owner, source, spec, paused, created, updated, removed";

Target target_of(const Row& row) {
  return {.id = row.text(0),
          .name = row.text(1),
          .kind = row.text(2),
          .subject = row.text(3),
          .team = row.text(4),
          .tags = from_list(row.text(5)),
          .owner = row.text(6),
          .source = row.text(7),
          .spec = row.text(8),
          .paused = row.boolean(9),
          .created = row.time(10),
          .updated = row.time(11),
          .removed = row.time(12)};
}

constexpr std::size_t kStateFrom = 13;  // behind the columns of a target

constexpr std::string_view kStateColumns =
    "target, outcome, since, checked, failure, status, address, detail, elapsed, "
    "certificate_until, facts";

TargetState state_of(const Row& row, std::size_t from = 0) {
  return {.target = row.text(from),
          .outcome = row.text(from + 1),
          .since = row.time(from + 2),
          .checked = row.time(from + 3),
          .failure = row.text(from + 4),
          .status = static_cast<int>(row.integer(from + 5)),
          .address = row.text(from + 6),
          .detail = row.text(from + 7),
          .elapsed_us = row.integer(from + 8),
          .certificate_until = row.time(from + 9),
          .facts = row.text(from + 10)};
}

Transition transition_of(const Row& row) {
  return {.id = row.integer(0),
          .target = row.text(1),
          .vantage = row.text(2),
          .at = row.time(3),
          .before = row.text(4),
          .outcome = row.text(5),
          .failure = row.text(6),
          .status = static_cast<int>(row.integer(7)),
          .address = row.text(8),
          .elapsed_us = row.integer(9),
          .detail = row.text(10)};
}

Blind blind_of(const Row& row) {
  return {.id = row.integer(0),
          .vantage = row.text(1),
          .since = row.time(2),
          .until = row.time(3),
          .reason = row.text(4)};
}

OriginFacts facts_of(const Row& row) {
  return {.agent = row.text(0),
          .host = row.text(1),
          .at = row.time(2),
          .findings = static_cast<int>(row.integer(3)),
          .gravest = row.text(4),
          .document = row.text(5)};
}

}  // namespace

Parsed<bool> put_target(Database& database, const Target& target) {
  return done(database.run(
      "INSERT INTO target (id, name, kind, subject, team, tags, owner, source, spec, paused, "
      "created, updated, removed) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL) "
      "ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, "
      "subject = excluded.subject, team = excluded.team, tags = excluded.tags, "
      "owner = excluded.owner, source = excluded.source, spec = excluded.spec, "
      "paused = excluded.paused, updated = excluded.updated, removed = NULL",
      {cell(target.id), cell(target.name), cell(target.kind), cell(target.subject),
       cell(target.team), cell(to_list(target.tags)), cell(target.owner), cell(target.source),
       cell(target.spec), cell(target.paused), cell(target.created), cell(target.updated)}));
}

Parsed<bool> remove_target(Database& database, const std::string& id, WallTime at) {
  return done(database.run("UPDATE target SET removed = $2 WHERE id = $1 AND removed IS NULL",
                           {cell(id), cell(at)}));
}

Parsed<std::optional<Target>> target(Database& database, const std::string& id) {
  return first(
      database.run(joined("SELECT ", kTargetColumns, " FROM target WHERE id = $1"), {cell(id)}),
      target_of);
}

Parsed<std::vector<Target>> targets_of(Database& database, const std::string& source) {
  return all(database.run(joined("SELECT ", kTargetColumns,
                                 " FROM target WHERE removed IS NULL AND source = $1 ORDER BY id"),
                          {cell(source)}),
             target_of);
}

Parsed<std::vector<std::string>> ids_but_of(Database& database, const std::string& source) {
  return all(
      database.run("SELECT id FROM target WHERE removed IS NULL AND source <> $1", {cell(source)}),
      [](const Row& row) { return row.text(0); });
}

Parsed<bool> put_state(Database& database, const TargetState& state) {
  return done(database.run(
      "INSERT INTO target_state (target, outcome, since, checked, failure, status, address, "
      "detail, elapsed, certificate_until, facts) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
      "ON CONFLICT (target) DO UPDATE SET outcome = excluded.outcome, since = excluded.since, "
      "checked = excluded.checked, failure = excluded.failure, status = excluded.status, "
      "address = excluded.address, detail = excluded.detail, elapsed = excluded.elapsed, "
      "certificate_until = excluded.certificate_until, facts = excluded.facts",
      {cell(state.target), cell(state.outcome), cell(state.since), cell(state.checked),
       cell(state.failure), cell(state.status), cell(state.address), cell(state.detail),
       cell(state.elapsed_us), cell_or_nothing(state.certificate_until), cell(state.facts)}));
}

Parsed<std::optional<TargetState>> state(Database& database, const std::string& target) {
  return first(
      database.run(joined("SELECT ", kStateColumns, " FROM target_state WHERE target = $1"),
                   {cell(target)}),
      [](const Row& row) { return state_of(row); });
}

Parsed<bool> each_standing(Database& database, WithFacts facts,
                           const std::function<void(Target, std::optional<TargetState>)>& take) {
  const std::string sql = joined(
      "SELECT id, name, kind, subject, team, tags, owner, source, '' AS spec, paused, created, "
      "updated, removed, target, outcome, since, checked, failure, status, address, detail, "
      "elapsed, certificate_until, ",
      facts == WithFacts::yes ? "facts" : "''",
      " FROM target LEFT JOIN target_state ON target = id WHERE removed IS NULL ORDER BY id");
  return database.each(sql, {}, [&](const Row& row) {
    std::optional<TargetState> state;
    if (!row.null(kStateFrom)) state = state_of(row, kStateFrom);
    take(target_of(row), std::move(state));
    return true;
  });
}

Parsed<bool> add_transition(Database& database, const Transition& transition) {
  return done(database.run(
      "INSERT INTO transition (target, vantage, at, before, outcome, failure, status, address, "
      "elapsed, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      {cell(transition.target), cell(transition.vantage), cell(transition.at),
       cell(transition.before), cell(transition.outcome), cell(transition.failure),
       cell(transition.status), cell(transition.address), cell(transition.elapsed_us),
       cell(transition.detail)}));
}

Parsed<std::vector<Transition>> transitions(Database& database, const std::string& target, int most,
                                            std::int64_t before) {
  const std::int64_t newest = std::numeric_limits<std::int64_t>::max();
  return all(
      database.run("SELECT id, target, vantage, at, before, outcome, failure, status, address, "
                   "elapsed, detail FROM transition WHERE target = $1 AND id < $2 "
                   "ORDER BY id DESC LIMIT $3",
                   {cell(target), cell(before == 0 ? newest : before), cell(most)}),
      transition_of);
}

Parsed<std::vector<Transition>> newest_transitions(Database& database) {
  return all(
      database.run("SELECT id, target, vantage, at, before, outcome, failure, status, address, "
                   "elapsed, detail FROM transition WHERE id IN "
                   "(SELECT MAX(id) FROM transition GROUP BY target, vantage) ORDER BY target"),
      transition_of);
}

Parsed<bool> put_beat(Database& database, const Beat& beat) {
  return done(database.run(
      "INSERT INTO beat (target, at, ok, note) VALUES ($1, $2, $3, $4) ON CONFLICT (target) "
      "DO UPDATE SET at = excluded.at, ok = excluded.ok, note = excluded.note",
      {cell(beat.target), cell(beat.at), cell(beat.ok), cell(beat.note)}));
}

Parsed<std::vector<Beat>> beats(Database& database) {
  return all(
      database.run("SELECT target, at, ok, note FROM beat ORDER BY target"), [](const Row& row) {
        return Beat{
            .target = row.text(0), .at = row.time(1), .ok = row.boolean(2), .note = row.text(3)};
      });
}

Parsed<bool> put_vantage(Database& database, const VantageState& vantage) {
  return done(database.run(
      "INSERT INTO vantage (name, seen, addresses, state, detail) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (name) DO UPDATE SET seen = excluded.seen, addresses = excluded.addresses, "
      "state = excluded.state, detail = excluded.detail",
      {cell(vantage.name), cell(vantage.seen), cell(to_list(vantage.addresses)),
       cell(vantage.state), cell(vantage.detail)}));
}

Parsed<std::vector<VantageState>> vantages(Database& database) {
  return all(database.run("SELECT name, seen, addresses, state, detail FROM vantage ORDER BY name"),
             [](const Row& row) {
               return VantageState{.name = row.text(0),
                                   .seen = row.time(1),
                                   .addresses = from_list(row.text(2)),
                                   .state = row.text(3),
                                   .detail = row.text(4)};
             });
}

Parsed<bool> put_facts(Database& database, const OriginFacts& facts) {
  return done(database.run(
      "INSERT INTO origin_facts (agent, host, at, findings, gravest, document) "
      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (agent) DO UPDATE SET host = excluded.host, "
      "at = excluded.at, findings = excluded.findings, gravest = excluded.gravest, "
      "document = excluded.document",
      {cell(facts.agent), cell(facts.host), cell(facts.at), cell(std::int64_t{facts.findings}),
       cell(facts.gravest), cell(facts.document)}));
}

Parsed<std::optional<OriginFacts>> facts(Database& database, const std::string& agent) {
  return first(database.run("SELECT agent, host, at, findings, gravest, document FROM origin_facts "
                            "WHERE agent = $1",
                            {cell(agent)}),
               facts_of);
}

Parsed<std::vector<OriginFacts>> all_facts(Database& database) {
  return all(database.run("SELECT agent, host, at, findings, gravest, '' FROM origin_facts "
                          "ORDER BY agent"),
             facts_of);
}

Parsed<bool> begin_blind(Database& database, const Blind& blind) {
  return done(database.run("INSERT INTO blind (vantage, since, reason) VALUES ($1, $2, $3)",
                           {cell(blind.vantage), cell(blind.since), cell(blind.reason)}));
}

Parsed<bool> end_blind(Database& database, const std::string& vantage, WallTime at) {
  return done(database.run("UPDATE blind SET until = $2 WHERE vantage = $1 AND until IS NULL",
                           {cell(vantage), cell(at)}));
}

Parsed<std::vector<Blind>> blinds(Database& database, WallTime from, WallTime to) {
  return all(database.run("SELECT id, vantage, since, until, reason FROM blind "
                          "WHERE since < $2 AND (until IS NULL OR until > $1) ORDER BY since",
                          {cell(from), cell(to)}),
             blind_of);
}

Parsed<std::optional<std::string>> setting(Database& database, const std::string& name) {
  return first(database.run("SELECT value FROM meta WHERE name = $1", {cell(name)}),
               [](const Row& row) { return row.text(0); });
}

Parsed<bool> set_setting(Database& database, const std::string& name, const std::string& value) {
  return done(
      database.run("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) "
                   "DO UPDATE SET value = excluded.value",
                   {cell(name), cell(value)}));
}

}  // namespace causeway::store
