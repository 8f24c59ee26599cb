#include "codec/http1_body.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace causeway::codec {
namespace {

constexpr int kMostDigits = 15;  // 2^60 bytes: beyond it the sum could overflow

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

BodyReader::BodyReader(Framing framing, std::uint64_t length)
    : framing_(framing), left_(framing == Framing::length ? length : 0) {
  done_ = framing == Framing::none || (framing == Framing::length && length == 0);
}

BodyReader::Step BodyReader::feed(std::string_view input) {
  if (done_ || fault_ != HttpFault::none || input.empty()) return {};
  if (framing_ == Framing::until_close) {
    received_ += input.size();
    return {input.size(), input, {}};
  }
  if (framing_ == Framing::length) {
    const auto step = data(input);
    done_ = left_ == 0;
    return step;
  }
  std::size_t taken = 0;
  std::string_view trailer;
  if (state_ != Chunk::data) taken = control(input, trailer);
  if (done_ || fault_ != HttpFault::none || state_ != Chunk::data) return {taken, {}, trailer};
  auto step = data(input.substr(taken));
  if (left_ == 0) state_ = Chunk::data_cr;
  step.taken += taken;
  return step;
}

BodyReader::Step BodyReader::data(std::string_view input) {
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  left_ -= length;
  received_ += length;
  return {length, input.substr(0, length), {}};
}

// Everything of the chunked coding that is not chunk data: lines of size, ends of chunks, trailer.
std::size_t BodyReader::control(std::string_view input, std::string_view& trailer) {
  std::size_t at = 0;
  std::size_t trailer_at = input.size();
  while (at < input.size() && state_ != Chunk::data && !done_ && fault_ == HttpFault::none) {
    const char c = input[at++];
    switch (state_) {
      case Chunk::size:
      case Chunk::size_blank:
      case Chunk::extension: size_byte(c); break;
      case Chunk::size_lf:
        if (c == '\n') {
          size_line_done();
        } else {
          fail(HttpFault::bad_chunk_size);
        }
        break;
      case Chunk::data_cr:
        if (c != '\r') fail(HttpFault::bad_chunk_end);
        state_ = Chunk::data_lf;
        break;
      case Chunk::data_lf:
        if (c != '\n') fail(HttpFault::bad_chunk_end);
        state_ = Chunk::size;
        break;
      case Chunk::trailer:
        trailer_at = std::min(trailer_at, at - 1);
        trailer_byte(c);
        break;
      case Chunk::data: break;
    }
  }
  trailer = input.substr(std::min(trailer_at, at), at - std::min(trailer_at, at));
  return at;
}

// "1a3f", blanks (old servers pad the size to a fixed width), ";extension", CR. The line end must
// be CR LF: where one reader takes a bare LF and the next does not, two messages become one.
void BodyReader::size_byte(char c) {
  if (++line_bytes_ > limits::kChunkLineBytes) return fail(HttpFault::chunk_line_too_long);
  if (c == '\r') {
    if (digits_ == 0) return fail(HttpFault::bad_chunk_size);
    state_ = Chunk::size_lf;
    return;
  }
  if (state_ == Chunk::extension) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) fail(HttpFault::bad_chunk_size);
    return;
  }
  const int value = hex_value(c);
  if (value >= 0 && state_ == Chunk::size) {
    if (++digits_ > kMostDigits) return fail(HttpFault::bad_chunk_size);
    left_ = left_ * 16 + static_cast<std::uint64_t>(value);
    return;
  }
  if (digits_ == 0) return fail(HttpFault::bad_chunk_size);
  if (c == ';') {
    state_ = Chunk::extension;
  } else if (c == ' ' || c == '\t') {
    state_ = Chunk::size_blank;
  } else {
    fail(HttpFault::bad_chunk_size);
  }
}

void BodyReader::size_line_done() {
  state_ = left_ == 0 ? Chunk::trailer : Chunk::data;
  digits_ = 0;
  line_bytes_ = 0;
  line_has_colon_ = after_cr_ = false;
}

// Trailer fields are counted and checked for form: what they say is for http1_trailer.hpp.
void BodyReader::trailer_byte(char c) {
  if (++trailer_bytes_ > limits::kResponseHeadBytes) return fail(HttpFault::bad_trailer);
  if (after_cr_ && c != '\n') return fail(HttpFault::bad_trailer);
  if (c == '\n') {
    if (!after_cr_) return fail(HttpFault::bad_trailer);
    if (line_bytes_ == 0) {
      done_ = true;
      return;
    }
    if (!line_has_colon_) return fail(HttpFault::bad_trailer);
    line_bytes_ = 0;
    line_has_colon_ = after_cr_ = false;
    return;
  }
  if (c == '\r') {
    after_cr_ = true;
    return;
  }
  ++line_bytes_;
  if (c == ':' && line_bytes_ > 1) line_has_colon_ = true;
  if (c == '\0') fail(HttpFault::bad_trailer);
}

void BodyReader::end() {
  if (done_ || fault_ != HttpFault::none) return;
  if (framing_ == Framing::until_close) {
    done_ = true;
  } else {
    fail(HttpFault::body_cut);
  }
}

}  // namespace causeway::codec
