// The client side of HTTP/2 on one connection, without I/O: many requests at once, bytes in, events
// out. The counterpart of H2Server; none of nghttp2's types passes it.
//
// What a hostile or broken server can do is bounded here: heads and trailers (size, lines, interim
// ones without end), bodies (each stream's window, which only opens as the body is used).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "codec/http1.hpp"

namespace causeway::net {

struct H2AskerLimits {
  std::size_t head_bytes = limits::kResponseHeadBytes;  // also of all trailers
  int lines = limits::kHeaderLines;
  int interim = limits::kInterimResponses;
};

// Why a request is over.
enum class H2CallEnd : std::uint8_t {
  complete,  // the answer was there to its end
  refused,   // never looked at: REFUSED_STREAM, or above what a GOAWAY names (RFC 9113 8.7)
  reset,     // RST_STREAM, whatever its code
  broken,    // the answer breaks the rules of RFC 9113 section 8
  head_too_large,
  too_many_interim,
};

// One request and what becomes of it. Called from within H2Asker::feed() and pull(); must not call
// back into the asker.
class H2Call {
 public:
  // Of the head, interim head or trailers at hand, before the call that says which it was.
  virtual void on_field(std::string_view name, std::string_view value) = 0;
  virtual void on_interim(int status) = 0;
  virtual void on_head(int status) = 0;
  virtual void on_trailers() = 0;
  virtual void on_body(std::string_view bytes) = 0;
  virtual void on_end() = 0;  // END_STREAM: the answer is complete
  // Nothing more comes. `code`: RFC 9113 section 7.
  virtual void on_closed(H2CallEnd end, std::uint32_t code) = 0;
  // Fills `into` with the next bytes of the request's body; `ends` when they are the last. Zero
  // bytes without `ends`: none are there yet (H2Asker::resume() when they are).
  virtual std::size_t take_body(std::span<std::byte> into, bool& ends) = 0;
  // Asked for when the body ends.
  virtual std::span<const codec::HeaderField> trailers() const = 0;

 protected:
  ~H2Call() = default;
};

class H2Asker {
 public:
  explicit H2Asker(H2AskerLimits limits);
  ~H2Asker();
  H2Asker(const H2Asker&) = delete;
  H2Asker& operator=(const H2Asker&) = delete;

  struct Question {
    std::string_view method;
    std::string_view scheme;
    std::string_view authority;  // empty: none is sent
    std::string_view path;
    std::span<const codec::HeaderField> fields;  // in any case; without what HTTP/2 forbids
    std::optional<std::uint64_t> length;         // what content-length is to say
    bool has_body = false;
  };
  // The stream's number; nothing when the connection takes no further request. `call` must outlive
  // its on_closed() or be forgotten.
  std::optional<std::int32_t> ask(const Question& question, H2Call& call);
  // No more events for this request; ended with CANCEL when it is not over.
  void forget(std::int32_t stream);

  // False: the server broke the rules of the connection: `reason()`. What pull() still gives says
  // so.
  bool feed(std::string_view bytes);
  // Appends what is to be sent, about `most` bytes at once. False: the session is broken.
  bool pull(std::string& out, std::size_t most);

  void resume(std::int32_t stream);
  // `bytes` of an answer's body have been used: the server may send as many more.
  void consumed(std::int32_t stream, std::size_t bytes);
  void go_away();

  // Whether one more request may go out now: by the server's SETTINGS and GOAWAY.
  bool takes_more() const;
  bool went_away() const;           // a GOAWAY came
  std::uint32_t away_code() const;  // of it
  bool finished() const;            // nothing more to read: the connection is of no use
  bool spoke() const;               // the server's SETTINGS came: it does speak HTTP/2
  std::size_t open() const;         // requests under way
  std::string_view reason() const;  // of what broke, for a person

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace causeway::net
