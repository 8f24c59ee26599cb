// Passwords and tokens: made, hashed, compared. libsodium's defaults, whose hashes carry their own
// parameters (argon2id, RFC 9106).
#pragma once

#include <string>
#include <string_view>

namespace causeway::console {

// About 70 ms and 64 MiB: whoever steals the store pays that for each guess.
std::string hash_password(std::string_view password);
bool password_matches(std::string_view password, const std::string& hash);
// As slow as a wrong password: an unknown name must not answer faster.
void spend_a_password_check(std::string_view password);

std::string random_token();  // 32 random bytes, base64url, 43 characters
// What is kept of a token: BLAKE2b-256, hexadecimal. Tokens are random, so no salt is needed.
std::string token_hash(std::string_view token);
// The value that proves that a request comes from our own page (CSRF), derived from the session.
std::string page_proof(std::string_view session_token);
bool same_secret(std::string_view a,
                 std::string_view b);  // in time independent of where they differ

}  // namespace causeway::console
