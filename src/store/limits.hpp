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
constexpr auto kStoreRetry = seconds{1};      // times the number of tries
constexpr int kStoreTries = 10;               // a database server restarts within a minute
constexpr std::size_t kStoreQueue = 200'000;  // writes that wait; about 100 MB
constexpr std::size_t kStoreReaders = 8;
constexpr int kStoreForget = 20'000;     // rows a table at one time
constexpr std::size_t kStoreKept = 100;  // targets whose sums are folded and forgotten at one time
constexpr std::chrono::minutes kStoreLate{2};  // a check, or a doubt about one, ends after its hour
constexpr int kStorePagesKib = 2000;           // of a connection to SQLite, as its own default
constexpr std::size_t kSqlShown = 120;

}  // namespace causeway::limits
