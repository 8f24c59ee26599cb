#include "console/gate.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "console/limits.hpp"
#include "console/problem.hpp"
#include "console/secrets.hpp"
#include "console/visitor.hpp"
#include "store/accounts.hpp"

namespace causeway::console {
namespace {

// With "__Host-" the browser keeps the cookie to this host and to TLS; without TLS it would refuse
// it.
bool over_tls(const Desk& desk, const net::HttpRequest& request) {
  return desk.settings.secure || visitor_of(desk.settings.trusted_proxies, request).secure;
}

std::string_view cookie_name(bool secure) { return secure ? "__Host-causeway" : "causeway"; }

std::string cookie_value(const Desk& desk, const net::HttpRequest& request) {
  const auto name = cookie_name(over_tls(desk, request));
  for (const auto& field : request.fields) {
    if (!equals_ignoring_case(field.name, "cookie")) continue;
    for (const auto part : split(field.value, ';')) {
      const auto pair = trim(part);
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
        return std::string{pair.substr(equals + 1)};
      }
    }
  }
  return {};
}

std::string bearer(const net::HttpRequest& request) {
  const auto field = request.field("authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (!field || field->size() <= kScheme.size()) return {};
  if (!equals_ignoring_case(field->substr(0, kScheme.size()), kScheme)) return {};
  return std::string{trim(field->substr(kScheme.size()))};
}

Parsed<Caller> by_session(Desk& desk, const std::string& token) {
  const std::string hash = token_hash(token);
  const WallTime now = wall_now();
  Caller caller;
  auto found = desk.store.read([&](store::Database& database) -> Parsed<store::Session> {
    const auto kept = store::session(database, hash);
    if (!kept) return error(kept.error().text);
    if (!*kept || (*kept)->expires < now) return store::Session{};
    const auto who = store::account(database, (*kept)->account);
    if (!who) return error(who.error().text);
    if (!*who) return store::Session{};
    caller = {role_named((*who)->role).value_or(Role::viewer), (*who)->name, (*who)->id, token};
    return **kept;
  });
  if (!found) return error(std::move(found.error().text));
  // A session that is used goes on; written now and then only.
  if (caller.role != Role::nobody && now - found->seen > limits::kSessionTouch) {
    auto touched = *found;
    touched.seen = now;
    touched.expires = now + limits::kSessionLife;
    desk.store.write(
        [touched](store::Database& database) { return store::put_session(database, touched); });
  }
  return caller;
}

Parsed<Caller> by_token(Desk& desk, const std::string& token) {
  const WallTime now = wall_now();
  auto found = desk.store.read(
      [&](store::Database& database) { return store::token_hashed(database, token_hash(token)); });
  if (!found) return error(std::move(found.error().text));
  if (!*found) return Caller{};
  auto kept = **found;
  if (kept.expires != WallTime{} && kept.expires < now) return Caller{};
  if (now - kept.seen > limits::kSessionTouch) {
    kept.seen = now;
    desk.store.write(
        [kept](store::Database& database) { return store::put_token(database, kept); });
  }
  return Caller{role_named(kept.scope).value_or(Role::viewer), "token " + kept.name, {}, {}};
}

bool changes(const net::HttpRequest& request) {
  return request.method != "GET" && request.method != "HEAD";
}

}  // namespace

Parsed<Caller> identify(Desk& desk, const net::HttpRequest& request) {
  if (const auto token = bearer(request); !token.empty()) return by_token(desk, token);
  const auto session = cookie_value(desk, request);
  if (session.empty() || session.size() > causeway::limits::kTextKept) return Caller{};
  return by_session(desk, session);
}

std::optional<net::HttpReply> refusal(const Call& call, Role least) {
  const auto& caller = call.caller();
  if (least == Role::nobody) return std::nullopt;
  if (caller.role == Role::nobody) {
    auto reply =
        problem(401, "Not logged in", "log in, or send a token: Authorization: Bearer TOKEN");
    reply.fields.emplace_back("WWW-Authenticate", "Bearer realm=\"causeway\"");
    return reply;
  }
  // Who only looks does not report.
  const bool looks = least == Role::reporter && caller.role == Role::viewer;
  if (caller.role < least || looks) {
    return problem(403, "Not allowed",
                   fmt::format("this needs the role {}; {} has {}", name(least), caller.name,
                               name(caller.role)));
  }
  // A browser sends the cookie by itself; only our own page knows the proof. Tokens are never sent
  // by themselves.
  if (!caller.session.empty() && changes(call.request())) {
    const auto proof = call.request().field("x-causeway-proof").value_or("");
    if (!same_secret(proof, page_proof(caller.session))) {
      return problem(403, "Not from our page",
                     "send the session's proof in X-Causeway-Proof (GET /api/v1/session)");
    }
  }
  return std::nullopt;
}

Parsed<OpenedSession> open_session(Desk& desk, const net::HttpRequest& request,
                                   const std::string& account) {
  const std::string token = random_token();
  const WallTime now = wall_now();
  const auto visitor = visitor_of(desk.settings.trusted_proxies, request);
  const store::Session session{token_hash(token),     account, now, now, now + limits::kSessionLife,
                               visitor.address.text()};
  auto kept = desk.store.write_now([=](store::Database& database) -> Parsed<bool> {
    auto forgotten = store::forget_sessions(database, now);
    if (!forgotten) return forgotten;
    return store::put_session(database, session);
  });
  if (!kept) return error(std::move(kept.error().text));
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(limits::kSessionLife).count();
  const bool secure = over_tls(desk, request);
  return OpenedSession{fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}",
                                   cookie_name(secure), token, seconds, secure ? "; Secure" : ""),
                       page_proof(token)};
}

std::string ended_cookie(const Desk& desk, const net::HttpRequest& request) {
  const bool secure = over_tls(desk, request);
  return fmt::format("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{}", cookie_name(secure),
                     secure ? "; Secure" : "");
}

void record_audit(Desk& desk, const Call& call, std::string action, std::string subject,
                  std::string detail) {
  const store::AuditEntry entry{
      .at = wall_now(),
      .actor = call.caller().name,
      .action = std::move(action),
      .subject = std::move(subject),
      .detail = std::move(detail),
      .address = visitor_of(desk.settings.trusted_proxies, call.request()).address.text()};
  desk.store.write_soon(
      [entry](store::Database& database) { return store::add_audit(database, entry); });
}

}  // namespace causeway::console
