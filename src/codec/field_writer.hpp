// Writes header lines: one growth of the text for each line instead of one for each piece of it.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace causeway::codec {

inline char* put(char* at, std::string_view text) {
  return std::ranges::copy(text, at).out;  // memcpy() may not be given the null of an empty view
}

// "Name: value" CR LF
inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t before = out.size();
  const std::size_t after = before + name.size() + value.size() + 4;
  out.resize_and_overwrite(after, [&](char* text, std::size_t /*room*/) {
    char* at = put(text + before, name);
    at = put(at, ": ");
    at = put(at, value);
    put(at, "\r\n");
    return after;
  });
}

inline void append_number(std::string& out, std::uint64_t number, int base = 10) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

}  // namespace causeway::codec
