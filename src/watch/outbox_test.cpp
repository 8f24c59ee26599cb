// The outbox with a real store and a real command as its channel.
#include "watch/outbox.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "base/scratch_folder.hpp"
#include "net/group.hpp"
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

  void open_incidents(int count) { put_incidents(0, count, "opened", WallTime{}); }

  void put_incidents(int first, int end, std::string_view told, WallTime closed) {
    const auto kept = store_->write_now([&](store::Database& database) -> Parsed<bool> {
      for (int i = first; i < end; ++i) {
        const auto id = fmt::format("i{:04}", i);
        store::Incident incident{.id = id,
                                 .severity = i == end - 1 ? "down" : "degraded",
                                 .title = fmt::format("site {:04} is slow", i),
                                 .cause = "unknown"};
        incident.opened = incident.first_failed = incident.updated = wall_;
        incident.closed = closed;
        auto done = store::put_incident(database, incident);
        if (done) {
          done = store::queue_alert(database, {.id = "a" + id,
                                               .token = id,
                                               .incident = id,
                                               .channel = "chat",
                                               .kind = std::string{told},
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

  // Looks for as long as `until` is not true, at most 20 s.
  void serve(const std::function<bool()>& until) {
    const WallTime later = wall_ + std::chrono::seconds{10};
    net::Loop loop;
    loop.run([&]() -> net::Task<void> {
      net::Group tasks;
      const Instant end = loop.now() + std::chrono::seconds{20};
      while (!until() && loop.now() < end) {
        outbox_->serve(tasks, loop.now(), later, false);
        co_await loop.sleep_until(loop.now() + std::chrono::milliseconds{20});
      }
      tasks.abandon();
    }());
  }

  bool nothing_due() {
    const auto next =
        store_->read([](store::Database& database) { return store::next_due(database, "chat"); });
    return next && !*next;
  }

  // Until nothing is due; how often people were told.
  int deliver_all() {
    serve([this] { return nothing_due(); });
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

TEST(Digest, TellsOfWhatEnded) {
  const WallTime wall = *parse_rfc3339("2026-11-25T18:00:00Z");
  std::vector<Message> ended;
  for (int i = 0; i < 400; ++i) {
    store::Incident incident{.id = "i", .title = fmt::format("site {:04} is slow", i)};
    incident.first_failed = wall;
    incident.closed = wall + std::chrono::seconds{90};
    ended.push_back(headline_of(incident, "recovered"));
  }
  const std::string told = text_of(digest_of(ended));
  EXPECT_THAT(told, HasSubstr("[RECOVERED] 400 incidents are over\n"
                              "All of it took 1 min 30 s, from 2026-11-25T18:00:00Z to "
                              "2026-11-25T18:01:30Z.\n"));
  EXPECT_THAT(told, HasSubstr("site 0000 is slow, for 1 min 30 s\n"));
  EXPECT_THAT(told, HasSubstr("  and 380 more\n"));
}

TEST_F(OutboxTest, WhatIsOverBeforeItWasToldIsLeftOutOfADigest) {
  open_incidents(5);
  put_incidents(5, 10, "opened", wall_ + std::chrono::seconds{5});
  EXPECT_EQ(deliver_all(), 1);
  EXPECT_THAT(told_, HasSubstr("[DOWN] 5 incidents\n"));
}

TEST_F(OutboxTest, ACommandHearsOfEachEnd) {
  put_incidents(0, 5, "recovered", wall_ + std::chrono::seconds{5});
  EXPECT_EQ(deliver_all(), 5);
}

TEST_F(OutboxTest, NobodyIsToldOfTheEndOfWhatFailsAgain) {
  put_incidents(0, 5, "recovered", WallTime{});
  EXPECT_EQ(deliver_all(), 0);
}

TEST_F(OutboxTest, AChannelThatIsNoLongerRemindedIsLeftInPeace) {
  put_incidents(0, 3, "reminder", WallTime{});
  EXPECT_EQ(deliver_all(), 0);
}

// A receiver that keeps incidents by a key would keep this one open for ever; people hear of the
// one that goes on.
TEST(Alerts, OfAnIncidentThatIsPartOfAnother) {
  Change change;
  change.incident = {.id = "i", .severity = "down", .merged_into = "j"};
  change.tell = Change::Tell::recovered;
  const std::vector<Channel> channels{{.name = "chat", .kind = ChannelKind::command},
                                      {.name = "pager", .kind = ChannelKind::pagerduty}};
  const auto alerts = alerts_for(change, channels, {}, wall_now(), [] { return std::string{"a"}; });
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].channel, "pager");
  EXPECT_EQ(alerts[0].kind, "recovered");
}

TEST_F(OutboxTest, AMessageThatFailsIsSaidOnce) {
  open_incidents(400);
  channel({"false"});
  serve([this] { return !said_.empty(); });
  ASSERT_EQ(said_.size(), 1U);
  EXPECT_THAT(said_[0], HasSubstr("alert to chat failed"));
}

TEST_F(OutboxTest, AChannelThatHangsHoldsUpNoOther) {
  open_incidents(1);
  const auto kept = store_->write_now([&](store::Database& database) {
    return store::queue_alert(database, {.id = "held",
                                         .token = "held",
                                         .incident = "i0000",
                                         .channel = "held",
                                         .kind = "opened",
                                         .state = "pending",
                                         .created = wall_,
                                         .due = wall_ - std::chrono::seconds{9},
                                         .expires = wall_ + std::chrono::hours{1}});
  });
  ASSERT_TRUE(kept) << kept.error().text;
  outbox_->configure(
      {{.name = "held",
        .kind = ChannelKind::command,
        .command = {"sh", "-c", ": >\"$0\"; exec tail -f /dev/null", folder_ + "/held"}},
       {.name = "chat",
        .kind = ChannelKind::command,
        .command = {"sh", "-c", "cat >>\"$0\"", folder_ + "/told"}}},
      "");
  serve([this] { return std::filesystem::exists(folder_ + "/held") && nothing_due(); });
  open_incidents(3);  // two more, while it hangs
  EXPECT_EQ(deliver_all(), 3);
}

TEST_F(OutboxTest, WhatWaitsForAChannelThatIsGoneIsCancelled) {
  open_incidents(1);
  outbox_->configure({}, "");
  ASSERT_TRUE(store_->write_now([](store::Database&) { return true; }));
  const auto kept =
      store_->read([](store::Database& database) { return store::alert(database, "ai0000"); });
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ((*kept)->state, "cancelled");
  EXPECT_EQ((*kept)->reason, "there is no such channel any more");
}

TEST_F(OutboxTest, FewAreToldOneByOne) {
  open_incidents(2);
  EXPECT_EQ(deliver_all(), 2);
  EXPECT_THAT(told_, Not(HasSubstr("incidents\n")));
  EXPECT_THAT(told_, HasSubstr("https://watch.example.net/incidents/i0001\n"));
}

}  // namespace
}  // namespace causeway::watch
