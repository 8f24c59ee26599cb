// Looks at eight bytes at once: whether a text holds nothing but bytes that need no care. Written
// for short texts (names, values, targets), where a call into a vector routine costs more than it
// saves. Method: "Bit Twiddling Hacks" (Anderson), exact tests for a byte below or equal to a
// value.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace causeway::codec {
namespace byte_scan {

constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
constexpr std::uint64_t kHighs = 0x8080808080808080ULL;

constexpr std::uint64_t each(unsigned char byte) { return kOnes * byte; }
// High bit set in the lowest byte that is zero, and perhaps in bytes above it: enough for "any".
constexpr std::uint64_t any_zero(std::uint64_t word) { return (word - kOnes) & ~word & kHighs; }
constexpr std::uint64_t any_below(std::uint64_t word, unsigned char least) {
  return (word - each(least)) & ~word & kHighs;
}

// C0 controls and DEL.
constexpr std::uint64_t controls(std::uint64_t word) {
  return any_below(word, 0x20) | any_zero(word ^ each(0x7f));
}
// Also what JSON must escape, and everything beyond ASCII.
constexpr std::uint64_t unquotable(std::uint64_t word) {
  return controls(word) | any_zero(word ^ each('"')) | any_zero(word ^ each('\\')) |
         (word & kHighs);
}

template <class Test>
bool none(std::string_view text, Test test) {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t found = 0;
  std::uint64_t word = 0;
  if (left >= 8) {
    for (; left > 8; at += 8, left -= 8) {
      std::memcpy(&word, at, 8);
      found |= test(word);
    }
    std::memcpy(&word, at + left - 8, 8);  // overlaps what was seen
    return (found | test(word)) == 0;
  }
  word = each('a');  // a byte that passes every test
  if (left >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, at, 4);
    std::memcpy(&last, at + left - 4, 4);
    word = std::uint64_t{last} << 32U | first;
  } else {
    for (; left > 0; ++at, --left) word = word << 8U | static_cast<unsigned char>(*at);
  }
  return test(word) == 0;
}

}  // namespace byte_scan

// Neither a C0 control (a tab is one) nor DEL.
inline bool has_no_control(std::string_view text) {
  return byte_scan::none(text, byte_scan::controls);
}

// ASCII that stands between quotes as it is, in JSON.
inline bool needs_no_escape(std::string_view text) {
  return byte_scan::none(text, byte_scan::unquotable);
}

}  // namespace causeway::codec
