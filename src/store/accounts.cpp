#include "store/accounts.hpp"

#include "store/rows.hpp"

namespace causeway::store {
namespace {

Account account_of(const Row& row) {
  return {.id = row.text(0),
          .name = row.text(1),
          .role = row.text(2),
          .password = row.text(3),
          .created = row.time(4),
          .updated = row.time(5)};
}
constexpr std::string_view kAccounts =
    "SELECT id, name, role, password, created, updated FROM account";

Session session_of(const Row& row) {
  return {.token = row.text(0),
          .account = row.text(1),
          .created = row.time(2),
          .seen = row.time(3),
          .expires = row.time(4),
          .address = row.text(5)};
}

ApiToken token_of(const Row& row) {
  return {.id = row.text(0),
          .name = row.text(1),
          .token = row.text(2),
          .scope = row.text(3),
          .author = row.text(4),
          .created = row.time(5),
          .seen = row.time(6),
          .expires = row.time(7)};
}
constexpr std::string_view kTokens =
    "SELECT id, name, token, scope, author, created, seen, expires FROM api_token";

AuditEntry entry_of(const Row& row) {
  return {.id = row.integer(0),
          .at = row.time(1),
          .actor = row.text(2),
          .action = row.text(3),
          .subject = row.text(4),
          .detail = row.text(5),
          .address = row.text(6)};
}

}  // namespace

Parsed<bool> put_account(Database& database, const Account& account) {
  return done(database.run(
      "INSERT INTO account (id, name, role, password, created, updated) "
      "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET name = excluded.name, "
      "role = excluded.role, password = excluded.password, updated = excluded.updated",
      {cell(account.id), cell(account.name), cell(account.role), cell(account.password),
       cell(account.created), cell(account.updated)}));
}

Parsed<bool> remove_account(Database& database, const std::string& id) {
  auto ended = end_sessions_of(database, id);
  if (!ended) return ended;
  return done(database.run("DELETE FROM account WHERE id = $1", {cell(id)}));
}

Parsed<std::optional<Account>> account(Database& database, const std::string& id) {
  return first(database.run(joined(kAccounts, " WHERE id = $1"), {cell(id)}), account_of);
}

Parsed<std::optional<Account>> account_named(Database& database, const std::string& name) {
  return first(database.run(joined(kAccounts, " WHERE name = $1"), {cell(name)}), account_of);
}

Parsed<std::vector<Account>> accounts(Database& database) {
  return all(database.run(joined(kAccounts, " ORDER BY name")), account_of);
}

Parsed<bool> put_session(Database& database, const Session& session) {
  return done(database.run(
      "INSERT INTO session (token, account, created, seen, expires, address) "
      "VALUES ($1, $2, $3, $4, $5, $6) "
      "ON CONFLICT (token) DO UPDATE SET seen = excluded.seen, expires = excluded.expires",
      {cell(session.token), cell(session.account), cell(session.created), cell(session.seen),
       cell(session.expires), cell(session.address)}));
}

Parsed<std::optional<Session>> session(Database& database, const std::string& token) {
  return first(database.run("SELECT token, account, created, seen, expires, address FROM session "
                            "WHERE token = $1",
                            {cell(token)}),
               session_of);
}

Parsed<bool> end_session(Database& database, const std::string& token) {
  return done(database.run("DELETE FROM session WHERE token = $1", {cell(token)}));
}

Parsed<bool> end_sessions_of(Database& database, const std::string& account) {
  return done(database.run("DELETE FROM session WHERE account = $1", {cell(account)}));
}

Parsed<bool> forget_sessions(Database& database, WallTime now) {
  return done(database.run("DELETE FROM session WHERE expires < $1", {cell(now)}));
}

Parsed<bool> put_token(Database& database, const ApiToken& token) {
  return done(database.run(
      "INSERT INTO api_token (id, name, token, scope, author, created, seen, expires) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET seen = excluded.seen",
      {cell(token.id), cell(token.name), cell(token.token), cell(token.scope), cell(token.author),
       cell(token.created), cell_or_nothing(token.seen), cell_or_nothing(token.expires)}));
}

Parsed<bool> remove_token(Database& database, const std::string& id) {
  return done(database.run("DELETE FROM api_token WHERE id = $1", {cell(id)}));
}

Parsed<std::optional<ApiToken>> token_hashed(Database& database, const std::string& hash) {
  return first(database.run(joined(kTokens, " WHERE token = $1"), {cell(hash)}), token_of);
}

Parsed<std::vector<ApiToken>> tokens(Database& database) {
  return all(database.run(joined(kTokens, " ORDER BY created DESC")), token_of);
}

Parsed<bool> add_audit(Database& database, const AuditEntry& entry) {
  return done(
      database.run("INSERT INTO audit (at, actor, action, subject, detail, address) "
                   "VALUES ($1, $2, $3, $4, $5, $6)",
                   {cell(entry.at), cell(entry.actor), cell(entry.action), cell(entry.subject),
                    cell(entry.detail), cell(entry.address)}));
}

Parsed<std::vector<AuditEntry>> audit(Database& database, int most, std::int64_t before) {
  return all(database.run("SELECT id, at, actor, action, subject, detail, address FROM audit "
                          "WHERE $1 = 0 OR id < $1 ORDER BY id DESC LIMIT $2",
                          {cell(before), cell(most)}),
             entry_of);
}

}  // namespace causeway::store
