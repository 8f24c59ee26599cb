// Structured field values (RFC 9651) as the edge writes them: strings, tokens, parameters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace causeway::edge {

// True for a token (RFC 9651 3.3.4): begins with a letter or "*".
bool is_sf_token(std::string_view text);

// A string in quotes. What a string may not hold (all but printable ASCII) becomes "?".
std::string sf_string(std::string_view text);

// A token where the text is one, else a string: how proxies and caches name themselves.
std::string sf_name(std::string_view text);

// Appends ";key=value". Keys are ours and well-formed.
void add_token(std::string& out, std::string_view key, std::string_view token);
void add_string(std::string& out, std::string_view key, std::string_view text);
void add_integer(std::string& out, std::string_view key, std::int64_t number);
void add_flag(std::string& out, std::string_view key);

}  // namespace causeway::edge
