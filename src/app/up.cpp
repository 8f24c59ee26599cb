// `causeway up`: edge, watch and console in one process, on an embedded store. Without a file:
// small origins on loopback, some of them broken, to see what all this does.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "app/command.hpp"
#include "app/config_sections.hpp"
#include "app/console_controls.hpp"
#include "app/demo_origins.hpp"
#include "app/demo_show.hpp"
#include "app/edge_views.hpp"
#include "app/heap.hpp"
#include "app/read_file.hpp"
#include "app/watch_controls.hpp"
#include "base/limits.hpp"
#include "base/scratch_folder.hpp"
#include "base/time.hpp"
#include "config/findings.hpp"
#include "config/node.hpp"
#include "console/console.hpp"
#include "edge/config_file.hpp"
#include "edge/server.hpp"
#include "watch/config_file.hpp"
#include "watch/watcher.hpp"

namespace causeway::app {
namespace {

constexpr const char* kExamples = R"(Examples:
  causeway up
      small origins on this machine, some of them broken: an edge before them, a watch over them, the
      console to look at it all; nothing is kept after the end
  causeway up --once
      the same, ended as soon as the watch has named each cause: exit 0, or 3 when it could not
  causeway up -c /etc/causeway.toml
      [edge] and [watch] of one file; either may be left out

The console is on http://127.0.0.1:5230, the demonstration's edge on http://127.0.0.1:8080; when
another program has one of these ports, the demonstration takes a free one and says which.
Signals: TERM and INT drain and stop.)";

constexpr std::string_view kDemoEdge = "127.0.0.1:8080";
constexpr std::string_view kConsole = "5230";

struct Flags {
  std::string config;
  std::string store;
  std::string listen;
  std::string stay;
  bool once = false;
};

struct Plan {
  std::optional<watch::Settings> watched;
  edge::ConfigPtr edge;  // null: none
  std::string store;
  std::string listen{kConsole};
  std::vector<Prefix> trusted_proxies;
  bool demo = false;
};

int cannot(const Error& why) {
  fmt::print(stderr, "causeway up: {}\n", why.text);
  return kCouldNotTell;
}

watch::Target demo_target(const DemoOrigin& origin, const std::string& ca_file, std::string id) {
  auto out = watch::target_of(origin.url()).value_or(watch::Target{});
  out.id = std::move(id);
  out.name = origin.fault == "nothing" ? out.id : fmt::format("{} ({})", out.id, origin.fault);
  out.ca_file = ca_file;
  out.expect = {.status = 200, .text = "</html>"};
  out.team = origin.fault == "nothing" ? "Healthy" : "Broken";
  out.interval = std::chrono::seconds{5};
  out.timeout = std::chrono::seconds{3};
  out.retry = std::chrono::seconds{1};
  out.confirm = {2, 2, 2, 2};
  return out;
}

// One route a name: http://127.0.0.1:8080/expired leads to the origin whose certificate has ended.
void add_pool(edge::Config& config, const DemoOrigin& origin, const std::string& ca_file) {
  edge::Origin place;
  place.name = origin.name;
  place.host = "127.0.0.1";
  place.port = origin.server->endpoint().port;
  place.scheme = origin.scheme == "https" ? edge::OriginScheme::https : edge::OriginScheme::http;
  place.ca_file = ca_file;
  edge::Pool pool;
  pool.name = origin.name;
  pool.origins.push_back(std::move(place));
  config.pools.push_back(std::move(pool));
  config.routes.push_back({.hosts = {}, .path = "/" + origin.name, .pool = origin.name});
}

// More healthy ones than broken ones, as in life; and then each broken one is its own story, not
// the address that they all share.
Plan demo_plan(const DemoOrigins& demo) {
  Plan out{.watched = watch::Settings{}, .demo = true};
  auto config = std::make_shared<edge::Config>();
  config->listeners.push_back({.address = *Endpoint::parse(kDemoEdge, 0)});
  config->workers = 1;
  config->access_log.on = false;
  config->admin.address = Endpoint{IpAddress::v4(0x7f000001), 0};  // for the console's page
  config->timeouts.first_byte = std::chrono::seconds{10};
  for (const auto& origin : demo.origins) {
    out.watched->targets.push_back(demo_target(origin, demo.ca_file, origin.name));
    if (origin.fault == "nothing") {
      for (const auto* id : {"shop", "blog", "docs", "api", "mail", "search", "login", "images",
                             "forum", "wiki", "jobs", "news", "press"}) {
        out.watched->targets.push_back(demo_target(origin, demo.ca_file, id));
      }
    }
    add_pool(*config, origin, demo.ca_file);
  }
  out.watched->private_targets = true;  // everything of the demonstration is on loopback
  out.watched->ledger.gather = std::chrono::seconds{5};
  out.watched->ledger.least_share = 0.9;
  out.edge = std::move(config);
  return out;
}

Parsed<Plan> plan_of_file(const Flags& flags) {
  const auto text = read_file(flags.config, limits::kDocumentBytes);
  if (!text) return error(text.error().text);
  config::Findings findings;
  const auto root = config::parse(*text);
  if (!root) {
    findings.add(root.error());
    return error(config::text(findings, flags.config));
  }
  const config::CheckContext context{.now = wall_now(), .files = true};
  config::check(*root, config_sections(), context, findings);
  if (findings.any_error()) return error(config::text(findings, flags.config));
  Plan out;
  if (const auto* table = root->find("edge")) {
    config::Findings again;  // the same as above
    out.edge = std::make_shared<const edge::Config>(edge::read_config(*table, again));
  }
  if (root->find("watch") != nullptr) {
    auto read = watch::read_settings(*root, context);
    if (!read) return error(config::text(read.error(), flags.config));
    out.watched = std::move(read->settings);
    out.store = read->store;
    if (!read->listen.empty()) out.listen = read->listen;
    out.trusted_proxies = std::move(read->trusted_proxies);
  }
  if (!out.edge && !out.watched)
    return error(flags.config + ": neither [edge] nor [watch] is there");
  return out;
}

// The place that was asked for; in a demonstration any other when a program has it already.
template <class Open>
auto open_near(bool demo, Endpoint place, Open&& open) {
  auto out = open(place);
  if (out || !demo) return out;
  place.port = 0;
  auto other = open(place);
  return other ? std::move(other) : std::move(out);
}

Parsed<std::unique_ptr<edge::Server>> open_edge(const Plan& plan) {
  const auto say = [](const std::string& line) { fmt::print(stderr, "causeway edge: {}\n", line); };
  const auto open = [&](const edge::ConfigPtr& config) {
    // A demonstration has no file to read again: HUP is a terminal that was closed.
    const auto load = [config, demo = plan.demo,
                       read = std::make_shared<bool>()]() -> Parsed<edge::ConfigPtr> {
      if (demo && std::exchange(*read, true)) ::kill(::getpid(), SIGTERM);
      return config;
    };
    return edge::Server::open(load, say);
  };
  if (!plan.demo) return open(plan.edge);
  return open_near(true, plan.edge->listeners.front().address, [&](const Endpoint& place) {
    auto config = std::make_shared<edge::Config>(*plan.edge);
    config->listeners.front().address = place;
    return open(config);
  });
}

void wait_for_end() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  int number = 0;
  ::sigwait(&ends, &number);
}

Parsed<DemoEnd> end_of(const Flags& flags) {
  DemoEnd out{.once = flags.once};
  if (flags.stay.empty()) return out;
  const auto stay = parse_duration(flags.stay);
  if (!stay) return error("--for: " + stay.error().text);
  out.stay = *stay;
  return out;
}

// Everything that runs, in the order in which it ends (the last first).
struct House {
  ScratchFolder scratch;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<watch::Watcher> watcher;
  std::unique_ptr<console::Console> console;
  std::unique_ptr<edge::Server> edge;  // null: none
};

// The edge of this process, when it has an admin listener, before those that the file names.
std::vector<watch::EdgePlace> edges_of(const Plan& plan, const House& house) {
  std::vector<watch::EdgePlace> out = house.watcher->settings().edges;
  if (!house.edge || !house.edge->admin_endpoint()) return out;
  auto admin = *house.edge->admin_endpoint();
  if (classify(admin.address) == AddressClass::unspecified) {
    admin.address = IpAddress::v4(0x7f000001);
  }
  out.insert(out.begin(), {.name = "this process",
                           .admin = fmt::format("http://{}", admin.text()),
                           .token_file = plan.edge->admin.token_file});
  return out;
}

Parsed<bool> open_house(Plan& plan, const Endpoint& listen, House& house) {
  if (plan.store.empty()) {
    const auto folder = house.scratch.make();
    if (!folder) return error(folder.error().text);
    plan.store = *folder + "/watch.db";
  }
  auto store = store::Store::open(plan.store);
  if (!store) return error(store.error().text);
  house.store = std::move(*store);
  auto watcher = watch::Watcher::create(plan.watched.value_or(watch::Settings{}), *house.store);
  if (!watcher) return error(watcher.error().text);
  house.watcher = std::move(*watcher);
  if (plan.edge) {
    auto opened = open_edge(plan);
    if (!opened) return error("edge: " + opened.error().text);
    house.edge = std::move(*opened);
  }
  house.watcher->start();  // before anybody can report to it through the console
  auto console = open_near(plan.demo, listen, [&](const Endpoint& place) {
    console::ConsoleOptions options{.listen = place};
    options.settings.version = std::string{version()};
    options.settings.title = plan.demo ? "The demonstration" : "Causeway";
    options.settings.private_targets = plan.demo || house.watcher->settings().private_targets;
    options.settings.trusted_proxies = plan.trusted_proxies;
    auto controls = watch_controls(*house.watcher, *house.store);
    add_edges(controls, edges_of(plan, house));
    return console::Console::open(*house.store, std::move(options), std::move(controls));
  });
  if (!console) return error(console.error().text);
  house.console = std::move(*console);
  return true;
}

int serve(const Plan& plan, const House& house, const DemoOrigins& demo, const DemoEnd& end) {
  if (const auto said = announce(*house.store, house.console->address()); !said) {
    return cannot(said.error());
  }
  if (house.edge) {
    for (const auto& place : house.edge->endpoints()) {
      print(fmt::format("Edge         http://{}{}\n", place.text(),
                        plan.demo ? "/healthy, /refusing, /expired ... leads to each origin" : ""));
    }
    std::fflush(stdout);
  }
  std::optional<DemoShow> show;
  if (plan.demo) show.emplace(demo, *house.watcher, *house.store, house.console->address(), end);
  if (house.edge) {
    house.edge->run();
  } else {
    wait_for_end();
  }
  const bool named = !end.once || show->all_named();
  show.reset();
  house.watcher->stop();
  house.store->finish();  // a store that is away tells the watch of nothing afterwards
  return named ? kFine : kCouldNotTell;
}

int run(const Flags& flags) {
  const bool is_demo = flags.config.empty();
  if (!is_demo && (flags.once || !flags.stay.empty())) {
    return wrong_use("up", "--once and --for end a demonstration; expected no -c beside them");
  }
  const auto end = end_of(flags);
  if (!end) return wrong_use("up", end.error().text);
  keep_heap_of_watch_and_edge();
  // Before any thread: all of them leave these signals to the one that waits for them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGINT, SIGTERM}) sigaddset(&signals, one);
  if (is_demo) sigaddset(&signals, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  DemoOrigins demo;
  if (is_demo) {
    auto raised = raise_demo_origins();
    if (!raised) return cannot(raised.error());
    demo = std::move(*raised);
  }
  auto plan = is_demo ? Parsed<Plan>{demo_plan(demo)} : plan_of_file(flags);
  if (!plan) return wrong_use("up", plan.error().text);
  if (!flags.listen.empty()) plan->listen = flags.listen;
  if (!flags.store.empty()) plan->store = flags.store;
  const auto listen = parse_listen(plan->listen);
  if (!listen) return wrong_use("up", "--listen: " + listen.error().text);
  House house;
  if (const auto opened = open_house(*plan, *listen, house); !opened) {
    return cannot(opened.error());
  }
  return serve(*plan, house, demo, *end);
}

}  // namespace

Command add_up(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("up", "Edge, watch and console in one process");
  app->footer(kExamples);
  app->add_option("-c,--config", flags->config, "configuration with [edge] and [watch]")
      ->option_text("FILE");
  app->add_option("--store", flags->store, "where the watch keeps everything")
      ->option_text("FILE|postgresql://...");
  app->add_option("--listen", flags->listen, "of the console (default 127.0.0.1:5230)")
      ->option_text("[ADDR:]PORT");
  app->add_flag("--once", flags->once, "end the demonstration when each cause is named");
  app->add_option("--for", flags->stay,
                  "end the demonstration after this (default: Ctrl-C ends it)")
      ->option_text("30s|3m");
  return {app, [flags] { return run(*flags); }};
}

}  // namespace causeway::app
