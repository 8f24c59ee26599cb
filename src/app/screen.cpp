#include "app/screen.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/text.hpp"

namespace causeway::app {
namespace {

std::string_view sgr(Tone tone) {
  switch (tone) {
    case Tone::plain: return "";
    case Tone::strong: return "1";
    case Tone::dim: return "2";
    case Tone::good: return "32";
    case Tone::warning: return "33";
    case Tone::bad: return "31";
    case Tone::accent: return "36";
  }
  std::unreachable();
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

// The locale as setlocale(3) would choose it.
bool locale_has_symbols() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = environment(name);
    if (value.empty()) continue;
    return contains_ignoring_case(value, "utf-8") || contains_ignoring_case(value, "utf8");
  }
  return true;
}

// East Asian wide characters and emoji take two columns (UAX 11, the large blocks).
bool is_wide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
         (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
         (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

// One character of text that is known to be UTF-8; moves `at` behind it.
char32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at++);
  if (first < 0xc0) return first;
  const int following = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  char32_t out = first & (0x3fU >> static_cast<unsigned>(following));
  for (int i = 0; i < following && at < text.size() && (byte(at) & 0xc0U) == 0x80; ++i) {
    out = (out << 6U) | (byte(at++) & 0x3fU);
  }
  return out;
}

}  // namespace

std::string Screen::paint(Tone tone, std::string_view text) const {
  if (!colour || tone == Tone::plain || text.empty()) return std::string{text};
  return fmt::format("\x1b[{}m{}\x1b[0m", sgr(tone), text);
}

Screen screen_of_stdout(bool no_color) {
  Screen out;
  out.unicode = locale_has_symbols();
  out.colour = !no_color && environment("NO_COLOR").empty() && environment("TERM") != "dumb" &&
               isatty(STDOUT_FILENO) == 1;
  return out;
}

bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1 && environment("TERM") != "dumb"; }

std::size_t columns(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {  // our own colours: ESC [ digits m
      at = std::min(text.find('m', at), text.size() - 1) + 1;
      continue;
    }
    out += is_wide(next_character(text, at)) ? 2 : 1;
  }
  return out;
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t taken = columns(text);
  return std::string{text} + std::string(taken < width ? width - taken : 0, ' ');
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> out;
  std::string line;
  for (const auto word : split(text, ' ')) {
    if (word.empty()) continue;
    if (!line.empty() && columns(line) + 1 + columns(word) > width) {
      out.push_back(std::exchange(line, {}));
    }
    if (!line.empty()) line += ' ';
    line += word;
  }
  if (!line.empty() || out.empty()) out.push_back(line);
  return out;
}

std::string hanging(std::string_view first, std::string_view text, std::size_t width) {
  const std::size_t indent = columns(first);
  const std::size_t room = width > indent + 20 ? width - indent : 20;
  std::string out{first};
  bool begun = false;
  for (const auto& line : wrapped(text, room)) {
    if (std::exchange(begun, true)) out += std::string(indent, ' ');
    out += line + "\n";
  }
  return out;
}

}  // namespace causeway::app
