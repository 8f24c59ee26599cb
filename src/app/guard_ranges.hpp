// The edge's ranges as published now, for `guard sync` and `guard export`.
#pragma once

#include <string>

#include "base/result.hpp"
#include "guard/refresh.hpp"

namespace causeway::app {

// GET API/ips, one attempt. The error says what came instead.
Parsed<guard::Published> fetch_ranges(const std::string& api);

}  // namespace causeway::app
