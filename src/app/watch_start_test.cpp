#include "app/watch_start.hpp"

#include <gtest/gtest.h>

namespace causeway::app {
namespace {

TEST(WatchStart, TellsWhatAnotherReadingDoesNotChange) {
  const WatchStart running{.listen = "127.0.0.1:5230", .store = "a.db", .edges = {}};
  EXPECT_EQ(waits_for_start(running, running), "");
  WatchStart read = running;
  read.listen = "127.0.0.1:5231";
  EXPECT_EQ(waits_for_start(running, read), "listen");
  read.store = "b.db";
  read.edges = {{.name = "www", .admin = "http://127.0.0.1:9145", .token_file = ""}};
  EXPECT_EQ(waits_for_start(running, read), "listen, store, edge");
}

}  // namespace
}  // namespace causeway::app
