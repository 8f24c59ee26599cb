// The limits of what is planned; those of everything else are in base/limits.hpp.
#pragma once

#include <cstddef>

namespace causeway::limits {

constexpr int kMaintenanceMinutes = 30 * 24 * 60;
constexpr std::size_t kOccurrences = 400;  // of one window in one question: a year of days

}  // namespace causeway::limits
