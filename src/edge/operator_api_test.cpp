// What the admin listener says about origins and the cache.
#include "edge/operator_api.hpp"

#include <gmock/gmock.h>

#include "edge/disk_fixture.hpp"

namespace causeway::edge {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

net::HttpReply ask(const Operated& operated, std::string_view method, std::string_view path,
                   std::string_view query = "", std::vector<codec::HeaderField> fields = {}) {
  const net::HttpRequest request{.method = method,
                                 .path = path,
                                 .query = query,
                                 .host = "localhost",
                                 .fields = fields,
                                 .body = {},
                                 .peer = {}};
  return operator_reply(request, operated).value_or(net::HttpReply{.status = 404});
}

TEST(OperatorApi, VerdictAndMetricsOfEveryOrigin) {
  Config config;
  config.pools.push_back({.name = "www", .origins = {{.name = "a\"b", .host = "192.0.2.1"}}});
  const Operated operated{.evidence = std::make_shared<Evidence>(config)};
  EXPECT_THAT(ask(operated, "GET", "/.causeway/verdict").body,
              HasSubstr("causeway.edge-verdict/1"));
  EXPECT_EQ(ask(operated, "POST", "/.causeway/verdict").status, 405);
  EXPECT_EQ(ask(operated, "GET", "/other").status, 404);
  EXPECT_THAT(operator_metrics(operated),
              HasSubstr("causeway_edge_origin_attempts_total{pool=\"www\",origin=\"a\\\"b\"} 0\n"));
}

TEST(OperatorApi, DrillsBeginAndEnd) {
  const Operated operated{.drills = std::make_shared<DrillBoard>()};
  const auto post = [&](std::string_view query) {
    return ask(operated, "POST", "/.causeway/drill", query);
  };
  for (const auto* wrong : {"", "failure=nothing", "failure=http.status", "percent=10",
                            "failure=connect.refused&percent=0", "failure=connect.refused&for=2h",
                            "failure=connect.refused&path=shop", "failure=connect.refused&x=1"}) {
    EXPECT_EQ(post(wrong).status, 400) << wrong;
  }
  const auto begun = post("failure=connect.silent&host=WWW.test&path=%2Fshop&percent=10&for=1m");
  EXPECT_EQ(begun.status, 200);
  EXPECT_THAT(begun.body, HasSubstr("\"failure\": \"connect.silent\", \"host\": \"www.test\""));
  EXPECT_THAT(begun.body, HasSubstr("\"seconds_left\": 60"));
  EXPECT_EQ(ask(operated, "POST", "/.causeway/drill", "failure=connect.refused",
                {{"origin", "https://evil.example"}})
                .status,
            403);
  for (int i = 1; i < 16; ++i) EXPECT_EQ(post("failure=connect.refused").status, 200);
  EXPECT_EQ(post("failure=connect.refused").status, 400) << "not without end";
  EXPECT_THAT(ask(operated, "DELETE", "/.causeway/drill").body, HasSubstr("\"ended\": 16"));
  EXPECT_THAT(ask(operated, "GET", "/.causeway/drill").body, HasSubstr("\"drills\": []"));
}

TEST(OperatorApi, APoolStandsInForAnother) {
  Config config;
  config.pools.push_back({.name = "www"});
  config.pools.push_back({.name = "standby"});
  Operated operated;
  operated.switches = std::make_shared<PoolSwitches>();
  operated.config = std::make_shared<const Config>(config);
  const auto post = [&](std::string_view query) {
    return ask(operated, "POST", "/.causeway/switch", query);
  };
  for (const auto* wrong : {"", "from=www", "from=www&to=www", "from=www&to=standby&for=8d",
                            "from=www&to=standby&for=0s", "from=www&to=standby&x=1"}) {
    EXPECT_EQ(post(wrong).status, 400) << wrong;
  }
  EXPECT_THAT(post("from=www&to=stanby").body, HasSubstr("is \"standby\" meant?"));
  EXPECT_EQ(operated.switches->stand_in("www", Clock::now()), "");
  EXPECT_THAT(post("from=www&to=standby&for=30m").body, HasSubstr("\"seconds_left\": 1800"));
  EXPECT_EQ(operated.switches->stand_in("www", Clock::now()), "standby");
  EXPECT_EQ(operated.switches->stand_in("standby", Clock::now()), "");
  EXPECT_EQ(operated.switches->stand_in("www", Clock::now() + std::chrono::hours{1}), "");
  EXPECT_THAT(operator_metrics(operated),
              HasSubstr("causeway_edge_pool_switched{pool=\"www\",stand_in=\"standby\"} 1\n"));
  EXPECT_THAT(post("from=www&to=standby").body, HasSubstr("\"seconds_left\": null"));
  EXPECT_EQ(ask(operated, "POST", "/.causeway/switch", "from=www&to=standby",
                {{"origin", "https://evil.example"}})
                .status,
            403);
  EXPECT_THAT(ask(operated, "DELETE", "/.causeway/switch", "from=www").body,
              HasSubstr("\"taken_back\": 1"));
  EXPECT_THAT(ask(operated, "GET", "/.causeway/switch").body, HasSubstr("\"switches\": []"));
  EXPECT_FALSE(operated.switches->any());
}

TEST(OperatorApi, Purges) {
  const Operated operated{.cache = std::make_shared<CacheStore>(1 << 20)};
  operated.cache->put("https://www.test/a b", std::make_shared<StoredAnswer>());
  EXPECT_THAT(operator_metrics(operated), HasSubstr("causeway_edge_cache_entries 1\n"));
  EXPECT_EQ(ask(operated, "GET", "/.causeway/purge", "all").status, 405);
  for (const auto wrong : {"nothing=1", "url=", "", "tag"}) {
    EXPECT_EQ(ask(operated, "POST", "/.causeway/purge", wrong).status, 400) << wrong;
  }
  EXPECT_EQ(ask(operated, "POST", "/.causeway/purge", "all", {{"Origin", "https://x"}}).status,
            403);
  EXPECT_EQ(ask(operated, "POST", "/.causeway/purge", "url=https://www.test/a%20b").body,
            "{\"purged\": 1}\n");
  EXPECT_EQ(ask({}, "POST", "/.causeway/purge", "all").status, 409);
}

TEST(OperatorApi, TheDiskIsSeenAndPurged) {
  const TestFolder folder;
  const TestStore disk{folder.path()};
  const Operated operated{.cache = std::make_shared<CacheStore>(1 << 20, disk.pointer())};
  EXPECT_THAT(operator_metrics(Operated{.cache = std::make_shared<CacheStore>(1 << 20)}),
              Not(HasSubstr("disk")));
  operated.cache->put("https://www.test/", test_answer("hello"));
  disk.settle();
  const auto told = operator_metrics(operated);
  for (const auto* line : {"disk_working 1\n", "disk_entries 1\n", "disk_bytes 4096\n",
                           "disk_written_total 1\n", "disk_errors_total 0\n"}) {
    EXPECT_THAT(told, HasSubstr(line));
  }
  EXPECT_EQ(ask(operated, "POST", "/.causeway/purge", "prefix=www.test/").body,
            "{\"purged\": 1}\n");
  EXPECT_THAT(folder.files(), IsEmpty());
}

}  // namespace
}  // namespace causeway::edge
