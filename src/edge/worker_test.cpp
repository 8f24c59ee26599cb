// Reloads that come while something else is under way.
#include "edge/worker.hpp"

#include <gtest/gtest.h>

#include "edge/edge_fixture.hpp"

namespace causeway::edge {
namespace {

const net::ScriptedCertificates kNone{};

TEST(Worker, OfTwoReloadsAtOnceOnlyTheLastIsServed) {
  const net::ScriptedOrigin origin{{once(page(""))}, kNone};
  Config config = config_for({origin_at(origin.endpoint())});
  config.access_log.on = false;
  const Snapshot snapshot{.config = std::make_shared<const Config>(std::move(config))};
  const std::vector<OpenListener> doors{open_door(), open_door(), open_door()};
  Worker worker{snapshot, {doors[0]}};
  worker.reload(snapshot, {doors[1]});
  worker.reload(snapshot, {doors[2]});
  worker.start();
  EXPECT_EQ(status_of(ask(doors[2].rules.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
  EXPECT_THROW(TestVisitor{doors[1].rules.address}, std::runtime_error);
  EXPECT_THROW(TestVisitor{doors[0].rules.address}, std::runtime_error);
  worker.drain();
  worker.join();
}

}  // namespace
}  // namespace causeway::edge
