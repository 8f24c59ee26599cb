// [watch] of a configuration file: what a person writes, read into Settings.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "config/findings.hpp"
#include "config/section.hpp"
#include "watch/settings.hpp"

namespace causeway::watch {

struct FileSettings {
  Settings settings;
  std::string store;   // a path or postgresql://...; empty: not given
  std::string listen;  // of the console
  std::vector<Prefix> trusted_proxies;
  config::Findings warnings;
};

// The whole file's tree in; only its table `watch` is read. Secrets are revealed when `files`.
std::expected<FileSettings, config::Findings> read_settings(const config::Node& root,
                                                            const config::CheckContext& context);

config::Section config_section();

}  // namespace causeway::watch
