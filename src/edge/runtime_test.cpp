// Which route a request belongs to, which origin comes first, and which failure is told.
#include "edge/runtime.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "edge/attempt_order.hpp"
#include "edge/edge_fixture.hpp"

namespace causeway::edge {
namespace {

using model::FailureId;
using testing::ElementsAre;

struct HostRow {
  const char* pattern;
  const char* host;
  bool matches;
};

TEST(Routes, HostsMatchWholeNames) {
  for (const auto& row :
       {HostRow{"www.test", "WWW.Test", true}, HostRow{"www.test", "xwww.test", false},
        HostRow{"*.test", "a.test", true}, HostRow{"*.test", "a.b.test", true},
        HostRow{"*.test", "test", false}, HostRow{"*.test", "atest", false},
        HostRow{"*", "x", true}}) {
    EXPECT_EQ(host_matches({row.pattern}, row.host), row.matches) << row.pattern << ' ' << row.host;
  }
  EXPECT_TRUE(host_matches({}, "any"));
}

TEST(Routes, PathsMatchWholeSegments) {
  EXPECT_TRUE(path_matches("/", "/x"));
  EXPECT_TRUE(path_matches("/api", "/api"));
  EXPECT_TRUE(path_matches("/api", "/api/x"));
  EXPECT_FALSE(path_matches("/api", "/apis"));
  EXPECT_TRUE(path_matches("/api/", "/api/x"));
}

TEST(Routes, TheFirstThatMatchesTakesIt) {
  Config config = config_for({origin_at(Endpoint::parse("192.0.2.1:80", 0).value())});
  config.routes = {{.hosts = {"a.test"}, .path = "/api", .pool = "test"},
                   {.hosts = {"a.test"}, .pool = "test", .maintenance = true}};
  const Runtime runtime{std::make_shared<const Config>(config), nullptr};
  EXPECT_FALSE(runtime.match("a.test", "/api/x").route->maintenance);
  EXPECT_TRUE(runtime.match("a.test", "/").route->maintenance);
  EXPECT_EQ(runtime.match("b.test", "/").route, nullptr);
}

TEST(Routes, AnOwnListenerIsALoop) {
  Config config;
  config.listeners = {{.address = {IpAddress::v6({}), 8080}}};
  const Runtime runtime{std::make_shared<const Config>(config), nullptr};
  EXPECT_TRUE(runtime.is_own(Endpoint::parse("127.0.0.1:8080", 0).value()));
  EXPECT_FALSE(runtime.is_own(Endpoint::parse("127.0.0.1:8081", 0).value()));
  EXPECT_FALSE(runtime.is_own(Endpoint::parse("192.0.2.1:8080", 0).value()));
}

// The origins one request would try when none of them answers.
std::vector<std::string> order(PoolState& pool, Instant now) {
  std::vector<std::string> out;
  OriginWalk walk{pool, {}};
  while (const auto* state = walk.next(now)) out.push_back(state->origin().name);
  return out;
}

TEST(Order, PrioritiesBeforeTurns) {
  net::Loop loop;
  Pool pool;
  for (const auto& [name, priority, weight] :
       {std::tuple{"a", 0, 100}, std::tuple{"b", 0, 100}, std::tuple{"backup", 1, 100},
        std::tuple{"none", 0, 0}}) {
    Origin origin;
    origin.host = origin.name = name;
    origin.priority = priority;
    origin.weight = weight;
    pool.origins.push_back(origin);
  }
  const Timeouts timeouts;
  PoolState state{pool, timeouts};
  EXPECT_THAT(order(state, loop.now()), ElementsAre("a", "b", "backup"));
  EXPECT_THAT(order(state, loop.now()), ElementsAre("b", "a", "backup"));
}

TEST(Order, WhereNothingAnsweredStandsBehind) {
  net::Loop loop;
  Pool pool;
  for (const char* address : {"192.0.2.1", "192.0.2.2"}) {
    pool.origins.push_back(origin_at(Endpoint{IpAddress::parse(address).value(), 80}));
  }
  pool.policy = Policy::failover;
  const Timeouts timeouts;
  PoolState state{pool, timeouts};
  const auto first = IpAddress::parse("192.0.2.1").value();
  state.origins[0]->remember(first, FailureId::connect_silent, std::chrono::seconds{10});
  EXPECT_THAT(order(state, loop.now()), ElementsAre("192.0.2.2:80", "192.0.2.1:80"));
  std::string because;
  EXPECT_EQ(state.origins[0]->remembered(first, because), FailureId::connect_silent);
  EXPECT_FALSE(because.empty());
  state.origins[0]->remember(first, FailureId::connect_refused, std::chrono::seconds{10});
  EXPECT_EQ(state.origins[0]->remembered(first, because), std::nullopt);  // quick to find out
}

TEST(Headline, TheDeepestStageWinsThenAnAnswerOverSilence) {
  const auto tried = [](FailureId failure) {
    Attempt out{.origin = {}, .address = {}, .failure = failure, .because = {}};
    return out;
  };
  const std::vector<Attempt> stages{tried(FailureId::connect_refused),
                                    tried(FailureId::cert_expired),
                                    tried(FailureId::connect_silent)};
  EXPECT_EQ(headline_of(stages).failure, FailureId::cert_expired);
  const std::vector<Attempt> silence{tried(FailureId::connect_refused),
                                     tried(FailureId::connect_silent)};
  EXPECT_EQ(headline_of(silence).failure, FailureId::connect_refused);
  EXPECT_EQ(headline_of({}).failure, FailureId::choose_no_healthy_origin);
}

}  // namespace
}  // namespace causeway::edge
