// The limits of a store; those of everything else are in base/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>

namespace causeway::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kStoreBatch = milliseconds{250};  // what the death of the process may lose, at most
constexpr auto kStoreBusy = milliseconds{10'000};  // another process (a backup) holds the file
constexpr auto kStoreConnect = seconds{5};
constexpr auto kStoreHandOver = seconds{2};  // from a process that has just ended
constexpr auto kStoreRetry = seconds{1};     // times the number of tries
constexpr auto kStoreRetryMost = seconds{15};
constexpr int kStoreTriesAtEnd = 3;            // then the process ends all the same
constexpr auto kStoreAnswer = seconds{15};     // who waits; longer than kStoreBusy
constexpr auto kStoreAnswerAway = seconds{1};  // the same while it is known to be away
constexpr auto kStoreSilence = seconds{10};    // of a server, until its connection is given up
constexpr auto kStoreProbe = seconds{3};       // between two questions whether the other is there
constexpr std::size_t kStoreQueue = 200'000;   // writes that wait; about 100 MB
constexpr std::size_t kStoreReaders = 8;
constexpr int kStoreForget = 20'000;     // rows a table at one time
constexpr std::size_t kStoreKept = 100;  // targets whose sums are folded and forgotten at one time
constexpr std::chrono::minutes kStoreLate{2};  // a check, or a doubt about one, ends after its hour
constexpr int kStorePagesKib = 2000;           // of a connection to SQLite, as its own default
constexpr std::size_t kSqlShown = 120;

}  // namespace causeway::limits
