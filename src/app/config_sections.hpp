// The top-level tables a configuration file may have. A part of the program adds its line here.
#pragma once

#include <vector>

#include "config/section.hpp"

namespace causeway::app {

std::vector<config::Section> config_sections();

}  // namespace causeway::app
