#include "edge/origin_queue.hpp"

#include <algorithm>

namespace causeway::edge {

// One that waits. When it goes away early, because its visitor did, so does its claim: on the
// queue, or on a place that it was given and never took.
class OriginQueue::Ticket {
 public:
  explicit Ticket(OriginQueue& queue) : queue_(queue) { queue_.tickets_.push_back(this); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket() {
    if (taken_) return;
    if (turn_.is_set()) {
      queue_.leave();
      return;
    }
    std::erase(queue_.tickets_, this);
    queue_.gate_.leave_queue();
  }

  net::Event& turn() { return turn_; }
  void take() { taken_ = true; }

 private:
  OriginQueue& queue_;
  net::Event turn_;
  bool taken_ = false;
};

net::Task<bool> OriginQueue::wait(Instant deadline) {
  Ticket ticket{*this};
  co_await ticket.turn().wait(deadline);
  if (!ticket.turn().is_set()) co_return false;
  ticket.take();
  co_return true;
}

void OriginQueue::leave() {
  if (!gate_.leave()) return;  // nobody waits
  Ticket* const next = tickets_.front();
  tickets_.pop_front();
  next->turn().set();
}

}  // namespace causeway::edge
