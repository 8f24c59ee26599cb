// One response to one request, read incrementally: interim answers, the head, the body.
// Sans-I/O: the caller reads bytes, feeds them, and says when the connection ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/http1_body.hpp"
#include "codec/http1_head.hpp"

namespace causeway::codec {

struct ResponseOptions {
  HttpPolicy policy = kHttpAsEdge;
  bool answers_head = false;   // the request was HEAD: no body whatever the head says
  bool asked_upgrade = false;  // 101 ends HTTP on the connection: done, and what follows is foreign
  std::size_t most_head_bytes = limits::kResponseHeadBytes;
  int most_interim = limits::kInterimResponses;
};

class ResponseReader {
 public:
  explicit ResponseReader(ResponseOptions options = {});

  // For the next response; keeps the memory.
  void restart(ResponseOptions options);
  // Called with each interim head (1xx) but 101. May be empty.
  using OnInterim = void (*)(void* context, const ResponseHead& head);
  void on_interim(OnInterim call, void* context) {
    on_interim_ = call;
    on_interim_context_ = context;
  }

  struct Step {
    std::size_t taken = 0;
    std::string_view body;  // a part of the body, inside the input
  };
  // Takes as much of `input` as leads to one piece of body. Call with the rest until it is used up,
  // or finished() is true. Bytes left over then are nobody's: extra_bytes when nothing was asked.
  Step feed(std::string_view input);

  // The connection ended, orderly or not.
  void end();

  bool head_complete() const { return state_ == State::body || state_ == State::done; }
  bool done() const { return state_ == State::done && fault_ == HttpFault::none; }
  bool finished() const { return done() || fault_ != HttpFault::none; }
  HttpFault fault() const { return fault_; }
  std::string detail() const;  // the fault for a person, with where it was found

  const ResponseHead& head() const { return collector_.head(); }  // when head_complete()
  bool head_begun() const { return collector_.bytes() > 0; }
  int interim() const { return interim_; }
  const BodyReader& body() const { return body_; }
  // Of a chunked body, after done(): its lines as they came (http1_trailer.hpp).
  std::string_view trailer() const { return trailer_; }
  std::optional<std::uint64_t> announced_length() const { return length_; }

  // After done(): whether another request may follow on the connection (RFC 9112 9.3).
  bool reusable() const;

 private:
  enum class State : std::uint8_t { head, body, done };

  void take_head();
  bool read_framing();
  void fail(HttpFault fault, std::string detail = {});

  ResponseOptions options_;
  HeadCollector collector_;
  BodyReader body_;
  State state_ = State::head;
  HttpFault fault_ = HttpFault::none;
  std::string detail_;
  std::string trailer_;
  int interim_ = 0;
  std::optional<std::uint64_t> length_;
  OnInterim on_interim_ = nullptr;
  void* on_interim_context_ = nullptr;
};

}  // namespace causeway::codec
