#include "app/demo_show.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "app/command.hpp"
#include "app/demo_diagnoses.hpp"
#include "app/phrases.hpp"
#include "app/progress.hpp"
#include "app/screen.hpp"
#include "base/text.hpp"
#include "store/incidents.hpp"

namespace causeway::app {
namespace {

constexpr Duration kNamed = std::chrono::seconds{60};       // the watch has so long to name all
constexpr Duration kLook = std::chrono::milliseconds{200};  // between two looks at the incidents

bool broken(const DemoOrigin& origin) { return origin.fault != "nothing"; }

}  // namespace

DemoShow::DemoShow(const DemoOrigins& demo, watch::Watcher& watcher, store::Store& store,
                   std::string console, DemoEnd end)
    : demo_(demo),
      watcher_(watcher),
      store_(store),
      console_(std::move(console)),
      end_(end),
      began_(Clock::now()),
      thread_([this] { run(); }) {}

DemoShow::~DemoShow() {
  {
    const std::scoped_lock lock{mutex_};
    stop_ = true;
    if (loop_ != nullptr) loop_->interrupt();
  }
  stopped_.notify_all();
  thread_.join();
}

// False: it ends.
bool DemoShow::pause() {
  std::unique_lock lock{mutex_};
  return !stopped_.wait_for(lock, kLook, [this] { return stop_.load(); });
}

void DemoShow::run() {
  diagnose();
  if (stop_) return;
  named_ = wait_for_names();
  if (stop_) return;
  if (!end_.once && end_.stay == DemoEnd::kNoLimit) return;
  while (!end_.once && Clock::now() - began_ < end_.stay && pause()) {
  }
  if (!stop_) ::kill(::getpid(), SIGTERM);
}

void DemoShow::diagnose() {
  auto all = demo_questions(demo_);
  if (!all) {
    fmt::print(stderr, "causeway up: {}\n", all.error().text);
    return;
  }
  net::Loop loop;  // of this thread
  const auto interruptible = [this](net::Loop* running) {
    const std::scoped_lock lock{mutex_};
    loop_ = running;
  };
  interruptible(&loop);
  Progress progress{stderr_is_terminal()};
  if (!stop_) diagnose_demo(*all, loop, [&](const auto& seen) { progress.saw(seen); });
  interruptible(nullptr);
  progress.clear();
  if (stop_) return;
  print("\n" + demo_table(*all, screen_of_stdout(false)));
  std::fflush(stdout);
}

// How many of the broken ones have an open incident with a cause.
std::size_t DemoShow::named_origins() {
  std::map<std::string, std::string> causes;
  const auto open = store_.read([](store::Database& database) {
    return store::incidents(database, {.open_only = true, .most = 200});
  });
  if (!open) return 0;
  for (const auto& incident : *open) causes[incident.id] = incident.cause;
  return static_cast<std::size_t>(std::ranges::count_if(demo_.origins, [&](const auto& origin) {
    const auto target = watcher_.target(origin.name);
    if (!target || !broken(origin)) return false;
    const auto found = causes.find(target->standing.incident);
    return found != causes.end() && !found->second.empty() && found->second != "unknown";
  }));
}

bool DemoShow::wait_for_names() {
  const auto all = static_cast<std::size_t>(std::ranges::count_if(demo_.origins, broken));
  std::size_t named = 0;
  do {
    named = named_origins();
  } while (named < all && Clock::now() - began_ < kNamed && pause());
  if (stop_) return false;
  print(fmt::format(
      "\nThe watch has named the cause of {} of {} in {}: the Now page on {} shows them.\n"
      "{}The whole report about one: causeway demo --show expired. Yours: causeway diagnose "
      "https://www.example.net/\n",
      named, all, duration_text(Clock::now() - began_), console_,
      end_.once ? "" : "Ctrl-C ends it. "));
  std::fflush(stdout);
  return named == all;
}

}  // namespace causeway::app
