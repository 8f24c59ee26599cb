// What Prometheus scrapes (text format 0.0.4).
#pragma once

#include <string>

#include "base/result.hpp"
#include "console/desk.hpp"

namespace causeway::console {

Parsed<std::string> metrics(Desk& desk);

}  // namespace causeway::console
