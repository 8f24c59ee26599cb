// Errors of pure parsing, and the way they travel. Failures of an attempt to reach an origin are
// model::Failure; this is for "the text is not an address", "line 3 has an unknown key".
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace causeway {

// What is wrong with an input and, after it, what would be right: a sentence for a person.
struct Error {
  std::string text;
};

template <class T>
using Parsed = std::expected<T, Error>;

inline std::unexpected<Error> error(std::string text) {
  return std::unexpected<Error>(Error{std::move(text)});
}

}  // namespace causeway
