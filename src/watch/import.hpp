// What other monitors watch, as [[watch.target]] of our own file: Uptime Kuma's backup (JSON),
// Gatus' YAML, Prometheus' scrape_configs of a blackbox_exporter with its modules. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

struct ImportFile {
  std::string name;  // for messages
  std::string text;
};

struct Imported {
  std::vector<Target> targets;
  // "gatus.yaml:12:5: shop: [RESPONSE_TIME] < 500 has no counterpart": what was left out, each with
  // its place.
  std::vector<std::string> notes;
};

// Each file is told by what stands at its top: monitorList (Uptime Kuma), endpoints (Gatus),
// scrape_configs (Prometheus), modules (blackbox_exporter; needs Prometheus' file beside it).
// Refused with file:line:column when a file is none of these or cannot be read.
Parsed<Imported> import_targets(const std::vector<ImportFile>& files);

// [[watch.target]] tables with what differs from the defaults.
std::string toml_of(const std::vector<Target>& targets);

}  // namespace causeway::watch
