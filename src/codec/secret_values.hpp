// Where the value of a name begins and ends. Pure; each function looks ahead no further than the
// value it finds, or a bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace causeway::codec {

// What stands between a name and its value.
enum class Sign : std::uint8_t {
  none,
  equal,       // "=", ":=", "=>", "%3D"
  colon,       // ":"
  blank,       // "password hunter2"
  listed,      // define('DB_PASSWORD', 'x')
  called,      // setPassword("x")
  element,     // <password>x</password>
  beside,      // {"name": "DB_PASSWORD", "value": "x"}
  blank_line,  // a part of a form: name="password", an empty line, the value
};
struct Lead {
  Sign sign = Sign::none;
  std::size_t at = 0;   // where the value begins; blanks are passed
  bool closed = false;  // the name ended with a quotation mark or a bracket
};
// The name is text[from, end).
Lead lead_after(std::string_view text, std::size_t from, std::size_t end);

// What a name stands in.
struct Surroundings {
  std::string_view mark;   // the quotation mark right before it, still open
  bool in_quotes = false;  // a " earlier in the line is open
  bool own_line = false;   // nothing but marks of comments and the like before it
};

// The ends of values without quotation marks.
std::size_t bare_end(std::string_view text, std::size_t from, const Surroundings& in);
std::size_t header_end(std::string_view text, std::size_t from, const Surroundings& in);
std::size_t query_end(std::string_view text, std::size_t from, const Surroundings& in);
std::size_t element_end(std::string_view text, std::size_t from);

// A quoted value at `at`, with its prefix (b"", $'') and marks; `mark` is empty when there is none.
struct Quoted {
  std::string_view mark;
  std::size_t from = 0;  // of the value
  std::size_t to = 0;
  std::size_t end = 0;  // past the closing mark
};
Quoted quoted_at(std::string_view text, std::size_t at);

}  // namespace causeway::codec
