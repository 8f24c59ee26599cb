// The lines of our own small text formats (*.rules, *.words, *.scn): comments off, words apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace causeway::judge {

struct Line {
  std::string_view file;
  int number = 0;
  bool indented = false;
  std::string_view text;  // trimmed, without comment
  std::vector<std::string>
      words;  // split at blanks outside of "..." and (...); quotes are kept off
};

// '#' at the start of a word begins a comment. Refused: a quote or bracket that never closes.
Parsed<std::vector<Line>> read_lines(std::string_view text, std::string_view file);

// For files of free text: only a line that begins with '#' is a comment, quotes are ordinary, and
// `words` are simply what stands between blanks.
std::vector<Line> read_plain_lines(std::string_view text, std::string_view file);

// "rules/connect.rules:12: ..." as an error.
std::unexpected<Error> error_at(const Line& line, std::string_view text);

}  // namespace causeway::judge
