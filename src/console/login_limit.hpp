// How often a password may be tried: a few times at once, then slower and slower, for an address
// and for a name apart. Pure: the clock is handed in.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/time.hpp"

namespace causeway::console {

class LoginLimit {
 public:
  // How long to wait before the next try; zero: now.
  Duration wait_for(const std::string& key, Instant now) const;
  void failed(const std::string& key, Instant now);
  void succeeded(const std::string& key) { tries_.erase(key); }
  // Where who has `name` logged in before.
  void know(const std::string& name, const std::string& place, Instant now);
  bool knows(const std::string& name, const std::string& place) const;

 private:
  struct Tries {
    int failures = 0;
    Instant last;
  };
  static Duration pause(int failures);
  void make_room(Instant now);

  std::unordered_map<std::string, Tries> tries_;
  std::unordered_map<std::string, Instant> known_;
};

}  // namespace causeway::console
