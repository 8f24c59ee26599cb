#include "lab/lab.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string_view>
#include <vector>

#include "app/command.hpp"
#include "app/screen.hpp"

namespace causeway::app {
namespace {

struct LabFlags {
  lab::Options options;
  std::string format = "text";
  bool no_color = false;
};

void add_shared(CLI::App& app, LabFlags& flags) {
  app.add_option("--filter", flags.options.filter,
                 "only faults whose id matches, or that have a tag: @ci, @healthy")
      ->option_text("GLOB");
  app.add_option("--tree", flags.options.tree, "the lab's directory (default: found)")
      ->option_text("DIR");
  app.add_option("--format", flags.format, "what is printed (default text)")
      ->option_text("text|json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--no-color", flags.no_color, "no colours (NO_COLOR does the same)");
}

void add_run_flags(CLI::App& app, LabFlags& flags) {
  app.add_option("id", flags.options.ids, "faults to run")->option_text("ID");
  app.add_flag("--all", flags.options.all, "every fault");
  app.add_option("--jobs", flags.options.jobs, "faults at the same time (default: by the cores)")
      ->option_text("N")
      ->check(CLI::Range(1, 64));
  app.add_option("--seed", flags.options.seed,
                 "other addresses, names, servers and path lengths for every fault")
      ->option_text("N");
  app.add_flag("--joined", flags.options.joined,
               "a second vantage diagnoses, too, and the origin is inspected meanwhile");
  app.add_flag("--unprivileged", flags.options.unprivileged,
               "the diagnosis runs without root and capabilities");
  app.add_flag("--check", flags.options.check, "run the fault's own check instead of a diagnosis");
  app.add_flag("--through-edge", flags.options.edge,
               "ask `causeway edge` as a visitor would, instead of a diagnosis");
  app.add_flag("--shell", flags.options.shell, "open a shell at the edge of one fault");
  app.add_option("--keep", flags.options.keep, "keep every document and log here")
      ->option_text("DIR");
  app.add_option("--causeway", flags.options.causeway, "program to judge (default: this one)")
      ->option_text("FILE");
  app.add_option("--servers", flags.options.servers, "the misbehaving servers (default: found)")
      ->option_text("FILE");
  add_shared(app, flags);
}

lab::Options settled(const LabFlags& flags) {
  lab::Options out = flags.options;
  out.json = flags.format == "json";
  out.colour = !out.json && screen_of_stdout(flags.no_color).colour;
  return out;
}

int run(const LabFlags& flags) {
  const auto& options = flags.options;
  if (options.all && !options.ids.empty()) {
    return wrong_use("lab run", "--all contradicts naming faults; expected one of them");
  }
  if (!options.all && options.ids.empty() && options.filter.empty()) {
    return wrong_use("lab run", "no fault named; expected an ID ('causeway lab list') or --all");
  }
  if (options.shell && options.ids.size() != 1) {
    return wrong_use("lab run", "--shell opens one fault; expected exactly one ID");
  }
  std::vector<std::string_view> ways;
  if (options.shell) ways.emplace_back("--shell");
  if (options.check) ways.emplace_back("--check");
  if (options.edge) ways.emplace_back("--through-edge");
  if (options.joined) ways.emplace_back("--joined");
  if (ways.size() > 1) {
    return wrong_use("lab run",
                     fmt::format("{} contradicts {}; expected one of them", ways[0], ways[1]));
  }
  lab::Options settled_options = settled(flags);
  settled_options.all = options.all || options.ids.empty();
  return lab::main_run(settled_options);
}

}  // namespace

Command add_lab(CLI::App& root) {
  auto flags = std::make_shared<LabFlags>();
  CLI::App* app = root.add_subcommand("lab", "Run real faults in network namespaces (root)");
  app->require_subcommand(1);
  app->footer("Examples:\n  causeway lab list\n  causeway lab run firewall/drop-syn");
  CLI::App* list = app->add_subcommand("list", "List the faults and what each really is");
  list->footer(
      "Examples:\n  causeway lab list\n  causeway lab list --filter 'tls/*' --format json");
  add_shared(*list, *flags);
  CLI::App* one = app->add_subcommand("run", "Inject faults, diagnose them, score the verdicts");
  one->footer(
      "Examples:\n"
      "  causeway lab run firewall/drop-syn\n"
      "  causeway lab run --all --keep /tmp/lab\n"
      "  causeway lab run --all --unprivileged --filter 'route/*'");
  add_run_flags(*one, *flags);
  return {app,
          [flags, list] { return list->parsed() ? lab::main_list(settled(*flags)) : run(*flags); }};
}

}  // namespace causeway::app
