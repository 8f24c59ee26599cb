#include "edge/structured.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "codec/http1_head.hpp"

namespace causeway::edge {

bool is_sf_token(std::string_view text) {
  if (text.empty()) return false;
  const char first = text.front();
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  if (!letter && first != '*') return false;
  return std::ranges::all_of(
      text, [](char c) { return codec::is_token_byte(c) || c == ':' || c == '/'; });
}

std::string sf_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c < 0x20 || c > 0x7e ? '?' : c;
  }
  return out + '"';
}

std::string sf_name(std::string_view text) {
  return is_sf_token(text) ? std::string{text} : sf_string(text);
}

void add_token(std::string& out, std::string_view key, std::string_view token) {
  out.append("; ").append(key).append("=").append(sf_name(token));
}

void add_string(std::string& out, std::string_view key, std::string_view text) {
  out.append("; ").append(key).append("=").append(sf_string(text));
}

void add_integer(std::string& out, std::string_view key, std::int64_t number) {
  out += fmt::format("; {}={}", key, number);
}

void add_flag(std::string& out, std::string_view key) { out.append("; ").append(key); }

}  // namespace causeway::edge
