// causeway watch: every target on a schedule, one incident per cause, told to who must act.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.hpp"
#include "app/console_controls.hpp"
#include "app/edge_views.hpp"
#include "app/heap.hpp"
#include "app/read_file.hpp"
#include "app/screen.hpp"
#include "app/watch_controls.hpp"
#include "app/watch_import.hpp"
#include "app/watch_start.hpp"
#include "base/limits.hpp"
#include "base/scratch_folder.hpp"
#include "base/text.hpp"
#include "config/node.hpp"
#include "console/console.hpp"
#include "store/backup.hpp"
#include "store/store.hpp"
#include "watch/config_file.hpp"
#include "watch/limits.hpp"
#include "watch/watcher.hpp"

namespace causeway::app {
namespace {

constexpr const char* kExamples = R"(Examples:
  causeway watch --target https://www.example.net/ --interval 30s
      one site, on the terminal, until Ctrl-C
  causeway watch --target https://www.example.net/ --target tcp://db.example.net:5432
      also: tls://host:port, ping://host, dns://name
  causeway watch -c /etc/causeway.toml
      everything: groups, channels, maintenance, remedies
  causeway watch backup --store /var/lib/causeway/watch.db /backup/watch.db
      while it is in use

Signals: TERM and INT end it (what was decided is written first), HUP reads the file again; a bad
file leaves everything as it is.)";

struct Flags {
  std::string config;
  std::vector<std::string> targets;
  std::string interval;
  std::string store;
  std::string listen;
  bool no_color = false;
  bool plain = false;
};

struct StoreFlags {
  std::string store;
  std::string file;
  bool replace = false;
};

struct Plan {
  watch::Settings settings;
  std::string store;
  std::string listen;  // of the console; empty: none
  std::vector<Prefix> trusted_proxies;
};

Parsed<Plan> plan_of_file(const Flags& flags) {
  const auto text = read_file(flags.config, limits::kDocumentBytes);
  if (!text) return error(text.error().text);
  const auto root = config::parse(*text);
  if (!root) return error(config::line(root.error(), flags.config));
  auto read = watch::read_settings(*root, {.now = wall_now(), .files = true});
  if (!read) return error(config::text(read.error(), flags.config));
  fmt::print(stderr, "{}", config::text(read->warnings, flags.config));
  return Plan{std::move(read->settings), flags.store.empty() ? read->store : flags.store,
              flags.listen.empty() ? read->listen : flags.listen, std::move(read->trusted_proxies)};
}

Parsed<Plan> plan_of_flags(const Flags& flags) {
  Plan out;
  out.store = flags.store;
  out.listen = flags.listen;
  Duration interval = std::chrono::seconds{30};
  if (!flags.interval.empty()) {
    const auto given = parse_duration(flags.interval);
    if (!given) return error(fmt::format("--interval: {}", given.error().text));
    interval = *given;
  }
  for (const std::string& address : flags.targets) {
    auto target = watch::target_of(address);
    if (!target) return error(fmt::format("--target: {}", target.error().text));
    target->interval = interval;
    const auto fits = watch::validate(*target);
    if (!fits) return error(fmt::format("--interval: {}", fits.error().text));
    out.settings.targets.push_back(std::move(*target));
  }
  return out;
}

Parsed<Plan> plan_of(const Flags& flags) {
  return flags.config.empty() ? plan_of_flags(flags) : plan_of_file(flags);
}

// One line an event, as it happens.
class Teller {
 public:
  Teller(const Screen& screen, bool plain) : screen_(screen), plain_(plain) {}

  void tell(const watch::LiveEvent& event) {
    using Kind = watch::LiveEvent::Kind;
    if (event.kind == Kind::targets) return;
    const std::string clock = rfc3339(wall_now()).substr(0, 19) + "Z";
    if (plain_) {
      constexpr std::array<std::string_view, 4> kWords{"target", "incident", "own", "targets"};
      print(fmt::format("{} {} {}\n", clock, kWords.at(static_cast<std::size_t>(event.kind)),
                        printable(event.text, 2000)));
      return;
    }
    const bool incident = event.kind == Kind::incident;
    const bool over = event.text.find("closed") != std::string::npos ||
                      event.text.find("It lasted") != std::string::npos;
    const Tone tone = event.kind == Kind::own ? Tone::warning
                      : !incident             ? Tone::dim
                      : over                  ? Tone::good
                                              : Tone::bad;
    const std::string_view mark = event.kind == Kind::own ? screen_.warning()
                                  : !incident             ? screen_.untested()
                                  : over                  ? screen_.good()
                                                          : screen_.bad();
    print(fmt::format(
        "{} {} {}\n", screen_.paint(Tone::dim, clock.substr(11, 8)), screen_.paint(tone, mark),
        screen_.paint(incident ? Tone::strong : Tone::plain, printable(event.text, 2000))));
  }

 private:
  Screen screen_;
  bool plain_;
};

sigset_t watched_signals() {
  sigset_t out;
  sigemptyset(&out);
  for (const int one : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&out, one);
  return out;
}

WatchStart start_of(const Plan& plan) {
  return {.listen = plan.listen, .store = plan.store, .edges = plan.settings.edges};
}

void reload(watch::Watcher& watcher, const Flags& flags, const WatchStart& running) {
  if (flags.config.empty()) {
    fmt::print(stderr, "causeway watch: HUP: there is no file to read again\n");
    return;
  }
  auto plan = plan_of(flags);
  const std::string waits = plan ? waits_for_start(running, start_of(*plan)) : std::string{};
  const auto done =
      plan ? watcher.reload(std::move(plan->settings)) : Parsed<bool>{error(plan.error().text)};
  if (done) {
    fmt::print(stderr, "causeway watch: {} is in force{}\n", flags.config,
               waits.empty() ? "" : fmt::format(", but for what takes a new start: {}", waits));
  } else {
    fmt::print(stderr, "causeway watch: nothing was changed: {}\n", done.error().text);
  }
}

// What it did and what it cost: the whole process, start and store included.
std::string summary(const watch::LiveFigures& figures) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto micros = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  const double cpu = micros(used.ru_utime) + micros(used.ru_stime);
  const double checks = static_cast<double>(std::max<std::uint64_t>(1, figures.checks));
  return fmt::format(
      "causeway watch: {} checks, {} failed, {} unknown, {} late; {} open incident{}; {:.1f} s of "
      "CPU, {:.0f} us a check; at most {} MiB",
      figures.checks, figures.failed, figures.unknown, figures.late, figures.incidents,
      figures.incidents == 1 ? "" : "s", cpu / 1e6, cpu / checks, used.ru_maxrss / 1024);
}

Parsed<std::unique_ptr<console::Console>> open_console(store::Store& store, watch::Watcher& watcher,
                                                       const Plan& plan) {
  const auto listen = parse_listen(plan.listen);
  if (!listen) return error("--listen: " + listen.error().text);
  console::ConsoleOptions options{.listen = *listen};
  options.settings.version = std::string{version()};
  options.settings.private_targets = watcher.settings().private_targets;
  options.settings.trusted_proxies = plan.trusted_proxies;
  auto controls = watch_controls(watcher, store);
  add_edges(controls, watcher.settings().edges);
  auto out = console::Console::open(store, std::move(options), std::move(controls));
  if (!out) return out;
  const auto said = announce(store, (*out)->address());
  if (!said) return error(said.error().text);
  return out;
}

int run(const Flags& flags) {
  if (flags.config.empty() && flags.targets.empty() && flags.listen.empty()) {
    return wrong_use("watch",
                     "nothing to watch; expected --target URL, -c FILE, or --listen PORT to add "
                     "targets in the console");
  }
  if (!flags.config.empty() && !flags.targets.empty()) {
    return wrong_use("watch", "--target stands beside -c; expected one of them");
  }
  auto plan = plan_of(flags);
  if (!plan) return wrong_use("watch", plan.error().text);
  const WatchStart start = start_of(*plan);
  ScratchFolder scratch;
  if (plan->store.empty()) {
    const auto folder = scratch.make();
    if (!folder) return wrong_use("watch", folder.error().text);
    plan->store = *folder + "/watch.db";
    fmt::print(stderr, "causeway watch: nothing is kept after the end; --store FILE keeps it\n");
  }
  keep_heap_of_watch();
  // Before any thread: all of them leave these signals to this one.
  const sigset_t signals = watched_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const auto cannot = [](const Error& why) {
    fmt::print(stderr, "causeway watch: {}\n", why.text);
    return kCouldNotTell;
  };
  auto store = store::Store::open(plan->store);
  if (!store) return cannot(store.error());
  const std::size_t count = plan->settings.targets.size();
  auto watcher = watch::Watcher::create(std::move(plan->settings), **store);
  if (!watcher) return wrong_use("watch", watcher.error().text);
  Teller teller{screen_of_stdout(flags.no_color), flags.plain};
  (*watcher)->subscribe([&](const watch::LiveEvent& event) { teller.tell(event); });
  (*watcher)->start();  // before anybody can report to it through the console
  std::unique_ptr<console::Console> console;
  if (!plan->listen.empty()) {
    auto opened = open_console(**store, **watcher, *plan);
    if (!opened) {
      (*watcher)->stop();  // while there is who it tells
      return cannot(opened.error());
    }
    console = std::move(*opened);
  }
  fmt::print(stderr, "causeway watch: {} target{}, store {}; Ctrl-C ends it\n", count,
             count == 1 ? "" : "s", (*store)->shown());
  int number = 0;
  while (::sigwait(&signals, &number) == 0 && number == SIGHUP) {
    reload(**watcher, flags, start);
  }
  (*watcher)->stop();
  (*store)->finish();  // a store that is away tells the watch of nothing afterwards
  fmt::print(stderr, "{}\n", summary((*watcher)->figures()));
  return kFine;
}

int report(std::string_view command, const Parsed<store::Copied>& copied) {
  if (!copied) return wrong_use(command, copied.error().text);
  print(fmt::format("{} rows of {} tables\n", copied->rows, copied->tables));
  return kFine;
}

int check(const StoreFlags& flags) {
  const auto found = store::check(flags.store);
  if (!found) return wrong_use("watch check", found.error().text);
  const auto version = found->version == 0 ? "unknown" : fmt::format("{}", found->version);
  print(fmt::format("version {}, {} bytes, {}\n", version, found->bytes,
                    found->damage.empty() ? "no damage found" : found->damage));
  return found->damage.empty() ? kFine : kProblem;
}

CLI::App* add_store_command(CLI::App& parent, const char* name, const char* text,
                            StoreFlags& flags) {
  CLI::App* out = parent.add_subcommand(name, text);
  out->add_option("--store", flags.store, "the store: a file or postgresql://...")
      ->option_text("FILE|postgresql://...")
      ->required();
  return out;
}

}  // namespace

Command add_watch(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  auto store = std::make_shared<StoreFlags>();
  CLI::App* app =
      root.add_subcommand("watch", "Watch sites, open one incident per cause, tell who must act");
  app->footer(kExamples);
  app->add_option("-c,--config", flags->config, "configuration file with a [watch] table")
      ->option_text("FILE");
  app->add_option("--target", flags->targets, "what is watched (may be repeated)")
      ->option_text("URL")
      ->allow_extra_args(false);
  app->add_option("--interval", flags->interval, "between two checks (default 30s)")
      ->option_text("1s-24h");
  app->add_option("--store", flags->store, "where it is kept: a file or postgresql://...")
      ->option_text("FILE|postgresql://...");
  app->add_option("--listen", flags->listen, "the console's place (default: no console)")
      ->option_text("[ADDR:]PORT");
  app->add_flag("--plain", flags->plain, "one fact a line, no symbols");
  app->add_flag("--no-color", flags->no_color, "no colours (NO_COLOR does the same)");
  CLI::App* backup = add_store_command(*app, "backup", "Copy the store while it is in use", *store);
  backup->footer(
      "Examples:\n  causeway watch backup --store /var/lib/causeway/watch.db watch.bak\n"
      "  causeway watch backup --store postgresql:///causeway watch.bak");
  backup->add_option("file", store->file, "a new file; SQLite, whatever the store is")
      ->option_text("FILE")
      ->required();
  CLI::App* restore = add_store_command(*app, "restore", "Fill a store from a backup", *store);
  restore->footer(
      "Examples:\n  causeway watch restore --store /var/lib/causeway/watch.db watch.bak\n"
      "  causeway watch restore --store postgresql:///causeway watch.bak     moves to PostgreSQL");
  restore->add_option("file", store->file, "what 'causeway watch backup' made")
      ->option_text("FILE")
      ->required();
  restore->add_flag("--replace", store->replace, "also when the store is not empty");
  CLI::App* checks = add_store_command(*app, "check", "Look for damage in the store", *store);
  checks->footer(
      "Exit codes: 0 no damage found, 1 damage, 2 it cannot be read.\n"
      "Examples:\n  causeway watch check --store /var/lib/causeway/watch.db");
  auto imported = std::make_shared<std::vector<std::string>>();
  CLI::App* import = add_watch_import(*app, *imported);
  return {app, [=] {
            if (import->parsed()) return watch_import(*imported);
            if (backup->parsed()) {
              return report("watch backup", store::backup(store->store, store->file));
            }
            if (restore->parsed()) {
              return report("watch restore",
                            store::restore(store->file, store->store, store->replace));
            }
            return checks->parsed() ? check(*store) : run(*flags);
          }};
}

}  // namespace causeway::app
