// The server side of HTTP/2 on one connection, without I/O: bytes in, events out; answers in, bytes
// out. None of nghttp2's types passes it.
//
// What a hostile client can do is bounded here: heads (size, lines, CONTINUATION without end),
// streams opened and reset in bulk, by the client or by what it makes this side reset, floods of
// frames that carry nothing (base/limits.hpp). How long it may take is its user's business.
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

struct H2ServerLimits {
  std::uint32_t streams = limits::kEdgeH2Streams;
  std::size_t head_bytes = limits::kRequestHeadBytes;
  int lines = limits::kRequestHeaderLines;
  std::string unique_field;  // name, as in answers, of a field whose value is new in each
};

// What a connection tells whoever serves it. Called from within H2Server::feed() and pull(); must
// not call back into the server except where said.
class H2Events {
 public:
  virtual void on_field(std::int32_t stream, std::string_view name, std::string_view value) = 0;
  // The head is complete. `too_large`: it was, and is not all there.
  virtual void on_request(std::int32_t stream, bool has_body, bool too_large) = 0;
  virtual void on_body(std::int32_t stream, std::string_view bytes) = 0;
  // One field of the trailers, before on_body_end().
  virtual void on_trailer(std::int32_t stream, std::string_view name, std::string_view value) = 0;
  virtual void on_body_end(std::int32_t stream) = 0;
  virtual void on_closed(std::int32_t stream, bool by_error) = 0;
  // Fills `into` with the next bytes of an answer's body; `ends` when they are the last. Zero bytes
  // without `ends`: none are there yet (H2Server::resume() when they are).
  virtual std::size_t take_body(std::int32_t stream, std::span<std::byte> into, bool& ends) = 0;
  // What is to follow an answer's body; asked for when the body ends.
  virtual std::span<const codec::HeaderField> trailers(std::int32_t stream) = 0;

 protected:
  ~H2Events() = default;
};

class H2Server {
 public:
  H2Server(H2Events& events, H2ServerLimits limits);
  ~H2Server();
  H2Server(const H2Server&) = delete;
  H2Server& operator=(const H2Server&) = delete;

  // False: the client broke the rules. What pull() still gives says so; then close.
  bool feed(std::string_view bytes);
  // Appends what is to be sent, about `most` bytes at once. False: the session is broken.
  bool pull(std::string& out, std::size_t most);

  // Field names in any case: they go out in lower case. `length`: what content-length is to say.
  void interim(std::int32_t stream, int status, std::span<const codec::HeaderField> fields);
  void answer(std::int32_t stream, int status, std::span<const codec::HeaderField> fields,
              std::optional<std::uint64_t> length, bool has_body);
  void resume(std::int32_t stream);
  // The handler has used `bytes` of a request's body: the client may send as many more.
  void consumed(std::int32_t stream, std::size_t bytes);
  // Ends a stream whose answer cannot be finished (`broken`), or that nobody reads any more.
  void reset(std::int32_t stream, bool broken);
  void refuse(std::int32_t stream);  // not handled: the client may ask again

  void go_away();         // no new streams; those open go on
  bool finished() const;  // nothing more to read or write
  // A head or a trailer has begun and its end has not come: a client may take its time over it.
  bool head_open() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace causeway::net
