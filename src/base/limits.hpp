// Every limit of the house in one place: what a hostile or broken peer can make us hold, read, wait
// for or repeat. A number here has its reason beside it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace causeway::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

// --- what an edge gives an origin (the contract's defaults; sources in docs/failures.md) ---
constexpr auto kEdgeConnect = seconds{19};
constexpr auto kEdgeRequestAck = seconds{90};
constexpr auto kEdgeFirstByte = seconds{125};
constexpr auto kEdgeWriteStall = seconds{30};
constexpr std::size_t kResponseHeadBytes =
    std::size_t{128} * 1024;  // larger: http.headers_too_large

// --- what the own edge gives a visitor and an origin, beyond what is listed above ---
constexpr auto kEdgeResolve = seconds{5};
constexpr auto kEdgeHandshake = seconds{15};
constexpr auto kEdgeBetweenBytes = seconds{125};
constexpr auto kEdgeOriginIdle = seconds{900};
constexpr auto kEdgeVisitorHead = seconds{30};  // a slow head is how slowloris holds connections
constexpr auto kEdgeVisitorBody = seconds{60};
constexpr auto kEdgeVisitorWrite = seconds{60};
constexpr auto kEdgeVisitorIdle = seconds{400};
constexpr auto kEdgeVisitorHandshake = seconds{15};
constexpr auto kEdgeTunnelIdle = seconds{600};
constexpr auto kEdgeDrain = seconds{30};
constexpr std::size_t kRequestHeadBytes = std::size_t{128} * 1024;
constexpr std::size_t kUrlBytes = std::size_t{16} * 1024;
constexpr int kRequestHeaderLines = 200;
constexpr std::uint64_t kRequestBodyBytes = 100ULL * 1024 * 1024;
constexpr std::size_t kEdgeConnections = 100'000;
constexpr int kEdgeRequestsPerConnection = 100'000;
constexpr std::uint32_t kEdgeH2Streams = 128;
constexpr std::size_t kEdgeOriginConnections = 1024;
constexpr std::size_t kEdgeIdleConnections = 256;
constexpr int kEdgeAttempts = 3;
constexpr int kEdgeRetryPercent = 20;
constexpr int kEdgeRetryLeast = 10;
constexpr auto kEdgeCircuitRest = seconds{10};
constexpr auto kEdgeCheckInterval = seconds{10};
constexpr auto kEdgeCheckTimeout = seconds{5};
constexpr std::size_t kEdgeQueue = 1024;
constexpr auto kEdgeQueueWait = seconds{10};
constexpr std::uint64_t kEdgeCacheBytes = 256ULL * 1024 * 1024;
constexpr std::uint64_t kEdgeCacheEntryBytes = 16ULL * 1024 * 1024;
constexpr auto kEdgeStaleIfError = std::chrono::hours{24};

// --- how long a diagnosis waits ---
// A router gives up on ARP/ND after 3.05 to 3.1 s (4 s on a link that just came up) and says so
// only then: a shorter wait would call a dead host "silent" (523 becomes 522).
constexpr auto kConnectWait = milliseconds{4300};
constexpr auto kConnectWaitQuick = milliseconds{3400};
constexpr auto kConnectWaitThorough = milliseconds{19'500};
constexpr auto kSideProbeWait = milliseconds{3400};  // equal for all, never shorter
constexpr auto kHandshakeWait = milliseconds{6000};
constexpr auto kFirstByteWait = milliseconds{10'000};
constexpr auto kFirstByteWaitQuick = milliseconds{5000};
constexpr auto kBetweenBytesWait = milliseconds{5000};
// A body that still comes after this long is an answer; a visitor of an edge would go on reading
// it.
constexpr auto kBodyWait = milliseconds{6000};
constexpr auto kDiagnosisDeadline = seconds{30};
constexpr auto kDiagnosisDeadlineThorough = seconds{60};
constexpr auto kDiagnosisDeadlineLeast = seconds{1};
constexpr auto kDiagnosisDeadlineMost = seconds{600};
constexpr auto kIdleListen = milliseconds{1500};  // "connect and send nothing"
constexpr auto kReuseSettle = milliseconds{60};   // for a FIN that is under way
constexpr auto kReuseIdle = milliseconds{1200};   // pause before a connection is used again
// A main question still unanswered after this long is worth side questions meanwhile.
constexpr auto kPatience = milliseconds{150};
constexpr auto kHandshakePatience = milliseconds{600};
constexpr auto kAnswerPatience = milliseconds{1500};

// --- DNS ---
constexpr auto kDnsTryWait = milliseconds{1000};
constexpr int kDnsTries = 3;
// For all tries together: as long as it takes a router to find that the server's machine is gone.
constexpr auto kDnsWait = milliseconds{3400};
// An address of one family is at hand: how long the other family's answer may keep us. One lost
// packet is made good within it.
constexpr auto kDnsOtherFamilyWait = milliseconds{1200};
constexpr auto kDnsNextServerWait = milliseconds{1200};  // before the next of several resolvers
constexpr int kDnsResolvers = 3;                         // MAXNS of resolv.conf(5)
// A name still unresolved after this long: is the resolver alive at all?
constexpr auto kDnsPatience = milliseconds{400};
// Root servers are near everywhere (anycast), or not reachable at all.
constexpr auto kDnsRootWait = milliseconds{400};
constexpr auto kDnsStepWait = milliseconds{1000};  // one step down the delegation
// Finding a zone's servers and hearing the silent ones among them out.
constexpr auto kDnsAuthorityWait = milliseconds{8000};
constexpr auto kDnssecWait = milliseconds{5000};
constexpr int kDnsRecordsShown = 16;  // of one answer, in an observation
constexpr std::size_t kSystemFileBytes =
    std::size_t{1024} * 1024;         // of /etc/hosts and /etc/resolv.conf
constexpr int kDnsStrayReplies = 32;  // with a foreign id or question, before we stop listening
constexpr std::size_t kDnsUdpPayload = 1232;  // DNS flag day 2020: no fragments
constexpr std::size_t kDnsMessageBytes = 65'535;
constexpr int kDnsRecordsKept = 256;
constexpr int kDnsPointerJumps = 64;
constexpr int kDnsAliasDepth = 12;
constexpr int kDnsDelegationDepth = 16;
constexpr int kDnsServersAsked = 8;

// --- addresses and probes ---
constexpr int kAddressesTried = 8;     // of one name; the rest is reported, not probed
constexpr int kBurstConnections = 24;  // at most, the main one included
constexpr int kBurstSize = 20;
constexpr auto kBurstRest = milliseconds{1500};
constexpr int kTraceHops = 30;
constexpr int kTraceSilentHops = 4;  // in a row, then the trace ends
constexpr int kSidePorts = 5;
constexpr int kRedirects = 10;
constexpr std::size_t kTaps = 32;             // addresses whose raw replies are looked at
constexpr int kTapPacketsRead = 256;          // at one look
constexpr std::size_t kTapPacketsKept = 128;  // per address, the newest
constexpr int kPings = 3;
constexpr auto kPingPause = milliseconds{200};  // between echoes: some hosts answer few a second
constexpr int kUdpProbePort = 33'434;           // traceroute's first: open in many firewalls
// Every router gets this long before the next SYNs of a trace leave. Late answers still count.
constexpr auto kTraceWavePause = milliseconds{250};
constexpr int kTraceWave = 4;
// Slower than any per-source limit that serves people (two a second and up).
constexpr auto kBurstPause = milliseconds{600};
constexpr int kBurstPaced = 6;

// --- what is read and kept of an answer ---
constexpr std::size_t kFirstBytesKept = 256;
constexpr std::size_t kBodyBytesRead =
    std::size_t{2} * 1024 * 1024;  // enough to cross every window and MTU
constexpr std::size_t kBodyBytesKept =
    std::size_t{64} * 1024;  // for --expect-text and page reading
constexpr int kHeaderLines = 2000;
constexpr int kInterimResponses = 32;  // "100 Continue" for ever is a fault of its own
constexpr std::size_t kChunkLineBytes = 4096;
constexpr int kTlsChainCertificates = 16;
constexpr std::size_t kTextKept = 300;  // of any foreign text that is shown to a person

// --- documents given with --with, --edge, --ca ---
constexpr std::size_t kDocumentBytes = std::size_t{32} * 1024 * 1024;
constexpr int kDocumentDepth = 32;
constexpr int kDocumentValues = 2'000'000;  // about 150 MB once parsed
constexpr int kObservations = 20'000;
constexpr int kEdgePrefixes = 20'000;
constexpr auto kFactsFresh = std::chrono::minutes{10};  // older facts are used, and marked so

// --- rulesets of a host: what its own tools print ---
constexpr std::size_t kRulesetBytes =
    std::size_t{64} * 1024 * 1024;                 // of one dump; offsets are 32 bits wide
constexpr int kRulesetDepth = 64;                  // of its JSON
constexpr std::size_t kRulesetValues = 6'000'000;  // JSON values: a set of a million ranges
constexpr std::size_t kRulesetRules = 500'000;
constexpr std::size_t kRulesetElements = 2'000'000;  // of one set
constexpr std::size_t kRulesetWords = 512;           // of one iptables rule
constexpr int kRulesetSetDepth = 8;                  // sets that list sets
// The kernel allows 16 nested jumps in nft; iptables stops at its stack. Beyond this, the outcome
// is "unknown".
constexpr int kRulesetJumps = 64;
// Rules evaluated for one port and family: 10 000 rules met by six packets are 60 000.
constexpr std::uint64_t kRulesetSteps = 20'000'000;
constexpr std::size_t kRulesetFlows = 256;  // packets that differ in more than their source
constexpr std::size_t kRulesetOutcomes = 65'536;
constexpr std::size_t kRulesetOverloads = 12;  // rate limits whose other side is simulated too
constexpr std::size_t kRuleTextShown = 4000;   // of one rule, to a person
constexpr std::size_t kProofPorts = 64;
constexpr std::size_t kProofSamples = 200'000;  // lines of --query

// --- programs of the host that are spawned ---
constexpr auto kProgramWait = seconds{20};  // nft needs 0.7 s for a set of 50 000 ranges
constexpr std::size_t kProgramOutput = kRulesetBytes;
constexpr std::size_t kProgramErrors = std::size_t{16} * 1024;

// --- runtime ---
constexpr std::size_t kReadBuffer = std::size_t{16} * 1024;
constexpr int kLoopEvents = 256;
constexpr std::size_t kSmallOriginPeers = 64;  // connections to one origin of the demonstration
constexpr int kLoopOperations = 1024;  // reads and writes of one turn before others get theirs
constexpr std::size_t kFrameBytesPooled = 4096;  // larger coroutine frames come from the allocator
constexpr std::size_t kFramesKept = 1024;        // per size class and thread

// --- outbound requests that nobody measures: provider APIs, webhooks, mail ---
constexpr auto kOutboundWait = seconds{20};
constexpr std::size_t kOutboundBytes =
    std::size_t{32} * 1024 * 1024;      // a page of 5000 records is about 3 MB
constexpr int kOutboundUnderWay = 256;  // at once, those that wait for a turn too
constexpr long kOutboundConnections = 32;
constexpr long kOutboundPerHost = 8;

// --- the lab ---
constexpr auto kLabFault = seconds{90};  // set-up, injection and diagnosis of one fault
constexpr auto kLabFaultMost = seconds{600};
constexpr std::size_t kLabFaultBytes = std::size_t{64} * 1024;
constexpr int kLabJobs = 64;
constexpr int kLabJobsPerCore = 4;  // a fault waits most of its time

}  // namespace causeway::limits
