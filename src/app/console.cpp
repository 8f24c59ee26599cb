// `causeway console`: the console on a store alone, without a watch: to look at a backup, or to
// export the status page.
#include "console/console.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "app/command.hpp"
#include "app/console_controls.hpp"
#include "app/interrupt.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "console/status_page.hpp"
#include "net/loop.hpp"
#include "store/database.hpp"

namespace causeway::app {
namespace {

constexpr const char* kExamples = R"(Examples:
  causeway console --store /var/lib/causeway/watch.db
      the pages and the API on http://127.0.0.1:5230
  causeway console --store watch.db --export-status public/ --address https://status.example.net
      writes the status page as files, to be served from another host

A store that a running watch has is refused: its own console shows it.)";

struct Flags {
  std::string store;
  std::string listen = "5230";
  std::string title = "Causeway";
  std::string address;
  std::string export_status;
  std::vector<std::string> trusted_proxies;
  bool open_metrics = false;
  bool private_targets = false;
};

int cannot(const Error& why) {
  fmt::print(stderr, "causeway console: {}\n", why.text);
  return kCouldNotTell;
}

net::Task<void> until_interrupted() {
  net::Loop& loop = net::Loop::current();
  co_await loop.sleep_until(kNever);
}

int export_files(store::Store& store, const Flags& flags) {
  const auto report = console::read_status(store, flags.title, wall_now());
  if (!report) return cannot(report.error());
  const auto files = console::export_status(*report, flags.address, flags.export_status);
  if (!files) return cannot(files.error());
  print(fmt::format("{} files in {}\n", *files, flags.export_status));
  return kFine;
}

int serve(store::Store& store, const Flags& flags) {
  const auto listen = parse_listen(flags.listen);
  if (!listen) return wrong_use("console", "--listen: " + listen.error().text);
  console::ConsoleOptions options{.listen = *listen};
  options.settings.title = flags.title;
  options.settings.address = flags.address;
  options.settings.version = std::string{version()};
  options.settings.open_metrics = flags.open_metrics;
  options.settings.private_targets = flags.private_targets;
  for (const auto& text : flags.trusted_proxies) {
    const auto proxy = Prefix::parse(text);
    if (!proxy) return wrong_use("console", "--trusted-proxy: " + proxy.error().text);
    options.settings.trusted_proxies.push_back(*proxy);
  }
  const auto console = console::Console::open(store, std::move(options), console_controls(store));
  if (!console) return cannot(console.error());
  const auto said = announce(store, (*console)->address());
  if (!said) return cannot(said.error());
  net::Loop loop;
  const InterruptOnSignal interrupt{loop};
  loop.run(until_interrupted());
  return kFine;
}

int run(const Flags& flags) {
  if (flags.store.empty()) {
    return wrong_use("console", "--store is missing; expected a file or postgresql://...");
  }
  // Only a watch makes a store: an empty one would hide a slip in the name.
  const bool file = !store::is_postgresql(flags.store);
  if (file && !std::filesystem::exists(flags.store)) {
    return wrong_use("console", fmt::format("--store: there is no '{}'; expected the store of a "
                                            "watch (causeway watch makes it)",
                                            printable(flags.store, limits::kTextKept)));
  }
  const auto store = store::Store::open(flags.store);
  if (!store) return cannot(store.error());
  if (!flags.export_status.empty()) return export_files(**store, flags);
  return serve(**store, flags);
}

}  // namespace

Command add_console(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("console", "Pages and API on a store, without a watch");
  app->footer(kExamples);
  app->add_option("--store", flags->store, "the watch's store")
      ->option_text("FILE|postgresql://...");
  app->add_option("--listen", flags->listen, "where to serve (default 127.0.0.1:5230)")
      ->option_text("[ADDR:]PORT");
  app->add_option("--title", flags->title, "of the status page (default Causeway)")
      ->option_text("TEXT");
  app->add_option("--address", flags->address, "how people reach it (default: where it listens)")
      ->option_text("URL");
  app->add_option("--export-status", flags->export_status, "write the status page there, and end")
      ->option_text("DIR");
  app->add_option("--trusted-proxy", flags->trusted_proxies,
                  "a proxy before it, whose X-Forwarded-For is believed (may be repeated)")
      ->option_text("PREFIX")
      ->allow_extra_args(false);
  app->add_flag("--open-metrics", flags->open_metrics, "/metrics without a token");
  app->add_flag("--private-targets", flags->private_targets,
                "people may have private addresses diagnosed");
  return {app, [flags] { return run(*flags); }};
}

}  // namespace causeway::app
