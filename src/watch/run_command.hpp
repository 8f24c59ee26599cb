// One program of this machine, run beside everything else: no shell, input from memory, output
// kept to limits::kWatchCommandOutput, ended when its time is over.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "net/task.hpp"

namespace causeway::watch {

struct Ran {
  bool started = false;
  int status = -1;  // exit status; 128 + signal when it was killed
  bool timed_out = false;
  std::string output;  // standard output and error, printable
  std::string why;     // when it did not start
};

// The program is looked up in PATH. `environment` is added to this process' own.
net::Task<Ran> run_command(std::vector<std::string> arguments, std::vector<std::string> environment,
                           std::string input, Duration wait);

}  // namespace causeway::watch
