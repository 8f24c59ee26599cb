// Limits of the edge's own parts, each with its reason beside it; those shared with other folders
// stand in base/limits.hpp.
#pragma once

#include "base/limits.hpp"

namespace causeway::limits {

constexpr int kAcceptRanges = 32;  // of one Accept field; the rest is not read
constexpr std::size_t kPageTemplateBytes = 256UL * 1024;  // of an own error page
// A router needs 3.05 to 3.1 s to say that a machine is not there: a connect deadline below turns
// 523 into 522.
constexpr auto kConnectLeast = milliseconds{3100};

}  // namespace causeway::limits
