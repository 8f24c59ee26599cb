// Ctrl-C: the first ends what is waited for, so that what is known can be printed; the second ends
// the program.
#pragma once

#include "net/loop.hpp"

namespace causeway::app {

// While it lives, SIGINT, SIGTERM and SIGHUP interrupt `loop`. One at a time.
class InterruptOnSignal {
 public:
  explicit InterruptOnSignal(net::Loop& loop);
  ~InterruptOnSignal();
  InterruptOnSignal(const InterruptOnSignal&) = delete;
  InterruptOnSignal& operator=(const InterruptOnSignal&) = delete;
};

// For what takes several loops one after another and must come to its end: while it lives, a signal
// that comes between two of them interrupts the next. A second one before that ends the program. They nest.
class SignalsKept {
 public:
  SignalsKept();
  ~SignalsKept();
  SignalsKept(const SignalsKept&) = delete;
  SignalsKept& operator=(const SignalsKept&) = delete;
};

}  // namespace causeway::app
