// Bytes of a log: a file, a pipe or standard input, plain or compressed (gzip, zstd: told by the
// first bytes). With `follow` it waits for more at the end and goes on when the file is rotated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"

namespace causeway::explain {

struct SourceOptions {
  bool follow = false;
  int stop = -1;  // a descriptor: once it can be read, a pipe is taken to have ended
};

class Source {
 public:
  // "-" is standard input. The error names the file and what is wrong with it.
  static Parsed<Source> open(const std::string& path, SourceOptions options);
  ~Source();
  Source(Source&&) noexcept;
  Source& operator=(Source&&) noexcept;

  // Fills what it can of `into`; 0 at the end. With `follow` it is called again after wait().
  Parsed<std::size_t> read(std::span<char> into);

  // Waits until the file may hold more, or `stop` can be read, or `at_most_ms` went by. False when
  // it was `stop`.
  bool wait(int stop, int at_most_ms);

  // Of a regular file that is not compressed: its size; else 0.
  std::uint64_t size() const;
  // Bytes taken from the file itself, before they are unpacked.
  std::uint64_t taken() const;

 private:
  struct State;
  explicit Source(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace causeway::explain
