#include "app/agent.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.hpp"
#include "app/inspect.hpp"
#include "app/interrupt.hpp"
#include "app/read_file.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "config/node.hpp"
#include "net/loop.hpp"
#include "watch/agent.hpp"

namespace causeway::app {
namespace {

constexpr const char* kExamples = R"(Examples:
  causeway agent -c /etc/causeway.toml
      checks what the watch of [agent] watches, from here, and reports until TERM or Ctrl-C

  [agent]
  watch = "https://watch.example.net"
  token = { file = "/etc/causeway/agent.token" }    # scope 'reporter'; its name is this vantage's
  inspect = "10m"                                   # on an origin: what this machine shows is sent, too

  [[agent.remedy]]                                  # what the watch may have run here: nothing else
  name = "restart nginx"
  command = ["systemctl", "restart", "nginx.service"]

A watch that cannot be reached is tried again for ever; checks go on meanwhile. Nothing listens.)";

int run(const std::string& file) {
  const auto text = read_file(file, limits::kDocumentBytes);
  if (!text) return wrong_use("agent", text.error().text);
  const auto root = config::parse(*text);
  if (!root) return wrong_use("agent", config::line(root.error(), file));
  auto settings = watch::read_agent_settings(*root, {.now = wall_now(), .files = true});
  if (!settings) return wrong_use("agent", config::text(settings.error(), file));
  net::Loop loop;
  const InterruptOnSignal interrupt{loop};
  watch::AgentRunner agent{
      std::move(*settings),
      [](const std::string& line) { fmt::print(stderr, "causeway agent: {}\n", line); },
      inspect_now};
  loop.run(agent.run());
  const auto figures = agent.figures();
  fmt::print(stderr, "causeway agent: {} checks of {} targets, {} results reported, {} given up\n",
             figures.checks, figures.targets, figures.reported, figures.lost);
  return kFine;
}

}  // namespace

Command add_agent(CLI::App& root) {
  auto file = std::make_shared<std::string>();
  CLI::App* app = root.add_subcommand("agent", "Check a watch's targets from here, and report");
  app->footer(kExamples);
  app->add_option("-c,--config", *file, "configuration file with an [agent] table")
      ->option_text("FILE")
      ->required();
  return {app, [file] { return run(*file); }};
}

}  // namespace causeway::app
