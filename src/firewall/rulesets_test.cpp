// Every folder of test/rulesets: dumps of a host and what the kernel did with a SYN from each
// source. The analysis must agree on all; "unknown" is allowed where the folder's file
// `unknown.txt` says why.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "firewall/load.hpp"
#include "firewall/proof.hpp"

namespace causeway::firewall {
namespace {

namespace fs = std::filesystem;

const fs::path kRulesets{"test/rulesets"};

std::string read_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

Dumps read_dumps(const fs::path& folder) {
  Dumps out;
  for (const auto& name : dump_names()) {
    if (fs::exists(folder / name)) out[name] = read_file(folder / name);
  }
  return out;
}

std::vector<std::string> folders() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator{kRulesets}) {
    if (fs::exists(entry.path() / "truth.json")) out.push_back(entry.path().filename());
  }
  std::ranges::sort(out);
  return out;
}

// Lines "PREFIX PORT reason": what may stay unknown.
struct Allowed {
  Prefix sources;
  std::uint16_t port = 0;
};

std::vector<Allowed> allowed_unknowns(const fs::path& folder) {
  std::vector<Allowed> out;
  std::ifstream in{folder / "unknown.txt"};
  std::string prefix;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words{line};
    Allowed one;
    if (line.starts_with('#') || !(words >> prefix >> one.port)) continue;
    one.sources = Prefix::parse(prefix).value();
    out.push_back(one);
  }
  return out;
}

class Rulesets : public testing::TestWithParam<std::string> {};

TEST_P(Rulesets, AgreesWithTheKernel) {
  const fs::path folder = kRulesets / GetParam();
  const auto truth = nlohmann::json::parse(read_file(folder / "truth.json"));
  const auto collection = load(read_dumps(folder / "dump"));
  EXPECT_THAT(collection.unreadable, testing::IsEmpty());
  ProofRequest request;
  request.edge = model::cloudflare_ranges();
  for (const auto& sample : truth["samples"]) {
    request.samples.push_back({IpAddress::parse(sample["src"].get<std::string>()).value(),
                               sample["port"].get<std::uint16_t>()});
  }
  const auto proof = prove(collection, request);
  ASSERT_EQ(proof.samples.size(), truth["samples"].size());
  const auto allowed = allowed_unknowns(folder);
  std::map<std::string, int> wrong;
  int unknown = 0;
  for (std::size_t i = 0; i < proof.samples.size(); ++i) {
    const auto& sample = truth["samples"][i];
    const auto expected = sample["verdict"].get<std::string>();
    const auto& verdict = proof.samples[i].verdict;
    if (verdict == expected) continue;
    const auto where =
        fmt::format("{}/{}", sample["src"].get<std::string>(), sample["port"].get<int>());
    const auto& asked = proof.samples[i].sample;
    const bool may_be_unknown = std::ranges::any_of(allowed, [&](const Allowed& one) {
      return one.port == asked.port && one.sources.contains(asked.source);
    });
    if (verdict == "unknown" && may_be_unknown) {
      ++unknown;
      continue;
    }
    ++wrong[fmt::format("{} instead of {} (e.g. {})", verdict, expected, where)];
  }
  std::string all;
  for (const auto& [words, count] : wrong) {
    if (all.size() < 2000) all += fmt::format("\n  {}", words);
  }
  EXPECT_TRUE(wrong.empty()) << all;
  RecordProperty("unknown", unknown);
}

INSTANTIATE_TEST_SUITE_P(All, Rulesets, testing::ValuesIn(folders()), [](const auto& each) {
  std::string out;
  for (const char c : each.param) out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return out;
});

}  // namespace
}  // namespace causeway::firewall
