#include "console/secrets.hpp"

#include <sodium.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace causeway::console {
namespace {

void ready() {
  static const bool good = sodium_init() >= 0;
  if (good) return;
  std::fputs("causeway: libsodium does not start: no random numbers\n", stderr);
  std::abort();
}

std::string keyed_hash(std::string_view text, std::string_view purpose) {
  ready();
  std::array<unsigned char, 32> out{};
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), reinterpret_cast<const unsigned char*>(purpose.data()),
                     purpose.size());
  std::string hex(out.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), out.data(), out.size());
  hex.pop_back();
  return hex;
}

}  // namespace

std::string hash_password(std::string_view password) {
  ready();
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str(out.data(), password.data(), password.size(),
                        crypto_pwhash_OPSLIMIT_INTERACTIVE,
                        crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
    std::fputs("causeway: no memory to hash a password\n", stderr);
    std::abort();
  }
  return out.data();
}

bool password_matches(std::string_view password, const std::string& hash) {
  ready();
  return hash.size() < crypto_pwhash_STRBYTES &&
         crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

void spend_a_password_check(std::string_view password) {
  static const std::string nobody = hash_password(random_token());
  static_cast<void>(password_matches(password, nobody));
}

std::string random_token() {
  ready();
  std::array<unsigned char, 32> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::array<char, 64> text{};
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return text.data();
}

std::string token_hash(std::string_view token) { return keyed_hash(token, "causeway token 1"); }

std::string page_proof(std::string_view session_token) {
  return keyed_hash(session_token, "causeway page proof 1");
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace causeway::console
