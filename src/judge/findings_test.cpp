// What facts of an origin say by themselves, without an attempt to reach it.
#include "judge/findings.hpp"

#include <gmock/gmock.h>

namespace causeway::judge {
namespace {

using model::CauseId;
using testing::ElementsAre;
using testing::IsEmpty;

model::Observation fact(std::string_view what, std::string_view value, int port) {
  model::Observation out{model::Kind::fact, "inspect", "origin"};
  out.id = "o" + std::string{what} + std::to_string(port);
  out.set("what", what).set("value", value);
  if (port != 0) out.set("port", port);
  return out;
}

std::vector<CauseId> causes(const std::vector<model::Observation>& facts) {
  std::vector<CauseId> out;
  for (const auto& one : findings(facts, {80, 443})) out.push_back(one.cause);
  return out;
}

TEST(Findings, AFilterBeforeAServedPortIsOne) {
  EXPECT_THAT(causes({fact("filter", "drop", 443), fact("listener", "any", 443)}),
              ElementsAre(CauseId::firewall_drop));
}

TEST(Findings, AShutPortThatNobodyServesHarmsNobodyBesideOneThatIs) {
  for (const char* value : {"drop", "reject", "drop-source", "reject-source"}) {
    const std::vector both{fact("filter", value, 80), fact("listener", "none", 80),
                           fact("filter", "accept", 443), fact("listener", "any", 443)};
    EXPECT_THAT(causes(both), IsEmpty()) << value;
    const std::vector alone{fact("filter", value, 80), fact("listener", "none", 80),
                            fact("listener", "none", 443)};
    EXPECT_THAT(causes(alone), testing::Not(IsEmpty())) << value;
  }
}

TEST(Findings, AServerThatIsNotStartedAtBootMayBeMeantToRest) {
  const auto meant = findings({fact("process", "stopped", 0)}, {443});
  const auto resting = findings({fact("process", "disabled", 0)}, {443});
  ASSERT_EQ(meant.size(), 1U);
  ASSERT_EQ(resting.size(), 1U);
  EXPECT_EQ(meant[0].cause, CauseId::origin_process_stopped);
  EXPECT_EQ(resting[0].cause, CauseId::origin_process_stopped);
  EXPECT_LT(resting[0].probability, meant[0].probability);
}

}  // namespace
}  // namespace causeway::judge
