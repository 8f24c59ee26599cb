// Where a message body ends: by length, by chunks, or with the connection (RFC 9112 section 6.3).
// Hands out the body as views into the input; holds nothing but counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "codec/http1.hpp"

namespace causeway::codec {

enum class Framing : std::uint8_t { none, length, chunked, until_close };

class BodyReader {
 public:
  BodyReader() = default;
  explicit BodyReader(Framing framing, std::uint64_t length = 0);

  struct Step {
    std::size_t taken = 0;     // bytes of the input that are used up
    std::string_view body;     // a part of the body, inside the input
    std::string_view trailer;  // a part of the trailer section, its last line the empty one
  };
  // At most one piece of the body a call: call again with the rest until nothing is taken, the body
  // is done or a fault is found.
  Step feed(std::string_view input);

  // The connection ended. Only a body that runs until then is complete by it.
  void end();

  Framing framing() const { return framing_; }
  bool done() const { return done_; }
  HttpFault fault() const { return fault_; }
  std::uint64_t received() const { return received_; }

 private:
  enum class Chunk : std::uint8_t {
    size,
    size_blank,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer
  };

  Step data(std::string_view input);
  std::size_t control(std::string_view input, std::string_view& trailer);
  void size_byte(char c);
  void size_line_done();
  void trailer_byte(char c);
  void fail(HttpFault fault) { fault_ = fault; }

  Framing framing_ = Framing::none;
  std::uint64_t left_ = 0;  // of the body or of the chunk
  std::uint64_t received_ = 0;
  Chunk state_ = Chunk::size;
  std::uint32_t line_bytes_ = 0;     // of the chunk line or trailer line at hand
  std::uint32_t trailer_bytes_ = 0;  // of all trailer lines
  bool line_has_colon_ = false;
  bool after_cr_ = false;
  int digits_ = 0;
  bool done_ = false;
  HttpFault fault_ = HttpFault::none;
};

}  // namespace causeway::codec
