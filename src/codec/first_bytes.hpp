// What the first bytes of a peer say about the protocol it speaks. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace causeway::codec {

enum class FirstBytes : std::uint8_t {
  nothing,
  http,
  h2_settings,
  ssh,
  smtp_or_ftp,
  mysql,
  redis_or_pop3,
  imap,
  vnc,
  amqp,
  tls_alert,
  tls_handshake,
  tls_other,
  other,
};

// As in model/kinds.def: "h2-settings", "smtp-or-ftp" ...
std::string_view name(FirstBytes kind);

FirstBytes first_bytes(std::string_view bytes);

}  // namespace causeway::codec
