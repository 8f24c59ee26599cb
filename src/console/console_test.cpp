#include "console/console.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <zlib.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "console/console_fixture.hpp"
#include "console/live_runs.hpp"
#include "console/pages.hpp"
#include "console/routes.hpp"
#include "console/setup_token.hpp"
#include "console/shapes.hpp"
#include "console/uptime.hpp"
#include "model/cause.hpp"
#include "net/loop.hpp"
#include "store/alerts.hpp"
#include "store/incidents.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;

class ConsoleTest : public DeskTest {};

TEST_F(ConsoleTest, IsSetUpOnceWithItsToken) {
  const auto token = make_setup_token(*store_);
  ASSERT_TRUE(token);
  const Json right{{"token", *token}, {"name", "anna"}, {"password", "correct horse"}};
  Json wrong = right;
  wrong["token"] = "guess";
  EXPECT_EQ(ask("GET", "/api/v1/session").body.at("set_up"), false);
  EXPECT_EQ(ask("POST", "/api/v1/setup", wrong).status, 403);
  Json weak = right;
  weak["password"] = "short";
  EXPECT_EQ(ask("POST", "/api/v1/setup", weak).status, 422);
  EXPECT_EQ(ask("POST", "/api/v1/setup", right).status, 201);
  EXPECT_EQ(ask("POST", "/api/v1/setup", right).status, 403);  // spent
  EXPECT_EQ(ask("GET", "/api/v1/session").body.at("set_up"), true);
  EXPECT_EQ(*make_setup_token(*store_), "");
}

TEST_F(ConsoleTest, ShowsNothingToStrangers) {
  set_up();
  cookie_.clear();
  for (const auto& route : routes()) {
    if (route.least == Role::nobody) continue;
    EXPECT_EQ(ask(route.method, route.path).status, 401) << route.path;
  }
  EXPECT_EQ(ask("GET", "/metrics").status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/nothing").status, 404);
  const auto wrong = ask("PUT", "/api/v1/now");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.field("Allow"), "GET");
}

TEST_F(ConsoleTest, SessionsAreGuarded) {
  set_up();
  EXPECT_EQ(ask("GET", "/api/v1/now").status, 200);
  const auto proof = std::exchange(proof_, "");
  EXPECT_EQ(ask("POST", "/api/v1/tokens", {{"name", "x"}, {"scope", "viewer"}}).status, 403);
  proof_ = proof;
  type_ = "text/plain";
  EXPECT_EQ(ask("POST", "/api/v1/tokens", {{"name", "x"}, {"scope", "viewer"}}).status, 415);
  type_ = "application/json";
  EXPECT_EQ(ask("DELETE", "/api/v1/session").status, 204);
  EXPECT_EQ(ask("GET", "/api/v1/now").status, 401);
  const auto back =
      ask("POST", "/api/v1/session", {{"name", "anna"}, {"password", "correct horse"}});
  EXPECT_EQ(back.status, 201);
  EXPECT_THAT(back.field("Set-Cookie"), HasSubstr("HttpOnly; SameSite=Strict"));
}

TEST_F(ConsoleTest, SlowsGuessesDown) {
  set_up();
  cookie_.clear();
  const Json guess{{"name", "anna"}, {"password", "wrong password"}};
  int refused = 0;
  for (int i = 0; i < 5; ++i)
    refused += ask("POST", "/api/v1/session", guess).status == 401 ? 1 : 0;
  EXPECT_EQ(refused, 5);
  const auto slowed = ask("POST", "/api/v1/session", guess);
  EXPECT_EQ(slowed.status, 429);
  EXPECT_NE(slowed.field("Retry-After"), "");
}

TEST_F(ConsoleTest, RolesAndTokensHaveTheirBounds) {
  set_up();
  const auto made = ask("POST", "/api/v1/tokens", {{"name", "grafana"}, {"scope", "viewer"}});
  ASSERT_EQ(made.status, 201) << made.text;
  const auto accounts = ask("GET", "/api/v1/accounts");
  const std::string anna = accounts.body.at("accounts")[0].at("id");
  EXPECT_EQ(ask("DELETE", "/api/v1/accounts/" + anna).status, 409);  // the last administrator
  EXPECT_EQ(ask("PATCH", "/api/v1/accounts/" + anna, {{"role", "viewer"}}).status, 409);
  EXPECT_THAT(accounts.text, Not(HasSubstr("argon2")));
  cookie_.clear();
  proof_.clear();
  token_ = "Bearer " + made.body.at("token").get<std::string>();
  EXPECT_EQ(ask("GET", "/api/v1/now").status, 200);
  EXPECT_EQ(ask("GET", "/metrics").status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/diagnoses", {{"url", "https://example.net/"}}).status, 403);
  EXPECT_EQ(ask("GET", "/api/v1/accounts").status, 403);
  token_ = "Bearer cwt_wrong";
  EXPECT_EQ(ask("GET", "/api/v1/now").status, 401);
}

TEST_F(ConsoleTest, TellsHowEverythingStands) {
  set_up();
  watch("shop", "down", "203.0.113.7:443");
  watch("blog", "ok", "203.0.113.7:443");
  watch("wiki", "ok", "198.51.100.9:443");
  fail("i1", {"shop"});
  const auto now = ask("GET", "/api/v1/now");
  EXPECT_EQ(now.body.at("sentence"), "1 incident is open; 2 of 3 sites are fine.");
  EXPECT_EQ(now.body.at("targets")[0].at("id"), "shop");
  EXPECT_EQ(now.body.at("counts").at("down"), 1);
  EXPECT_THAT(now.body.at("incidents")[0].at("members"), ElementsAre("shop"));
  known_ = now.field("ETag");
  EXPECT_EQ(ask("GET", "/api/v1/now").status, 304);
  known_.clear();
  const auto hosts = ask("GET", "/api/v1/hosts?by=address").body.at("groups");
  EXPECT_EQ(hosts[0].at("value"), "203.0.113.7");
  EXPECT_EQ(hosts[0].at("failing"), 1);
  EXPECT_EQ(ask("GET", "/api/v1/hosts?by=moon").status, 422);
  const auto shop = ask("GET", "/api/v1/targets/shop").body;
  EXPECT_EQ(shop.at("uptime").at("day").at("incidents"), 1);
  EXPECT_NEAR(shop.at("uptime").at("day").at("share").get<double>(), 1 - 10.0 / 1440, 1e-3);
  ASSERT_TRUE(store_->write_now([](store::Database& database) {
    const WallTime start = wall_now() - hours{1};
    return store::put_maintenance(database, {.id = "w",
                                             .zone = "UTC",
                                             .starts = rfc3339(start).substr(0, 16),
                                             .minutes = 120,
                                             .targets = {"shop"},
                                             .source = "api",
                                             .created = start});
  }));
  const auto planned = ask("GET", "/api/v1/targets/shop").body.at("uptime").at("day");
  EXPECT_EQ(planned.at("share"), 1.0) << "maintenance is no downtime";
  EXPECT_LT(planned.at("seen_s").get<double>(), 23.1 * 3600);
  EXPECT_EQ(ask("GET", "/api/v1/targets/none").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/targets?search=wik").body.at("targets").size(), 1U);
  const auto page = ask("GET", "/api/v1/targets?limit=2").body;
  EXPECT_EQ(page.at("next"), "2");
  EXPECT_EQ(ask("GET", "/api/v1/targets?limit=2&cursor=2").body.at("next"), nullptr);
  EXPECT_EQ(ask("GET", "/api/v1/targets?limit=0").status, 422);
  const auto incident = ask("GET", "/api/v1/incidents/i1").body;
  EXPECT_EQ(incident.at("members")[0].at("name"), "The shop");
  EXPECT_EQ(ask("GET", "/api/v1/incidents/none").status, 404);
  EXPECT_EQ(ask("POST", "/api/v1/incidents/i1/acknowledge").status, 501);  // no watch here
  EXPECT_EQ(ask("POST", "/api/v1/incidents/i1/merge", {{"into", "i1"}}).status, 501);
  std::vector<std::string> done;
  desk_->controls.merge = [&](const auto& from, const auto& into, const auto& who) -> Parsed<bool> {
    if (from == into) return error("not the same");
    done.push_back(fmt::format("{} {} {}", from, into, who));
    return true;
  };
  desk_->controls.split = [&](const auto& one, const auto& target,
                              const auto& who) -> Parsed<bool> {
    done.push_back(fmt::format("{} {} {}", one, target, who));
    return true;
  };
  EXPECT_EQ(ask("POST", "/api/v1/incidents/i1/merge", {{"into", "i1"}}).status, 409);
  EXPECT_EQ(ask("POST", "/api/v1/incidents/i1/merge", {{"into", "none"}}).status, 404);
  EXPECT_EQ(ask("POST", "/api/v1/incidents/i1/merge", {{"in", "i2"}}).status, 422);
  EXPECT_EQ(ask("POST", "/api/v1/incidents/i1/split", {{"target", "shop"}}).status, 200);
  EXPECT_THAT(done, ElementsAre("i1 shop anna"));
  ASSERT_TRUE(store_->write_now([](store::Database&) -> Parsed<bool> { return true; }));
  EXPECT_THAT(ask("GET", "/api/v1/audit").text, HasSubstr("shop out of i1"));
  const auto figures = ask("GET", "/metrics").text;
  EXPECT_THAT(figures, HasSubstr("causeway_target_up{target=\"shop\"} 0\n"));
  EXPECT_THAT(figures, HasSubstr("causeway_incidents_open{cause=\"port.not-listening\"} 1\n"));
}

TEST_F(ConsoleTest, CountsMoreIncidentsThanAPageShows) {
  set_up();
  watch("shop", "down", "203.0.113.7:443");
  for (int i = 0; i < 120; ++i) fail(fmt::format("i{}", i), {"shop"});
  const auto now = ask("GET", "/api/v1/now").body;
  EXPECT_EQ(now.at("sentence"), "120 incidents are open; 0 of 1 sites are fine.");
  EXPECT_EQ(now.at("counts").at("incidents"), 120);
  EXPECT_EQ(now.at("incidents").size(), 100U);
  const auto figures = ask("GET", "/metrics").text;
  EXPECT_THAT(figures, HasSubstr("causeway_incidents_open{cause=\"port.not-listening\"} 120\n"));
  EXPECT_THAT(figures, HasSubstr("causeway_incidents_unacknowledged 120\n"));
}

// What zlib makes of it again.
std::string unpacked(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  std::string in = bytes;
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::inflateEnd(&stream);
  return out;
}

TEST_F(ConsoleTest, LongAnswersAreSmallForThoseWhoTakeThemSo) {
  set_up();
  for (int i = 0; i < 60; ++i) watch("site-" + std::to_string(i), "ok", "203.0.113.7:443");
  watch("shop", "down", "203.0.113.7:443");
  const auto plain = ask("GET", "/api/v1/now");
  EXPECT_EQ(plain.field("Content-Encoding"), "");
  EXPECT_EQ(plain.field("Vary"), "Accept-Encoding");
  EXPECT_EQ(plain.body.at("targets").size(), 61U);
  encodings_ = "br, GZIP;q=0.5";
  const auto small = ask("GET", "/api/v1/now");
  EXPECT_EQ(small.field("Content-Encoding"), "gzip");
  EXPECT_LT(small.text.size() * 5, plain.text.size());
  EXPECT_EQ(unpacked(small.text), plain.text);
  EXPECT_NE(small.field("ETag"), plain.field("ETag"));
  known_ = small.field("ETag");
  EXPECT_EQ(ask("GET", "/api/v1/now").status, 304);
  encodings_.clear();
  EXPECT_EQ(ask("GET", "/api/v1/now").status, 304);
  known_.clear();
  for (const char* refusing : {"gzip;q=0", "gzip; q=0.000", "identity", ""}) {
    encodings_ = refusing;
    EXPECT_EQ(ask("GET", "/api/v1/now").field("Content-Encoding"), "") << refusing;
  }
  encodings_ = "gzip";
  EXPECT_EQ(ask("GET", "/metrics").field("Content-Encoding"), "gzip");
  EXPECT_EQ(ask("GET", "/api/v1/session").field("Content-Encoding"), "");  // short
  EXPECT_EQ(ask("GET", "/api/v1/targets/none").field("Content-Encoding"), "");
  encodings_.clear();
  const auto few = ask("GET", "/api/v1/now?targets=1").body;  // the worst; all are counted
  EXPECT_EQ(few.at("targets").size(), 1U);
  EXPECT_EQ(few.at("targets")[0].at("id"), "shop");
  EXPECT_EQ(few.at("counts").at("all"), 61);
  EXPECT_EQ(ask("GET", "/api/v1/now?targets=-1").status, 422);
}

TEST_F(ConsoleTest, PeopleAddChangeAndRemoveTargets) {
  set_up();
  const Json shop{{"url", "https://shop.example.net/"}, {"group", "shops"}};
  EXPECT_EQ(ask("POST", "/api/v1/targets", shop).status, 501);  // no watch here
  EXPECT_EQ(ask("PUT", "/api/v1/targets/shop", shop).status, 501);
  EXPECT_EQ(ask("DELETE", "/api/v1/targets/shop").status, 501);
  std::vector<std::string> put;
  desk_->controls.put_target = [&](const auto& id, const auto& text) -> OrRefused<std::string> {
    if (Json::parse(text).contains("intervall")) {
      return std::unexpected(Refusal{.field = "intervall", .text = "no such key"});
    }
    put.push_back(id + " " + text);
    watch("shop", "ok", "203.0.113.7:443");
    return "shop";
  };
  desk_->controls.remove_target = [&](const auto& id) -> OrRefused<bool> {
    if (id == "shop") return true;
    return std::unexpected(Refusal{.status = 409, .text = "it stands in the file"});
  };
  Json deep = 1;
  for (int i = 0; i < 100; ++i) deep = Json::array({deep});
  const Json hidden{{"a", std::string(200, '}')},
                    {"b", deep}};  // what stands in text closes nothing
  EXPECT_THAT(ask("POST", "/api/v1/targets", hidden).text, HasSubstr("nested too deep"));
  const auto wrong = ask("POST", "/api/v1/targets", {{"intervall", 5}});
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(wrong.field("Content-Type"), "application/problem+json");
  EXPECT_EQ(wrong.body.at("field"), "intervall");
  EXPECT_EQ(wrong.body.at("detail"), "intervall: no such key");
  const auto made = ask("POST", "/api/v1/targets", shop);
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body.at("id"), "shop");
  EXPECT_EQ(made.body.at("definition").at("paused"), false);
  EXPECT_EQ(ask("PUT", "/api/v1/targets/shop", shop).status, 200);
  EXPECT_EQ(put.size(), 2U);
  EXPECT_TRUE(put.back().starts_with("shop {"));
  EXPECT_EQ(ask("DELETE", "/api/v1/targets/shop").status, 204);
  EXPECT_EQ(ask("DELETE", "/api/v1/targets/blog").status, 409);
  const auto log = ask("GET", "/api/v1/audit").text;
  for (const char* action : {"target.add", "target.change", "target.remove"}) {
    EXPECT_THAT(log, HasSubstr(action));
  }
}

// Two people who change one target: the second is told, and nothing of the first is lost. That it
// was checked meanwhile is no change.
TEST_F(ConsoleTest, AChangeSpeaksOfWhatWasRead) {
  set_up();
  watch("shop", "ok", "203.0.113.7:443");
  int changed = 0;
  desk_->controls.put_target = [&](const auto& id, const auto&) -> OrRefused<std::string> {
    ++changed;
    return id;
  };
  wanted_ = ask("GET", "/api/v1/targets/shop").field("ETag");
  ASSERT_TRUE(store_->write_now([&](store::Database& database) {
    return store::put_state(database, {.target = "shop", .outcome = "down", .checked = wall_now()});
  }));
  EXPECT_EQ(ask("PUT", "/api/v1/targets/shop", {{"url", "https://a.test/"}}).status, 200);
  ASSERT_TRUE(store_->write_now([&](store::Database& database) {
    return store::put_target(database, {.id = "shop",
                                        .name = "shop",
                                        .kind = "http",
                                        .subject = "https://a.test/",
                                        .spec = R"({"url":"https://a.test/"})",
                                        .created = wall_now()});
  }));
  EXPECT_EQ(ask("PUT", "/api/v1/targets/shop", {{"url", "https://b.test/"}}).status, 412);
  EXPECT_EQ(changed, 1);
  wanted_.clear();
  const auto other = ask("PUT", "/api/v1/targets/shop", {{"id", "blog"}});
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.body.at("field"), "id");
  EXPECT_EQ(ask("PUT", "/api/v1/targets/shop", {{"id", "shop"}}).status, 200);
}

TEST_F(ConsoleTest, TheMatrixShowsWhoSeesWhat) {
  set_up();
  watch("shop", "degraded", "203.0.113.7:443");
  watch("blog", "ok", "203.0.113.7:443");
  watch("new", "ok", "203.0.113.7:443");
  const WallTime now = wall_now();
  ASSERT_TRUE(store_->write_now([&](store::Database& database) -> Parsed<bool> {
    for (const char* name : {"fra1", "here"}) {
      auto put = store::put_vantage(database, {.name = name, .seen = now, .state = "ok"});
      if (!put) return put;
    }
    for (const auto& [target, vantage, outcome] :
         {std::tuple{"shop", "here", "ok"}, std::tuple{"shop", "fra1", "ok"},
          std::tuple{"shop", "fra1", "down"}, std::tuple{"blog", "here", "ok"}}) {
      auto added = store::add_transition(
          database, {.target = target,
                     .vantage = vantage,
                     .at = now - minutes{3},
                     .outcome = outcome,
                     .failure = outcome == std::string_view{"down"} ? "connect.silent" : ""});
      if (!added) return added;
    }
    return store::put_vantage(database, {.name = "ny2", .seen = now, .state = "silent"});
  }));
  const auto kept = ask("GET", "/api/v1/matrix").body;  // no watch: the newest changes
  EXPECT_EQ(kept.at("counts").at("disagree"), 1);
  const auto shop = kept.at("targets")[0];
  EXPECT_EQ(shop.at("id"), "shop");
  EXPECT_EQ(shop.at("sentence"), "1 of 2 places sees it fail: fra1.");
  EXPECT_EQ(shop.at("cells").at("fra1").at("failure"), "connect.silent");
  EXPECT_TRUE(shop.at("cells").at("fra1").contains("since"));
  EXPECT_EQ(kept.at("vantages")[0].at("sentence"),
            "fra1 alone sees 1 of its 1 targets fail: look at the way from there.");
  EXPECT_THAT(kept.at("vantages")[2].at("sentence").get<std::string>(), HasSubstr("cannot see"));
  EXPECT_EQ(kept.at("targets")[2].at("cells").size(), 0U);
  EXPECT_EQ(ask("GET", "/api/v1/matrix?show=disagree").body.at("targets").size(), 1U);
  const auto page = ask("GET", "/api/v1/matrix?limit=2").body;
  EXPECT_EQ(page.at("next"), "2");
  EXPECT_EQ(ask("GET", "/api/v1/matrix?limit=2&cursor=2").body.at("targets").size(), 1U);
  EXPECT_EQ(ask("GET", "/api/v1/matrix?show=moon").body.at("field"), "show");
  // A watch knows when each was last checked; who cannot see has no vote.
  desk_->controls.sightings = [&] {
    return std::vector<Sightings>{
        {"blog", {{"here", "ok", "", now}, {"ny2", "down", "connect.refused", now}}}};
  };
  const auto live = ask("GET", "/api/v1/matrix?search=blog").body;
  EXPECT_EQ(live.at("counts").at("disagree"), 0);
  EXPECT_TRUE(live.at("targets")[0].at("cells").at("ny2").contains("checked"));
}

// Of itself a watch keeps no state in the store: that it judges says that it sees.
TEST_F(ConsoleTest, AWatchSeesUnlessItIsBlind) {
  set_up();
  watch("shop", "ok", "203.0.113.7:443");
  const WallTime now = wall_now();
  desk_->controls.sightings = [&] {
    return std::vector<Sightings>{{"shop", {{"here", "ok", "", now}}}};
  };
  store::VantageState own{.name = "here", .seen = now, .state = "ok"};
  desk_->controls.own_view = [&] { return own; };
  const auto seen = ask("GET", "/api/v1/matrix").body.at("vantages")[0];
  EXPECT_EQ(seen.at("name"), "here");
  EXPECT_EQ(seen.at("state"), "ok");
  EXPECT_EQ(seen.at("sentence"), "");

  own.state = "blind";
  own.detail = "none of 2 anchors answers";
  desk_ = std::make_unique<Desk>(*store_, DeskSettings{}, desk_->controls, runs_);
  const auto blind = ask("GET", "/api/v1/matrix").body.at("vantages")[0];
  EXPECT_EQ(blind.at("sentence"), "here cannot see now: none of 2 anchors answers");
}

TEST_F(ConsoleTest, ShowsEdgesAsTheirAdminListenersTell) {
  set_up();
  EXPECT_EQ(ask("GET", "/api/v1/edges").body.at("connected"), false);
  EXPECT_EQ(ask("DELETE", "/api/v1/edges/www/switches/a").status, 404);
  desk_->controls.edges = [] {
    return std::vector<EdgeSeen>{
        {.name = "www",
         .at = wall_now(),
         .verdict = R"({"vantage":"edge1","workers":2,"draining":true,
             "maintenance":[{"hosts":["www.test"],"path":"/","pool":"a"}],"origins":[{"pool":"a","origin":"one","health":"down",
             "drain":true,"circuit":{"state":"open","workers":1,"failure":"connect.silent","rest_ms":9000},
             "diagnosis":{"verdict":{"state":"failing"},"observations":[1,2]}}]})",
         .switches = R"({"switches":[{"from":"a","to":"b","seconds_left":60}]})",
         .metrics = "# HELP x y\ncauseway_edge_requests_total{code=\"200\"} 7\n"
                    "causeway_edge_failures_total{failure=\"connect.refused\"} 2\n"
                    "causeway_edge_failures_total{failure=\"connect.silent\"} 0\n"
                    "causeway_edge_connections_open 3\ncauseway_edge_cache_entries 5\n"
                    "causeway_edge_request_seconds_bucket{le=\"+Inf\"} 9\nnonsense\n"},
        {.name = "far", .why = "connection refused"}};
  };
  const auto edges = ask("GET", "/api/v1/edges").body.at("edges");
  EXPECT_EQ(edges[0].at("pools")[0].at("origins")[0].at("health"), "down");
  EXPECT_EQ(edges[0].at("pools")[0].at("origins")[0].at("circuit").at("state"), "open");
  EXPECT_EQ(edges[0].at("draining"), true);
  EXPECT_EQ(edges[0].at("maintenance")[0].at("hosts")[0], "www.test");
  EXPECT_THAT(edges[0].dump(), Not(HasSubstr("observations")));
  const auto figures = edges[0].at("figures");
  EXPECT_EQ(figures.at("codes")[0].at("count"), 7);
  EXPECT_EQ(figures.at("failures").size(), 1U);
  EXPECT_EQ(figures.at("cache").at("entries"), 5);
  EXPECT_EQ(figures.at("counts").at("connections_open"), 3);
  EXPECT_EQ(edges[1].at("reached"), false);
  std::vector<std::string> switched;
  desk_->controls.switch_pool = [&](const auto& edge, const auto& from, const auto& to,
                                    int many) -> OrRefused<bool> {
    switched.push_back(edge + " " + from + " " + to + " " + std::to_string(many));
    return true;
  };
  const Json order{{"from", "a"}, {"to", "b"}, {"minutes", 30}};
  EXPECT_EQ(ask("POST", "/api/v1/edges/www/switches", order).status, 200);
  EXPECT_EQ(ask("DELETE", "/api/v1/edges/www/switches/a").status, 204);
  EXPECT_THAT(switched, ElementsAre("www a b 30", "www a  0"));
  Json endless = order;
  endless["minutes"] = 100'000;
  EXPECT_EQ(ask("POST", "/api/v1/edges/www/switches", endless).body.at("field"), "minutes");
}

TEST_F(ConsoleTest, GivesReportsAndReadsFacts) {
  set_up();
  fail("i1", {"shop"});
  EXPECT_EQ(ask("GET", "/api/v1/incidents/i1/report").status, 501);
  desk_->controls.report = [](const ReportOrder& order) -> Parsed<std::string> {
    if (order.hide == "moon") return error("'moon' is nothing that can be hidden");
    return order.incident + " " + order.format + " " + order.hide;
  };
  const auto text = ask("GET", "/api/v1/incidents/i1/report");
  EXPECT_EQ(text.text, "i1 text mail,user,network");
  EXPECT_EQ(text.field("Content-Disposition"), "attachment; filename=\"report-i1.txt\"");
  EXPECT_EQ(ask("GET", "/api/v1/incidents/i1/report?format=bundle").field("Content-Type"),
            "application/zstd");
  EXPECT_EQ(ask("GET", "/api/v1/incidents/i1/report?format=doc").body.at("field"), "format");
  EXPECT_EQ(ask("GET", "/api/v1/incidents/i1/report?hide=moon").status, 422);
  EXPECT_EQ(ask("GET", "/api/v1/incidents/none/report").status, 404);
  // The log is written in its turn.
  ASSERT_TRUE(store_->write_now([](store::Database&) -> Parsed<bool> { return true; }));
  EXPECT_THAT(ask("GET", "/api/v1/audit").text, HasSubstr("incident.report"));

  const Json facts{{"schema", "causeway.facts/1"},
                   {"id", "0123456789abcdef"},
                   {"started", "2026-11-26T08:00:00Z"},
                   {"vantage", {{"name", "web-1"}, {"addresses", Json::array()}}},
                   {"host", "web-1"},
                   {"findings", {{{"id", "origin.disk-full"}, {"title", "The disk is full"}}}},
                   {"observations", Json::array()}};
  const auto read = ask("POST", "/api/v1/facts", {{"document", facts.dump()}});
  EXPECT_EQ(read.status, 200) << read.text;
  EXPECT_EQ(read.body.at("host"), "web-1");
  EXPECT_EQ(read.body.at("findings")[0].at("id"), "origin.disk-full");
  EXPECT_EQ(read.body.at("fresh"), false);
  EXPECT_EQ(ask("POST", "/api/v1/facts", {{"document", "{\"schema\":\"moon/1\"}"}}).status, 422);
  EXPECT_EQ(ask("POST", "/api/v1/diagnoses", {{"url", "https://x.test/"}}).status, 501);
  EXPECT_EQ(ask("GET", "/api/v1/proof").status, 501);
  desk_->controls.proof = [](bool anew) {
    return ProofSeen{.running = anew, .wants_root = true, .document = R"({"state":"open"})"};
  };
  EXPECT_EQ(ask("GET", "/api/v1/proof").body.at("document").at("state"), "open");
  EXPECT_EQ(ask("POST", "/api/v1/proof").body.at("running"), true);
}

TEST_F(ConsoleTest, PlansAreMadeWatchedAndKept) {
  set_up();
  const Json move{{"old", "203.0.113.9"},
                  {"new", "198.51.100.20"},
                  {"names", {"www.example.net"}},
                  {"pages", 5}};
  EXPECT_EQ(ask("POST", "/api/v1/plans", move).status, 501);
  EXPECT_EQ(ask("GET", "/api/v1/plans").body.at("plans").size(), 0U);
  PlanOrder asked;
  desk_->controls.plan = [&](const PlanOrder& order) -> OrRefused<PlanRun> {
    asked = order;
    if (order.after == "10.0.0.1") {
      return std::unexpected(Refusal{.field = "new", .text = "10.0.0.1 is private"});
    }
    return [](const PlanListener& listener) -> Parsed<PlanMade> {
      listener.told("www.example.net: 203.0.113.9:443: answers 200");
      return PlanMade{.go = true,
                      .warnings = 1,
                      .names = {"www.example.net"},
                      .document = R"({"schema":"causeway.plan/1"})",
                      .text = "GO",
                      .calendar = [](WallTime at) { return "DTSTART " + rfc3339(at); }};
    };
  };
  Json other = move;
  for (const auto& [field, value] :
       {std::pair{"new", Json("10.0.0.1")}, std::pair{"old", Json(7)},
        std::pair{"names", Json("www.example.net")}, std::pair{"pages", Json(100'000)},
        std::pair{"pages", Json(-1)}, std::pair{"ssl", Json("none")},
        std::pair{"zone", Json("../../etc")}, std::pair{"zone", Json("/etc/passwd.json")},
        std::pair{"zone", Json("here.json")}, std::pair{"facts", Json("{}")},
        std::pair{"names", Json(std::vector<std::string>(17, "a.test"))}}) {
    other = move;
    other[field] = value;
    const auto wrong = ask("POST", "/api/v1/plans", other);
    EXPECT_EQ(wrong.status, 422) << other.dump();
    EXPECT_EQ(wrong.body.at("field"), field) << wrong.text;
  }
  const auto streamed = ask("POST", "/api/v1/plans", move);
  EXPECT_EQ(streamed.field("Content-Type"), "text/event-stream");
  EXPECT_EQ(asked.pages, 5U);
  EXPECT_EQ(asked.ssl, "strict");
  EXPECT_FALSE(asked.may_be_private);
  const auto told = told_by(streamed.reply);
  EXPECT_THAT(told, HasSubstr("event: step\ndata: {\"text\":\"www.example.net: 203.0.113.9:443"));
  EXPECT_THAT(told, HasSubstr("event: plan\ndata: {\"id\":\""));
  const auto plans = ask("GET", "/api/v1/plans").body.at("plans");
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(plans[0].at("author"), "anna");
  EXPECT_EQ(plans[0].at("warnings"), 1);
  const auto path = "/api/v1/plans/" + plans[0].at("id").get<std::string>();
  EXPECT_EQ(ask("GET", path).body.at("document").at("schema"), "causeway.plan/1");
  EXPECT_EQ(ask("GET", path + "/file").text, "GO");
  EXPECT_THAT(ask("GET", path + "/file?format=json").field("Content-Disposition"),
              HasSubstr(".json"));
  EXPECT_EQ(ask("GET", path + "/file?format=calendar").body.at("field"), "at");
  EXPECT_EQ(ask("GET", path + "/file?format=calendar&at=2026-12-01T22:00:00Z").text,
            "DTSTART 2026-12-01T22:00:00.000Z");
  EXPECT_EQ(ask("GET", path + "/file?format=doc").body.at("field"), "format");
  EXPECT_EQ(ask("GET", "/api/v1/plans/none").status, 404);
  for (int i = 0; i < 20; ++i) told_by(ask("POST", "/api/v1/plans", move).reply);
  EXPECT_EQ(ask("GET", "/api/v1/plans").body.at("plans").size(), 16U);
  EXPECT_EQ(ask("GET", path).status, 404);  // the oldest went
}

TEST_F(ConsoleTest, PlansLeaveRoomForDiagnosesAndEndWhenNobodyWatches) {
  set_up();
  desk_->controls.plan = [](const PlanOrder&) -> OrRefused<PlanRun> {
    return [](const PlanListener& listener) -> Parsed<PlanMade> {
      while (!listener.left()) std::this_thread::yield();
      return error("nobody listens");
    };
  };
  const Json move{{"old", "203.0.113.9"}, {"new", "198.51.100.20"}, {"names", {"www.example.net"}}};
  EXPECT_EQ(ask("POST", "/api/v1/plans", move).status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/plans", move).status, 200);
  const auto busy = ask("POST", "/api/v1/plans", move);
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.field("Retry-After"), "30");
  desk_->controls.diagnose = [](const auto&, const auto&) -> Parsed<model::Diagnosis> {
    throw std::runtime_error("broken on purpose");
  };
  const auto broken = ask("POST", "/api/v1/diagnoses", {{"url", "https://x.test/"}});
  EXPECT_THAT(told_by(broken.reply), HasSubstr("event: refused"));
}  // and the two that run end with the fixture

TEST_F(ConsoleTest, ADefinitionShowsNoCommands) {
  const store::Target target{.spec = R"({"id":"shop","team":"a","ca_file":"/etc/x.pem",
      "remedies":[{"command":["reboot"]}],"interval":30})"};
  const auto shown = definition_of(target);
  EXPECT_EQ(shown.dump(), R"({"interval":30,"group":"a","paused":false})");
}

TEST_F(ConsoleTest, EveryAnswerIsFencedIn) {
  for (const auto* path : {"/", "/api/v1/now", "/status/", "/assets/none.js"}) {
    const auto got = ask("GET", path);
    EXPECT_THAT(got.field("Content-Security-Policy"), HasSubstr("default-src 'none'")) << path;
    EXPECT_EQ(got.field("X-Content-Type-Options"), "nosniff") << path;
  }
}

TEST(OpenToPeople, RefusesThisMachineAndItsNetworks) {
  for (const auto* host : {"127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "0.0.0.0",
                           "192.168.1.1", "::ffff:127.0.0.1"}) {
    EXPECT_FALSE(open_to_people({.host = host})) << host;
  }
  for (const auto* host : {"www.example.net", "203.0.113.7", "8.8.8.8", "2001:db8::1"}) {
    EXPECT_TRUE(open_to_people({.host = host})) << host;
  }
}

TEST_F(ConsoleTest, BehindATrustedProxyEachVisitorIsOne) {
  set_up();
  cookie_.clear();
  proof_.clear();
  const auto log_in = [&](const std::string& visitor, const char* password) {
    forwarded_for_ = visitor;
    return ask("POST", "/api/v1/session", {{"name", "anna"}, {"password", password}});
  };
  EXPECT_THAT(log_in("203.0.113.1", "correct horse").field("Set-Cookie"), Not(HasSubstr("Secure")))
      << "nobody is believed by default";
  desk_->settings.trusted_proxies = {*Prefix::parse("127.0.0.0/8")};
  forwarded_proto_ = "https";
  const auto known = log_in("203.0.113.1", "correct horse");
  EXPECT_THAT(known.field("Set-Cookie"), HasSubstr("__Host-causeway="));
  EXPECT_THAT(known.field("Set-Cookie"), HasSubstr("; Secure"));
  keep_session(known);
  EXPECT_EQ(ask("GET", "/api/v1/session").body.at("name"), "anna");
  cookie_.clear();
  proof_.clear();
  // Whatever a stranger claims before the proxy's own word.
  for (int i = 0; i < 6; ++i) log_in("203.0.113.1, 198.51.100.66", "wrong horse");
  EXPECT_EQ(log_in("198.51.100.66", "correct horse").status, 429);
  EXPECT_EQ(log_in("203.0.113.1", "correct horse").status, 201) << "she was here before";
}

TEST(LoginLimits, GrowAndForget) {
  LoginLimit limit;
  Instant now{};
  for (int i = 0; i < 4; ++i) limit.failed("a", now);
  EXPECT_EQ(limit.wait_for("a", now), Duration::zero());
  limit.failed("a", now);
  EXPECT_EQ(limit.wait_for("a", now), std::chrono::seconds{2});
  limit.failed("a", now);
  EXPECT_EQ(limit.wait_for("a", now), std::chrono::seconds{4});
  EXPECT_EQ(limit.wait_for("a", now + std::chrono::seconds{3}), std::chrono::seconds{1});
  for (int i = 0; i < 30; ++i) limit.failed("a", now);
  EXPECT_EQ(limit.wait_for("a", now), minutes{15});
  EXPECT_EQ(limit.wait_for("b", now), Duration::zero());
  limit.succeeded("a");
  EXPECT_EQ(limit.wait_for("a", now), Duration::zero());
}

TEST(OpenToPeople, IsNoPlaceOfThisMachine) {
  EXPECT_TRUE(open_to_people(model::Target{.host = "www.example.net"}));
  EXPECT_FALSE(open_to_people(model::Target{.host = "127.0.0.1"}));
  for (const char* name : {"localhost", "LOCALHOST", "shop.localhost"}) {
    const auto open = open_to_people(model::Target{.host = name});
    ASSERT_FALSE(open) << name;
    EXPECT_THAT(open.error().text, HasSubstr("is this machine"));
  }
}

TEST(OpenApi, DescribesEveryRouteOnce) {
  const auto document = Json::parse(openapi());
  std::size_t operations = 0;
  for (const auto& path : document.at("paths")) operations += path.size();
  EXPECT_EQ(operations, routes().size());
  EXPECT_EQ(
      document.at("paths").at("/api/v1/incidents/{id}").at("get").at("parameters")[0].at("in"),
      "path");
}

TEST(Routes, MatchWholePathsAndDecodeTheirParts) {
  EXPECT_EQ(match("GET", "/api/v1/targets/a%2Fb").parts.at(0), "a/b");
  EXPECT_EQ(match("GET", "/api/v1/targets/").route, nullptr);
  EXPECT_EQ(std::get<Handler>(match("HEAD", "/api/v1/now").route->handler), &get_now);
  EXPECT_TRUE(match("GET", "/api/v1/now/").methods.empty());
}

TEST(Pages, AreFoundByTheirNamesAndByTheApplicationsPaths) {
  const std::vector<WebFile> files{{"assets/a-1.js", "plain", "zipped"},
                                   {"index.html", "page", ""}};
  const std::vector<codec::HeaderField> gzip{{"accept-encoding", "gzip, br"}};
  net::HttpRequest request;
  request.path = "/sites/shop";
  EXPECT_EQ(page_reply(request, files).fixed, "page");
  request.path = "/assets/a-1.js";
  EXPECT_EQ(page_reply(request, files).fixed, "plain");
  request.fields = gzip;
  EXPECT_EQ(page_reply(request, files).fixed, "zipped");
  request.path = "/assets/b.js";
  EXPECT_EQ(page_reply(request, files).status, 404);
  request.path = "/";
  EXPECT_THAT(page_reply(request, {}).fixed, HasSubstr("This build has no pages"));
}

}  // namespace
}  // namespace causeway::console
