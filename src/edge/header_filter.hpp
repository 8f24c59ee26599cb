// Which header fields pass: names known beforehand, found by length first, so that most names cost
// one look. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http1.hpp"
#include "edge/config.hpp"

namespace causeway::edge {

class NameSet {
 public:
  void add(std::string_view name);
  bool has(std::string_view name) const {
    const auto length = name.size() < 64 ? name.size() : 63;
    return ((lengths_ >> length) & 1U) != 0 && found(name);
  }

 private:
  bool found(std::string_view name) const;

  std::uint64_t lengths_ = 0;
  std::vector<std::string> names_;  // lower case
};

// What never passes a proxy (RFC 9110 7.6.1), what the edge writes itself, and what its owner took
// out.
struct HeaderFilters {
  explicit HeaderFilters(const Headers& headers);
  NameSet request;
  NameSet request_untrusted;  // beside `request`, from peers that are not trusted
  NameSet response;
  // Of what the edge writes itself: says something else for another visitor, or another time.
  NameSet varying;
};

// Whether a field of a request's head goes on to the origin. `fields`: those of the request, among
// which Connection may name it.
bool passes_to_origin(const HeaderFilters& filters, bool trusted,
                      std::span<const codec::HeaderField> fields, std::string_view name);

// Whether a field behind a request's body may go to the origin.
bool may_trail_request(const HeaderFilters& filters, std::string_view name);
// The same of an answer's, to the visitor.
bool may_trail_answer(const HeaderFilters& filters, std::string_view name);

// A name that servers read differently: nginx drops "A.B" and CGI makes "A_B" and "A-B" one.
bool is_ambiguous_name(std::string_view name);

}  // namespace causeway::edge
