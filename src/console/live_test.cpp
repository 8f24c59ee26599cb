// What is told while it happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "console/console_fixture.hpp"

namespace causeway::console {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LiveTest : public DeskTest {};

// The whole target is asked about, not an address that is made of its subject.
TEST_F(LiveTest, DiagnosesATargetByItsDefinition) {
  set_up();
  const std::string spec = R"({"id":"db","kind":"tcp","host":"db.example.net","port":5432})";
  ASSERT_TRUE(store_->write_now([&](store::Database& database) {
    return store::put_target(database, {.id = "db",
                                        .name = "db",
                                        .kind = "tcp",
                                        .subject = "db.example.net:5432",
                                        .source = "api",
                                        .spec = spec,
                                        .created = wall_now()});
  }));
  DiagnosisOrder asked;
  desk_->controls.diagnose = [&](const DiagnosisOrder& order, const auto&) {
    asked = order;
    return Parsed<model::Diagnosis>{error("enough")};
  };
  told_by(ask("POST", "/api/v1/diagnoses", {{"target", "db"}}).reply);
  EXPECT_EQ(asked.definition, spec);
  EXPECT_FALSE(asked.may_be_private);

  desk_->controls.can_diagnose = [](const auto& definition) -> Parsed<bool> {
    return error(definition.substr(0, 10) + ": nothing is asked");
  };
  const auto refused = ask("POST", "/api/v1/diagnoses", {{"target", "db"}});
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.text, HasSubstr("nothing is asked"));
}

// Logged out when the first bytes arrive: nothing of what happens then is told.
TEST_F(LiveTest, LiveChangesEndWithTheirSession) {
  set_up();
  const auto stream = ask("GET", "/api/v1/events");
  ASSERT_EQ(stream.status, 200);
  const auto heard = told_by(stream.reply, [&] {
    EXPECT_EQ(ask("DELETE", "/api/v1/session").status, 204);
    watch("shop", "down", "203.0.113.7:443");
  });
  EXPECT_THAT(heard, HasSubstr("event: hello"));
  EXPECT_THAT(heard, Not(HasSubstr("shop")));
}

}  // namespace
}  // namespace causeway::console
