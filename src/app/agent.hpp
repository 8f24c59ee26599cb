// `causeway agent`: another vantage of a watch.
#pragma once

#include "app/command.hpp"

namespace causeway::app {

Command add_agent(CLI::App& root);

}  // namespace causeway::app
