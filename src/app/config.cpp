// causeway config check|schema: what stands in a configuration file, and what may stand there.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "app/command.hpp"
#include "app/config_sections.hpp"
#include "app/read_file.hpp"
#include "config/limits.hpp"
#include "config/section.hpp"
#include "edge/config_file.hpp"
#include "watch/agent.hpp"
#include "watch/config_file.hpp"

namespace causeway::app {
namespace {

struct Flags {
  std::string file;
  std::string format = "text";
  bool no_files = false;
};

int check(const Flags& flags) {
  const auto text = read_file(flags.file, limits::kConfigBytes);
  if (!text) return wrong_use("config check", text.error().text);
  config::Findings findings;
  const auto root = config::parse(*text);
  if (!root) {
    findings.add(root.error());
  } else if (root->members.empty()) {
    findings.error("missing-key", {}, "the file is empty; 'causeway config schema' shows the keys");
  } else {
    config::check(*root, config_sections(), {.now = wall_now(), .files = !flags.no_files},
                  findings);
  }
  if (flags.format == "json") {
    print(config::json(findings, flags.file));
  } else if (flags.format == "sarif") {
    print(config::sarif(findings, flags.file, version()));
  } else {
    print(findings.empty() ? fmt::format("{}: nothing to complain about\n", flags.file)
                           : config::text(findings, flags.file));
  }
  return findings.any_error() ? kWrongUse : kFine;
}

int schema(const Flags& flags) {
  const auto sections = config_sections();
  if (flags.format == "json") {
    print(config::schema_json(sections));
  } else if (flags.format == "markdown") {
    print(config::schema_markdown(sections));
  } else if (flags.format == "example") {
    for (const auto& section : sections) print(section.example);
  } else {
    print(config::schema_text(sections));
  }
  return kFine;
}

}  // namespace

std::vector<config::Section> config_sections() {
  return {edge::config_section(), watch::config_section(), watch::agent_section()};
}

Command add_config(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("config", "Check a configuration file; show every key");
  app->require_subcommand(1);
  app->footer(
      "Examples:\n  causeway config schema --format example >causeway.toml\n"
      "  causeway config check causeway.toml");
  CLI::App* checks = app->add_subcommand("check", "Everything that is wrong with a file");
  checks->footer(
      "Exit codes: 0 usable (there may be warnings), 2 not usable.\n"
      "Examples:\n  causeway config check causeway.toml\n"
      "  causeway config check --format sarif causeway.toml >config.sarif\n"
      "  causeway config check --no-files causeway.toml      on a machine without its "
      "certificates");
  checks->add_option("file", flags->file, "the configuration file, '-' for standard input")
      ->option_text("FILE")
      ->required();
  checks->add_option("--format", flags->format, "what is printed (default text)")
      ->option_text("text|json|sarif")
      ->check(CLI::IsMember({"text", "json", "sarif"}));
  checks->add_flag("--no-files", flags->no_files, "do not look at the files that are named");
  CLI::App* shows = app->add_subcommand("schema", "Every key with its type, default and meaning");
  shows->footer(
      "Examples:\n  causeway config schema | less\n"
      "  causeway config schema --format example >causeway.toml     a file to start from\n"
      "  causeway config schema --format json >causeway.schema.json     for editors");
  shows->add_option("--format", flags->format, "what is printed (default text)")
      ->option_text("text|json|markdown|example")
      ->check(CLI::IsMember({"text", "json", "markdown", "example"}));
  return {app, [checks, flags] { return checks->parsed() ? check(*flags) : schema(*flags); }};
}

}  // namespace causeway::app
