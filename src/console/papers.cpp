// Papers: a report of an incident, what an inspection of an origin found, the proof of this
// machine's firewall.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/problem.hpp"
#include "console/shapes.hpp"
#include "model/cause.hpp"
#include "model/json.hpp"
#include "store/incidents.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

struct Format {
  std::string_view name;
  std::string_view suffix;
  std::string_view type;
};
constexpr std::array kFormats{Format{"text", "txt", "text/plain; charset=utf-8"},
                              Format{"html", "html", "text/html; charset=utf-8"},
                              Format{"json", "json", "application/json"},
                              Format{"bundle", "tar.zst", "application/zstd"}};

// Newest first by what is known of it; empty: the document has none.
std::optional<WallTime> newest_of(const model::Document& document) {
  auto out = document.started;
  for (const auto& seen : document.observations) {
    if (!out || seen.at > *out) out = seen.at;
  }
  return out;
}

Parsed<Json> summary_of(const std::string& text) {
  const auto document = model::parse_document(text, "document");
  if (!document) return error(document.error().text);
  if (document->schema != model::kFactsSchema) {
    return error(
        fmt::format("expected a {} document, made by 'causeway inspect --format json'; found {}",
                    model::kFactsSchema, document->schema));
  }
  const auto whole = Json::parse(text, nullptr, false);
  const auto findings = whole.find("findings");
  const auto at = newest_of(*document);
  return Json{
      {"host", document->host},
      {"vantage", document->vantage.name},
      {"at", at ? Json(rfc3339(*at)) : Json(nullptr)},
      {"fresh", at && wall_now() - *at <= causeway::limits::kFactsFresh},
      {"observations", document->observations.size()},
      {"skipped", document->skipped_kinds + document->skipped_fields},
      {"findings", findings != whole.end() && findings->is_array() ? *findings : Json::array()}};
}

net::HttpReply shown(const Call& call, const ProofSeen& seen) {
  auto document = Json::parse(seen.document, nullptr, false);
  return json_reply(call,
                    {{"running", seen.running},
                     {"at", time_or_null(seen.at)},
                     {"wants_root", seen.wants_root},
                     {"why", seen.why},
                     {"document", document.is_object() ? std::move(document) : Json(nullptr)}});
}

net::HttpReply no_proof() {
  return problem(501, "Not here", "this console cannot read its machine's rules");
}

}  // namespace

std::expected<Later, net::HttpReply> get_report(Desk& desk, const Call& call) {
  if (!desk.controls.report) {
    return std::unexpected(problem(501, "Not here", "no reports are made here"));
  }
  const std::string wanted = call.query("format").empty() ? "text" : call.query("format");
  const auto* format = std::ranges::find(kFormats, wanted, &Format::name);
  if (format == kFormats.end()) {
    return std::unexpected(wrong_field(422, "format", "expected text, html, json or bundle"));
  }
  const auto incident = desk.store.read(
      [&](store::Database& database) { return store::incident(database, call.part(0)); });
  if (!incident) return std::unexpected(store_failed(incident.error().text));
  if (!*incident) return std::unexpected(not_found("no incident has this id"));
  const std::string hide = call.query("hide").empty() ? "mail,user,network" : call.query("hide");
  return later(
      [make = desk.controls.report,
       order = ReportOrder{.incident = call.part(0), .format = wanted, .hide = hide}] {
        return make(order);
      },
      [format, hide](Desk& of, const Call& again, const Parsed<std::string>& made) {
        if (!made) return problem(422, "No report", made.error().text);
        const std::string& id = again.part(0);
        record_audit(of, again, "incident.report", id,
                     fmt::format("{}, hidden: secrets, {}", format->name, printable(hide, 80)));
        return file_reply(fmt::format("report-{}.{}", printable(id, 40), format->suffix),
                          format->type, *made);
      });
}

net::HttpReply read_facts(Desk& /*desk*/, const Call& call) {
  const auto body = call.object();
  if (!body) return problem(422, "Wrong input", body.error().text);
  const auto text = text_of(*body, "document", causeway::limits::kDocumentBytes);
  if (!text) return problem(422, "Wrong input", text.error().text);
  const auto out = summary_of(*text);
  if (!out) return problem(422, "Not facts of an origin", out.error().text);
  return json_reply(call, *out);
}

net::HttpReply list_origins(Desk& desk, const Call& call) {
  const auto all = desk.store.read([](store::Database& db) { return store::all_facts(db); });
  if (!all) return store_failed(all.error().text);
  Json origins = Json::array();
  for (const auto& one : *all) {
    origins.push_back({{"agent", one.agent},
                       {"host", one.host},
                       {"at", rfc3339(one.at)},
                       {"fresh", wall_now() - one.at <= causeway::limits::kFactsFresh},
                       {"findings", one.findings},
                       {"gravest", one.gravest}});
  }
  return json_reply(call, {{"origins", std::move(origins)}});
}

net::HttpReply get_origin(Desk& desk, const Call& call) {
  const auto found =
      desk.store.read([&](store::Database& db) { return store::facts(db, call.part(0)); });
  if (!found) return store_failed(found.error().text);
  if (!*found) return not_found("no agent of this name has sent what it found");
  auto out = summary_of((*found)->document);
  if (!out) return problem(422, "Not facts of an origin", out.error().text);
  (*out)["agent"] = (*found)->agent;
  (*out)["document"] = (*found)->document;
  return json_reply(call, *out);
}

net::HttpReply get_proof(Desk& desk, const Call& call) {
  if (!desk.controls.proof) return no_proof();
  return shown(call, desk.controls.proof(false));
}

net::HttpReply make_proof(Desk& desk, const Call& call) {
  if (!desk.controls.proof) return no_proof();
  const auto seen = desk.controls.proof(true);
  record_audit(desk, call, "guard.prove", "this machine");
  return shown(call, seen);
}

}  // namespace causeway::console
