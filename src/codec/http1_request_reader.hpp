// One request as a server reads it: the head, then the body. Strict (RFC 9112): what two servers
// could read in two ways is refused, because that is how requests are smuggled past the first.
// Sans-I/O, as codec/http1_response.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/http1_body.hpp"
#include "codec/http1_head.hpp"

namespace causeway::codec {

// For servers of our own APIs; an edge has others.
struct ReaderLimits {
  std::size_t most_head_bytes = std::size_t{32} * 1024;
  int most_lines = 200;
  std::uint64_t most_body_bytes = std::uint64_t{1024} * 1024;
};

class RequestReader {
 public:
  explicit RequestReader(ReaderLimits limits = {});

  struct Step {
    std::size_t taken = 0;
    std::string_view body;  // a part of the body, inside the input
  };
  // Takes as much of `input` as leads to one piece of body, and nothing after the request. Call
  // with the rest until it is used up or finished() is true.
  Step feed(std::string_view input);

  // The client ended the connection: nothing (it was done), head_cut or body_cut.
  void end();

  bool begun() const { return collector_.bytes() > 0; }
  bool head_complete() const { return state_ != State::head; }
  bool done() const { return state_ == State::done && fault_ == HttpFault::none; }
  bool finished() const { return done() || fault_ != HttpFault::none; }
  HttpFault fault() const { return fault_; }
  std::string detail() const;  // the fault for a person
  int status() const;          // what to answer a fault with: 400, 413, 431, 501, 505

  const MessageHead& head() const { return collector_.head(); }  // when head_complete()
  const BodyReader& body() const { return body_; }
  bool expects_continue() const;  // the client waits for "100 Continue" before the body
  bool keeps_alive() const;       // another request may follow on the connection
  void restart();                 // for the next request; keeps the memory

 private:
  enum class State : std::uint8_t { head, body, done };

  void take_head();
  bool check_host();
  bool read_framing();
  void fail(HttpFault fault, std::string detail = {});

  ReaderLimits limits_;
  HeadCollector collector_;
  BodyReader body_;
  State state_ = State::head;
  HttpFault fault_ = HttpFault::none;
  std::string detail_;
};

}  // namespace causeway::codec
