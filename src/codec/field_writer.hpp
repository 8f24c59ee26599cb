// Writes header lines: one growth of the text for each line instead of one for each piece of it.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace causeway::codec {

// std::ranges::copy() becomes a loop here, which costs more than the call for texts of this length.
inline char* put(char* at, std::string_view text) {
  if (!text.empty()) std::memcpy(at, text.data(), text.size());  // not from null
  return at + text.size();
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
  constexpr std::size_t kMost = 20;  // digits, in base 10 and above
  const std::size_t before = out.size();
  out.resize_and_overwrite(before + kMost, [&](char* text, std::size_t room) {
    return static_cast<std::size_t>(std::to_chars(text + before, text + room, number, base).ptr -
                                    text);
  });
}

}  // namespace causeway::codec
