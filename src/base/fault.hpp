#pragma once

#include <string>

namespace causeway {

// What is wrong with one key of a definition.
struct Fault {
  std::string key;   // "expect.status"
  std::string text;  // and what is expected
};

}  // namespace causeway
