#include "lab/score.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "model/failure.hpp"

namespace causeway::lab {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

bool among(const std::vector<std::string>& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

// "none" in a truth's list means: this field is empty.
bool fits(const std::vector<std::string>& allowed, std::string_view got) {
  return allowed.empty() || among(allowed, got.empty() ? "none" : got);
}

struct Form {
  int status = 0;
  std::string failure;
  std::string token;
  int named = 0;  // the code in its body
};

bool is_itself(const Form& form) {
  const auto failure = model::failure_named(form.failure);
  if (!failure) return false;
  const auto& row = model::row(*failure);
  const int named = row.subcode != 0 ? row.subcode : row.code;
  return row.code == form.status && row.proxy_status == form.token && form.named == named;
}

}  // namespace

std::string_view Answer::first() const {
  if (!causes.empty()) return causes.front().id;
  return state == "ok" ? "none" : "unknown";
}

Parsed<Answer> parse_answer(std::string_view document) {
  if (document.size() > limits::kDocumentBytes) return error("the document is too long");
  const auto root = Json::parse(document, nullptr, false);
  if (root.is_discarded() || !root.is_object()) return error("the document is not JSON");
  if (text_of(root, "schema") != "causeway.diagnosis/1") return error("another schema");
  const auto verdict = root.find("verdict");
  if (verdict == root.end() || !verdict->is_object()) return error("no verdict");
  Answer out;
  out.state = text_of(*verdict, "state");
  out.code = {.code = static_cast<int>(number_of(*verdict, "code")),
              .subcode = static_cast<int>(number_of(*verdict, "subcode"))};
  out.stage = text_of(*verdict, "stage");
  out.failure = text_of(*verdict, "failure");
  out.duration_ms = number_of(root, "duration_ms");
  const auto causes = verdict->find("causes");
  if (causes == verdict->end() || !causes->is_array()) return error("no list of causes");
  for (const auto& cause : *causes) {
    if (!cause.is_object()) return error("a cause is not an object");
    out.causes.push_back(
        {.id = text_of(cause, "id"), .probability = number_of(cause, "probability")});
  }
  return out;
}

Parsed<Answer> parse_edge_answer(std::string_view document) {
  if (document.size() > limits::kLabFaultBytes) return error("the document is too long");
  const auto root = Json::parse(document, nullptr, false);
  if (root.is_discarded() || !root.is_object()) return error("the document is not JSON");
  if (text_of(root, "schema") != "causeway.lab-edge/1") return error("another schema");
  Answer out;
  const int status = static_cast<int>(number_of(root, "status"));
  const int code = static_cast<int>(number_of(root, "code"));
  out.code = {.code = status, .subcode = code == status ? 0 : code};
  out.failure = text_of(root, "failure");
  const auto cut_by = text_of(root, "cut_by");
  if (const auto failure = model::failure_named(cut_by)) {
    out.cut = true;
    out.failure = cut_by;
    out.code = {.code = model::row(*failure).code, .subcode = 0};
    out.state = "failing";
    return out;
  }
  out.state = status > 0 && status < 500 && out.failure.empty() ? "ok" : "failing";
  if (out.failure.empty()) return out;
  const bool json = is_itself(
      {.status = status, .failure = out.failure, .token = text_of(root, "token"), .named = code});
  // The second request: a server that died of the first one refuses this one, and where packets are
  // lost by chance the origin may answer it.
  const Form second{.status = static_cast<int>(number_of(root, "page_status")),
                    .failure = text_of(root, "page_failure"),
                    .token = text_of(root, "page_token"),
                    .named = static_cast<int>(number_of(root, "page_code"))};
  const bool of_origin = second.failure.empty() && second.token.empty() && second.named == 0 &&
                         second.status > 0 && second.status < 500;
  const bool page = of_origin || is_itself(second);
  if (!json || !page) out.failure = "disagrees";
  return out;
}

bool edge_is_right(const Fault& fault, const Answer& answer) {
  if (answer.failure == "disagrees") return false;
  const auto& truth = fault.truth;
  // Visitors are served all the same: that is what another address, or another try, is for.
  if (among(truth.states, "degraded") && answer.state == "ok") return true;
  const auto& codes = truth.at_edge.empty() ? truth.codes : truth.at_edge;
  return std::ranges::find(codes, answer.code) != codes.end();
}

Mark mark(const Fault& fault, const Answer& answer) {
  const auto& truth = fault.truth;
  Mark out;
  out.state = among(truth.states, answer.state);
  out.code = std::ranges::find(truth.codes, answer.code) != truth.codes.end();
  out.stage = fits(truth.stages, answer.stage);
  out.failure = fits(truth.failures, answer.failure);
  out.cause = among(truth.causes, answer.first());
  out.twin = !out.cause && among(truth.twins, answer.first());
  for (const auto& cause : answer.causes) {
    if (cause.probability < kSure || among(truth.causes, cause.id)) continue;
    out.sure_and_wrong = true;
    out.sure_of_twin = among(truth.twins, cause.id);
  }
  out.false_alarm = fault.has_tag("healthy") && answer.state != "ok";
  return out;
}

bool Score::good_enough(bool joined) const {
  if (joined && cause * 100 < faults * 97) return false;
  return troubled == 0 && sure_and_wrong == 0 && false_alarms == 0 && code * 100 >= faults * 98 &&
         cause_or_twin * 100 >= faults * 95;
}

Score score(const std::vector<Result>& results) {
  Score out;
  std::vector<double> durations;
  for (const auto& result : results) {
    ++out.faults;
    out.healthy += result.fault->has_tag("healthy") ? 1 : 0;
    if (!result.trouble.empty()) {
      ++out.troubled;
      continue;
    }
    const auto& got = result.mark;
    out.code += got.code ? 1 : 0;
    out.stage += got.stage ? 1 : 0;
    out.failure += got.failure ? 1 : 0;
    out.state += got.state ? 1 : 0;
    out.cause += got.cause ? 1 : 0;
    out.cause_or_twin += got.cause || got.twin ? 1 : 0;
    out.sure_and_wrong += got.sure_and_wrong ? 1 : 0;
    out.sure_of_twin += got.sure_of_twin ? 1 : 0;
    out.false_alarms += got.false_alarm ? 1 : 0;
    durations.push_back(result.answer.duration_ms);
  }
  if (durations.empty()) return out;
  std::ranges::sort(durations);
  out.median_ms = durations[durations.size() / 2];
  out.longest_ms = durations.back();
  return out;
}

}  // namespace causeway::lab
