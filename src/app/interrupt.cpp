#include "app/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace causeway::app {
namespace {

std::atomic<net::Loop*> interrupted_loop = nullptr;

// Only what is safe in a signal handler: interrupt() is one write(2) (signal-safety(7)).
void on_signal(int number) {
  net::Loop* loop = interrupted_loop.exchange(nullptr);
  if (loop == nullptr) _exit(128 + number);
  loop->interrupt();
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

}  // namespace

InterruptOnSignal::InterruptOnSignal(net::Loop& loop) {
  interrupted_loop = &loop;
  handle(SIGINT, on_signal);
  handle(SIGTERM, on_signal);
}

InterruptOnSignal::~InterruptOnSignal() {
  interrupted_loop = nullptr;
  handle(SIGINT, SIG_DFL);
  handle(SIGTERM, SIG_DFL);
}

}  // namespace causeway::app
