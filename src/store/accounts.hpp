// Who may use the console: people, their sessions, tokens for programs, and the audit log. Tokens
// and passwords are kept as their hashes alone (console/secrets.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/database.hpp"

namespace causeway::store {

struct Account {
  std::string id;
  std::string name;      // what is typed to log in; unique
  std::string role;      // viewer | operator | admin
  std::string password;  // argon2id, as libsodium writes it
  WallTime created;
  WallTime updated;
};

Parsed<bool> put_account(Database& database, const Account& account);    // new, or replaced
Parsed<bool> remove_account(Database& database, const std::string& id);  // its sessions too
Parsed<std::optional<Account>> account(Database& database, const std::string& id);
Parsed<std::optional<Account>> account_named(Database& database, const std::string& name);
Parsed<std::vector<Account>> accounts(Database& database);  // by name

struct Session {
  std::string token;  // its hash
  std::string account;
  WallTime created;
  WallTime seen;
  WallTime expires;
  std::string address;
};

Parsed<bool> put_session(Database& database, const Session& session);
Parsed<std::optional<Session>> session(Database& database, const std::string& token);
Parsed<bool> end_session(Database& database, const std::string& token);
Parsed<bool> end_sessions_of(Database& database, const std::string& account);
Parsed<bool> forget_sessions(Database& database, WallTime now);  // those that have expired

struct ApiToken {
  std::string id;
  std::string name;
  std::string token;  // its hash
  std::string scope;  // viewer | operator | admin
  std::string author;
  WallTime created;
  WallTime seen;     // the epoch: never used
  WallTime expires;  // the epoch: never
};

Parsed<bool> put_token(Database& database, const ApiToken& token);
Parsed<bool> remove_token(Database& database, const std::string& id);
Parsed<std::optional<ApiToken>> token_hashed(Database& database, const std::string& hash);
Parsed<std::vector<ApiToken>> tokens(Database& database);  // newest first

struct AuditEntry {
  std::int64_t id = 0;  // given by the store
  WallTime at;
  std::string actor;    // an account's name, "token NAME", "set-up"
  std::string action;   // "incident.acknowledge"
  std::string subject;  // an id
  std::string detail;
  std::string address;  // where the request came from
};

Parsed<bool> add_audit(Database& database, const AuditEntry& entry);
// Newest first; `before` (exclusive id) pages on, 0 for the first page.
Parsed<std::vector<AuditEntry>> audit(Database& database, int most, std::int64_t before = 0);

}  // namespace causeway::store
