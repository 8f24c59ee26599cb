// A secret is never in the configuration file itself: the file says where it is.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace causeway::config {

// In the file: { file = "/run/secrets/token" }, { env = "TOKEN" } or { credential = "token" }
// (systemd's LoadCredential, systemd.exec(5)). Never printed: only where it is from.
struct Secret {
  enum class Source : std::uint8_t { none, file, environment, credential };
  Source source = Source::none;
  std::string name;

  bool given() const { return source != Source::none; }
  std::string where() const;  // "file /run/secrets/token", for messages
};

// Reads it now, without the line end behind it. Empty secrets are errors.
Parsed<std::string> reveal(const Secret& secret);

}  // namespace causeway::config
