#include "lab/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace causeway::lab {
namespace {

std::string text_of(const std::vector<Code>& codes) {
  std::vector<std::string> out;
  out.reserve(codes.size());
  for (const auto& code : codes) out.push_back(text(code));
  return join(out, "|");
}

std::string codes(const Truth& truth) { return text_of(truth.codes); }
std::string codes_at_edge(const Truth& truth) {
  return text_of(truth.at_edge.empty() ? truth.codes : truth.at_edge);
}

std::string causes_of(const Answer& answer) {
  std::vector<std::string> out;
  for (const auto& cause : answer.causes) {
    if (out.size() < 3) out.push_back(fmt::format("{} {:.2f}", cause.id, cause.probability));
  }
  return out.empty() ? std::string(answer.first()) : join(out, ", ");
}

std::string_view word(const Result& result) {
  if (!result.trouble.empty()) return "BROKEN";
  const auto& got = result.mark;
  if (got.false_alarm) return "ALARM";
  if (got.sure_and_wrong) return "SURE+WRONG";
  if (!got.code) return "CODE";
  if (!got.cause && !got.twin) return "CAUSE";
  return got.twin ? "twin" : "ok";
}

std::string explain(const Result& result) {
  if (!result.trouble.empty())
    return fmt::format("  {}\n    {}\n", result.fault->id, result.trouble);
  const auto& truth = result.fault->truth;
  const auto& answer = result.answer;
  std::string out = fmt::format("  {}: {}\n", result.fault->id, result.fault->title);
  out += fmt::format("    expected {} {} {} {}{}\n", join(truth.states, "|"), codes(truth),
                     join(truth.failures, "|"), join(truth.causes, "|"),
                     truth.twins.empty() ? "" : " (twins " + join(truth.twins, " ") + ")");
  out += fmt::format("    got      {} {} {} {}\n", answer.state, text(answer.code), answer.failure,
                     causes_of(answer));
  if (!result.kept.empty()) out += fmt::format("    {}\n", result.kept);
  return out;
}

std::string share(int part, int whole) {
  return fmt::format("{:>4} of {} ({:.1f} %)", part, whole,
                     whole == 0 ? 100.0 : 100.0 * part / whole);
}

}  // namespace

std::string line(const Result& result, bool check_only) {
  if (check_only) {
    return fmt::format("{:<10} {:<38} {:>6.0f} ms to set up\n",
                       result.trouble.empty() ? "ok" : "BROKEN", result.fault->id, result.setup_ms);
  }
  return fmt::format("{:<10} {:<38} {:<9} {:<32} {:>7.1f} s\n", word(result), result.fault->id,
                     text(result.answer.code), result.answer.first(),
                     result.answer.duration_ms / 1000.0);
}

std::string summary(const std::vector<Result>& results, double wall_s, bool joined) {
  std::string out;
  for (const auto& result : results) {
    const bool other = !result.mark.stage || !result.mark.failure || !result.mark.state;
    if (!result.trouble.empty() || !result.mark.right() || other) out += explain(result);
  }
  if (!out.empty()) out = "\nnot as the truth says:\n" + out;
  const auto total = score(results);
  out += fmt::format("\nfaults                     {:>4} ({} healthy, {} not run to the end)\n",
                     total.faults, total.healthy, total.troubled);
  out += fmt::format("code right                 {}\n", share(total.code, total.faults));
  out += fmt::format("cause first                {}\n", share(total.cause, total.faults));
  out += fmt::format("cause or true twin first   {}\n", share(total.cause_or_twin, total.faults));
  out += fmt::format("sure and wrong             {:>4} ({} of them of a twin)\n",
                     total.sure_and_wrong, total.sure_of_twin);
  out += fmt::format("false alarms on healthy    {:>4}\n", total.false_alarms);
  out += fmt::format("state, stage, failure      {}, {}, {}\n", total.state, total.stage,
                     total.failure);
  out += fmt::format("diagnosis                  median {:.2f} s, longest {:.1f} s\n",
                     total.median_ms / 1000.0, total.longest_ms / 1000.0);
  out += fmt::format("wall time                  {:.0f} s\n", wall_s);
  out += total.good_enough(joined) ? "the targets hold\n" : "the targets do not hold\n";
  return out;
}

std::string edge_line(const Result& result) {
  const bool broken = !result.trouble.empty();
  const bool right = !broken && edge_is_right(*result.fault, result.answer);
  std::string failure = broken ? result.trouble : result.answer.failure;
  if (!broken && result.answer.cut) failure += " (cut; the log says it)";
  return fmt::format("{:<10} {:<38} {:<9} {:<9} {}\n",
                     broken  ? "BROKEN"
                     : right ? "ok"
                             : "CODE",
                     result.fault->id, codes_at_edge(result.fault->truth), text(result.answer.code),
                     failure);
}

std::string edge_summary(const std::vector<Result>& results, double wall_s) {
  std::string out;
  int right = 0;
  int troubled = 0;
  for (const auto& result : results) {
    if (!result.trouble.empty()) ++troubled;
    if (result.trouble.empty() && edge_is_right(*result.fault, result.answer)) {
      ++right;
      continue;
    }
    out += fmt::format("  {}: {}\n    expected {}, got {} {}{}\n", result.fault->id,
                       result.fault->title, codes_at_edge(result.fault->truth),
                       text(result.answer.code), result.answer.failure, result.trouble);
    if (!result.kept.empty()) out += fmt::format("    {}\n", result.kept);
  }
  if (!out.empty()) out = "\nnot as the truth says:\n" + out;
  const int faults = static_cast<int>(results.size());
  out +=
      fmt::format("\nfaults                     {:>4} ({} not run to the end)\n", faults, troubled);
  out += fmt::format("code right at the edge     {}\n", share(right, faults));
  out += fmt::format("wall time                  {:.0f} s\n", wall_s);
  return out;
}

std::string json(const std::vector<Result>& results, double wall_s, bool joined) {
  using Json = nlohmann::ordered_json;
  const auto total = score(results);
  Json out{{"schema", "causeway.lab/1"},
           {"faults", total.faults},
           {"healthy", total.healthy},
           {"not_run", total.troubled},
           {"code_right", total.code},
           {"cause_first", total.cause},
           {"cause_or_twin_first", total.cause_or_twin},
           {"sure_and_wrong", total.sure_and_wrong},
           {"sure_of_twin", total.sure_of_twin},
           {"false_alarms", total.false_alarms},
           {"state_right", total.state},
           {"stage_right", total.stage},
           {"failure_right", total.failure},
           {"median_ms", total.median_ms},
           {"longest_ms", total.longest_ms},
           {"wall_s", wall_s},
           {"joined", joined},
           {"targets_hold", total.good_enough(joined)},
           {"results", Json::array()}};
  for (const auto& result : results) {
    const auto& answer = result.answer;
    Json causes = Json::array();
    for (const auto& cause : answer.causes) {
      causes.push_back({{"id", cause.id}, {"probability", cause.probability}});
    }
    out["results"].push_back({{"id", result.fault->id},
                              {"result", std::string(word(result))},
                              {"trouble", result.trouble},
                              {"expected",
                               {{"code", codes(result.fault->truth)},
                                {"causes", result.fault->truth.causes},
                                {"twins", result.fault->truth.twins},
                                {"states", result.fault->truth.states}}},
                              {"got",
                               {{"state", answer.state},
                                {"code", text(answer.code)},
                                {"stage", answer.stage},
                                {"failure", answer.failure},
                                {"causes", causes},
                                {"duration_ms", answer.duration_ms}}},
                              {"setup_ms", result.setup_ms},
                              {"kept", result.kept}});
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace causeway::lab
