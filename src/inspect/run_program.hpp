// The host's own tools are spawned, never a shell: a fixed list of words, a fixed environment, a
// deadline and a limit on what is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "base/time.hpp"

namespace causeway::inspect {

struct Program {
  // The first word is looked up in the system's own directories (a PATH of somebody else is not
  // trusted), unless it has a slash.
  std::vector<std::string> words;
  std::string input;  // its standard input
  Duration wait = limits::kProgramWait;
  std::size_t most = limits::kProgramOutput;  // bytes of standard output
};

struct Ran {
  enum class End : std::uint8_t {
    exited,
    signalled,
    missing,    // no such program here
    failed,     // could not be started
    too_slow,   // killed at its deadline
    too_large,  // killed: more output than `most`
  };

  End end = End::missing;
  int status = 0;  // exit code, signal or errno, by `end`
  std::string out;
  std::string err;  // its first bytes
  Duration took{};

  bool good() const { return end == End::exited && status == 0; }
  // Why not: "nft: exit 1: Operation not permitted (you must be root)", "nft: is not installed".
  std::string problem(std::string_view program) const;
};

Ran run_program(const Program& program);
// All at the same time; answers in the order of the questions. Each has its own deadline, and what
// a program leaves running in its process group ends with it.
std::vector<Ran> run_programs(const std::vector<Program>& programs);

// Where the program would be started from; empty: not installed.
std::string find_program(std::string_view name);

}  // namespace causeway::inspect
