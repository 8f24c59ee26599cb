// Limits of a plan (see base/limits.hpp).
#pragma once

#include <cstddef>

#include "base/limits.hpp"

namespace causeway::limits {

constexpr std::size_t kPlanHosts = 64;
constexpr std::size_t kCrawlPages = 500;  // of one host
constexpr int kCrawlAtOnce = 4;
constexpr auto kPageWait = seconds{15};       // one page from one address
constexpr std::size_t kPageLinks = 1000;      // followed from one page
constexpr std::size_t kPageLines = 2000;      // compared of one page
constexpr std::size_t kDifferencesKept = 12;  // lines shown of one page's difference

}  // namespace causeway::limits
