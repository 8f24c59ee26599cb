// Where secrets stand in a text, whatever it is: a log, a server's or an application's
// configuration, JSON, YAML, XML, PHP, a URL, an HTTP message, a command line. Pure, linear in the
// size of the text. How it works: docs/report.md, "What is hidden".
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace causeway::codec {

struct Secret {
  std::size_t from = 0;
  std::size_t length = 0;
  bool user = false;  // the name that stands before a password: "bob" of "bob:secret@host"
};

// In the order of the text, none inside another.
std::vector<Secret> find_secrets(std::string_view text);

}  // namespace causeway::codec
