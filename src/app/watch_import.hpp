// `causeway watch import`: what another monitor watches, as a configuration file of our own.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace causeway::app {

CLI::App* add_watch_import(CLI::App& watch, std::vector<std::string>& files);
int watch_import(const std::vector<std::string>& files);

}  // namespace causeway::app
