// What an inspection of the origin reads and keeps.
#pragma once

#include <chrono>
#include <cstddef>

namespace causeway::inspect {

constexpr std::size_t kInspectDumpBytes =
    std::size_t{8} * 1024 * 1024;  // of one file or program's output
constexpr std::size_t kInspectLogBytes = std::size_t{512} * 1024;  // the end of one log file
constexpr std::size_t kInspectLogs = 64;                           // log files looked at
constexpr std::size_t kInspectRows = 65'536;                       // lines understood of one dump
constexpr std::size_t kInspectDumps = 512;
constexpr std::size_t kInspectProcesses = 8192;
constexpr std::size_t kInspectSockets = 4096;   // descriptors of one process looked at
constexpr std::size_t kInspectPrefixes = 4096;  // addresses that one fact concerns
constexpr std::size_t kInspectPrefixesShown = 64;
constexpr std::size_t kDirectives = 50'000;
constexpr std::size_t kDirectiveBytes = 300;
constexpr int kIncludeDepth = 8;
constexpr std::size_t kConfigFiles = 4000;
constexpr std::size_t kConfigBytes = std::size_t{512} * 1024;  // of one file
constexpr std::size_t kContainers = 1000;
constexpr std::size_t kContainerPorts = 1000;          // of one container
constexpr auto kCheckWait = std::chrono::seconds{10};  // a server reads its own configuration
constexpr std::size_t kSites = 2000;
constexpr std::size_t kSiteNames = 8;  // looked up
constexpr auto kNameWait = std::chrono::seconds{3};
constexpr std::size_t kNameBytes = 4096;
constexpr std::size_t kLogLinesKept = 2000;
constexpr auto kSampleMost = std::chrono::seconds{300};
constexpr auto kSinceDefault = std::chrono::hours{1};

}  // namespace causeway::inspect
