#include "app/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "app/phrases.hpp"
#include "app/screen.hpp"

namespace causeway::app {
namespace {

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 80;
  return size.ws_col;
}

}  // namespace

Progress::Progress(bool shown) : shown_(shown), begin_(Clock::now()) {}

Progress::~Progress() { clear(); }

void Progress::saw(const model::Observation& observation) {
  ++seen_;
  if (!shown_) return;
  const std::string text =
      fmt::format("{:>6}  {} observations  {}", duration_text(Clock::now() - begin_), seen_,
                  raw_line(observation));
  const std::string line = wrapped(text, terminal_width() - 1).front();
  fmt::print(stderr, "\r\x1b[K{}", line);
  drawn_ = true;
}

void Progress::clear() {
  if (std::exchange(drawn_, false)) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace causeway::app
