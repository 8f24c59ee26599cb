// One line on a terminal that says what is going on, and is gone when the report comes.
#pragma once

#include "base/time.hpp"
#include "model/observation.hpp"

namespace causeway::app {

class Progress {
 public:
  explicit Progress(bool shown);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void saw(const model::Observation& observation);
  void clear();

 private:
  bool shown_;
  bool drawn_ = false;
  int seen_ = 0;
  Instant begin_;
};

}  // namespace causeway::app
