// What the API refuses and does not find, with the key that is wrong and the nearest right one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/scratch_folder.hpp"
#include "console/console.hpp"
#include "console/live_runs.hpp"
#include "console/secrets.hpp"
#include "store/accounts.hpp"
#include "store/incidents.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
using std::chrono::hours;

class RefusalsTest : public ::testing::Test {
 protected:
  RefusalsTest() {
    auto opened = store::Store::open(folder_ + "/store");
    EXPECT_TRUE(opened) << opened.error().text;
    store_ = std::move(*opened);
    desk_ = std::make_unique<Desk>(*store_, DeskSettings{}, Controls{}, runs_);
    EXPECT_TRUE(store_->write_now([](store::Database& database) {
      return store::put_token(database, {.id = "t",
                                         .name = "test",
                                         .token = token_hash("cwt_test"),
                                         .scope = "admin",
                                         .created = wall_now()});
    }));
  }
  ~RefusalsTest() override { store_.reset(); }

  struct Answer {
    int status = 0;
    std::string text;
    Json body;
  };

  Answer ask(std::string_view method, std::string_view target, const Json& body = nullptr) {
    const auto mark = std::min(target.find('?'), target.size());
    net::HttpRequest request;
    request.method = method;
    request.path = target.substr(0, mark);
    if (mark < target.size()) request.query = target.substr(mark + 1);
    std::vector<codec::HeaderField> fields{{"authorization", "Bearer cwt_test"}};
    if (!body.is_null()) {
      request.body = body.dump();
      fields.push_back({"content-type", "application/json"});
    }
    request.fields = fields;
    request.peer = {IpAddress::v4(0x7f000001), 4711};
    const auto reply = answer(*desk_, request);
    return {reply.status, reply.body, Json::parse(reply.body, nullptr, false)};
  }

  void watch(const std::string& id) {
    const WallTime now = wall_now();
    ASSERT_TRUE(store_->write_now([&](store::Database& database) {
      return store::put_target(database, {.id = id,
                                          .name = id,
                                          .kind = "http",
                                          .subject = "https://" + id + ".test/",
                                          .team = "shops",
                                          .spec = "{}",
                                          .created = now,
                                          .updated = now});
    }));
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_.make().value();
  std::unique_ptr<store::Store> store_;
  LiveRuns runs_;
  std::unique_ptr<Desk> desk_;
};

TEST_F(RefusalsTest, MaintenanceIsOfWhatThereIs) {
  watch("shop");
  std::vector<store::MaintenanceWindow> put;
  desk_->controls.put_maintenance = [&](const auto& window) -> Parsed<bool> {
    put.push_back(window);
    return true;
  };
  desk_->controls.remove_maintenance = [](const auto& /*id*/, const auto& /*who*/) -> Parsed<bool> {
    return error("there is no such window");
  };
  const auto add = [&](const char* key, const Json& value) {
    Json window{{"title", "t"}, {"zone", "UTC"}, {"starts", "2126-01-01T02:00"}, {"minutes", 5}};
    window[key] = value;
    return ask("POST", "/api/v1/maintenance", window);
  };
  EXPECT_EQ(add("groups", {"shops"}).status, 201);
  EXPECT_EQ(add("targets", {"shop"}).status, 201);
  EXPECT_EQ(put.size(), 2U);
  for (const char* key : {"team", "teams"}) {
    const auto refused = add(key, {"shops"});
    EXPECT_EQ(refused.status, 422);
    EXPECT_EQ(refused.body.at("field"), key);
    EXPECT_THAT(refused.text, HasSubstr("did you mean 'groups'?"));
  }
  EXPECT_THAT(add("target", {"shop"}).text, HasSubstr("did you mean 'targets'?"));
  EXPECT_EQ(add("foo", 1).status, 422);
  EXPECT_THAT(add("targets", {"shopp"}).text, HasSubstr("did you mean 'shop'?"));
  EXPECT_EQ(add("targets", {"nope"}).body.at("field"), "targets");
  EXPECT_EQ(add("groups", {"nope"}).body.at("field"), "groups");
  EXPECT_EQ(add("tags", {"nope"}).body.at("field"), "tags");
  EXPECT_EQ(put.size(), 2U);
  EXPECT_EQ(ask("DELETE", "/api/v1/maintenance/nope").status, 404);
}

TEST_F(RefusalsTest, WhatIsNotThereIsNotFound) {
  desk_->controls.channels = [] { return std::vector<Channel>{{"mail", "mail"}}; };
  desk_->controls.test_channel = [](const auto& /*name*/) -> Parsed<std::string> { return "250"; };
  EXPECT_EQ(ask("POST", "/api/v1/channels/nope/test").status, 404);
  EXPECT_EQ(ask("POST", "/api/v1/channels/mail/test").status, 200);
  EXPECT_EQ(ask("DELETE", "/api/v1/tokens/nope").status, 404);
  watch("shop");
  for (const std::string what : {"rollups", "transitions"}) {
    EXPECT_EQ(ask("GET", "/api/v1/targets/nope/" + what).status, 404);
    EXPECT_EQ(ask("GET", "/api/v1/targets/shop/" + what).status, 200);
  }
}

TEST_F(RefusalsTest, IncidentsAreOpenClosedOrAll) {
  const WallTime now = wall_now();
  ASSERT_TRUE(store_->write_now([&](store::Database& database) {
    auto put = store::put_incident(
        database, {.id = "i1", .severity = "down", .opened = now - hours{1}, .updated = now});
    if (!put) return put;
    return store::put_incident(database, {.id = "i2",
                                          .severity = "down",
                                          .title = "over",
                                          .opened = now - hours{2},
                                          .closed = now - hours{1},
                                          .updated = now});
  }));
  const auto count = [&](const std::string& query) {
    return ask("GET", "/api/v1/incidents" + query).body.at("incidents").size();
  };
  EXPECT_EQ(count("?state=open"), 1U);
  EXPECT_EQ(count("?state=closed"), 1U);
  EXPECT_EQ(count("?state=all"), 2U);
  EXPECT_EQ(count(""), 2U);
  const auto refused = ask("GET", "/api/v1/incidents?state=foo");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.body.at("field"), "state");
}

TEST_F(RefusalsTest, ANameIsOfAscii) {
  const auto refused =
      ask("POST", "/api/v1/accounts",
          {{"name", "\xF0\x9F\x8E\x89"}, {"password", "correct horse"}, {"role", "viewer"}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.text, HasSubstr("ASCII"));
}

}  // namespace
}  // namespace causeway::console
