// The files of a server's configuration, as its own includes name them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/server_config.hpp"
#include "inspect/snapshot.hpp"

namespace causeway::inspect {

// What a shell's pattern names, sorted; braces are understood.
std::vector<std::string> files_matching(const std::string& pattern);

class ConfigReader {
 public:
  ConfigReader(std::string_view server, const std::string& main, std::string_view text);

  // Files of one include.
  std::vector<ConfigFile> operator()(std::string_view pattern);
  // Why the last file that could not be read was not.
  const std::string& problem() const { return problem_; }

 private:
  std::filesystem::path root_;
  std::size_t files_ = 0;
  std::string problem_;
};

// A web server at work on this host, and where its configuration begins.
struct RunningServer {
  std::string name;  // of services.cpp: "nginx", "apache", ...
  std::string main;
  bool runs = true;      // false: only its configuration is here
  std::int64_t pid = 0;  // of its eldest process
};

// The program that runs as this server, for asking it to check its configuration: a path or a name.
std::string control_program(const RunningServer& server);

std::vector<RunningServer> servers_of(const Snapshot& snapshot);

}  // namespace causeway::inspect
