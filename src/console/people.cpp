// Set-up, sessions, accounts, tokens, the audit log.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/id.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/limits.hpp"
#include "console/problem.hpp"
#include "console/secrets.hpp"
#include "console/setup_token.hpp"
#include "console/shapes.hpp"
#include "console/visitor.hpp"
#include "store/accounts.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

// Of a person: who reports is a program.
bool person_role(std::string_view text) {
  const auto role = role_named(text);
  return role && *role != Role::reporter;
}

net::HttpReply wrong(const Error& why) { return problem(422, "Wrong input", why.text); }

Parsed<std::string> name_of(const nlohmann::json& body) {
  auto name = text_of(body, "name", limits::kAccountNameBytes);
  if (!name) return name;
  const auto visible = [](char c) { return c > 0x20 && c != 0x7f; };
  if (!std::ranges::all_of(*name, visible)) {
    return error("\"name\": expected letters, digits and signs of ASCII, without blanks");
  }
  return name;
}

Parsed<std::string> password_of(const nlohmann::json& body, const char* member = "password") {
  auto password = text_of(body, member, limits::kPasswordBytesMost);
  if (!password) return password;
  if (password->size() < limits::kPasswordBytesLeast) {
    return error(
        fmt::format("\"{}\": at least {} characters", member, limits::kPasswordBytesLeast));
  }
  return password;
}

net::HttpReply logged_in(Desk& desk, const Call& call, const store::Account& account) {
  auto opened = open_session(desk, call.request(), account.id);
  if (!opened) return store_failed(opened.error().text);
  auto reply = created({{"name", account.name}, {"role", account.role}, {"proof", opened->proof}});
  reply.fields.emplace_back("Set-Cookie", opened->cookie);
  return reply;
}

// Where the tries of a visitor are counted.
std::string place_of(const Desk& desk, const Call& call) {
  return limit_key(visitor_of(desk.settings.trusted_proxies, call.request()).address);
}

Parsed<std::vector<store::Account>> all_accounts(Desk& desk) {
  return desk.store.read([](store::Database& database) { return store::accounts(database); });
}

bool is_last_admin(const std::vector<store::Account>& accounts, const std::string& id) {
  const auto admins = std::ranges::count(accounts, "admin", &store::Account::role);
  const auto own = std::ranges::find(accounts, id, &store::Account::id);
  return admins == 1 && own != accounts.end() && own->role == "admin";
}

}  // namespace

net::HttpReply get_session(Desk& desk, const Call& call) {
  const auto& caller = call.caller();
  if (caller.role != Role::nobody) {
    Json out{{"name", caller.name}, {"role", name(caller.role)}};
    if (!caller.session.empty()) out["proof"] = page_proof(caller.session);
    return json_reply(call, out);
  }
  const auto accounts = all_accounts(desk);
  if (!accounts) return store_failed(accounts.error().text);
  return json_reply(call, {{"name", nullptr}, {"role", nullptr}, {"set_up", !accounts->empty()}});
}

net::HttpReply set_up(Desk& desk, const Call& call) {
  const auto body = call.object();
  if (!body) return wrong(body.error());
  const auto token = text_of(*body, "token", causeway::limits::kTextKept);
  if (!token) return wrong(token.error());
  const std::string key = "set-up " + place_of(desk, call);
  if (desk.logins.wait_for(key, Clock::now()) > Duration::zero()) {
    return problem(429, "Too many tries", "wait a little, then try again");
  }
  const auto name = name_of(*body);
  if (!name) return wrong(name.error());
  const auto password = password_of(*body);
  if (!password) return wrong(password.error());
  const WallTime now = wall_now();
  const store::Account admin{random_id(), *name, "admin", hash_password(*password), now, now};
  auto done = use_setup_token(desk.store, *token, admin);
  if (!done) return store_failed(done.error().text);
  if (!*done) {
    desk.logins.failed(key, Clock::now());
    return problem(403, "Not this token",
                   "the set-up token is printed when causeway starts, and serves once");
  }
  auto reply = logged_in(desk, call, admin);
  Call as_admin = call;
  as_admin.set_caller({Role::admin, admin.name, admin.id, {}});
  record_audit(desk, as_admin, "set-up", admin.id, "first administrator");
  return reply;
}

net::HttpReply log_in(Desk& desk, const Call& call) {
  const auto body = call.object();
  if (!body) return wrong(body.error());
  const auto name = text_of(*body, "name", limits::kAccountNameBytes);
  if (!name) return wrong(name.error());
  const auto password = text_of(*body, "password", limits::kPasswordBytesMost);
  if (!password) return wrong(password.error());
  const std::string place = place_of(desk, call);
  const std::string by_address = "address " + place;
  const std::string by_name = "name " + *name;
  const Instant now = Clock::now();
  Duration wait = desk.logins.wait_for(by_address, now);
  // Whoever tries a name from elsewhere does not lock out who has it.
  if (!desk.logins.knows(*name, place)) wait = std::max(wait, desk.logins.wait_for(by_name, now));
  if (wait > Duration::zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    auto reply = problem(429, "Too many tries", fmt::format("try again in {} s", seconds));
    reply.fields.emplace_back("Retry-After", fmt::format("{}", seconds));
    return reply;
  }
  const auto account = desk.store.read(
      [&](store::Database& database) { return store::account_named(database, *name); });
  if (!account) return store_failed(account.error().text);
  const bool good = *account && password_matches(*password, (*account)->password);
  if (!*account) spend_a_password_check(*password);
  if (!good) {
    desk.logins.failed(by_address, now);
    desk.logins.failed(by_name, now);
    Call as_typed = call;
    as_typed.set_caller({Role::nobody, printable(*name, 60), {}, {}});
    record_audit(desk, as_typed, "login.refused", {});
    return problem(401, "Not logged in", "name or password is wrong");
  }
  desk.logins.succeeded(by_address);
  desk.logins.succeeded(by_name);
  desk.logins.know(*name, place, now);
  Call as_account = call;
  as_account.set_caller({Role::viewer, (*account)->name, (*account)->id, {}});
  record_audit(desk, as_account, "login", (*account)->id);
  return logged_in(desk, call, **account);
}

net::HttpReply log_out(Desk& desk, const Call& call) {
  if (!call.caller().session.empty()) {
    const auto hash = token_hash(call.caller().session);
    const auto ended = desk.store.write_now(
        [hash](store::Database& database) { return store::end_session(database, hash); });
    if (!ended) return store_failed(ended.error().text);
  }
  net::HttpReply reply{.status = 204};
  reply.fields.emplace_back("Set-Cookie", ended_cookie(desk, call.request()));
  return reply;
}

net::HttpReply change_own_password(Desk& desk, const Call& call) {
  const auto body = call.object();
  if (!body) return wrong(body.error());
  const auto old = text_of(*body, "password", limits::kPasswordBytesMost);
  if (!old) return wrong(old.error());
  const auto fresh = password_of(*body, "new_password");
  if (!fresh) return wrong(fresh.error());
  const std::string key = "own " + call.caller().name;  // strangers' tries are not its own
  if (desk.logins.wait_for(key, Clock::now()) > Duration::zero()) {
    return problem(429, "Too many tries", "wait a little, then try again");
  }
  auto account = desk.store.read(
      [&](store::Database& database) { return store::account(database, call.caller().account); });
  if (!account) return store_failed(account.error().text);
  if (!*account) return problem(403, "Not allowed", "a token has no password");
  if (!password_matches(*old, (*account)->password)) {
    desk.logins.failed(key, Clock::now());
    return problem(403, "Not allowed", "the present password is wrong");
  }
  auto changed = **account;
  changed.password = hash_password(*fresh);
  changed.updated = wall_now();
  const auto kept = desk.store.write_now([changed](store::Database& database) -> Parsed<bool> {
    auto ended = store::end_sessions_of(database, changed.id);
    if (!ended) return ended;
    return store::put_account(database, changed);
  });
  if (!kept) return store_failed(kept.error().text);
  record_audit(desk, call, "account.password", changed.id);
  return logged_in(desk, call, changed);
}

net::HttpReply list_accounts(Desk& desk, const Call& call) {
  const auto accounts = all_accounts(desk);
  if (!accounts) return store_failed(accounts.error().text);
  Json list = Json::array();
  for (const auto& each : *accounts) list.push_back(shape(each));
  return json_reply(call, {{"accounts", std::move(list)}});
}

net::HttpReply add_account(Desk& desk, const Call& call) {
  const auto body = call.object();
  if (!body) return wrong(body.error());
  const auto name = name_of(*body);
  if (!name) return wrong(name.error());
  const auto password = password_of(*body);
  if (!password) return wrong(password.error());
  const auto role = text_of(*body, "role", 20);
  if (!role) return wrong(role.error());
  if (!person_role(*role)) return wrong({"\"role\": expected viewer, operator or admin"});
  const auto accounts = all_accounts(desk);
  if (!accounts) return store_failed(accounts.error().text);
  if (std::ranges::find(*accounts, *name, &store::Account::name) != accounts->end()) {
    return problem(409, "Name taken", "another account has this name");
  }
  const WallTime now = wall_now();
  const store::Account account{random_id(), *name, *role, hash_password(*password), now, now};
  const auto kept = desk.store.write_now(
      [account](store::Database& database) { return store::put_account(database, account); });
  if (!kept) return store_failed(kept.error().text);
  record_audit(desk, call, "account.add", account.id, account.name + " as " + account.role);
  return created(shape(account));
}

net::HttpReply change_account(Desk& desk, const Call& call) {
  const auto body = call.object();
  if (!body) return wrong(body.error());
  const auto accounts = all_accounts(desk);
  if (!accounts) return store_failed(accounts.error().text);
  const auto found = std::ranges::find(*accounts, call.part(0), &store::Account::id);
  if (found == accounts->end()) return not_found("no account has this id");
  store::Account account = *found;
  if (body->contains("role")) {
    const auto role = text_of(*body, "role", 20);
    if (!role) return wrong(role.error());
    if (!person_role(*role)) return wrong({"\"role\": expected viewer, operator or admin"});
    if (*role != "admin" && is_last_admin(*accounts, account.id)) {
      return problem(409, "Last administrator", "make another account an administrator first");
    }
    account.role = *role;
  }
  if (body->contains("password")) {
    const auto password = password_of(*body);
    if (!password) return wrong(password.error());
    account.password = hash_password(*password);
  }
  account.updated = wall_now();
  const auto kept = desk.store.write_now([account](store::Database& database) -> Parsed<bool> {
    auto ended = store::end_sessions_of(database, account.id);
    if (!ended) return ended;
    return store::put_account(database, account);
  });
  if (!kept) return store_failed(kept.error().text);
  record_audit(desk, call, "account.change", account.id, account.name + " as " + account.role);
  return json_reply(call, shape(account));
}

net::HttpReply delete_account(Desk& desk, const Call& call) {
  const auto accounts = all_accounts(desk);
  if (!accounts) return store_failed(accounts.error().text);
  const auto found = std::ranges::find(*accounts, call.part(0), &store::Account::id);
  if (found == accounts->end()) return not_found("no account has this id");
  if (is_last_admin(*accounts, found->id)) {
    return problem(409, "Last administrator", "make another account an administrator first");
  }
  const auto gone = desk.store.write_now(
      [id = found->id](store::Database& database) { return store::remove_account(database, id); });
  if (!gone) return store_failed(gone.error().text);
  record_audit(desk, call, "account.delete", found->id, found->name);
  return {.status = 204};
}

net::HttpReply list_tokens(Desk& desk, const Call& call) {
  const auto tokens =
      desk.store.read([](store::Database& database) { return store::tokens(database); });
  if (!tokens) return store_failed(tokens.error().text);
  Json list = Json::array();
  for (const auto& each : *tokens) list.push_back(shape(each));
  return json_reply(call, {{"tokens", std::move(list)}});
}

net::HttpReply add_token(Desk& desk, const Call& call) {
  const auto body = call.object();
  if (!body) return wrong(body.error());
  const auto name = name_of(*body);
  if (!name) return wrong(name.error());
  const auto scope = text_of(*body, "scope", 20);
  if (!scope) return wrong(scope.error());
  if (!role_named(*scope))
    return wrong({"\"scope\": expected reporter, viewer, operator or admin"});
  store::ApiToken token{.id = random_id(), .name = *name, .scope = *scope};
  if (const auto days = body->find("days"); days != body->end() && !days->is_null()) {
    if (!days->is_number_integer() || days->get<int>() < 1 || days->get<int>() > 3650) {
      return wrong({"\"days\": expected a whole number from 1 to 3650"});
    }
    token.expires = wall_now() + std::chrono::days{days->get<int>()};
  }
  const std::string secret = "cwt_" + random_token();
  token.token = token_hash(secret);
  token.author = call.caller().name;
  token.created = wall_now();
  const auto kept = desk.store.write_now(
      [token](store::Database& database) { return store::put_token(database, token); });
  if (!kept) return store_failed(kept.error().text);
  record_audit(desk, call, "token.add", token.id, token.name + " as " + token.scope);
  Json out = shape(token);
  out["token"] = secret;  // shown once, kept as its hash
  return created(out);
}

net::HttpReply delete_token(Desk& desk, const Call& call) {
  const auto tokens =
      desk.store.read([](store::Database& database) { return store::tokens(database); });
  if (!tokens) return store_failed(tokens.error().text);
  if (std::ranges::find(*tokens, call.part(0), &store::ApiToken::id) == tokens->end()) {
    return not_found("no token has this id");
  }
  const auto gone = desk.store.write_now(
      [id = call.part(0)](store::Database& database) { return store::remove_token(database, id); });
  if (!gone) return store_failed(gone.error().text);
  record_audit(desk, call, "token.delete", call.part(0));
  return {.status = 204};
}

net::HttpReply list_audit(Desk& desk, const Call& call) {
  const auto most = call.number("limit", 100, 1, 500);
  if (!most) return wrong(most.error());
  const auto before = call.number("cursor", 0, 0, INT64_MAX);
  if (!before) return wrong(before.error());
  const auto entries = desk.store.read([&](store::Database& database) {
    return store::audit(database, static_cast<int>(*most), *before);
  });
  if (!entries) return store_failed(entries.error().text);
  Json list = Json::array();
  for (const auto& each : *entries) list.push_back(shape(each));
  const bool more = std::cmp_equal(entries->size(), *most);
  return json_reply(call,
                    {{"entries", std::move(list)},
                     {"next", more ? Json(fmt::format("{}", entries->back().id)) : Json(nullptr)}});
}

}  // namespace causeway::console
