// Which names tell that a secret follows, which values are none, and which words look like one by
// their own form. Tables and pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace causeway::codec {

// How much a name says about its value.
enum class Telling : std::uint8_t {
  no,
  in_query,  // an ordinary word that is a secret in a URL's query: "code", "key"
  weak,      // "session", "auth", "csrf": a secret when the value looks like one
  strong,    // "password", "api_key": a secret, whatever it looks like
  header,    // "Authorization", "Cookie": the whole line
};
// `name` may be joined in any way: "X-Api-Key", "stripe.secret.key", "dbPassword", "AUTH_KEY".
Telling telling(std::string_view name);
// Its last words do: "DB_PASSWORD", and not "password_reset".
bool ends_telling(std::string_view name);

// In a URL's path: what follows "/reset/", "/invite/", "/hooks/" opens something.
Telling telling_segment(std::string_view segment);
bool is_plain_segment(std::string_view segment);  // "password", "index.php": no secret there

// "null", "off", "/etc/ssl/key.pem", "${TOKEN}", "********", "[token 1]": hides nothing.
bool is_innocent_value(std::string_view value);
// What follows "password" or "token" in a sentence of a log: "authentication", "for", "expired".
bool is_prose(std::string_view word);
// Letters and digits mixed, or long: rather a key than a word.
bool looks_like_value(std::string_view value);

// "Bearer", "Basic", "Negotiate": a credential follows (RFC 9110 section 11.1).
bool is_scheme(std::string_view word);
// Bytes from `at` that are a secret by their own form: a maker's prefix ("ghp_", "AKIA"), a hash of
// a password ("$2y$"), a JSON web token, or a long random word; 0 for none.
std::size_t secret_form(std::string_view text, std::size_t at);

}  // namespace causeway::codec
