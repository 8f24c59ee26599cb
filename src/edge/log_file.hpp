// Where log lines go: a file, or stdout and whoever reads it. A thread of its own writes, so that
// neither a slow disk nor a pipe that nobody reads holds up those who hand lines over.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/fd.hpp"

namespace causeway::edge {

class LogFile {
 public:
  using Tell = std::function<void(const std::string&)>;  // one line, from the thread that writes

  // Empty: stdout.
  static Parsed<std::shared_ptr<LogFile>> open(const std::string& path, Tell tell);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  // Waits for nothing: what was taken is still written, if it is taken within limits::kEdgeLogEnd.
  ~LogFile();

  // Whole lines, from any thread. Waits for nothing; how many are lost, because too much waits.
  std::size_t write(std::string_view lines);
  // Until all is written that was taken, and no longer than `most`.
  void finish(Duration most);

 private:
  struct State;  // also the thread's: it may be in a write that does not end
  explicit LogFile(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace causeway::edge
