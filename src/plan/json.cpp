#include <nlohmann/json.hpp>

#include "plan/plan.hpp"

namespace causeway::plan {
namespace {

using Json = nlohmann::ordered_json;

Json texts(const std::vector<IpAddress>& addresses) {
  Json out = Json::array();
  for (const auto& address : addresses) out.push_back(address.text());
  return out;
}

Json json_of(const EndpointSeen& seen) {
  Json out{{"endpoint", seen.endpoint.text()}, {"tls", seen.tls}, {"answers", seen.answers()}};
  out["failure"] = seen.failure ? Json(model::name(*seen.failure)) : Json(nullptr);
  out["status"] = seen.status;
  out["certificate_failures"] = seen.certificate_failures;
  out["cause"] = seen.cause;
  return out;
}

}  // namespace

std::string_view name(State state) {
  switch (state) {
    case State::stop: return "stop";
    case State::warn: return "warn";
    case State::unknown: return "unknown";
    case State::good: return "good";
  }
  return "";
}

std::string to_json(const Plan& plan) {
  Json out{{"schema", kPlanSchema},
           {"at", rfc3339(plan.seen.at)},
           {"before", texts(plan.seen.before)},
           {"after", texts(plan.seen.after)},
           {"go", plan.go},
           {"stops", plan.stops},
           {"warnings", plan.warnings},
           {"unknowns", plan.unknowns}};
  out["hosts"] = Json::array();
  for (const auto& host : plan.seen.hosts) {
    Json before = Json::array();
    Json after = Json::array();
    for (const auto& seen : host.before) before.push_back(json_of(seen));
    for (const auto& seen : host.after) after.push_back(json_of(seen));
    Json pages = Json::array();
    for (const auto& page : host.pages) {
      pages.push_back({{"path", page.path},
                       {"before", page.before.status},
                       {"after", page.after.status},
                       {"differences", differences(page).size()}});
    }
    out["hosts"].push_back(
        {{"name", host.name}, {"before", before}, {"after", after}, {"pages", pages}});
  }
  out["checks"] = Json::array();
  for (const auto& check : plan.checks) {
    out["checks"].push_back({{"id", check.id},
                             {"state", name(check.state)},
                             {"host", check.host},
                             {"sentence", check.sentence},
                             {"evidence", check.evidence},
                             {"fix", check.fix}});
  }
  out["steps"] = Json::array();
  for (const auto& step : plan.steps) {
    out["steps"].push_back({{"when", step.when},
                            {"offset_s", step.offset.count()},
                            {"text", step.text},
                            {"commands", step.commands},
                            {"point_of_return", step.point_of_return}});
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace causeway::plan
