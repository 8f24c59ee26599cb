// The [edge] table of a configuration file: from nodes to the snapshot an edge runs with, and
// everything that can be found wrong with it before a visitor does.
#pragma once

#include <string_view>

#include "config/section.hpp"
#include "edge/config.hpp"

namespace causeway::edge {

// Fills a Config from the table. With an error among the findings it must not be used.
Config read_config(const config::Node& table, config::Findings& findings);

// What the keys alone cannot say: names that nothing has, routes no request can reach, files that
// are not there, certificates that have ended. `table` gives the places.
void check_config(const Config& config, const config::Node& table,
                  const config::CheckContext& context, config::Findings& findings);

// For the list of sections of the program.
config::Section config_section();

}  // namespace causeway::edge
