// What the disk store asks of the answers in memory.
#pragma once

#include <string_view>

namespace causeway::edge {

// Called on the keeper's thread.
class InFront {
 public:
  virtual bool holds(std::string_view key, std::string_view vary_key) const = 0;
  virtual void forget_all() = 0;  // another process has purged

 protected:
  ~InFront() = default;
};

}  // namespace causeway::edge
