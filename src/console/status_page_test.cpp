#include "console/status_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "console/console_fixture.hpp"

namespace causeway::console {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;
using ::testing::Not;

class StatusPageTest : public DeskTest {};

TEST_F(StatusPageTest, IsForStrangersAndNeedsNoScript) {
  desk_->settings.title = "Ours <b>";
  watch("shop", "down", "203.0.113.7:443");
  watch("blog", "ok", "203.0.113.7:443");
  fail("i1", {"shop"});
  const auto page = ask("GET", "/status/");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.text, HasSubstr("1 of 2 services is down"));
  EXPECT_THAT(page.text, HasSubstr("Ours &lt;b&gt;"));
  EXPECT_THAT(page.text, HasSubstr("The shop is down"));
  EXPECT_THAT(page.text, Not(HasSubstr("the port refuses")));
  EXPECT_THAT(page.text, Not(HasSubstr("<script")));
  EXPECT_THAT(page.text, Not(HasSubstr("203.0.113.7")));
  const auto summary = ask("GET", "/api/v2/summary.json").body;
  EXPECT_EQ(summary.at("status").at("indicator"), "major");
  EXPECT_EQ(summary.at("components").size(), 2U);
  EXPECT_EQ(summary.at("incidents")[0].at("impact"), "major");
  EXPECT_THAT(ask("GET", "/status/feed.atom").text, HasSubstr("<entry>"));
  EXPECT_THAT(ask("GET", "/status/badge/shop.svg").text, HasSubstr("down"));
  EXPECT_EQ(ask("GET", "/status/badge/none.svg").status, 404);
}

// Neither in a name, nor as an id, nor for a target that is kept out of it.
TEST_F(StatusPageTest, ShowsNoAddressesAndNoFiguresThatNobodyMeasured) {
  const auto add = [&](const std::string& id, const std::string& name, const std::string& spec,
                       bool paused) {
    ASSERT_TRUE(store_->write_now([&](store::Database& database) {
      return store::put_target(database, {.id = id,
                                          .name = name,
                                          .kind = "http",
                                          .subject = "http://127.0.20.1:8080/x",
                                          .spec = spec,
                                          .paused = paused,
                                          .created = wall_now() - hours{48},
                                          .updated = wall_now()});
    }));
  };
  add("127.0.20.1-8080-x", "127.0.20.1-8080-x", R"({"name":""})", false);
  add("127.0.20.2", "The shelf", R"({"name":"The shelf"})", true);
  add("127.0.20.3", "The cellar", R"({"name":"The cellar","public":false})", false);
  fail("i1", {"127.0.20.1-8080-x", "127.0.20.3"});
  fail("i2", {"127.0.20.3"});
  const auto page = ask("GET", "/status/").text;
  const auto summary = ask("GET", "/status/summary.json");
  for (const auto& text : {page, summary.text, ask("GET", "/status/feed.atom").text}) {
    EXPECT_FALSE(text.contains("127.0.20"));
    EXPECT_FALSE(text.contains("cellar"));
  }
  EXPECT_THAT(page, HasSubstr("Service 1 is down"));
  EXPECT_THAT(page, HasSubstr("no data"));
  EXPECT_THAT(page, Not(HasSubstr("100.000 %")));
  EXPECT_THAT(page, HasSubstr("Nothing is known at the moment"));
  EXPECT_EQ(summary.body.at("incidents").size(), 1U);
  const std::string key = summary.body.at("components")[0].at("id");
  EXPECT_EQ(ask("GET", "/status/badge/" + key + ".svg").status, 200);
}

TEST_F(StatusPageTest, ListsWhoIsDownNow) {
  watch("shop", "down", "203.0.113.7:443");
  watch("blog", "ok", "203.0.113.7:443");
  fail("i1", {"shop", "blog"});
  ASSERT_TRUE(store_->write_now([&](store::Database& database) -> Parsed<bool> {
    auto members = store::members(database, "i1");
    if (!members) return error(members.error().text);
    const auto blog = std::ranges::find(*members, "blog", &store::Member::target);
    blog->until = wall_now();
    return store::put_member(database, *blog);
  }));
  const auto page = ask("GET", "/status/").text;
  EXPECT_THAT(page, HasSubstr("<h3>The shop is down</h3><p>The shop</p>"));
}

}  // namespace
}  // namespace causeway::console
