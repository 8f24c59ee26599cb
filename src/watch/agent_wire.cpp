#include "watch/agent_wire.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "watch/limits.hpp"

namespace causeway::watch {
namespace {

using Json = nlohmann::json;
using Written = nlohmann::ordered_json;

constexpr std::string_view kSchema = "causeway.agent/1";

double ms(Duration span) { return std::chrono::duration<double, std::milli>(span).count(); }

// Fits what the other side reads, with the ellipsis that a cut leaves.
std::string fitted(std::string_view text, std::size_t most = limits::kTextKept) {
  return printable(text, most - 3);
}

std::string dumped(const Written& json) {
  return json.dump(-1, ' ', false, Written::error_handler_t::replace);
}

Written result_json(const AgentResult& one) {
  const CheckResult& result = one.result;
  Written out{{"target", one.target},
              {"age_ms", ms(one.age)},
              {"outcome", name(result.outcome)},
              {"failure", result.failure ? std::string{name(*result.failure)} : ""},
              {"status", result.status},
              {"address", fitted(result.address)},
              {"detail", fitted(result.detail)},
              {"elapsed_ms", ms(result.elapsed)},
              {"resolve_ms", ms(result.phases.resolve)},
              {"connect_ms", ms(result.phases.connect)},
              {"secure_ms", ms(result.phases.secure)},
              {"wait_ms", ms(result.phases.wait)}};
  return out;
}

// One object of a document that somebody else wrote; the first wrong member is kept.
class Part {
 public:
  Part(const Json& json, std::string place, std::string& wrong)
      : json_(json), place_(std::move(place)), wrong_(wrong) {
    if (!json_.is_object()) fail("", "an object");
  }

  std::string text(const char* key, std::size_t most = limits::kTextKept) {
    const Json* value = member(key);
    if (value == nullptr) return {};
    if (!value->is_string() || value->get_ref<const std::string&>().size() > most) {
      fail(key, fmt::format("a text of at most {} bytes", most));
      return {};
    }
    return value->get<std::string>();
  }
  Duration milliseconds(const char* key) {
    const Json* value = member(key);
    if (value == nullptr) return {};
    const double read = value->is_number() ? value->get<double>() : -1;
    if (!(read >= 0 && read <= 86'400'000.0)) {
      fail(key, "milliseconds, at most a day");
      return {};
    }
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(read));
  }
  std::int64_t whole(const char* key, std::int64_t most) {
    const Json* value = member(key);
    if (value == nullptr) return 0;
    const bool fits = value->is_number_integer() && *value >= 0 && *value <= most;
    if (!fits) fail(key, fmt::format("a whole number from 0 to {}", most));
    return fits ? value->get<std::int64_t>() : 0;
  }
  bool boolean(const char* key, bool otherwise) {
    const Json* value = member(key);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) fail(key, "true or false");
    return value->is_boolean() && value->get<bool>();
  }
  const Json* list(const char* key, std::size_t most) {
    const Json* value = member(key);
    if (value == nullptr) return nullptr;
    if (value->is_array() && value->size() <= most) return value;
    fail(key, fmt::format("a list of at most {}", most));
    return nullptr;
  }
  void fail(std::string_view key, std::string_view expected) {
    if (wrong_.empty()) wrong_ = fmt::format("{}{}: expected {}", place_, key, expected);
  }

 private:
  const Json* member(const char* key) const {
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  const Json& json_;
  std::string place_;
  std::string& wrong_;
};

AgentResult read_result(const Json& json, std::string place, std::string& wrong) {
  AgentResult out;
  Part in{json, std::move(place), wrong};
  out.target = in.text("target", limits::kWatchIdLetters);
  out.age = in.milliseconds("age_ms");
  CheckResult& result = out.result;
  const auto outcome = outcome_named(in.text("outcome"));
  if (!outcome) in.fail("outcome", "ok, degraded, down or unknown");
  result.outcome = outcome.value_or(Outcome::unknown);
  if (const std::string failure = in.text("failure"); !failure.empty()) {
    result.failure = model::failure_named(failure);
    if (!result.failure) in.fail("failure", "an id of docs/failures.md");
  }
  result.status = static_cast<int>(in.whole("status", 999));
  result.address = printable(in.text("address"), limits::kTextKept);
  result.detail = printable(in.text("detail"), limits::kTextKept);
  result.elapsed = in.milliseconds("elapsed_ms");
  result.phases = {.resolve = in.milliseconds("resolve_ms"),
                   .connect = in.milliseconds("connect_ms"),
                   .secure = in.milliseconds("secure_ms"),
                   .wait = in.milliseconds("wait_ms")};
  return out;
}

AgentRun read_run(const Json& json, std::string place, std::string& wrong) {
  Part in{json, std::move(place), wrong};
  AgentRun out{.order = in.text("order"),
               .outcome = in.text("outcome"),
               .detail = printable(in.text("detail", limits::kWatchCommandOutput),
                                   limits::kWatchCommandOutput)};
  if (out.outcome != "ran" && out.outcome != "failed" && out.outcome != "refused") {
    in.fail("outcome", "ran, failed or refused");
  }
  return out;
}

Parsed<Json> document(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return error("expected a JSON object");
  const auto schema = json.find("schema");
  if (schema == json.end() || *schema != kSchema) {
    return error(fmt::format("schema: expected \"{}\"", kSchema));
  }
  return json;
}

}  // namespace

std::string to_json(const AgentReport& report) {
  Written out{
      {"schema", kSchema},   {"healthy", report.healthy},   {"detail", fitted(report.detail)},
      {"lost", report.lost}, {"results", Written::array()}, {"runs", Written::array()}};
  for (const auto& one : report.results) out["results"].push_back(result_json(one));
  for (const auto& one : report.runs) {
    out["runs"].push_back({{"order", one.order},
                           {"outcome", one.outcome},
                           {"detail", fitted(one.detail, limits::kWatchCommandOutput)}});
  }
  return dumped(out);
}

std::string to_json(const AgentAnswer& answer) {
  Written out{{"schema", kSchema},
              {"taken", answer.taken},
              {"unknown", answer.unknown},
              {"orders", Written::array()},
              {"inspect", answer.inspect}};
  for (const auto& one : answer.orders) {
    out["orders"].push_back({{"order", one.id},
                             {"remedy", one.remedy},
                             {"target", one.target},
                             {"incident", one.incident}});
  }
  return dumped(out);
}

std::string agent_targets_json(const std::vector<Target>& targets) {
  Written out{{"schema", kSchema}, {"targets", Written::array()}};
  for (Target one : targets) {
    one.remedies.clear();
    one.channels.clear();
    one.owner.clear();
    out["targets"].push_back(Written::parse(to_json(one)));
  }
  return dumped(out);
}

Parsed<AgentReport> agent_report(std::string_view text) {
  const auto json = document(text);
  if (!json) return error(json.error().text);
  std::string wrong;
  Part in{*json, "", wrong};
  AgentReport out{.healthy = in.boolean("healthy", true), .detail = in.text("detail")};
  out.lost = static_cast<std::size_t>(in.whole("lost", 1'000'000'000));
  if (const Json* list = in.list("results", limits::kAgentResults)) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      out.results.push_back(read_result((*list)[i], fmt::format("results[{}].", i), wrong));
    }
  }
  if (const Json* list = in.list("runs", limits::kAgentOrders)) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      out.runs.push_back(read_run((*list)[i], fmt::format("runs[{}].", i), wrong));
    }
  }
  if (!wrong.empty()) return error(std::move(wrong));
  return out;
}

Parsed<AgentAnswer> agent_answer(std::string_view text) {
  const auto json = document(text);
  if (!json) return error(json.error().text);
  std::string wrong;
  Part in{*json, "", wrong};
  AgentAnswer out{.taken = static_cast<std::size_t>(in.whole("taken", 1'000'000'000)),
                  .inspect = in.boolean("inspect", false)};
  if (const Json* list = in.list("unknown", limits::kAgentResults)) {
    for (const Json& id : *list) {
      if (id.is_string()) out.unknown.push_back(id.get<std::string>());
    }
  }
  if (const Json* list = in.list("orders", limits::kAgentOrders)) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      Part one{(*list)[i], fmt::format("orders[{}].", i), wrong};
      out.orders.push_back({.id = one.text("order"),
                            .remedy = one.text("remedy"),
                            .target = one.text("target"),
                            .incident = one.text("incident")});
    }
  }
  if (!wrong.empty()) return error(std::move(wrong));
  return out;
}

Parsed<AgentFacts> agent_facts(std::string_view text) {
  if (text.size() > limits::kAgentFactsBytes) {
    return error(fmt::format("expected at most {} bytes", limits::kAgentFactsBytes));
  }
  auto read = model::parse_document(text, "facts");
  if (!read) return error(read.error().text);
  if (read->schema != model::kFactsSchema) {
    return error(fmt::format("schema: expected \"{}\"", model::kFactsSchema));
  }
  if (!read->started) return error("started: expected when the inspection began");
  AgentFacts out{.document = std::move(*read)};
  out.made = *out.document.started;
  for (const auto& words : out.document.vantage.addresses) {
    if (const auto address = IpAddress::parse(words)) out.addresses.push_back(*address);
  }
  const Json whole = Json::parse(text, nullptr, false);
  std::string wrong;
  if (const Json* list = Part{whole, "", wrong}.list("findings", limits::kAgentFindings)) {
    out.findings = static_cast<int>(list->size());
    if (!list->empty()) {
      out.gravest =
          printable(Part{list->front(), "findings[0].", wrong}.text("title"), limits::kTextKept);
    }
  }
  if (!wrong.empty()) return error(std::move(wrong));
  return out;
}

Parsed<std::vector<Target>> agent_targets(std::string_view text) {
  const auto json = document(text);
  if (!json) return error(json.error().text);
  std::string wrong;
  std::vector<Target> out;
  if (const Json* list = Part{*json, "", wrong}.list("targets", limits::kAgentTargets)) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      auto target = target_from_json((*list)[i].dump());
      if (!target) return error(fmt::format("targets[{}]: {}", i, target.error().text));
      out.push_back(std::move(*target));
    }
  }
  if (!wrong.empty()) return error(std::move(wrong));
  return out;
}

}  // namespace causeway::watch
