// One request as a server of our own APIs reads it: the head by the one strict parser
// (http1_incoming.hpp), then the body. Sans-I/O, as codec/http1_response.hpp.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "codec/http1_body.hpp"
#include "codec/http1_incoming.hpp"

namespace causeway::codec {

// For servers of our own APIs; an edge has others.
struct ReaderLimits {
  std::size_t most_head_bytes = std::size_t{32} * 1024;
  int most_lines = 200;
  std::uint64_t most_body_bytes = std::uint64_t{1024} * 1024;
};

class RequestReader {
 public:
  explicit RequestReader(ReaderLimits limits = {}) : limits_(limits) {}

  struct Step {
    std::size_t taken = 0;
    std::string_view body;  // a part of the body, inside the input
  };
  // Takes as much of `input` as leads to one piece of body, and nothing after the request. Call
  // with the rest until it is used up or finished() is true.
  Step feed(std::string_view input);

  // The client ended the connection: when it was not done, it is cut.
  void end();

  bool begun() const { return !bytes_.empty(); }
  bool head_complete() const { return state_ != State::head; }
  bool done() const { return state_ == State::done && fault_ == RequestFault::none; }
  bool finished() const { return done() || fault_ != RequestFault::none; }
  RequestFault fault() const { return fault_; }

  const RequestHead& head() const { return head_; }  // when head_complete()
  const BodyReader& body() const { return body_; }
  bool keeps_alive() const { return done() && head_.keep_alive; }
  void restart();  // for the next request; keeps the memory

 private:
  enum class State : std::uint8_t { head, body, done };

  std::size_t take_head(std::string_view input);
  void parse();

  ReaderLimits limits_;
  std::vector<char> bytes_;  // of the head; its views point here
  RequestHead head_;
  BodyReader body_;
  State state_ = State::head;
  RequestFault fault_ = RequestFault::none;
};

}  // namespace causeway::codec
