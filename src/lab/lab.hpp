// `causeway lab`: real faults in namespaces of their own, diagnosed and scored (docs/lab.md).
#pragma once

#include <string>
#include <vector>

namespace causeway::lab {

struct Options {
  std::vector<std::string> ids;  // faults to run; empty with `all`
  bool all = false;
  std::string filter;         // glob over ids ("route/*") or "@tag", empty: every one
  int seed = 0;               // another number: other addresses, names, servers and path lengths
  int jobs = 0;               // faults at the same time; 0: by the number of cores
  bool joined = false;        // with a second vantage and an inspection of the origin
  bool unprivileged = false;  // the diagnosis runs as nobody, without capabilities
  bool check = false;         // run the fault's own [check] instead of a diagnosis
  bool shell = false;         // one fault: a shell at its edge instead of a diagnosis
  bool edge = false;          // ask `causeway edge` as a visitor instead of a diagnosis
  bool json = false;
  bool colour = false;
  std::string causeway;  // program to judge; empty: this one
  std::string servers;   // the misbehaving servers; empty: looked for beside `causeway`
  std::string tree;  // the lab directory; empty: looked for from here and from the program upwards
  std::string keep;  // directory for every document and log; empty: kept only of wrong ones,
                     // below build/lab or the temporary directory
};

// Prints to standard output; progress to standard error. Returns the exit code: 0 the targets hold,
// 1 they do not, 2 wrong use, 3 a fault could not be set up.
int main_run(const Options& options);
int main_list(const Options& options);

}  // namespace causeway::lab
