// Tables of what proxies write, and what it means. The first row that fits wins.
#pragma once

#include <span>
#include <string_view>

#include "explain/meaning.hpp"

namespace causeway::explain {

struct Phrase {
  std::string_view has;   // must be in the text
  std::string_view also;  // and this; empty: nothing more
  Failures possible;
  std::string_view reading;
  Part part = Part::failed;
  model::CauseId cause = model::CauseId::unknown;
  bool told = true;
};

std::span<const Phrase> nginx_phrases();
std::span<const Phrase> apache_phrases();
std::span<const Phrase>
go_phrases();  // Go's net, net/http, crypto/tls: Caddy, Traefik, cloudflared
std::span<const Phrase>
go_body_phrases();                      // Caddy's error after "aborting with incomplete response"
std::span<const Phrase> tls_phrases();  // OpenSSL's and BoringSSL's words
std::span<const Phrase> server_phrases();  // about the machine: disk, memory, files

// Case does not matter, and "_" is a blank: BoringSSL writes CERTIFICATE_VERIFY_FAILED.
bool has_words(std::string_view text, std::string_view words);
const Phrase* find_phrase(std::span<const Phrase> phrases, std::string_view text);
Meaning meaning(const Phrase& phrase);

// What connect(2) or a later call says, by the stage it was met in (errno of Linux). `several`
// failures may be behind one number.
enum class Phase : std::uint8_t { connect, handshake, request, head, body };
Meaning meaning_of_errno(int number, Phase phase, bool local_socket);

}  // namespace causeway::explain
