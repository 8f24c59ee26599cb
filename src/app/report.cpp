#include "app/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/phrases.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::app {
namespace {

using model::FailureId;

constexpr double kWorthTelling = 0.1;
constexpr std::size_t kCausesTold = 4;
constexpr std::size_t kStepsTold = 5;
constexpr std::size_t kFixesTold = 4;
constexpr double kWorthAFix = 0.2;
constexpr double kSettled = 0.9;

// Silence has no place: it may be the network, a firewall or the machine.
bool is_silence(FailureId failure) {
  return failure == FailureId::connect_silent || failure == FailureId::http_request_unacked;
}

const model::Attempt* speaker(const model::Diagnosis& diagnosis, model::Via via) {
  const model::Attempt* first = nullptr;
  for (const auto& attempt : diagnosis.attempts) {
    if (attempt.via != via) continue;
    const auto* failed = attempt.failed_stage();
    const bool same = diagnosis.verdict.failure.has_value()
                          ? failed != nullptr && failed->failure == diagnosis.verdict.failure
                          : failed == nullptr;
    if (same) return &attempt;
    if (first == nullptr) first = &attempt;
  }
  return first;
}

std::string where(const model::Diagnosis& diagnosis, const model::Attempt& attempt) {
  if (!attempt.address) return printable(diagnosis.target.host, limits::kTextKept);
  return Endpoint{*attempt.address, attempt.port}.text();
}

Duration total(const model::Attempt& attempt) {
  Duration out{};
  for (const auto& stage : attempt.stages) out += stage.elapsed;
  return out;
}

void mark_direct(std::vector<Station>& stations, const model::Attempt& attempt) {
  const auto set = [&](Mark you, Mark dns, Mark network, Mark origin) {
    stations[0].mark = you;
    stations[1].mark = dns;
    stations[2].mark = network;
    stations[3].mark = origin;
  };
  const auto* failed = attempt.failed_stage();
  if (failed == nullptr) return set(Mark::good, Mark::good, Mark::good, Mark::good);
  const FailureId failure = failed->failure.value_or(FailureId::internal);
  if (model::is_own_trouble(failure)) {
    set(Mark::bad, Mark::untested, Mark::untested, Mark::untested);
  } else if (failed->stage == model::Stage::resolve) {
    set(Mark::good, Mark::bad, Mark::untested, Mark::untested);
  } else if (is_silence(failure)) {
    set(Mark::good, Mark::good, Mark::unknown, Mark::unknown);
  } else if (failed->stage == model::Stage::route) {
    set(Mark::good, Mark::good, Mark::bad, Mark::untested);
  } else {
    set(Mark::good, Mark::good, Mark::good, Mark::bad);
  }
}

Strip direct_strip(const model::Diagnosis& diagnosis, const model::Attempt& attempt) {
  Strip out{"direct", {{"you"}, {"DNS"}, {"network"}, {}}, ""};
  out.stations[3].name = fmt::format("origin {}", where(diagnosis, attempt));
  mark_direct(out.stations, attempt);
  const bool asked = std::ranges::any_of(attempt.stages, [](const auto& stage) {
    return stage.stage == model::Stage::resolve && stage.outcome != model::Outcome::skipped;
  });
  if (!asked) out.stations.erase(out.stations.begin() + 1);
  out.note = attempt.status > 0 ? fmt::format("{}", attempt.status) : duration_text(total(attempt));
  return out;
}

// The edge's own code, when the answer through it was made by the edge.
const model::Observation* edge_said(const model::Diagnosis& diagnosis) {
  for (const auto& seen : diagnosis.observations) {
    if (seen.kind == model::Kind::edge_answer && seen.integer("code") > 0) return &seen;
  }
  return nullptr;
}

Strip edge_strip(const model::Diagnosis& diagnosis, const model::Attempt& attempt) {
  Strip out{"via edge", {{"you", Mark::good}, {"edge"}, {"origin"}}, ""};
  if (attempt.address) out.stations[1].name += " " + attempt.address->text();
  const auto* failed = attempt.failed_stage();
  const auto* said = edge_said(diagnosis);
  if (said != nullptr) {
    out.stations[1].mark = Mark::good;
    out.stations[2].mark = Mark::bad;
    out.note = fmt::format("{}", said->integer("code"));
  } else if (failed != nullptr) {
    const bool answered = attempt.status > 0;
    out.stations[1].mark = answered ? Mark::good : Mark::bad;
    out.stations[2].mark = answered ? Mark::bad : Mark::untested;
    out.note = answered ? fmt::format("{}", attempt.status) : duration_text(total(attempt));
  } else {
    out.stations[1].mark = out.stations[2].mark = Mark::good;
    out.note = fmt::format("{}", attempt.status);
  }
  return out;
}

Cell cell_of(const model::StageRecord& stage, int status) {
  Cell out;
  const std::string time = stage.elapsed > Duration{} ? duration_text(stage.elapsed) : "";
  switch (stage.outcome) {
    case model::Outcome::ok: out = {Mark::good, time}; break;
    case model::Outcome::failed: out = {Mark::bad, time}; break;
    case model::Outcome::skipped: return out;
  }
  if (stage.stage == model::Stage::exchange && status > 0) out.text = fmt::format("{}", status);
  return out;
}

std::string failure_note(const model::StageRecord& stage) {
  if (stage.outcome != model::Outcome::failed) return {};
  std::string because = printable(stage.because, limits::kTextKept);
  if (!stage.failure) return because;
  const auto& row = model::row(*stage.failure);
  return fmt::format("{}: {}", row.id, because.empty() ? std::string{row.sentence} : because);
}

}  // namespace

std::vector<Strip> strips(const model::Diagnosis& diagnosis) {
  std::vector<Strip> out;
  if (const auto* attempt = speaker(diagnosis, model::Via::edge)) {
    out.push_back(edge_strip(diagnosis, *attempt));
  }
  if (const auto* attempt = speaker(diagnosis, model::Via::direct)) {
    out.push_back(direct_strip(diagnosis, *attempt));
  }
  return out;
}

std::vector<AttemptRow> attempt_rows(const model::Diagnosis& diagnosis) {
  std::vector<AttemptRow> out;
  for (const auto& attempt : diagnosis.attempts) {
    AttemptRow row;
    row.label = (attempt.via == model::Via::edge ? "edge " : "") + where(diagnosis, attempt);
    for (const auto& stage : attempt.stages) {
      const auto column = std::ranges::find(kStages, stage.stage);
      if (column == kStages.end()) continue;
      row.cells.at(static_cast<std::size_t>(column - kStages.begin())) =
          cell_of(stage, attempt.status);
      if (row.note.empty()) row.note = failure_note(stage);
    }
    out.push_back(std::move(row));
  }
  return out;
}

const model::Observation* observed(const model::Diagnosis& diagnosis, const std::string& id) {
  const auto at = std::ranges::find(diagnosis.observations, id, &model::Observation::id);
  return at == diagnosis.observations.end() ? nullptr : &*at;
}

std::vector<const model::RankedCause*> told_causes(const model::Verdict& verdict) {
  std::vector<const model::RankedCause*> out;
  for (const auto& cause : verdict.causes) {
    if (out.size() == kCausesTold) break;
    if (out.empty() || cause.probability >= kWorthTelling) out.push_back(&cause);
  }
  return out;
}

std::vector<SettlingStep> settling_steps(const model::Verdict& verdict) {
  std::vector<SettlingStep> out;
  if (!verdict.causes.empty() && verdict.causes.front().probability >= kSettled) return out;
  for (const auto* cause : told_causes(verdict)) {
    for (const auto& step : cause->settles) {
      const auto same = [&](const SettlingStep& other) {
        return other.step->text == step.text ||
               (!step.command.empty() && other.step->command == step.command);
      };
      if (out.size() < kStepsTold && std::ranges::none_of(out, same)) out.push_back({cause, &step});
    }
  }
  return out;
}

std::size_t fixes_told(const model::Verdict& verdict, const model::RankedCause& cause) {
  if (&cause == &verdict.causes.front()) return std::min(cause.fixes.size(), kFixesTold);
  const std::size_t most = cause.probability >= kWorthAFix ? 2 : 0;
  return std::min(cause.fixes.size(), most);
}

}  // namespace causeway::app
