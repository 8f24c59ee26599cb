// Limits of the servers of our own: console, admin listener, metrics (net/http_service.hpp).
#pragma once

#include <chrono>
#include <cstddef>

namespace causeway::net::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kServiceConnections = 1024;
constexpr auto kServiceHeadWait = seconds{10};  // for a whole head: a trickle is not a request
constexpr auto kServiceBodyWait = seconds{30};
constexpr auto kServiceIdle = seconds{75};       // between requests; browsers keep 60 to 300 s
constexpr auto kServiceWriteWait = seconds{30};  // for one piece to fit into the peer's window
constexpr auto kServiceAnswer = seconds{120};    // for a handler to begin its answer
constexpr auto kServiceDrain = seconds{10};      // for requests under way when the server stops
constexpr auto kServiceLinger = seconds{1};      // reading on after a refusal, so that it is seen
constexpr std::size_t kServiceLingerBytes = std::size_t{256} * 1024;
constexpr auto kServiceAcceptPause = milliseconds{100};  // when no descriptor is left
constexpr std::size_t kServicePiece = std::size_t{64} * 1024;

}  // namespace causeway::net::limits
