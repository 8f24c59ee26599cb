// What stands in files and programs beside the packet filters, and can stop the edge as well: CSF's
// lists, web servers' lists, CrowdSec's decisions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "guard/crowdsec.hpp"
#include "guard/grant.hpp"
#include "guard/layers.hpp"
#include "guard/plan.hpp"
#include "guard/web_lists.hpp"

namespace causeway::guard {

// nginx or Apache, and every file of its configuration.
struct WebServer {
  std::string name;  // "nginx", "apache"
  std::string main;
  std::string program;  // says whether the configuration is valid, and has it read again
  bool runs = true;
  std::map<std::string, std::vector<std::string>, std::less<>> includes;  // paths by pattern
};

struct Settings {
  Texts texts;  // every file that may be changed, as it is now, by path
  std::vector<WebServer> servers;
  bool csf = false;
  std::optional<std::string> decisions;  // CrowdSec's, as listed; nothing: none that can be asked
  std::set<std::uint16_t> ssh_ports;
  std::vector<std::string> unreadable;
};

// Reads them; and whatever `grants` say was changed, wherever it is.
Settings collect_settings(const std::vector<const Grant*>& grants);

// Adds to the plan's grant what these layers need, and what a person should know of them. Pure.
Parsed<void> plan_settings(const Settings& now, const WebQuestion& question, Plan& plan);

// Each of these layers as it stands: what it stops of the edge. Pure.
Parsed<std::vector<Layer>> settings_layers(const Settings& now, const WebQuestion& question);

// The files as the grant wants them, by path; those without a change are left out. Pure.
Parsed<Texts> wanted_files(const Grant& grant, const Settings& now);

}  // namespace causeway::guard
