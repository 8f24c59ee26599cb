// "Diagnose now": the observations as they come, then the verdict.
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "console/event_stream.hpp"
#include "console/gate.hpp"
#include "console/handlers.hpp"
#include "console/limits.hpp"
#include "console/live_runs.hpp"
#include "console/problem.hpp"
#include "model/json.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

using Json = nlohmann::ordered_json;

Json shape(const model::Observation& seen) {
  return {{"kind", name(seen.kind)},
          {"sensor", seen.sensor},
          {"subject", seen.subject},
          {"at", rfc3339(seen.at)}};
}

LiveRuns::Job diagnosis_job(DiagnoseControl diagnose, DiagnosisOrder order) {
  return [diagnose = std::move(diagnose), order = std::move(order)](LiveRuns::Channel& channel) {
    const auto result = diagnose(order, [&](const model::Observation& seen) {
      channel.say(event("observation", shape(seen)));
      return !channel.left();
    });
    if (!result) return event("refused", {{"detail", result.error().text}});
    return event("diagnosis", Json::parse(model::to_json(*result)));
  };
}

}  // namespace

net::HttpReply stream_diagnosis(Desk& desk, const Call& call) {
  if (!desk.controls.diagnose) return problem(501, "Not here", "this causeway does not diagnose");
  const auto body = call.object();
  if (!body) return problem(422, "Wrong input", body.error().text);
  const auto id = text_of(*body, "target", causeway::limits::kTextKept, true);
  if (!id) return problem(422, "Wrong input", id.error().text);
  auto url = text_of(*body, "url", limits::kUrlBytes, !id->empty());
  if (!url) return problem(422, "Wrong input", url.error().text);
  DiagnosisOrder order{.may_be_private = desk.settings.private_targets};
  if (!id->empty()) {
    const auto target =
        desk.store.read([&](store::Database& database) { return store::target(database, *id); });
    if (!target) return store_failed(target.error().text);
    if (!*target) return not_found("no target has this id");
    if (desk.controls.can_diagnose) {
      const auto fits = desk.controls.can_diagnose((*target)->spec);
      if (!fits) return problem(409, "No diagnosis fits", fits.error().text);
    }
    url = (*target)->subject;
    order.definition = (*target)->spec;
    // Whoever writes the watch's file decides what it probes; people of the console do not.
    order.may_be_private = order.may_be_private || (*target)->source != "api";
  }
  order.url = *url;
  if (const auto facts = body->find("facts"); facts != body->end()) {
    if (!facts->is_string()) return wrong_field(422, "facts", "expected text");
    auto document = model::parse_document(facts->get_ref<const std::string&>(), "facts");
    if (!document) return problem(422, "Wrong input", document.error().text);
    order.with.push_back(std::move(*document));
  }
  const auto channel =
      desk.runs.start(diagnosis_job(desk.controls.diagnose, std::move(order)), limits::kLiveRuns);
  if (channel) record_audit(desk, call, "diagnose", *id, *url);
  return relayed(channel);
}

}  // namespace causeway::console
