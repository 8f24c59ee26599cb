// Limits of what is read of foreign bytes here. A number has its reason beside it (see base/limits.hpp).
#pragma once

#include <cstddef>

#include "base/limits.hpp"

namespace causeway::limits {

constexpr std::size_t kLogLineBytes = std::size_t{128} * 1024;  // of a line that comes in pieces

}  // namespace causeway::limits
