// Text of strangers, made safe to read, compare and print.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace causeway {

std::string lower(std::string_view text);  // ASCII only
std::string_view trim(std::string_view text);
std::vector<std::string_view> split(std::string_view text, char separator);
std::vector<std::string_view> words_of(std::string_view line);  // between blanks, tabs, line ends
std::string join(const std::vector<std::string>& parts, std::string_view separator);
bool contains_ignoring_case(std::string_view text, std::string_view part);
bool equals_ignoring_case(std::string_view a, std::string_view b);

// `text` as one word of a POSIX shell: as it is where nothing in it is special, else quoted.
std::string shell_word(std::string_view text);

// Printable form of foreign bytes: control characters and invalid UTF-8 become \xNN, so that a
// banner can neither move the cursor nor break JSON. Cut to `most` bytes with an ellipsis.
std::string printable(std::string_view bytes, std::size_t most);

// The candidate nearest to `word` by edit distance, or empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// & < > " ' as entities; what XML 1.0 forbids (control characters) is replaced. Serves HTML too.
std::string escaped(std::string_view text);

}  // namespace causeway
