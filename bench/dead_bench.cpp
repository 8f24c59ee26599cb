// What one connection attempt that nothing answers costs a watch in user memory: the bytes that are
// allocated while very many are under way, by the allocator's own count. Needs a network where
// 10.0.0.0/8 is silent: bench/watch_dead.py makes one and runs this.
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include <cstdlib>

#include "net/loop.hpp"
#include "watch/light_check.hpp"

namespace causeway {
namespace {

std::size_t allocated() { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; }

net::Task<void> measure(std::uint32_t count) {
  std::uint32_t ended = 0;
  watch::LightChecks checks{[&](std::uint32_t, Instant, watch::CheckResult) { ++ended; }};
  auto target = std::make_shared<watch::Target>();
  target->kind = watch::CheckKind::tcp;
  target->timeout = std::chrono::minutes{5};
  const std::size_t before = allocated();
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto address = IpAddress::v4(0x0A010000U + i);
    checks.start(i, {address, 8000}, target);
    // As the watch does: the loop turns between its starts.
    co_await net::Loop::current().turn(kNever);
  }
  const std::size_t after = allocated();
  fmt::print("{} under way, {} ended at once: {:.0f} bytes each\n", checks.under_way(), ended,
             static_cast<double>(after - before) / static_cast<double>(checks.under_way()));
  net::Loop::current().interrupt();
  co_await checks.idle();
}

}  // namespace
}  // namespace causeway

int main(int argc, char** argv) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const auto most = static_cast<std::uint32_t>(limit.rlim_cur) - 64;
  const auto wanted = argc > 1 ? static_cast<std::uint32_t>(std::atoi(argv[1])) : most;
  causeway::net::Loop loop;
  loop.run(causeway::measure(std::min(wanted, most)));
}
