#include "app/watch_import.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/command.hpp"
#include "app/read_file.hpp"
#include "base/text.hpp"
#include "config/limits.hpp"
#include "watch/import.hpp"

namespace causeway::app {
namespace {

constexpr const char* kExamples = R"(Examples:
  causeway watch import kuma-backup.json > causeway.toml
      Uptime Kuma: Settings, Backup, Export
  causeway watch import gatus.yaml >> causeway.toml
  causeway watch import prometheus.yml blackbox.yml > causeway.toml
      the scrape_configs that ask a blackbox_exporter, with its modules

Which program a file is of is told by its content. What has no counterpart is said on standard error with
its place; secrets are never taken over. Exit codes: 0 targets were written, 2 there is nothing to import.)";

}  // namespace

CLI::App* add_watch_import(CLI::App& watch, std::vector<std::string>& files) {
  CLI::App* out = watch.add_subcommand("import", "Targets of another monitor as our own file");
  out->footer(kExamples);
  out->add_option("file", files, "of Uptime Kuma, Gatus, Prometheus or blackbox_exporter")
      ->option_text("FILE...")
      ->required();
  return out;
}

int watch_import(const std::vector<std::string>& files) {
  std::vector<watch::ImportFile> read;
  for (const std::string& name : files) {
    auto text = read_file(name, limits::kConfigBytes);
    if (!text) return wrong_use("watch import", text.error().text);
    read.push_back({name, std::move(*text)});
  }
  const auto out = watch::import_targets(read);
  if (!out) return wrong_use("watch import", out.error().text);
  for (const std::string& note : out->notes) fmt::print(stderr, "{}\n", printable(note, 400));
  if (out->targets.empty()) return wrong_use("watch import", "no target could be imported");
  print(watch::toml_of(out->targets));
  fmt::print(stderr, "causeway watch import: {} target{}, {} note{}\n", out->targets.size(),
             out->targets.size() == 1 ? "" : "s", out->notes.size(),
             out->notes.size() == 1 ? "" : "s");
  return kFine;
}

}  // namespace causeway::app
