// Where an answer goes and a request's body comes from: HTTP/1.1 and HTTP/2 alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/address.hpp"
#include "base/time.hpp"
#include "codec/http1.hpp"
#include "codec/http1_body.hpp"
#include "net/task.hpp"

namespace causeway::edge {

// Who asks, and how they came here.
struct Visitor {
  Endpoint peer;  // of the connection, or as its PROXY header says
  Endpoint listener;
  bool secure = false;
  bool http2 = false;
};

struct AnswerHead {
  int status = 200;
  std::string_view reason;                     // empty: the usual one
  std::span<const codec::HeaderField> fields;  // without framing and hop-by-hop fields
  // How the body is announced. `none`: there is none, whatever `length` says.
  codec::Framing framing = codec::Framing::none;
  std::optional<std::uint64_t> length;  // what Content-Length is to say, also without a body
};

enum class BodyEnd : std::uint8_t {
  more,
  last,
  gone,       // the visitor closed or reset the connection
  slow,       // 408
  broken,     // 400: the chunked coding or the trailer is wrong
  too_large,  // 413
};

struct BodyPart {
  std::string_view bytes;  // until the next call
  BodyEnd end = BodyEnd::more;
};

class Reply {
 public:
  Reply() = default;
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  virtual ~Reply() = default;

  // --- the request's body ---
  // All of it, when it is here already: may be read again and again. Nothing for an unfinished one.
  virtual std::optional<std::string_view> whole_body() = 0;
  // The next part. Tells a visitor who waits for "100 Continue" to go on.
  // After `slow` it may be called again.
  virtual net::Task<BodyPart> read_body(Instant deadline) = 0;
  // What came behind the body, once its last part was read.
  virtual std::span<const codec::HeaderField> request_trailers() const = 0;

  // --- the answer ---
  // All return false when the visitor is gone or does not read. `body` may change as soon as the
  // call suspends or returns.
  virtual net::Task<bool> interim(int status, std::span<const codec::HeaderField> fields) = 0;
  virtual net::Task<bool> begin(const AnswerHead& head, std::string_view body, bool last) = 0;
  virtual net::Task<bool> write(std::string_view body, bool last) = 0;
  virtual net::Task<bool> trailers(std::span<const codec::HeaderField> fields) = 0;  // and the end
  // The answer was begun and has no end: the visitor must be able to tell.
  virtual void cut() = 0;
  // Whether the visitor has closed its side. No system call.
  virtual bool visitor_gone() const = 0;
  // How much of a body is welcome at once, at most: what a slow visitor leaves is kept in memory.
  virtual std::size_t room() const { return static_cast<std::size_t>(-1); }
};

}  // namespace causeway::edge
