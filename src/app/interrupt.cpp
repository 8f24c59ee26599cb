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

// Only what is safe in a signal handler: interrupt() is one write(2) (signal-safety(7)).
void on_signal(int number) {
  net::Loop* loop = interrupted_loop.exchange(nullptr);
  if (loop == nullptr) _exit(128 + number);
  loop->interrupt();
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
}

InterruptOnSignal::~InterruptOnSignal() {
  interrupted_loop = nullptr;
  for (const int number : kEnding) handle(number, SIG_DFL);
}

}  // namespace causeway::app
