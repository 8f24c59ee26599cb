// Targets that people add, change and remove. What they may say is the watch's to decide
// (watch/typed_target.hpp); here is who may, and what is told and recorded.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/problem.hpp"
#include "console/shapes.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

net::HttpReply not_wired() {
  return problem(501, "Not here",
                 "this causeway does not watch: ask the console of the watch that has this store");
}

net::HttpReply refused(const Refusal& why) { return wrong_field(why.status, why.field, why.text); }

// What the watch has queued is written before anything is read again.
Parsed<bool> settled(Desk& desk) {
  return desk.store.write_now([](store::Database&) -> Parsed<bool> { return true; });
}

// The target `id` as it is now. `call` asked for another path, or for a change.
net::HttpReply told(Desk& desk, const Call& call, const std::string& id, int status) {
  Call again{call.request(), call.caller()};
  again.set_parts({id});
  auto reply = get_target(desk, again);
  if (reply.status == 200) reply.status = status;
  return reply;
}

net::HttpReply put(Desk& desk, const Call& call, const std::string& id) {
  if (!desk.controls.put_target) return not_wired();
  const auto body = call.object();
  if (!body) return problem(422, "Wrong input", body.error().text);
  const auto done = desk.controls.put_target(id, body->dump());
  if (!done) return refused(done.error());
  record_audit(desk, call, id.empty() ? "target.add" : "target.change", *done,
               printable(body->dump(), causeway::limits::kTextKept));
  if (const auto kept = settled(desk); !kept) return store_failed(kept.error().text);
  return told(desk, call, *done, id.empty() ? 201 : 200);
}

// Somebody else has changed it since it was read, or the body speaks of another one.
std::optional<net::HttpReply> conflict(Desk& desk, const Call& call) {
  const std::string& id = call.part(0);
  if (const auto body = call.object(); body && body->contains("id") && body->at("id") != id) {
    return wrong_field(422, "id", fmt::format("expected '{}', as in the path, or none", id));
  }
  if (!call.request().field("if-match")) return std::nullopt;
  const auto target =
      desk.store.read([&](store::Database& database) { return store::target(database, id); });
  if (!target) return store_failed(target.error().text);
  if (!*target || (*target)->removed != WallTime{}) return not_found("no target has this id");
  if (lets_change(call, version_of(definition_of(**target)))) return std::nullopt;
  return problem(412, "Changed meanwhile",
                 "somebody else has changed this target; read it again, then change it");
}

}  // namespace

net::HttpReply add_target(Desk& desk, const Call& call) { return put(desk, call, ""); }

net::HttpReply change_target(Desk& desk, const Call& call) {
  if (auto refused = conflict(desk, call)) return std::move(*refused);
  return put(desk, call, call.part(0));
}

net::HttpReply remove_target(Desk& desk, const Call& call) {
  if (!desk.controls.remove_target) return not_wired();
  const auto done = desk.controls.remove_target(call.part(0));
  if (!done) return refused(done.error());
  record_audit(desk, call, "target.remove", call.part(0));
  if (const auto kept = settled(desk); !kept) return store_failed(kept.error().text);
  return {.status = 204};
}

}  // namespace causeway::console
