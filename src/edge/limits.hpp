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

// --- the data path ---
constexpr std::size_t kScratchesKept = 256;            // free memory of requests, per worker
constexpr std::size_t kEdgeSharedBuffer = 256 * 1024;  // read at once of a body, per worker
// What is read and thrown away before a connection is closed on a visitor who still sends: closing
// at once would reset it, and the answer with it.
constexpr std::size_t kEdgeLingerBytes = 256 * 1024;
constexpr auto kEdgeLinger = seconds{2};
// How soon a visitor's leaving ends a wait for an origin.
constexpr auto kEdgeVisitorCheck = seconds{1};
constexpr std::size_t kEdgeLogBuffer = 64 * 1024;
constexpr std::size_t kEdgeLogWaiting =
    4 * 1024 * 1024;  // lines not taken by a slow disk; then lost
constexpr auto kEdgeLogFlush = milliseconds{200};
constexpr int kEdgeBacklog = 4096;
constexpr int kEdgeAcceptedAtOnce = 64;             // before those accepted get their turn
constexpr auto kEdgeAcceptRest = milliseconds{50};  // out of descriptors: nothing else helps
constexpr std::size_t kEdgeTunnelBuffer = 16 * 1024;
constexpr auto kEdgeResolveKeep = seconds{5};  // an answer about a name, however short its TTL
constexpr auto kEdgeResolveKeepMost = seconds{60};
constexpr std::size_t kEdgeAddresses = 16;  // of one origin
constexpr auto kEdgeSweep = seconds{1};

}  // namespace causeway::limits
