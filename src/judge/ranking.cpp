#include "judge/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace causeway::judge {
namespace {

struct Scored {
  model::RankedCause cause;
  double score = 0;
  bool proved = false;
};

bool needs_met(const Candidate& candidate, Examination& examination) {
  return std::ranges::all_of(candidate.weights, [&](const Weight& weight) {
    return weight.effect != Effect::needs || examination.holds(weight.sign);
  });
}

std::vector<model::Reason> against(const Candidate& candidate, Examination& examination) {
  std::vector<model::Reason> out;
  for (const auto& weight : candidate.weights) {
    if (weight.effect != Effect::out || !examination.holds(weight.sign)) continue;
    if (auto reason = examination.reason(weight.sign)) {
      out.push_back(std::move(*reason));
    } else {
      out.push_back(
          {.sentence = examination.book().signs.at(weight.sign).name, .observations = {}});
    }
  }
  return out;
}

bool ruled_out(const Candidate& candidate, Examination& examination) {
  return std::ranges::any_of(candidate.weights, [&](const Weight& weight) {
    return weight.effect == Effect::out && examination.holds(weight.sign);
  });
}

void set_attribute(model::Attributes& attributes, const AttributeRule& rule) {
  if (rule.name == "scope") attributes.scope = rule.value;
  if (rule.name == "agent") attributes.agent = rule.value;
  if (rule.name == "where") attributes.where = rule.value;
}

Scored weigh(const Candidate& candidate, Examination& examination) {
  Scored out;
  out.cause.cause = candidate.cause;
  out.score = candidate.prior;
  for (const auto& weight : candidate.weights) {
    if (weight.effect == Effect::out) continue;
    const Answer answer = examination.sign(weight.sign).answer;
    double factor = 1;
    if (answer == Answer::yes) factor = weight.if_yes;
    if (answer == Answer::no) factor = weight.if_no;
    out.score *= factor;
    if (weight.effect == Effect::proof && answer == Answer::yes) out.proved = true;
    const bool needed = weight.effect == Effect::needs;
    if (factor == 1 && !needed) continue;
    auto reason = examination.reason(weight.sign);
    if (!reason) continue;
    auto& reasons = factor >= 1 ? out.cause.reasons : out.cause.counter_reasons;
    if (std::ranges::find(reasons, reason->sentence, &model::Reason::sentence) == reasons.end()) {
      reasons.push_back(std::move(*reason));
    }
  }
  for (const auto& rule : candidate.attributes) {
    if (!rule.sign || examination.holds(*rule.sign)) set_attribute(out.cause.attributes, rule);
  }
  return out;
}

double rounded_down(double probability) { return std::floor(probability * 1000) / 1000; }

}  // namespace

Ranking rank(const Chapter& chapter, Examination& examination) {
  Ranking out;
  std::vector<Scored> scored;
  double total = chapter.other;
  for (const auto& candidate : chapter.candidates) {
    if (!needs_met(candidate, examination)) continue;
    if (ruled_out(candidate, examination)) {
      out.ruled_out.push_back(
          {.cause = candidate.cause, .because = against(candidate, examination)});
      continue;
    }
    scored.push_back(weigh(candidate, examination));
    total += scored.back().score;
  }
  double trust = 1;
  for (const auto& doubt : chapter.doubts) {
    if (examination.holds(doubt.sign)) trust *= doubt.factor;
  }
  for (auto& one : scored) {
    const double cap = one.proved ? kProvenCap : kUnprovenCap;
    one.cause.probability = rounded_down(trust * std::min(cap, one.score / total));
    if (one.cause.probability < kLeast) continue;
    // Equals keep the rules' order.
    const auto place = std::ranges::upper_bound(out.causes, one.cause.probability, std::greater{},
                                                &model::RankedCause::probability);
    out.causes.insert(place, std::move(one.cause));
  }
  return out;
}

}  // namespace causeway::judge
