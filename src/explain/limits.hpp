// What a log, however large or odd, can make us hold.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/limits.hpp"

namespace causeway::explain::limits {

using causeway::limits::kDocumentBytes;
using causeway::limits::kTextKept;

constexpr std::size_t kBufferBytes = std::size_t{512} * 1024;  // stays in a core's own cache
constexpr std::size_t kLineBytes =
    std::size_t{128} * 1024;  // a longer line is counted and passed over
constexpr std::size_t kPackedBytes =
    std::size_t{128} * 1024;                       // read of a compressed file at a time
constexpr int kZstdWindowLog = 27;                 // 128 MB: what the zstd tool takes by default
constexpr std::size_t kGroups = 4096;              // failures by origin that are kept apart
constexpr std::size_t kEpisodes = 24;              // of one group
constexpr auto kQuiet = std::chrono::minutes{10};  // without a failure: the episode is over
constexpr std::size_t kNames = 16;                 // host names kept of one group
constexpr std::size_t kNameBytes = 256;
constexpr std::size_t kRays = 5;
constexpr std::size_t kBuckets = 8192;  // of the time line; then each becomes twice as wide

}  // namespace causeway::explain::limits
