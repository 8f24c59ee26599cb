#include "judge/findings.hpp"

#include <algorithm>

#include "judge/fill_words.hpp"
#include "judge/judge.hpp"
#include "judge/rulebook.hpp"

namespace causeway::judge {
namespace {

// The same cause again, for another port or family, adds its evidence.
void add(std::vector<model::RankedCause>& all, const FindingRule& rule, Examination& examination) {
  auto reason = examination.reason(rule.sign);
  if (!reason) return;
  auto at = std::ranges::find(all, rule.cause, &model::RankedCause::cause);
  if (at == all.end()) {
    at = all.insert(at, {.cause = rule.cause, .probability = rule.probability, .attributes = {}});
  }
  at->probability = std::max(at->probability, rule.probability);
  const bool known = std::ranges::any_of(
      at->reasons, [&](const model::Reason& other) { return other.sentence == reason->sentence; });
  if (!known) at->reasons.push_back(std::move(*reason));
  if (at->title.empty()) add_words(*at, examination);
}

}  // namespace

std::vector<model::RankedCause> findings(const std::vector<model::Observation>& observations,
                                         const std::vector<std::uint16_t>& ports) {
  const Evidence evidence{.vantage = {}, .attempts = {}, .observations = observations};
  const Scene scene{evidence};
  const Rulebook& book = rulebook();
  std::vector<model::RankedCause> out;
  for (const auto& rule : book.findings) {
    for (const auto port : ports) {
      Examination examination{book, scene, {.address = {}, .port = port}};
      if (examination.holds(rule.sign)) add(out, rule, examination);
    }
  }
  return out;
}

}  // namespace causeway::judge
