// A limit of requests at one origin, with a queue in front of it: who came first goes first. A
// place costs nothing while there is one; only who waits is remembered.
#pragma once

#include <deque>

#include "edge/overload.hpp"
#include "net/event.hpp"
#include "net/task.hpp"

namespace causeway::edge {

class OriginQueue {
 public:
  OriginQueue(std::size_t most, std::size_t queue) : gate_(most, queue) {}

  Gate::Entry enter() { return gate_.enter(); }
  // After Gate::Entry::wait: until a place is there. False: not by `deadline`.
  net::Task<bool> wait(Instant deadline);
  void leave();

  std::size_t waiting() const { return gate_.waiting(); }

  // A place that is held.
  class Place {
   public:
    explicit Place(OriginQueue& queue) : queue_(queue) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { queue_.leave(); }

   private:
    OriginQueue& queue_;
  };

 private:
  class Ticket;

  Gate gate_;
  std::deque<Ticket*> tickets_;  // the oldest first
};

}  // namespace causeway::edge
