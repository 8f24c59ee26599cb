#include "judge/conclude.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "judge/judge.hpp"

namespace causeway::judge {
namespace {

constexpr auto kClocksDiffer = std::chrono::minutes{5};  // and are both right enough

// When the document's newest observation was made.
std::optional<WallTime> newest(const model::Document& document) {
  std::optional<WallTime> out = document.started;
  for (const auto& seen : document.observations) {
    if (!out || seen.at > *out) out = seen.at;
  }
  return out;
}

std::string span_text(std::chrono::minutes span) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(span);
  if (hours.count() >= 48) return fmt::format("{} days", hours.count() / 24);
  if (hours.count() >= 2) return fmt::format("{} hours", hours.count());
  return fmt::format("{} minutes", span.count());
}

using Renamed = std::map<std::string, std::string, std::less<>>;

// What a fact follows from has another id here.
void rename_references(std::span<model::Observation> observations, const Renamed& names) {
  for (auto& seen : observations) {
    if (seen.kind != model::Kind::fact || !seen.has("from")) continue;
    std::vector<std::string> from;
    for (const auto& id : seen.texts("from")) {
      if (const auto at = names.find(id); at != names.end()) from.push_back(at->second);
    }
    seen.set("from", std::move(from));
  }
}

}  // namespace

void join(std::vector<model::Observation>& observations, const std::string& own_vantage,
          const std::vector<model::Document>& documents) {
  for (const auto& document : documents) {
    const bool facts = document.schema == model::kFactsSchema;
    Renamed names;  // old id, new id
    const std::size_t first = observations.size();
    for (const auto& seen : document.observations) {
      if (seen.kind == model::Kind::compare) continue;
      if (observations.size() >= static_cast<std::size_t>(limits::kObservations)) break;
      model::Observation joined = seen;
      joined.id = fmt::format("o{}", observations.size() + 1);
      names.emplace(seen.id, joined.id);
      if (!facts && joined.vantage == own_vantage) {
        joined.vantage = fmt::format("{} at {}", own_vantage,
                                     rfc3339(document.started.value_or(seen.at)).substr(0, 19));
      }
      observations.push_back(std::move(joined));
    }
    rename_references(std::span{observations}.subspan(first), names);
  }
}

std::vector<model::Note> age_notes(const std::vector<model::Document>& documents, WallTime now) {
  std::vector<model::Note> out;
  for (const auto& document : documents) {
    const auto at = newest(document);
    if (!at) continue;
    const bool facts = document.schema == model::kFactsSchema;
    const std::string what =
        fmt::format("The {} from {} {}", facts ? "facts" : "diagnosis",
                    printable(document.vantage.name, limits::kTextKept), facts ? "are" : "is");
    if (*at > now + kClocksDiffer) {
      out.push_back(
          {fmt::format("{} dated {}, which is yet to come: one of the two clocks is wrong.", what,
                       rfc3339(*at).substr(0, 19)),
           {}});
    }
    const auto age = std::chrono::duration_cast<std::chrono::minutes>(now - *at);
    if (age <= limits::kFactsFresh) continue;
    out.push_back({fmt::format("{} {} old.", what, span_text(age)), {}});
  }
  return out;
}

void conclude(model::Diagnosis& out, std::vector<model::Observation> seen,
              const std::vector<model::Document>& others) {
  Evidence evidence{out.vantage.name, out.attempts, std::move(seen)};
  for (auto& one : evidence.observations) {
    if (one.vantage.empty()) one.vantage = out.vantage.name;
  }
  join(evidence.observations, out.vantage.name, others);
  for (auto& derived : derive(evidence)) {
    if (derived.vantage.empty()) derived.vantage = out.vantage.name;
    evidence.observations.push_back(std::move(derived));
  }
  out.verdict = judge(evidence);
  for (auto& note : age_notes(others, out.started)) out.verdict.notes.push_back(std::move(note));
  out.observations = std::move(evidence.observations);
}

}  // namespace causeway::judge
