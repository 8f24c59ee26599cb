// Connections to the addresses of one origin, side by side (RFC 8305 section 5): while one takes
// longer than is usual the next is tried beside it, and the first that connects serves.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "edge/origin_link.hpp"
#include "net/event.hpp"

namespace causeway::edge {

class AddressRace {
 public:
  // `blank`: what all attempts have in common. `after`: how long to wait before the next.
  AddressRace(OriginState& origin, LinkWish wish, Attempt blank, Duration after)
      : origin_(origin), wish_(wish), blank_(std::move(blank)), after_(after) {}

  // Null when none connects. At most limits::kHedgeAtOnce are under way at a time.
  net::Task<std::unique_ptr<Link>> run(std::span<const Endpoint> addresses);

  // After run(): what was tried, those that failed or were given up first, the one that serves
  // last.
  std::vector<Attempt> attempts();

 private:
  struct Racer {
    Attempt attempt;
    std::unique_ptr<Link> link;
    Instant began;
    bool done = false;
    std::optional<net::Started<void>> task;  // first to go
  };

  net::Task<void> connect(Racer& racer, Endpoint address);
  void start(Endpoint address);
  std::size_t running() const;
  std::unique_ptr<Link> take_winner();

  OriginState& origin_;
  LinkWish wish_;
  Attempt blank_;
  Duration after_;
  net::Event news_;
  std::deque<Racer> racers_;
};

}  // namespace causeway::edge
