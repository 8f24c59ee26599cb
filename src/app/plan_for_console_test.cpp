#include "app/plan_for_console.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace causeway::app {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

console::PlanOrder a_move() {
  return {.before = "127.0.0.2",
          .after = "127.0.0.3",
          .names = {"www.example.test"},
          .ssl = "strict",
          .pages = 2,
          .may_be_private = true,
          .deadline = std::chrono::minutes{1}};
}

std::string field_refused(const console::PlanOrder& order) {
  const auto run = plan_for_console(order);
  return run ? "none" : run.error().field;
}

TEST(PlanForConsole, RefusesThisMachineAndItsNetworks) {
  auto order = a_move();
  order.may_be_private = false;
  EXPECT_EQ(field_refused(order), "old");
  order.before = "203.0.113.9";
  EXPECT_EQ(field_refused(order), "new");
  for (const char* address : {"10.0.0.1", "169.254.169.254", "198.51.100.20,192.168.1.1", "::1",
                              "fd00::1", "::ffff:127.0.0.1", "0.0.0.0"}) {
    order.after = address;
    EXPECT_EQ(field_refused(order), "new") << address;
  }
  order.after = "198.51.100.20,2001:db8::9";
  EXPECT_EQ(field_refused(order), "none");
}

TEST(PlanForConsole, NamesTheFieldThatIsWrong) {
  auto order = a_move();
  order.after = order.before;
  EXPECT_EQ(field_refused(order), "new");
  order = a_move();
  order.names = {"https://www.example.test/"};
  EXPECT_EQ(field_refused(order), "names");
  order.names = {};
  EXPECT_EQ(field_refused(order), "names");
  order = a_move();
  order.paths = {"cart"};
  EXPECT_EQ(field_refused(order), "paths");
  order = a_move();
  order.zone = "no-snapshot-of-this.example.test";
  EXPECT_EQ(field_refused(order), "zone");
}

TEST(PlanForConsole, MakesThePlanTheCommandMakes) {
  const auto run = plan_for_console(a_move());
  ASSERT_TRUE(run) << run.error().text;
  std::vector<std::string> told;
  const auto made = (*run)({.told = [&](const std::string& what) { told.push_back(what); },
                            .left = [] { return false; }});
  ASSERT_TRUE(made) << made.error().text;
  const auto document = nlohmann::json::parse(made->document);
  EXPECT_EQ(document.at("schema"), "causeway.plan/1");
  EXPECT_EQ(document.at("hosts")[0].at("name"), "www.example.test");
  EXPECT_THAT(document.at("hosts")[0].at("after"), SizeIs(2));
  EXPECT_THAT(made->names, SizeIs(1));
  EXPECT_GE(told.size(), 4U);  // two machines, two ports each
  EXPECT_THAT(told.front(), HasSubstr("www.example.test: 127.0.0."));
  EXPECT_THAT(made->text, HasSubstr("127.0.0.2 -> 127.0.0.3"));
  EXPECT_THAT(made->markdown, HasSubstr("# Migration"));
  EXPECT_THAT(made->html, HasSubstr("<h2>Steps</h2>"));
  EXPECT_THAT(made->calendar(*parse_rfc3339("2026-12-01T22:00:00Z")), HasSubstr("BEGIN:VEVENT"));
  EXPECT_EQ(document.at("steps").back().at("offset_s"), 7 * 24 * 3600);
}

TEST(PlanForConsole, EndsWhenNobodyListensAndAtItsDeadline) {
  const auto run = plan_for_console(a_move());
  ASSERT_TRUE(run);
  EXPECT_FALSE((*run)({.told = [](const std::string&) {}, .left = [] { return true; }}));
  auto hurried = a_move();
  hurried.deadline = Duration::zero();
  const auto late = plan_for_console(hurried);
  ASSERT_TRUE(late);
  const auto none = (*late)({.told = [](const std::string&) {}, .left = [] { return false; }});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().text, HasSubstr("nothing can be said"));
}

}  // namespace
}  // namespace causeway::app
