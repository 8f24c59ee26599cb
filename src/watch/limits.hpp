// The limits of a watch; those of everything else are in base/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace causeway::limits {

// --- targets ---
constexpr std::size_t kWatchIdLetters = 120;
constexpr std::size_t kWatchSpecBytes = std::size_t{64} * 1024;  // of one target in JSON
constexpr std::size_t kTypedAddresses = 16;  // of a target that was typed into the console
constexpr std::size_t kTypedWords = 50;      // tags and the like of one
constexpr std::size_t kWatchTargets = 2'000'000;
constexpr std::uint64_t kAsDatabaseBytes = std::uint64_t{512} << 20U;  // kept in memory
constexpr std::chrono::seconds kWatchIntervalLeast{1};
constexpr std::chrono::hours kWatchIntervalMost{24};
constexpr std::chrono::milliseconds kWatchTimeoutLeast{100};
constexpr std::chrono::minutes kWatchTimeoutMost{5};
constexpr std::chrono::minutes kWatchOff{2};  // not running for longer is time that nobody saw
// What a vantage saw of a target counts for so many of its rounds, and never less than this.
constexpr int kWatchViewRounds = 3;
constexpr std::chrono::minutes kWatchViewLeast{5};

// --- checks ---
constexpr std::size_t kWatchExcerptBytes =
    std::size_t{4} * 1024;                            // of a failing answer, kept with the incident
constexpr std::size_t kWatchFilesSpared = 256;        // descriptors for everything that is no check
constexpr std::size_t kWatchSessions = 40;            // TLS, of one target: one an address
constexpr std::chrono::hours kWatchResumeMost{24};    // without seeing the certificate
constexpr std::size_t kWatchFullChecks = 2'000;       // under way at once: each owns buffers
constexpr std::chrono::seconds kWatchNameLeast{30};   // a name is asked no more often than this
constexpr std::chrono::seconds kWatchNameMost{3600};  // and no less often
constexpr std::size_t kWatchTextRecord = std::size_t{8} * 1024;  // kept of a TXT record
constexpr int kWatchZoneSteps = 4;                               // up from a host to its zone
constexpr std::chrono::milliseconds kWatchSlot{50};              // of the schedule
constexpr std::size_t kWatchSlots = 4096;
constexpr std::size_t kWatchStarts = 2'000;  // checks begun in one turn before answers are read
constexpr std::chrono::milliseconds kWatchLate{
    1000};  // a check begun so much after its time is late
// A loop that was away for so long (the process was stopped, the machine slept) cannot tell a
// silent peer from its own absence.
constexpr std::chrono::seconds kWatchAbsence{3};
constexpr std::size_t kWatchSumsWritten = 250;       // of minutes, in one write
constexpr std::size_t kWatchMinuteTargets = 50'000;  // with more, only hours are kept

// --- registrations of domains ---
constexpr std::chrono::seconds kWatchRegistryFirst{60};  // after the zone was found
constexpr std::chrono::seconds kWatchRegistryPause{2};   // between two questions
constexpr std::chrono::hours kWatchRegistryAgain{24};
constexpr std::chrono::hours kWatchRegistryRetry{1};  // after a failure, doubled each time
constexpr std::chrono::hours kWatchRegistryTold{1};   // between two looks at what there is to say

// --- incidents ---
constexpr std::chrono::milliseconds kWatchTick{500};
constexpr std::size_t kWatchConcerned = 1000;           // members that decide who is told
constexpr std::size_t kWatchSiblings = 20;              // asked when one of those that share fails
constexpr std::chrono::seconds kWatchSiblingPause{15};  // before the same one is asked again
constexpr std::chrono::minutes kWatchGatherMost{5};     // incidents older than this stay alone
// Members looked at between two ticks; then what opens is gathered with the rest at the next one.
constexpr std::size_t kWatchGatherSteps = 1'000'000;
constexpr std::size_t kWatchChanges = 500;  // of incidents, written down in one turn
constexpr std::size_t kWatchDiagnoses = 4;  // at once
constexpr std::size_t kWatchDiagnosesWaiting = 200;
constexpr std::size_t kWatchDocumentBytes = std::size_t{512} * 1024;

// --- the own network ---
constexpr std::chrono::seconds kWatchOwnLook{15};  // between two looks when nobody asks
constexpr std::chrono::milliseconds kWatchOwnWait{2000};

// --- alerts ---
constexpr std::chrono::hours kWatchAlertLife{24};     // given up after
constexpr std::chrono::seconds kWatchAlertRetry{15};  // doubled at each try
constexpr std::chrono::minutes kWatchAlertRetryMost{15};
constexpr int kWatchAlertsLooked = 500;         // due ones, of which those opened become digests
constexpr std::size_t kWatchAlertsAtOnce = 20;  // messages of one incident, on their way
constexpr std::size_t kWatchSettled = 10'000;   // deliveries remembered beside the store
constexpr std::size_t kWatchMembersShown = 20;
constexpr std::size_t kWatchDigest = 3;  // more opened at once on a channel become one message
constexpr std::chrono::seconds kWatchDigestWait{2};  // for others that are told to the same people
constexpr std::chrono::seconds kWatchCommandWait{60};
constexpr std::chrono::minutes kWatchCommandMost{10};  // of a remedy that says how long it takes
constexpr std::size_t kWatchCommandOutput = std::size_t{8} * 1024;

// --- agents ---
constexpr std::size_t kAgentTargets = 20'000;  // that one agent checks
constexpr std::size_t kAgentResults = 500;     // of one report
constexpr std::size_t kAgentWaiting = 20'000;  // results kept while the watch cannot be reached
constexpr std::size_t kAgentOrders = 20;       // remedies that wait for one agent
constexpr std::size_t kAgents = 500;
constexpr std::size_t kAgentChecks = 500;        // under way at once
constexpr std::chrono::seconds kAgentReport{5};  // between two reports when all is well
constexpr std::chrono::seconds kAgentTargetsAsked{30};
constexpr std::chrono::seconds kAgentPauseMost{60};  // between two tries at a watch that is away
constexpr std::chrono::seconds kAgentSilent{45};   // then it counts as blind: it says nothing more
constexpr std::chrono::minutes kAgentAgeMost{10};  // an older result says nothing about now
constexpr std::chrono::seconds kAgentOrderWait{120};  // for an agent to take an order and run it
constexpr std::size_t kAgentFactsBytes = 1'000'000;
constexpr std::size_t kAgentFindings = 1000;           // of one inspection
constexpr std::chrono::minutes kAgentInspectWait{2};   // for one inspection of its machine
constexpr std::chrono::seconds kAgentInspectRest{20};  // between two of them
constexpr std::chrono::seconds kAgentFactsWait{15};    // of a diagnosis, for facts of now
constexpr std::chrono::hours kAgentFactsMost{1};       // older ones are not joined
constexpr std::size_t kAgentTargetsBytes = std::size_t{16} * 1024 * 1024;

}  // namespace causeway::limits
