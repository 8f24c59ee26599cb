// The outbox with a real store and a real command as its channel.
#include "watch/outbox.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/scratch_folder.hpp"
#include "net/loop.hpp"
#include "store/alerts.hpp"
#include "store/incidents.hpp"

namespace causeway::watch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() {
    auto opened = store::Store::open(folder_ + "/store");
    EXPECT_TRUE(opened) << opened.error().text;
    store_ = std::move(*opened);
    outbox_ =
        std::make_unique<Outbox>(*store_, [this](std::string line) { said_.push_back(line); });
    channel({"sh", "-c", "cat >>\"$0\"", folder_ + "/told"});
  }

  void channel(std::vector<std::string> command) {
    outbox_->configure(
        {{.name = "chat", .kind = ChannelKind::command, .command = std::move(command)}},
        "https://watch.example.net");
  }

  void open_incidents(int count) {
    const auto kept = store_->write_now([&](store::Database& database) -> Parsed<bool> {
      for (int i = 0; i < count; ++i) {
        const auto id = fmt::format("i{:04}", i);
        store::Incident incident{.id = id,
                                 .severity = i == count - 1 ? "down" : "degraded",
                                 .title = fmt::format("site {:04} is slow", i),
                                 .cause = "unknown"};
        incident.opened = incident.first_failed = incident.updated = wall_;
        auto done = store::put_incident(database, incident);
        if (done) {
          done = store::queue_alert(database, {.id = "a" + id,
                                               .token = id,
                                               .incident = id,
                                               .channel = "chat",
                                               .kind = "opened",
                                               .state = "pending",
                                               .created = wall_,
                                               .due = wall_,
                                               .expires = wall_ + std::chrono::hours{1}});
        }
        if (!done) return done;
      }
      return true;
    });
    EXPECT_TRUE(kept) << kept.error().text;
  }

  // Looks until nothing is due; how often people were told.
  int deliver_all() {
    const WallTime later = wall_ + std::chrono::seconds{10};
    net::Loop loop;
    loop.run([&]() -> net::Task<void> {
      while (co_await outbox_->deliver(net::Loop::current().now(), later) != kNever) {
        EXPECT_TRUE(store_->write_now([](store::Database&) { return true; }));
      }
    }());
    int times = 0;
    std::string line;
    for (std::ifstream file{folder_ + "/told"}; std::getline(file, line);) {
      times += line.starts_with("[") ? 1 : 0;
      told_ += line + "\n";
    }
    return times;
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_.make().value();
  const WallTime wall_ = *parse_rfc3339("2026-11-25T18:00:00Z");
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Outbox> outbox_;
  std::string told_;
  std::vector<std::string> said_;
};

TEST_F(OutboxTest, HundredsThatOpenTogetherAreOneMessage) {
  open_incidents(400);
  EXPECT_EQ(deliver_all(), 1);
  EXPECT_THAT(told_, HasSubstr("[DOWN] 400 incidents\n")) << "the worst of them says how bad it is";
  EXPECT_THAT(told_, HasSubstr("site 0000 is slow\n"));
  EXPECT_THAT(told_, HasSubstr("  and 380 more\nhttps://watch.example.net/incidents\n"));
}

TEST_F(OutboxTest, AMessageThatFailsIsSaidOnce) {
  open_incidents(400);
  channel({"false"});
  net::Loop loop;
  loop.run([&]() -> net::Task<void> {
    co_await outbox_->deliver(net::Loop::current().now(), wall_ + std::chrono::seconds{10});
  }());
  ASSERT_EQ(said_.size(), 1U);
  EXPECT_THAT(said_[0], HasSubstr("alert to chat failed"));
}

TEST_F(OutboxTest, FewAreToldOneByOne) {
  open_incidents(2);
  EXPECT_EQ(deliver_all(), 2);
  EXPECT_THAT(told_, Not(HasSubstr("incidents\n")));
  EXPECT_THAT(told_, HasSubstr("https://watch.example.net/incidents/i0001\n"));
}

}  // namespace
}  // namespace causeway::watch
