// Where text is shown: its width, whether it has colours and symbols, and how words are laid out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::app {

enum class Tone : std::uint8_t { plain, strong, dim, good, warning, bad, accent };

struct Screen {
  std::size_t width = 80;
  bool colour = false;
  bool unicode = true;

  std::string paint(Tone tone, std::string_view text) const;
  std::string_view glyph(std::string_view symbol, std::string_view ascii) const {
    return unicode ? symbol : ascii;
  }
  std::string_view good() const { return glyph("✓", "+"); }
  std::string_view bad() const { return glyph("✗", "x"); }
  std::string_view warning() const { return glyph("!", "!"); }
  std::string_view untested() const { return glyph("·", "."); }
  std::string_view dash() const { return glyph("–", "-"); }
};

// Colour only on a terminal and only when neither --no-color nor NO_COLOR nor TERM=dumb says no;
// symbols unless the locale is named and is not UTF-8.
Screen screen_of_stdout(bool no_color);
bool stderr_is_terminal();

// Columns that the text takes on a terminal, without escape sequences.
std::size_t columns(std::string_view text);
std::string padded(std::string_view text, std::size_t width);

// Lines of at most `width` columns, broken at blanks; a longer word stands alone on its line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

// The text wrapped, its first line after `first`, the others indented to match.
std::string hanging(std::string_view first, std::string_view text, std::size_t width);

}  // namespace causeway::app
