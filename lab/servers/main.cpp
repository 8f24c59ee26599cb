// misbehave MODE [options]: a server that is wrong in exactly one way. Prints "ready" once it
// listens, serves every connection in a thread of its own, leaves on SIGTERM.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "listen.hpp"
#include "mode.hpp"

namespace {

void leave(int) { ::_exit(0); }

void prepare_process() {
  struct sigaction action{};
  action.sa_handler = &leave;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const rlimit no_core{0, 0};  // the crash modes die for real
  ::setrlimit(RLIMIT_CORE, &no_core);
}

}  // namespace

int main(int argc, char** argv) {
  prepare_process();
  const misbehave::Options options = misbehave::parse_options(argc, argv);
  if (options.mode == "dns") return misbehave::run_dns(options);
  if (options.mode == "never-accept") return misbehave::run_held(options);
  if (options.mode == "tarpit") return misbehave::run_tarpit(options);
  if (options.mode == "fill-conntrack") return misbehave::fill_conntrack(options);
  if (options.mode == "clock-library") return misbehave::write_clock_library(options);
  const misbehave::Mode* mode = misbehave::find_mode(options.mode);
  if (mode == nullptr) misbehave::usage("no mode is called \"" + options.mode + "\"");
  return misbehave::serve(*mode, options);
}
