#include "lab/fault.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>

namespace causeway::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kWhole =
    "title: A firewall drops port 443\n"
    "code: 522 | 530/1016\n"
    "stage: connect\n"
    "failure: connect.silent\n"
    "cause: firewall.drop\n"
    "twins: origin.accept-queue-full firewall.output-drop\n"
    "state: failing|degraded\n"
    "tags: slow, ipv6\n"
    "hops: 2-3\n"
    "limit: 30\n"
    "# a comment\n"
    "\n"
    "[inject]\n"
    "on origin true\n"
    "[[ -n $x ]]\n"
    "\n"
    "[check]\n"
    "silent $ORIGIN4 443\n";

TEST(Fault, IsReadWhole) {
  const auto fault = parse_fault(kWhole, "firewall/x");
  ASSERT_TRUE(fault) << fault.error().text;
  EXPECT_EQ(fault->id, "firewall/x");
  EXPECT_EQ(fault->title, "A firewall drops port 443");
  EXPECT_THAT(fault->truth.codes, ElementsAre(Code{522, 0}, Code{530, 1016}));
  EXPECT_EQ(text(fault->truth.codes[1]), "530/1016");
  EXPECT_THAT(fault->truth.causes, ElementsAre("firewall.drop"));
  EXPECT_THAT(fault->truth.twins, ElementsAre("origin.accept-queue-full", "firewall.output-drop"));
  EXPECT_THAT(fault->truth.states, ElementsAre("failing", "degraded"));
  EXPECT_TRUE(fault->has_tag("slow"));
  EXPECT_TRUE(fault->has_tag("ipv6"));
  EXPECT_FALSE(fault->has_tag("healthy"));
  EXPECT_EQ(fault->setting("hops"), "2-3");
  EXPECT_EQ(fault->setting("family"), "ipv4");
  EXPECT_EQ(fault->limit, std::chrono::seconds(30));
  ASSERT_EQ(fault->sections.size(), 2U);
  EXPECT_EQ(fault->sections[0].name, "inject");
  EXPECT_EQ(fault->sections[0].line, 14);
  EXPECT_THAT(fault->sections[0].script, HasSubstr("[[ -n $x ]]\n"));
  EXPECT_EQ(fault->sections[1].line, 18);
}

TEST(Fault, SaysWhereAndWhatIsExpected) {
  const auto problem = [](std::string_view file) {
    const auto fault = parse_fault(file, "g/n");
    return fault ? std::string("accepted") : fault.error().text;
  };
  EXPECT_THAT(problem("title: x\ncause: firewall.dropp\n"),
              ::testing::AllOf(HasSubstr("g/n.fault:2"), HasSubstr("firewall.dropp")));
  EXPECT_THAT(problem("titel: x\n"), HasSubstr("\"title\""));
  EXPECT_THAT(problem("code: 5xx\n"), HasSubstr("522 or 530/1016"));
  EXPECT_THAT(problem("state: bad\n"), HasSubstr("degraded"));
  EXPECT_THAT(problem("failure: connect.quiet\n"), HasSubstr("connect.quiet"));
  EXPECT_THAT(problem("hops: 7\n"), HasSubstr("1 to 4"));
  EXPECT_THAT(problem("dns: maybe\n"), HasSubstr("yes, no"));
  EXPECT_THAT(problem("limit: 100000\n"), HasSubstr("600"));
  EXPECT_THAT(problem("[start]\n"), HasSubstr("[setup]"));
  EXPECT_THAT(problem("[setup]\n[setup]\n"), HasSubstr("second time"));
  EXPECT_THAT(problem("just words\n"), HasSubstr("key: value"));
  EXPECT_THAT(problem("title: x\n"), HasSubstr("no code"));
}

TEST(Fault, HopsComeFromTheSettingAndTheHash) {
  EXPECT_EQ(hops_of("3", 12345), 3);
  EXPECT_EQ(hops_of("", 0), 0);
  EXPECT_EQ(hops_of("4-2", 0), 0);
  EXPECT_EQ(hops_of("0-2", 0), 0);
  std::set<int> seen;
  for (std::uint32_t hash = 0; hash < 1024; hash += 64) seen.insert(hops_of("1-4", hash));
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4));
}

TEST(Fault, HashIsStable) {
  EXPECT_EQ(hash_of("firewall/drop-https"), hash_of("firewall/drop-https"));
  EXPECT_NE(hash_of("firewall/drop-https"), hash_of("firewall/drop-http"));
  EXPECT_NE(hash_of("firewall/drop-https"), hash_of("firewall/drop-https", 1));
  EXPECT_LT(hash_of(""), 1U << 28U);
}

// The whole collection: every file is a fault, and no truth names what does not exist.
TEST(Fault, EveryFileOfTheLabIsAFault) {
  const auto collection = load_faults(std::filesystem::current_path() / "lab/faults");
  ASSERT_TRUE(collection) << collection.error().text;
  for (const auto& refused : collection->refused) ADD_FAILURE() << refused.text;
  EXPECT_GE(collection->faults.size(), 120U);
  for (const auto& fault : collection->faults) {
    const bool healthy = fault.has_tag("healthy");
    EXPECT_EQ(healthy, fault.truth.causes == std::vector<std::string>{"none"}) << fault.id;
    EXPECT_EQ(healthy, fault.truth.states == std::vector<std::string>{"ok"}) << fault.id;
    for (const auto& twin : fault.truth.twins) {
      EXPECT_THAT(fault.truth.causes, ::testing::Not(::testing::Contains(twin))) << fault.id;
    }
  }
}

}  // namespace
}  // namespace causeway::lab
