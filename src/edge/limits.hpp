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
constexpr std::size_t kEdgeLingerBytes = std::size_t{32} * 1024 * 1024;
constexpr auto kEdgeLinger = seconds{2};
// How soon a visitor's leaving ends a wait for an origin.
constexpr auto kEdgeVisitorCheck = seconds{1};
constexpr std::size_t kEdgeLogBuffer = 64 * 1024;
constexpr std::size_t kEdgeLogWaiting =
    4 * 1024 * 1024;  // lines not taken by a slow disk; then lost
constexpr auto kEdgeLogFlush = milliseconds{200};
constexpr auto kEdgeLogEnd = milliseconds{1000};  // then the end waits for no disk and no reader
constexpr int kEdgeBacklog = 4096;
// The kernel keeps a new connection to itself until bytes come, or about so long.
constexpr std::chrono::duration<int> kEdgeFirstBytes{1};
constexpr int kEdgeAcceptedAtOnce = 64;             // before those accepted get their turn
constexpr auto kEdgeAcceptRest = milliseconds{50};  // out of descriptors: nothing else helps
// Of answers that one HTTP/2 visitor has not taken, before each of them is read in small parts.
constexpr std::size_t kEdgeH2Waiting = 1024 * 1024;
constexpr std::size_t kBodyTaken = 128 * 1024;  // of a body, gone before its memory is used again
constexpr std::size_t kEdgeTunnelBuffer = 16 * 1024;
constexpr auto kEdgeResolveKeep = seconds{5};  // an answer about a name, however short its TTL
constexpr auto kEdgeResolveKeepMost = seconds{60};
// Addresses of an origin go on for so long while the resolver fails (RFC 8767 section 5 allows
// days), and it is asked again after each of these rests.
constexpr auto kEdgeResolveStale = std::chrono::hours{1};
constexpr auto kEdgeResolveRest = seconds{30};
constexpr std::size_t kEdgeAddresses = 16;  // of one origin
constexpr auto kEdgeSweep = seconds{1};

constexpr std::size_t kEdgeOriginH2Streams = 100;
constexpr auto kEdgeH2Settings = seconds{1};  // for them, before another connection is opened
constexpr std::size_t kEdgeH2OutAtOnce = 64 * 1024;  // frames gathered for one write

// --- choosing an origin ---
constexpr std::size_t kCheckBody =
    64UL * 1024;  // of a health check's answer, searched for its text
constexpr std::size_t kPoolOrigins = 64;
// A failure that cost a visitor less than this is asked for again soon: a restarted server is
// found.
constexpr auto kCircuitQuick = milliseconds{1000};
constexpr auto kCircuitQuickRest = milliseconds{1000};
constexpr auto kEwmaDecay = seconds{10};   // good news count after about so long
constexpr auto kEwmaForget = seconds{60};  // without news
constexpr auto kRetryWindow = seconds{10};
constexpr double kRetryEarnedMost = 10'000;
constexpr auto kHedgeUnknown = milliseconds{250};  // RFC 8305 section 5, also the two below
constexpr auto kHedgeLeast = milliseconds{10};
constexpr auto kHedgeMost = milliseconds{2000};
constexpr std::size_t kHedgeAtOnce = 2;  // connections to one origin's addresses, of one request
constexpr auto kShedDelay = milliseconds{200};  // of the loop, at its least over an interval
constexpr auto kShedInterval = milliseconds{500};
constexpr auto kShedProbe = milliseconds{100};  // how often the delay is measured under traffic

// --- drills ---
constexpr std::size_t kDrills = 16;
constexpr auto kDrillUsual = std::chrono::minutes{5};
constexpr auto kDrillMost = std::chrono::hours{1};
constexpr auto kDrillDelayMost = seconds{60};
constexpr std::size_t kQueryPairs = 32;

// --- pools that stand in for others ---
constexpr std::chrono::hours kPoolSwitchMost{24 * 7};  // when a time is given

// --- the cache ---
constexpr auto kAgeMost = seconds{1LL << 31U};  // RFC 9111 1.2.2: larger ages are this one
constexpr int kCacheDirectives = 64;            // of one Cache-Control
constexpr std::size_t kCacheTags = 64;          // of one answer
// Bodies on their way into the cache; half of its memory when that is more.
constexpr std::size_t kCacheGathered = std::size_t{64} << 20U;
constexpr std::size_t kCacheVariants = 32;    // of one URL, by Vary; the oldest goes first
constexpr std::size_t kCacheGhosts = 65'536;  // keys of evicted answers, of one part
constexpr std::size_t kCollapseFollowers = 1000;
constexpr std::size_t kCollapseRemembered = 10'000;
constexpr auto kCollapseWait = seconds{10};  // for another's answer; then one asks oneself
// An answer that was not stored: its visitors are not lined up for this long.
constexpr auto kCollapseMemory = seconds{30};

// --- the disk store of the cache ---
constexpr std::uint64_t kDiskBytes = 1ULL << 30U;  // unless the configuration says more
constexpr std::uint64_t kDiskFiles = 100'000;      // each costs about 450 bytes of memory
constexpr std::int64_t kDiskFilesMost = 10'000'000;
constexpr std::uint64_t kDiskUnit = 4096;                    // what a file system gives at least
constexpr std::size_t kDiskBlock = std::size_t{256} * 1024;  // read and proved at once, of a body
constexpr std::size_t kDiskWhole = std::size_t{1} << 20U;    // a larger body is passed on in blocks
constexpr std::size_t kDiskHead = std::size_t{256} * 1024;
constexpr std::size_t kDiskFirstRead = std::size_t{16} * 1024;  // most heads, and many answers
constexpr std::uint32_t kDiskFields = 1000;
constexpr std::size_t kDiskPendingBytes = std::size_t{64} << 20U;  // not written yet; then lost
constexpr std::size_t kDiskPending = 4096;
constexpr std::size_t kDiskReaders = 4;               // threads that may wait for the disk
constexpr std::size_t kDiskReads = 1024;              // that wait for one of them
constexpr auto kDiskWait = seconds{5};                // for a read; then the origin is asked
constexpr auto kDiskRewrite = seconds{60};            // a variant is written no more often
constexpr auto kDiskTouch = seconds{60};              // nor its last use
constexpr auto kDiskRest = seconds{30};               // after a failed write
constexpr auto kDiskScan = std::chrono::minutes{10};  // for files of other processes
constexpr auto kDiskTick = seconds{1};                // for their purges
constexpr auto kDiskFinish = seconds{5};              // to write what waits, at the end
constexpr int kDiskSpared = 64;                 // files kept because memory has them, in one search
constexpr std::size_t kDiskBarred = 65'536;     // files that could not be removed
constexpr std::size_t kDiskListed = 1'000'000;  // names of one folder; the rest is not seen

// --- the admin listener ---
constexpr auto kAdminDisk = seconds{100};  // for a purge; below kServiceAnswer
constexpr std::size_t kAdminWaiting = 64;  // purges, one at a time

// --- evidence of live traffic ---
constexpr std::size_t kEvidenceFailures = 64;  // of one origin, the newest
constexpr std::size_t kEvidenceAddresses = 16;
constexpr auto kEvidenceWindow = std::chrono::minutes{5};

}  // namespace causeway::limits
