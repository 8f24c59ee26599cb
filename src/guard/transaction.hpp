// Changing a host so that a crash, a mistake or a lost connection never leaves it half done: the
// journal first, then the layers, then a trial that ends in the old state unless confirmed.
#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "guard/programs.hpp"
#include "guard/store.hpp"

namespace causeway::guard {

// Runs them in order. Answers what went wrong; with `stop`, the first problem ends it.
std::vector<std::string> carry_out(const std::vector<Action>& actions, bool stop);

// Brings every layer of this host from one grant to another, from what it finds now. Answers what
// went wrong; with `stop`, the first problem ends it.
std::vector<std::string> change_layers(const Grant& from, const Grant& to, bool stop);

// Watches over the process that applies: a process of its own that rolls back when the other one
// ends too early, or when nobody confirms in time. It outlives the terminal.
class Guardian {
 public:
  // Call while this process has one thread, with the journal saved as `applying`.
  static Parsed<Guardian> start(Store& store);
  Guardian(Guardian&& other) noexcept;
  Guardian& operator=(Guardian&&) = delete;
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;
  ~Guardian();  // without trial_begins(): rolls back

  // The layers are changed and the journal says until when it is tried.
  void trial_begins();

 private:
  explicit Guardian(int pipe) : pipe_(pipe) {}
  int pipe_;
};

// All of these expect the store to be locked by the caller, and leave the journal settled.
std::vector<std::string> roll_back(Store& store, const Journal& journal);
std::vector<std::string> keep(Store& store, Journal journal);
// Undoes what was kept, for good.
std::vector<std::string> remove_kept(Store& store, const Journal& journal);

// What a crash left: an unfinished change is undone, an unfinished confirmation is finished.
// Answers a sentence about what it did, or nothing.
std::string recover(Store& store);

std::int64_t unix_now();

}  // namespace causeway::guard
