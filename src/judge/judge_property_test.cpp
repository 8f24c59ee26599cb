// What must hold for any evidence, sensible or not: seeded random observations.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <random>

#include "base/text.hpp"
#include "judge/cases.hpp"
#include "judge/judge.hpp"
#include "judge/ranking.hpp"
#include "judge/scenario.hpp"

namespace causeway::judge {
namespace {

using model::FailureId;
using model::Kind;
using model::Observation;
using model::Outcome;
using model::Stage;
using model::ValueType;

class Dice {
 public:
  explicit Dice(unsigned seed) : generator_(seed) {}
  int upto(int most) { return std::uniform_int_distribution<int>{0, most}(generator_); }
  bool often(int percent) { return upto(99) < percent; }
  template <class List>
  const auto& of(const List& list) {
    return list[static_cast<std::size_t>(upto(static_cast<int>(std::size(list)) - 1))];
  }

 private:
  std::mt19937 generator_;
};

const std::vector<std::string> kAddresses{"203.0.113.10", "203.0.113.11", "2001:db8:a::10"};
const std::vector<std::string> kVantages{"here", "there", "", "origin"};

// The values that a meaning lists ("open | refused (remark)"), and a few that none does.
std::vector<std::string> words_for(std::string_view meaning) {
  std::vector<std::string> out{"", "nonsense", "{address}", "\x1b[31m"};
  if (!meaning.contains(" | ")) return out;
  out.clear();
  for (auto part : split(meaning, '|')) {
    part = trim(part.substr(0, part.find_first_of(",(")));
    out.emplace_back(part.substr(0, part.find(' ')));
  }
  return out;
}

std::string random_text(Dice& dice, const model::FieldRow& field) {
  if (field.name == "address") return dice.of(kAddresses);
  if (field.name == "name" || field.name == "host") return "www.example.net";
  if (field.name == "role" && dice.often(50)) return "main";
  if (field.name == "variant" && dice.often(50)) return "main";
  if (field.name == "page") {
    return dice.of(std::array{"none", "parking", "suspended", "challenge", "default-page"});
  }
  return dice.of(words_for(field.meaning));
}

model::Value random_value(Dice& dice, const model::FieldRow& field) {
  switch (field.type) {
    case ValueType::text: return random_text(dice, field);
    case ValueType::texts: {
      std::vector<std::string> out;
      for (int i = dice.upto(3); i > 0; --i) out.push_back(dice.of(kAddresses));
      return out;
    }
    case ValueType::integer:
      return std::int64_t{dice.of(std::array{0,   1,   2,   3,   10,  20,  40,  53,  62,   64, 80,
                                             112, 200, 301, 403, 443, 500, 502, 522, 1000, -1})};
    case ValueType::real:
      return dice.of(std::array{-400.0, -1.0, 0.0, 0.3, 12.0, 950.0, 3100.0, 1e9});
    case ValueType::boolean: return dice.often(50);
  }
  return false;
}

Observation random_observation(Dice& dice, int number) {
  const auto& kind = dice.of(model::kind_rows());
  Observation out{kind.kind, "connect", "anything"};
  out.id = "o" + std::to_string(number);
  out.vantage = dice.of(kVantages);
  for (const auto& field : kind.fields) {
    if (!dice.often(kind.kind == Kind::compare ? 100 : 60)) continue;
    EXPECT_TRUE(out.set_foreign(field.name, random_value(dice, field)));
  }
  return out;
}

model::Attempt random_attempt(Dice& dice) {
  model::Attempt out;
  if (dice.often(90)) out.address = IpAddress::parse(dice.of(kAddresses)).value();
  out.port = dice.often(80) ? 443 : 0;
  out.via = dice.often(90) ? model::Via::direct : model::Via::edge;
  out.status = dice.of(std::array{0, 200, 301, 403, 404, 500, 503});
  if (dice.often(10)) return out;
  const auto& failure = dice.of(model::failure_rows());
  for (const Stage stage :
       {Stage::resolve, Stage::route, Stage::connect, Stage::secure, Stage::exchange}) {
    model::StageRecord record{.stage = stage, .outcome = Outcome::ok};
    if (failure.stage == stage && dice.often(70)) {
      record.outcome = Outcome::failed;
      if (dice.often(95)) record.failure = failure.failure;
    }
    out.stages.push_back(record);
    if (record.outcome == Outcome::failed) break;
  }
  return out;
}

Evidence random_evidence(unsigned seed) {
  Dice dice{seed};
  Evidence out{.vantage = "here", .attempts = {}, .observations = {}};
  for (int i = dice.upto(3); i > 0; --i) out.attempts.push_back(random_attempt(dice));
  Observation target{Kind::target, "resolve", "https://www.example.net/"};
  target.id = "o1";
  target.set("url", "https://www.example.net/").set("host", "www.example.net");
  target.set("scheme", "https").set("port", 443);
  out.observations.push_back(std::move(target));
  const int count = dice.upto(60);
  for (int i = 0; i < count; ++i) out.observations.push_back(random_observation(dice, i + 2));
  for (auto& made : derive(out)) out.observations.push_back(std::move(made));
  return out;
}

void expect_sound(const model::Verdict& verdict, unsigned seed) {
  const std::string message = "seed " + std::to_string(seed) + "\n" + told(verdict);
  double sum = 0;
  double before = 1;
  for (const auto& cause : verdict.causes) {
    EXPECT_GE(cause.probability, 0) << message;
    EXPECT_LE(cause.probability, kProvenCap) << message;
    EXPECT_LE(cause.probability, before) << message;
    EXPECT_FALSE(cause.title.empty()) << message;
    before = cause.probability;
    sum += cause.probability;
  }
  EXPECT_LE(sum, 1 + 1e-9) << message;
  EXPECT_FALSE(verdict.sentence.empty()) << message;
  EXPECT_FALSE(verdict.causes.empty()) << message;
  for (const auto& one : verdict.ruled_out) {
    EXPECT_FALSE(one.because.empty()) << message;
    EXPECT_EQ(std::ranges::find(verdict.causes, one.cause, &model::RankedCause::cause),
              verdict.causes.end())
        << message;
  }
  // What strangers say never moves the cursor.
  EXPECT_FALSE(told(verdict).contains('\x1b')) << message;
}

TEST(JudgeProperty, AnyEvidenceGetsASoundVerdict) {
  for (unsigned seed = 1; seed <= 1500; ++seed) {
    const Evidence evidence = random_evidence(seed);
    const model::Verdict verdict = judge(evidence);
    expect_sound(verdict, seed);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(JudgeProperty, TheSameEvidenceGetsTheSameVerdict) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    const Evidence evidence = random_evidence(seed);
    EXPECT_EQ(told(judge(evidence)), told(judge(random_evidence(seed))));
    EXPECT_EQ(told(judge(evidence)), told(judge(evidence)));
  }
}

// Whatever else is seen, our own trouble is never the origin's fault.
TEST(JudgeProperty, OwnTroubleIsNeverBlamedOnTheOrigin) {
  const std::array own{FailureId::route_no_local_route, FailureId::route_no_source_address,
                       FailureId::route_local_block,    FailureId::connect_out_of_ports,
                       FailureId::connect_out_of_files, FailureId::internal};
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Evidence evidence = random_evidence(seed);
    const FailureId failure = own[seed % own.size()];
    evidence.attempts = {model::Attempt{
        .address = IpAddress::v4(0xCB00710A),
        .port = 443,
        .stages = {
            {.stage = model::row(failure).stage, .outcome = Outcome::failed, .failure = failure}}}};
    std::erase_if(evidence.observations, [](const Observation& seen) {
      return seen.kind == Kind::edge_answer || seen.kind == Kind::compare;
    });
    for (auto& made : derive(evidence)) evidence.observations.push_back(std::move(made));
    const model::Verdict verdict = judge(evidence);
    for (const auto& cause : verdict.causes) {
      EXPECT_TRUE(model::name(cause.cause).starts_with("edge.") ||
                  cause.cause == model::CauseId::unknown ||
                  model::name(cause.cause).starts_with("dns."))
          << "seed " << seed << "\n"
          << told(verdict);
    }
  }
}

TEST(JudgeProperty, DerivedIdsGoOnAfterThoseGiven) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    const Evidence evidence = random_evidence(seed);
    std::vector<std::string> ids;
    for (const auto& seen : evidence.observations) ids.push_back(seen.id);
    std::ranges::sort(ids);
    EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace causeway::judge
