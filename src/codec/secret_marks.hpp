// The marks around a secret, as they are written in logs, configuration, JSON, XML, URLs and code:
// quotation marks with their escapes, line breaks that were made printable, the next pair. Pure;
// every look ahead has a bound, so that a text is read in time linear in its size.
#pragma once

#include <cstddef>
#include <string_view>

namespace causeway::codec {

// A quoted value of more bytes is taken to have no end.
inline constexpr std::size_t kQuotedBytes = 8192;

bool is_letter(char c);
bool is_digit(char c);
bool is_word(char c);   // letters and digits
bool is_name(char c);   // and "_", "-", "."
bool is_blank(char c);  // space and tab

// Past spaces and tabs.
std::size_t after_blanks(std::string_view text, std::size_t at);

// Bytes of the line break at `at`, real or written down ("\x0d\x0a", "\r\n", "%0A"); 0 for none.
std::size_t break_at(std::string_view text, std::size_t at);
// Where the line ends that `at` stands in, or `most` bytes further.
std::size_t line_end(std::string_view text, std::size_t at, std::size_t most = kQuotedBytes);

// The quotation mark that begins at `at`, as it is written: ", ', `, \", &quot;, %22; or empty.
std::string_view quote_at(std::string_view text, std::size_t at);
// The one that ends right before `at`; or empty.
std::string_view quote_before(std::string_view text, std::size_t at);
// Where the mark begins that closes what `mark` opened right before `from`; npos when there is none
// within kQuotedBytes. Marks that are escaped once more, and doubled ones, are part of the value.
std::size_t closing_quote(std::string_view text, std::size_t from, std::string_view mark);

// Nothing of a value follows: the end, a blank, a break, punctuation, a bracket or a mark.
bool ends_there(std::string_view text, std::size_t at);
// Another pair begins at `at`, past separators and a mark: "name=", "name: ".
bool pair_follows(std::string_view text, std::size_t at);

}  // namespace causeway::codec
