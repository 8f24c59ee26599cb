// The whole watch on loopback: real checks, a real store, a real alert.
#include "watch/watcher.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>
#include <tuple>

#include "base/scratch_folder.hpp"
#include "net/small_origin.hpp"
#include "store/alerts.hpp"
#include "store/incidents.hpp"
#include "store/rollups.hpp"
#include "store/targets.hpp"

namespace causeway::watch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class WatcherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch_.make().value();
    good_ = *net::SmallOrigin::open({.reply = net::page_reply(200, "OK", "Basket")});
    bad_ = *net::SmallOrigin::open({.manner = net::Manner::refuse});
    settings_.anchors = {good_->endpoint()};
    settings_.diagnose = false;
    settings_.ledger.gather = Duration::zero();
    settings_.channels = {{.name = "file",
                           .kind = ChannelKind::command,
                           .command = {"sh", "-c", "cat >>\"$0\"", folder_ + "/told"}}};
  }
  void TearDown() override {
    watcher_.reset();
    store_.reset();
  }

  Target target(const std::string& address) {
    Target out = *target_of(address);
    out.interval = std::chrono::seconds{1};
    out.retry = std::chrono::milliseconds{500};
    out.confirm = {.open_failures = 2, .open_of = 2, .close_successes = 1, .close_of = 1};
    return out;
  }
  void start() {
    auto store = store::Store::open(folder_ + "/store");
    ASSERT_TRUE(store) << store.error().text;
    store_ = std::move(*store);
    auto watcher = Watcher::create(settings_, *store_);
    ASSERT_TRUE(watcher) << watcher.error().text;
    watcher_ = std::move(*watcher);
    watcher_->subscribe([this](const LiveEvent& event) {
      const std::scoped_lock lock{mutex_};
      heard_.push_back(event);
      changed_.notify_all();
    });
    watcher_->start();
  }
  // Until so many events of this kind have had this text.
  bool hear(LiveEvent::Kind kind, std::string_view text, int times = 1) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{30}, [&] {
      return std::ranges::count_if(heard_, [&](const LiveEvent& event) {
               return event.kind == kind && event.text.find(text) != std::string::npos;
             }) >= times;
    });
  }
  bool first_check_ended() const {
    const Instant deadline = Clock::now() + std::chrono::seconds{30};
    while (watcher_->figures().checks == 0 && Clock::now() < deadline) std::this_thread::yield();
    return watcher_->figures().checks > 0;
  }
  std::string told() const {
    std::ifstream file{folder_ + "/told"};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  ScratchFolder scratch_;
  std::string folder_;
  std::unique_ptr<net::SmallOrigin> good_;
  std::unique_ptr<net::SmallOrigin> bad_;
  Settings settings_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Watcher> watcher_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LiveEvent> heard_;
};

TEST_F(WatcherTest, OpensOneIncidentAndTellsIt) {
  settings_.targets = {target("tcp://" + bad_->endpoint().text()),
                       target("http://" + good_->endpoint().text())};
  start();
  ASSERT_TRUE(hear(LiveEvent::Kind::incident, "refused"));
  ASSERT_TRUE(hear(LiveEvent::Kind::incident, "", 2));  // opened, then told
  watcher_->stop();
  const auto incidents = store_->read([](store::Database& db) { return store::incidents(db, {}); });
  ASSERT_TRUE(incidents);
  ASSERT_EQ(incidents->size(), 1U);
  EXPECT_EQ(incidents->front().failure, "connect.refused");
  EXPECT_EQ(incidents->front().code, 521);
  const auto state = store_->read(
      [&](store::Database& db) { return store::state(db, settings_.targets.front().id); });
  ASSERT_TRUE(state && *state);
  EXPECT_EQ((*state)->outcome, "down");  // as it was confirmed, not as the first check left it
  const auto alerts = store_->read([](store::Database& db) { return store::alerts(db, "", 10); });
  ASSERT_TRUE(alerts);
  ASSERT_EQ(alerts->size(), 1U);
  EXPECT_EQ(alerts->front().kind, "opened");
}

TEST_F(WatcherTest, DeliversFromTheStoreAfterARestart) {
  settings_.targets = {target("tcp://" + bad_->endpoint().text())};
  settings_.channels.front().command = {"/nowhere/at/all"};
  start();
  ASSERT_TRUE(hear(LiveEvent::Kind::own, "alert to file failed"));
  watcher_.reset();
  store_.reset();
  settings_.channels.front().command = {"sh", "-c", "cat >>\"$0\"", folder_ + "/told"};
  // Its next try is due later: make it due now, as time would.
  auto store = store::Store::open(folder_ + "/store");
  ASSERT_TRUE(store);
  const auto moved = (*store)->write_now([](store::Database& db) -> Parsed<bool> {
    auto rows = db.run("UPDATE alert SET due = created");
    if (!rows) return error(rows.error().text);
    return true;
  });
  ASSERT_TRUE(moved) << moved.error().text;
  store->reset();
  start();
  for (int i = 0; i < 300 && told().empty(); ++i) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::milliseconds{100});
  }
  EXPECT_THAT(told(), HasSubstr("is down"));
  watcher_->stop();
  const auto incidents = store_->read([](store::Database& db) { return store::incidents(db, {}); });
  EXPECT_EQ(incidents->size(), 1U);  // the restart opened no second one
}

TEST_F(WatcherTest, ChecksNowAndShowsWhatIsKnown) {
  settings_.private_targets = true;
  Target shop = target("http://" + good_->endpoint().text());
  shop.expect.text = "Basket";
  settings_.targets = {shop};
  start();
  const auto result = watcher_->check_now(shop.id);
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->outcome, Outcome::ok) << result->detail;
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(watcher_->target(shop.id)->address, good_->endpoint().text());
  EXPECT_FALSE(watcher_->check_now("nothing"));

  Target other = shop;
  other.id = "other";
  other.expect.text = "Something else";
  ASSERT_TRUE(watcher_->put_target(other));
  const auto wrong = watcher_->check_now("other");
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->outcome, Outcome::down);
  EXPECT_THAT(wrong->excerpt, HasSubstr("HTTP 200"));
  EXPECT_FALSE(watcher_->put_target(shop));  // it stands in the file
  EXPECT_TRUE(watcher_->remove_target("other"));
  EXPECT_EQ(watcher_->targets().size(), 1U);
}

TEST_F(WatcherTest, WhatPeopleAddStaysAndKeepsItsPast) {
  settings_.private_targets = true;
  start();
  Target shop = target("http://" + good_->endpoint().text());
  shop.id = "shop";
  ASSERT_TRUE(watcher_->put_target(shop));
  ASSERT_TRUE(hear(LiveEvent::Kind::target, "ok"));
  shop.expect.text = "not on this page";  // at once, and the incident is of the same target
  ASSERT_TRUE(watcher_->put_target(shop));
  ASSERT_TRUE(hear(LiveEvent::Kind::incident, "shop"));
  const auto incident = watcher_->target("shop")->standing.incident;
  EXPECT_FALSE(incident.empty());
  shop.name = "The shop";
  ASSERT_TRUE(watcher_->put_target(shop));
  EXPECT_EQ(watcher_->target("shop")->standing.incident, incident);
  watcher_.reset();
  store_.reset();
  start();
  EXPECT_EQ(watcher_->target("shop")->source, "api");
  EXPECT_EQ(watcher_->target("shop")->target.name, "The shop");
  EXPECT_EQ(watcher_->target("shop")->standing.incident, incident);
  shop.paused = true;
  ASSERT_TRUE(watcher_->put_target(shop));
  EXPECT_TRUE(watcher_->target("shop")->standing.incident.empty());
  EXPECT_TRUE(hear(LiveEvent::Kind::incident, "Nothing of it is checked any more"));
  Target child = target("http://" + good_->endpoint().text());
  child.id = "child";
  child.parents = {"shopp"};
  EXPECT_THAT(watcher_->put_target(child).error().text, HasSubstr("did you mean 'shop'?"));
  child.parents = {"shop"};
  ASSERT_TRUE(watcher_->put_target(child));
  EXPECT_THAT(watcher_->remove_target("shop").error().text, HasSubstr("'child' depends on it"));
  EXPECT_TRUE(watcher_->remove_target("child"));
  EXPECT_TRUE(watcher_->remove_target("shop"));
}

// An address that was let in, or a name that leads there: nothing is sent.
TEST_F(WatcherTest, WhatPeopleAddIsNotAskedInPrivateNetworks) {
  start();
  Target inside = target("http://" + good_->endpoint().text());
  inside.id = "inside";
  ASSERT_TRUE(watcher_->put_target(inside));
  Target by_name = target("http://localhost:" + std::to_string(good_->endpoint().port));
  by_name.id = "by-name";
  ASSERT_TRUE(watcher_->put_target(by_name));
  for (const char* id : {"inside", "by-name"}) {
    const auto result = watcher_->check_now(id);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->outcome, Outcome::down) << id;
    EXPECT_EQ(result->failure, model::FailureId::resolve_prohibited_address) << id;
  }
}

TEST_F(WatcherTest, ABlindWatchOpensNothing) {
  // Nobody routes to it, and nothing on the way answers for it.
  settings_.anchors = {*Endpoint::parse("[100::1]:9", 9)};
  settings_.targets = {target("tcp://" + bad_->endpoint().text())};
  start();
  ASSERT_TRUE(hear(LiveEvent::Kind::own, "does not work"));
  EXPECT_TRUE(watcher_->figures().blind);
  EXPECT_EQ(watcher_->figures().incidents, 0U);
  // What failed before the look and what fails after it: neither is the target's.
  const std::string id = settings_.targets.front().id;
  ASSERT_TRUE(first_check_ended());
  const auto after = watcher_->check_now(id);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->outcome, Outcome::unknown);
  EXPECT_THAT(after->detail, HasSubstr("Not judged, none of 1 anchors answers: "));
  watcher_->stop();
  const auto sums = store_->read([&](store::Database& db) {
    return store::rollups(db, id, store::Span::minute, {}, WallTime::max());
  });
  ASSERT_TRUE(sums) << sums.error().text;
  std::int64_t unknown = 0;
  for (const auto& sum : *sums) {
    EXPECT_EQ(sum.down, 0);
    unknown += sum.unknown;
  }
  EXPECT_GE(unknown, 2);
}

TEST_F(WatcherTest, WhatFailsWithAHealthyOwnNetworkIsCounted) {
  settings_.targets = {target("tcp://" + bad_->endpoint().text())};
  start();
  ASSERT_TRUE(hear(LiveEvent::Kind::incident, "refused"));
  const std::string id = settings_.targets.front().id;
  watcher_->stop();
  const auto sums = store_->read([&](store::Database& db) {
    return store::rollups(db, id, store::Span::minute, {}, WallTime::max());
  });
  ASSERT_TRUE(sums) << sums.error().text;
  std::int64_t down = 0;
  for (const auto& sum : *sums) {
    EXPECT_EQ(sum.unknown, 0);
    down += sum.down;
  }
  EXPECT_GE(down, 2);
}

// Beats that came while no watch ran are lost: what is overdue at the start is neither well nor
// down.
TEST_F(WatcherTest, ARestartIsNoHeartbeat) {
  Target job = target("http://job.example.net");
  job.kind = CheckKind::heartbeat;
  job.id = "overdue";
  job.interval = std::chrono::minutes{1};
  settings_.targets = {job};
  job.id = "in-time";
  settings_.targets.push_back(job);
  {
    auto store = store::Store::open(folder_ + "/store");
    ASSERT_TRUE(store) << store.error().text;
    const auto kept = (*store)->write_now([](store::Database& db) -> Parsed<bool> {
      const WallTime now = wall_now();
      auto put =
          store::put_beat(db, {.target = "overdue", .at = now - std::chrono::hours{1}, .ok = true});
      if (put) put = store::put_beat(db, {.target = "in-time", .at = now, .ok = true});
      return put;
    });
    ASSERT_TRUE(kept) << kept.error().text;
  }
  start();
  EXPECT_EQ(watcher_->check_now("overdue")->outcome, Outcome::unknown);
  EXPECT_EQ(watcher_->check_now("in-time")->outcome, Outcome::ok);
  ASSERT_TRUE(watcher_->beat("overdue", true, ""));
  EXPECT_EQ(watcher_->check_now("overdue")->outcome, Outcome::ok);
}

// A disk that is full: people hear of it, because of all else they would hear nothing.
TEST_F(WatcherTest, AStoreThatTakesNothingIsSaid) {
  start();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{.rlim_cur = 1, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  store_->write_soon([](store::Database& db) { return store::set_setting(db, "any", "thing"); });
  EXPECT_TRUE(hear(LiveEvent::Kind::own, "the store takes nothing: "));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_TRUE(hear(LiveEvent::Kind::own, "the store takes what waited for it"));
}

TEST_F(WatcherTest, TimeInWhichNoWatchRanIsUnknown) {
  const WallTime before = wall_now() - std::chrono::hours{1};
  {
    auto store = store::Store::open(folder_ + "/store");
    ASSERT_TRUE(store) << store.error().text;
    const auto kept = (*store)->write_now([&](store::Database& db) -> Parsed<bool> {
      auto put = store::set_setting(db, "alive", rfc3339(before));
      // It stopped while it could not see.
      const store::Blind blind{.vantage = "here", .since = before - std::chrono::hours{1}};
      if (put) put = store::begin_blind(db, blind);
      return put;
    });
    ASSERT_TRUE(kept) << kept.error().text;
  }
  start();
  watcher_->stop();
  const auto blinds =
      store_->read([](store::Database& db) { return store::blinds(db, {}, WallTime::max()); });
  ASSERT_TRUE(blinds) << blinds.error().text;
  ASSERT_EQ(blinds->size(), 2U);
  for (const auto& one : *blinds) EXPECT_NE(one.until, WallTime{}) << one.reason;
  EXPECT_EQ(blinds->back().reason, "the watch did not run");
}

TEST_F(WatcherTest, AnEndedWatchStillAnswersAndChangesNothing) {
  settings_.targets = {target("http://" + good_->endpoint().text())};
  start();
  const std::string id = settings_.targets.front().id;
  watcher_->stop();
  EXPECT_EQ(watcher_->targets().size(), 1U);
  EXPECT_TRUE(watcher_->target(id));
  for (const auto& refused : {watcher_->acknowledge("any", "anna"), watcher_->beat(id, true, ""),
                              watcher_->put_target(settings_.targets.front())}) {
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("the watch has ended"));
  }
  EXPECT_FALSE(watcher_->check_now(id));
  EXPECT_FALSE(watcher_->test_channel("file"));
  EXPECT_FALSE(watcher_->report("fra1", {}));
}

// Whoever asks while it ends gets an answer, whatever it is: nobody waits for ever.
TEST_F(WatcherTest, QuestionsWhileItEndsAreAnswered) {
  settings_.targets = {target("http://" + good_->endpoint().text())};
  start();
  const std::string id = settings_.targets.front().id;
  std::atomic<bool> enough = false;
  constexpr int kAskers = 3;
  std::vector<std::thread> askers;
  askers.reserve(kAskers);
  for (int i = 0; i < kAskers; ++i) {
    askers.emplace_back([&] {
      while (!enough) {
        watcher_->targets();
        std::ignore = watcher_->acknowledge("any", "anna");
        std::ignore = watcher_->check_now(id);
      }
    });
  }
  ASSERT_TRUE(hear(LiveEvent::Kind::target, "ok"));
  watcher_->stop();
  enough = true;
  for (auto& asker : askers) asker.join();
  EXPECT_EQ(watcher_->targets().size(), 1U);
}

// Also one that was paused meanwhile, whose address and certificate are as they were.
TEST_F(WatcherTest, LearnsAnewWhatAChangedTargetShares) {
  settings_.targets = {target("http://" + good_->endpoint().text())};
  Target& one = settings_.targets.front();
  one.tags = {"provider:one"};
  start();
  ASSERT_TRUE(hear(LiveEvent::Kind::target, "ok"));
  one.paused = true;
  ASSERT_TRUE(watcher_->reload(settings_));
  one.paused = false;
  one.tags = {"provider:two"};
  ASSERT_TRUE(watcher_->reload(settings_));
  ASSERT_TRUE(watcher_->check_now(one.id));
  ASSERT_TRUE(watcher_->check_now(one.id));  // the one before has ended then
  watcher_->stop();
  const auto state = store_->read([&](store::Database& db) { return store::state(db, one.id); });
  ASSERT_TRUE(state && *state);
  EXPECT_THAT((*state)->facts, HasSubstr(R"({"kind":"provider","value":"two"})"));
  EXPECT_THAT((*state)->facts, Not(HasSubstr("\"one\"")));
}

// The question of the check, and no words that nobody looked at: not that it comes and goes, and no
// web server where a port was asked.
TEST_F(WatcherTest, DiagnosesWhatTheCheckAsked) {
  Target content = target("http://" + good_->endpoint().text());
  content.id = "content";
  content.expect.json = {{"/state", "ready"}};
  Target port = target("tcp://" + bad_->endpoint().text());
  port.id = "port";
  settings_.diagnose = true;
  settings_.targets = {content, port};
  start();
  ASSERT_TRUE(hear(LiveEvent::Kind::incident, "it is the content that differs"));
  ASSERT_TRUE(hear(LiveEvent::Kind::incident, "Nothing listens on port"));
  watcher_->stop();
  const auto documents = store_->read([](store::Database& db) -> Parsed<std::string> {
    auto rows = db.run("SELECT group_concat(body, ' ') FROM document WHERE kind = 'diagnosis'");
    if (!rows) return error(rows.error().text);
    return rows->front().text(0);
  });
  ASSERT_TRUE(documents) << documents.error().text;
  EXPECT_TRUE(documents->contains("tcp://127.0.0.1:"));
  EXPECT_FALSE(documents->contains("comes and goes"));
  EXPECT_FALSE(documents->contains("web server"));
  EXPECT_FALSE(documents->contains("nginx"));
}

// Visitors come another way than to the origin: what is wrong there is no coming and going.
TEST_F(WatcherTest, DiagnosesTheWayOfVisitorsBesideTheOrigin) {
  const auto edge = *net::SmallOrigin::open({.reply = net::page_reply(522, "Timed Out", "")});
  Target site = target(fmt::format("http://localhost:{}/", edge->endpoint().port));
  site.family = Family::ipv4;
  site.origins = {good_->endpoint()};
  settings_.diagnose = true;
  settings_.targets = {site};
  start();
  ASSERT_TRUE(hear(LiveEvent::Kind::incident, "522"));
  ASSERT_TRUE(hear(LiveEvent::Kind::incident, "the way that DNS leads"));
}

TEST_F(WatcherTest, ReloadIsAllOrNothing) {
  settings_.targets = {target("http://" + good_->endpoint().text())};
  start();
  Settings next = settings_;
  next.targets = {target("tcp://" + good_->endpoint().text())};
  next.channels = {{.name = "m", .kind = ChannelKind::mail}};
  EXPECT_FALSE(watcher_->reload(next));
  EXPECT_EQ(watcher_->targets().front().target.kind, CheckKind::http);
  next.channels.clear();
  EXPECT_TRUE(watcher_->reload(next));
  EXPECT_EQ(watcher_->targets().front().target.kind, CheckKind::tcp);
}

}  // namespace
}  // namespace causeway::watch
