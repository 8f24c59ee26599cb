// Plans of migrations: made while the page watches, kept a while, given as files.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/id.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "console/event_stream.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/limits.hpp"
#include "console/live_runs.hpp"
#include "console/plan_shelf.hpp"
#include "console/problem.hpp"
#include "model/json.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kAddressesBytes = 1024;  // of one machine, as they were typed

std::unexpected<Refusal> wrong(std::string field, std::string text) {
  return std::unexpected(Refusal{.field = std::move(field), .text = std::move(text)});
}

// "\"old\": expected text" as "expected text": the field is named beside it.
std::string without_name(std::string_view text, std::string_view name) {
  const auto quoted = fmt::format("\"{}\"", name);
  if (text.starts_with(quoted)) text.remove_prefix(quoted.size());
  return std::string{trim(text.substr(text.starts_with(':') ? 1 : 0))};
}

OrRefused<std::string> text_in(const nlohmann::json& body, const char* name, std::size_t most,
                               bool may_lack) {
  auto text = text_of(body, name, most, may_lack);
  if (!text) return wrong(name, without_name(text.error().text, name));
  return std::move(*text);
}

OrRefused<std::vector<std::string>> texts_in(const nlohmann::json& body, const char* name,
                                             std::size_t most) {
  auto texts = texts_of(body, name);
  if (!texts) return wrong(name, without_name(texts.error().text, name));
  if (texts->size() > most) return wrong(name, fmt::format("at most {}", most));
  return std::move(*texts);
}

OrRefused<std::optional<std::size_t>> pages_in(const nlohmann::json& body) {
  const auto at = body.find("pages");
  if (at == body.end()) return std::nullopt;
  if (!at->is_number_unsigned() || at->get<std::uint64_t>() > limits::kPlanPages) {
    return wrong("pages", fmt::format("expected a whole number from 0 to {}", limits::kPlanPages));
  }
  return at->get<std::size_t>();
}

// A zone's name is the name of a folder of snapshots: nothing that leads elsewhere.
bool is_zone(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return std::ranges::all_of(text, fits) && !text.starts_with('.') && !text.ends_with(".json");
}

OrRefused<PlanOrder> order_in(const Desk& desk, const nlohmann::json& body) {
  PlanOrder out{.may_be_private = desk.settings.private_targets, .deadline = limits::kLivePlan};
  auto before = text_in(body, "old", kAddressesBytes, false);
  if (!before) return std::unexpected(before.error());
  auto after = text_in(body, "new", kAddressesBytes, false);
  if (!after) return std::unexpected(after.error());
  auto names = texts_in(body, "names", limits::kPlanNames);
  if (!names) return std::unexpected(names.error());
  auto paths = texts_in(body, "paths", limits::kPlanPaths);
  if (!paths) return std::unexpected(paths.error());
  const auto pages = pages_in(body);
  if (!pages) return std::unexpected(pages.error());
  auto ssl = text_in(body, "ssl", 20, true);
  if (!ssl) return std::unexpected(ssl.error());
  if (ssl->empty()) *ssl = "strict";
  if (*ssl != "strict" && *ssl != "full" && *ssl != "flexible") {
    return wrong("ssl", "expected strict, full or flexible");
  }
  auto zone = text_in(body, "zone", codec::kDnsNameBytes, true);
  if (!zone) return std::unexpected(zone.error());
  if (!is_zone(*zone)) return wrong("zone", "expected the name of a zone, such as example.net");
  auto facts = text_in(body, "facts", causeway::limits::kDocumentBytes, true);
  if (!facts) return std::unexpected(facts.error());
  if (!facts->empty()) {
    auto document = model::parse_document(*facts, "facts");
    if (!document) return wrong("facts", document.error().text);
    out.with.push_back(std::move(*document));
  }
  out.before = std::move(*before);
  out.after = std::move(*after);
  out.names = std::move(*names);
  out.paths = std::move(*paths);
  out.pages = *pages;
  out.ssl = std::move(*ssl);
  out.zone = std::move(*zone);
  return out;
}

LiveRuns::Job plan_job(PlanRun run, std::shared_ptr<PlanShelf> shelf, std::string author) {
  return [run = std::move(run), shelf = std::move(shelf),
          author = std::move(author)](LiveRuns::Channel& channel) {
    auto made =
        run({.told = [&](const auto& what) { channel.say(event("step", {{"text", what}})); },
             .left = [&] { return channel.left(); }});
    if (!made) return event("refused", {{"detail", made.error().text}});
    KeptPlan kept{.id = random_id(), .at = wall_now(), .author = author, .made = std::move(*made)};
    const Json done{{"id", kept.id}, {"go", kept.made.go}};
    shelf->put(std::move(kept));
    return event("plan", done);
  };
}

Json head_of(const KeptPlan& plan) {
  return {{"id", plan.id},
          {"at", rfc3339(plan.at)},
          {"author", plan.author},
          {"names", plan.made.names},
          {"before", plan.made.before},
          {"after", plan.made.after},
          {"go", plan.made.go},
          {"stops", plan.made.stops},
          {"warnings", plan.made.warnings},
          {"unknowns", plan.made.unknowns}};
}

net::HttpReply no_plan() {
  return not_found(fmt::format(
      "no plan has this id: the newest {} are kept while the console runs; make it anew",
      limits::kPlansKept));
}

net::HttpReply calendar_of(const KeptPlan& plan, const Call& call) {
  const auto at = parse_rfc3339(call.query("at"));
  if (!at) {
    return wrong_field(422, "at",
                       "expected the time of the cut-over, such as "
                       "2026-12-01T22:00:00Z");
  }
  return file_reply("plan-" + plan.id + ".ics", "text/calendar; charset=utf-8",
                    plan.made.calendar(*at));
}

}  // namespace

net::HttpReply stream_plan(Desk& desk, const Call& call) {
  if (!desk.controls.plan) return problem(501, "Not here", "this causeway makes no plans");
  const auto body = call.object();
  if (!body) return problem(422, "Wrong input", body.error().text);
  const auto order = order_in(desk, *body);
  if (!order) return wrong_field(422, order.error().field, order.error().text);
  auto run = desk.controls.plan(*order);
  if (!run) return wrong_field(run.error().status, run.error().field, run.error().text);
  const auto channel = desk.runs.start(plan_job(std::move(*run), desk.plans, call.caller().name),
                                       limits::kLivePlans);
  if (channel) {
    record_audit(desk, call, "plan", printable(join(order->names, ", "), 300),
                 printable(order->before + " to " + order->after, 300));
  }
  return relayed(channel);
}

net::HttpReply list_plans(Desk& desk, const Call& call) {
  Json plans = Json::array();
  for (const auto& each : desk.plans->newest_first()) plans.push_back(head_of(*each));
  return json_reply(call, {{"plans", std::move(plans)}});
}

net::HttpReply get_plan(Desk& desk, const Call& call) {
  const auto plan = desk.plans->find(call.part(0));
  if (!plan) return no_plan();
  Json out = head_of(*plan);
  out["document"] = Json::parse(plan->made.document, nullptr, false);
  return json_reply(call, out);
}

net::HttpReply get_plan_file(Desk& desk, const Call& call) {
  const auto plan = desk.plans->find(call.part(0));
  if (!plan) return no_plan();
  struct Format {
    std::string_view name;
    std::string_view suffix;
    std::string_view type;
    std::string PlanMade::* bytes;
  };
  static constexpr std::array kFormats{
      Format{"text", "txt", "text/plain; charset=utf-8", &PlanMade::text},
      Format{"markdown", "md", "text/markdown; charset=utf-8", &PlanMade::markdown},
      Format{"html", "html", "text/html; charset=utf-8", &PlanMade::html},
      Format{"json", "json", "application/json", &PlanMade::document}};
  const std::string wanted = call.query("format").empty() ? "text" : call.query("format");
  if (wanted == "calendar") return calendar_of(*plan, call);
  const auto* format = std::ranges::find(kFormats, wanted, &Format::name);
  if (format == kFormats.end()) {
    return wrong_field(422, "format", "expected text, markdown, html, json or calendar");
  }
  return file_reply(fmt::format("plan-{}.{}", plan->id, format->suffix), format->type,
                    plan->made.*format->bytes);
}

}  // namespace causeway::console
