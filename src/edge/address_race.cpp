#include "edge/address_race.hpp"

#include <algorithm>
#include <utility>

#include "edge/limits.hpp"
#include "net/loop.hpp"

namespace causeway::edge {

using net::Loop;

net::Task<void> AddressRace::connect(Racer& racer, Endpoint address) {
  racer.link = co_await origin_.connect(address, wish_, racer.attempt);
  racer.done = true;
  news_.set();
}

void AddressRace::start(Endpoint address) {
  Racer& racer = racers_.emplace_back();
  racer.attempt = blank_;
  racer.attempt.address = address;
  racer.began = Loop::current().now();
  racer.task.emplace(connect(racer, address));
}

std::size_t AddressRace::running() const {
  return static_cast<std::size_t>(std::ranges::count(racers_, false, &Racer::done));
}

// Those that still run are given up: nothing is known of their addresses.
std::unique_ptr<Link> AddressRace::take_winner() {
  const auto won =
      std::ranges::find_if(racers_, [](const Racer& racer) { return racer.link != nullptr; });
  if (won == racers_.end()) return nullptr;
  auto link = std::move(won->link);
  for (Racer& racer : racers_) {
    if (racer.done) continue;
    racer.task.reset();
    racer.attempt.given_up = true;
    racer.attempt.because = "another address was there first";
    racer.attempt.connect = Loop::current().now() - racer.began;
  }
  std::iter_swap(won, std::prev(racers_.end()));
  return link;
}

net::Task<std::unique_ptr<Link>> AddressRace::run(std::span<const Endpoint> addresses) {
  const Loop& loop = Loop::current();
  std::size_t next = 0;
  while (!loop.interrupted()) {
    news_.clear();
    if (next < addresses.size() && running() < limits::kHedgeAtOnce) start(addresses[next++]);
    if (auto link = take_winner()) co_return link;
    const bool more = next < addresses.size();
    if (running() == 0) {
      if (!more) break;
      continue;
    }
    const bool may_start = more && running() < limits::kHedgeAtOnce;
    co_await news_.wait(may_start ? loop.now() + after_ : kNever);
  }
  co_return nullptr;
}

std::vector<Attempt> AddressRace::attempts() {
  std::vector<Attempt> out;
  out.reserve(racers_.size());
  for (Racer& racer : racers_) out.push_back(std::move(racer.attempt));
  return out;
}

}  // namespace causeway::edge
