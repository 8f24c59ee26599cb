// Every file of test/scenario/judge is a test of its own.
#include "judge/scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>

namespace causeway::judge {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "test/scenario/judge";

std::vector<std::string> files() {
  std::vector<std::string> out;
  if (!fs::exists(kFolder)) return out;
  for (const auto& entry : fs::recursive_directory_iterator(kFolder)) {
    if (entry.path().extension() == ".scn") out.push_back(entry.path().string());
  }
  std::ranges::sort(out);
  return out;
}

std::string content(const std::string& file) {
  std::ifstream in{file};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string out = fs::path{info.param}.lexically_relative(kFolder).replace_extension().string();
  std::ranges::replace_if(out, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return out;
}

class JudgeScenario : public testing::TestWithParam<std::string> {};

TEST_P(JudgeScenario, verdict) {
  const std::string text = content(GetParam());
  auto scenario = read_scenario(text, GetParam());
  ASSERT_TRUE(scenario) << scenario.error().text;
  ASSERT_FALSE(scenario->expectations.empty()) << "nothing is expected";
  Evidence& evidence = scenario->evidence;
  for (auto& made : derive(evidence)) evidence.observations.push_back(std::move(made));
  const model::Verdict verdict = judge(evidence);
  if (std::getenv("CAUSEWAY_SHOW_VERDICTS") != nullptr) {
    std::cout << GetParam() << ": " << told(verdict);
  }
  for (const auto& expectation : scenario->expectations) {
    const std::string wrong = expectation.check(verdict);
    EXPECT_EQ(wrong, "") << GetParam() << ":" << expectation.line << ": " << expectation.text
                         << "\n"
                         << told(verdict);
  }
  const double sum = std::accumulate(
      verdict.causes.begin(), verdict.causes.end(), 0.0,
      [](double all, const model::RankedCause& cause) { return all + cause.probability; });
  EXPECT_LE(sum, 1.0 + 1e-9) << told(verdict);
  EXPECT_FALSE(verdict.sentence.empty());
}

INSTANTIATE_TEST_SUITE_P(files, JudgeScenario, testing::ValuesIn(files()), test_name);

TEST(Scenarios, AreThere) { EXPECT_GT(files().size(), 15U) << "run from the source's root"; }

}  // namespace
}  // namespace causeway::judge
