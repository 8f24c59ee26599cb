// Many ask for the same thing that is not stored: one goes to the origin, the others wait for what
// it brings. Pure bookkeeping of one worker; who waits is the caller's business.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.hpp"

namespace causeway::edge {

class Collapse {
 public:
  enum class Role : std::uint8_t {
    lead,    // go and ask; end with `finished`
    follow,  // wait; then look again
    alone,   // go, and do not let others wait: it was not to be stored lately, or too many wait
  };

  Role enter(const std::string& key, Instant now);
  // The leader is back. `stored`: the followers will find it. Else the key is remembered for a
  // while, so that its visitors are not lined up for nothing.
  void finished(const std::string& key, bool stored, Instant now);
  void left(const std::string& key);  // a follower who waits no longer

  std::size_t flights() const { return flights_.size(); }

 private:
  struct Flight {
    std::size_t followers = 0;
  };
  std::unordered_map<std::string, Flight> flights_;
  std::unordered_map<std::string, Instant> not_stored_;  // until
};

}  // namespace causeway::edge
