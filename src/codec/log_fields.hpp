// Words, quoted texts and numbers of a log line, one after another.
#pragma once

#include <cstdint>
#include <string_view>

namespace causeway::codec {

// Each takes what it returns, and the blanks before it, off the front of `rest`.
std::string_view take_word(std::string_view& rest);             // up to the next blank
std::string_view take_until(std::string_view& rest, char end);  // without `end`, which is taken too
// A word, or what stands between quotation marks or square brackets; \" does not end a quotation.
std::string_view take_field(std::string_view& rest, bool& quoted);

// 100 to 999, else 0.
int status_of(std::string_view text);
// Decimal digits only, else -1.
std::int64_t whole_number(std::string_view text);
// "0.005" seconds as milliseconds; "-" is kNotReached, anything else kNotLogged.
double seconds_as_ms(std::string_view text);

// "http://10.0.0.5:8080/path" -> "10.0.0.5:8080", "fastcgi://unix:/run/php.sock:" ->
// "unix:/run/php.sock", "tcp://..." likewise; `secure` is set for https, grpcs and h2 over TLS.
std::string_view origin_of_url(std::string_view url, bool& secure);

// The last of "10.0.0.5:80, 10.0.0.6:80 : 10.0.0.7:80" (ngx_http_upstream_module); `several` is set
// when there is more than one.
std::string_view last_of_list(std::string_view list, bool& several);

}  // namespace causeway::codec
