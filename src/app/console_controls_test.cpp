// What the console asks for a target of the watch.
#include "app/console_controls.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/scratch_folder.hpp"
#include "net/small_origin.hpp"

namespace causeway::app {
namespace {

class DiagnoseNow : public ::testing::Test {
 protected:
  DiagnoseNow() {
    auto opened = store::Store::open(scratch_.make().value() + "/store");
    EXPECT_TRUE(opened) << opened.error().text;
    store_ = std::move(*opened);
    controls_ = console_controls(*store_);
  }

  ScratchFolder scratch_;
  std::unique_ptr<store::Store> store_;
  console::Controls controls_;
};

// Something that speaks no HTTP would do as well: the question ends with the connection.
TEST_F(DiagnoseNow, APortIsAskedForAConnectionAlone) {
  const auto origin = net::SmallOrigin::open({.reply = net::page_reply(500, "Broken", "")});
  ASSERT_TRUE(origin);
  const auto at = (*origin)->endpoint();
  const auto made = controls_.diagnose(
      {.url = at.text(),
       .definition =
           fmt::format(R"({{"id":"db","kind":"tcp","host":"127.0.0.1","port":{}}})", at.port),
       .may_be_private = true},
      [](const auto&) { return true; });
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(made->verdict.state, model::State::ok);
  EXPECT_EQ(made->verdict.sentence, fmt::format("tcp://{} is fine.", at.text()));
  EXPECT_EQ(std::ranges::count(made->observations, model::Kind::http, &model::Observation::kind),
            0);
}

TEST_F(DiagnoseNow, IsRefusedInASentence) {
  const auto ping = controls_.can_diagnose(R"({"id":"p","kind":"ping","host":"192.0.2.1"})");
  ASSERT_FALSE(ping);
  EXPECT_EQ(ping.error().text,
            "A ping cannot be diagnosed: the machine answers or it does not, no service is asked.");
  const std::string inside = R"({"id":"db","kind":"tcp","host":"10.0.0.1","port":5432})";
  EXPECT_TRUE(controls_.can_diagnose(inside));
  EXPECT_FALSE(controls_.diagnose({.url = "10.0.0.1:5432", .definition = inside},
                                  [](const auto&) { return true; }));
}

}  // namespace
}  // namespace causeway::app
