// The URL or host name of a command line: model/target_url.hpp under the name that commands use.
#pragma once

#include "model/target_url.hpp"

namespace causeway::app {

using model::parse_target;

}  // namespace causeway::app
