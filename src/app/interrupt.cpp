#include "app/interrupt.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>

namespace causeway::app {
namespace {

// Also of a terminal that was closed: what was begun (a pause of the proxy) is brought to its end.
constexpr std::array kEnding{SIGINT, SIGTERM, SIGHUP};

std::atomic<net::Loop*> interrupted_loop = nullptr;
std::atomic<int> kept = 0;           // how many SignalsKept live
std::atomic<bool> has_come = false;  // while it did, and no loop was there to hear it

// Only what is safe in a signal handler: interrupt() is one write(2) (signal-safety(7)).
void on_signal(int number) {
  net::Loop* loop = interrupted_loop.exchange(nullptr);
  if (loop != nullptr) {
    loop->interrupt();
  } else if (kept == 0 || has_come.exchange(true)) {
    _exit(128 + number);
  }
}

void handle(int number, void (*handler)(int)) {
  struct sigaction before{};
  sigaction(number, nullptr, &before);
  if (before.sa_handler == SIG_IGN) return;  // nohup(1)
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

}  // namespace

InterruptOnSignal::InterruptOnSignal(net::Loop& loop) {
  interrupted_loop = &loop;
  for (const int number : kEnding) handle(number, on_signal);
  if (has_come.exchange(false)) loop.interrupt();
}

InterruptOnSignal::~InterruptOnSignal() {
  interrupted_loop = nullptr;
  if (kept > 0) return;
  for (const int number : kEnding) handle(number, SIG_DFL);
}

SignalsKept::SignalsKept() {
  ++kept;
  for (const int number : kEnding) handle(number, on_signal);
}

SignalsKept::~SignalsKept() {
  if (--kept > 0) return;
  has_come = false;
  for (const int number : kEnding) handle(number, SIG_DFL);
}

}  // namespace causeway::app
