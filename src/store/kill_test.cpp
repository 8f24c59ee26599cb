// The promise of the store: whatever was reported as written survives kill -9 at any moment, and
// what is left is whole.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>

#include "base/scratch_folder.hpp"
#include "store/alerts.hpp"
#include "store/backup.hpp"
#include "store/incidents.hpp"
#include "store/store.hpp"

namespace causeway::store {
namespace {

WallTime at(int number) { return WallTime{std::chrono::seconds{number}}; }

// Writes incidents with their alerts for ever, telling each number that was committed.
[[noreturn]] void write_for_ever(const std::string& path, int told, int first) {
  auto store = Store::open(path);
  if (!store) ::_exit(3);
  for (int number = first;; ++number) {
    // Blips beside them, of the kind that may be lost.
    (*store)->write([=](Database& db) {
      return put_member(db, {.incident = "blip", .target = "t", .since = at(number)});
    });
    const std::string id = fmt::format("{}", number);
    const auto kept = (*store)->write_now([&](Database& db) {
      auto put = put_incident(db, {.id = id, .severity = "down", .opened = at(number)});
      if (!put) return put;
      return queue_alert(db, {.id = id,
                              .token = id + "/opened",
                              .incident = id,
                              .channel = "mail",
                              .kind = "opened",
                              .state = "pending",
                              .due = at(number),
                              .expires = at(number),
                              .body = "{}"});
    });
    if (!kept || ::write(told, &number, sizeof number) != sizeof number) ::_exit(4);
  }
}

struct Round {
  pid_t child = -1;
  int told = -1;
};

Round begin(const std::string& path, int first) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_for_ever(path, ends[1], first);
  }
  ::close(ends[1]);
  return {child, ends[0]};
}

// Reads until `enough` were told or the child is gone; the highest number told.
int listen(int told, int enough) {
  int last = -1;
  int number = 0;
  for (int heard = 0; heard < enough; ++heard) {
    if (::read(told, &number, sizeof number) != sizeof number) break;
    last = number;
  }
  return last;
}

TEST(KillNine, LosesNoIncidentAndNoAlert) {
  ScratchFolder scratch;
  const std::string folder = scratch.make().value();
  const std::string path = folder + "/store";
  const char* asked = std::getenv("CAUSEWAY_KILLS");
  const int kills = asked != nullptr ? std::atoi(asked) : 12;
  std::minstd_rand random{7};  // NOLINT(bugprone-random-generator-seed): the same each time
  int last = -1;
  for (int round = 0; round < kills; ++round) {
    const Round running = begin(path, last + 1);
    const int told = listen(running.told, 1 + static_cast<int>(random() % 15));
    // Somewhere inside the next batch.
    pollfd none{};
    ::poll(&none, 0, static_cast<int>(random() % 4));
    ::kill(running.child, SIGKILL);
    int status = 0;
    ::waitpid(running.child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "round " << round << ", status " << status;
    last = std::max({last, told, listen(running.told, 1'000'000)});
    ::close(running.told);

    const auto checked = check(path);
    ASSERT_TRUE(checked) << checked.error().text;
    ASSERT_EQ(checked->damage, "") << "round " << round;
    auto store = Store::open(path);
    ASSERT_TRUE(store) << store.error().text;
    const auto found = (*store)->read([](Database& db) -> Parsed<std::pair<int, int>> {
      auto rows = db.run("SELECT (SELECT count(*) FROM incident), (SELECT count(*) FROM alert)");
      if (!rows) return error(rows.error().text);
      return std::pair{static_cast<int>(rows->front().integer(0)),
                       static_cast<int>(rows->front().integer(1))};
    });
    ASSERT_TRUE(found) << found.error().text;
    // Every number told, at most one more that was committed and not told, and each with its alert.
    EXPECT_GE(found->first, last + 1);
    EXPECT_LE(found->first, last + 2);
    EXPECT_EQ(found->first, found->second);
    last = found->first - 1;
  }
}

}  // namespace
}  // namespace causeway::store
