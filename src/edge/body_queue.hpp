// A body on its way to somebody slower than its source: bytes come at the end and go at the front.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "edge/limits.hpp"

namespace causeway::edge {

class BodyQueue {
 public:
  // What is gone already is given up when it is much, also when the queue is never empty: a body of
  // any length needs no more memory than what waits of it.
  void append(std::string_view bytes) {
    if (taken_ >= limits::kBodyTaken) {
      bytes_.erase(0, taken_);
      taken_ = 0;
    }
    bytes_ += bytes;
  }
  void take(std::size_t bytes) {
    taken_ += bytes;
    if (taken_ == bytes_.size()) clear();
  }
  void clear() {
    bytes_.clear();
    taken_ = 0;
  }

  std::string_view left() const { return std::string_view{bytes_}.substr(taken_); }
  std::size_t size() const { return bytes_.size() - taken_; }
  bool empty() const { return bytes_.empty(); }
  std::size_t capacity() const { return bytes_.capacity(); }  // of memory

 private:
  std::string bytes_;
  std::size_t taken_ = 0;  // of them
};

}  // namespace causeway::edge
