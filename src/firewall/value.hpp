// What a question about a packet is answered with, for a whole set of clients at once.
#pragma once

#include <cstdint>
#include <vector>

#include "firewall/interval_set.hpp"

namespace causeway::firewall {

struct Value {
  enum class Kind : std::uint8_t {
    known,
    client,  // the client's address, under a mask
    within,  // some number of [low, high]
    bits,    // `low` where `mask` has ones, unknown elsewhere
    pieces,  // depends on the client
    absent,
    unknown,
  };
  struct Piece {
    IntervalSet clients;
    Key value = 0;

    bool operator==(const Piece&) const = default;
  };

  Kind kind = Kind::absent;
  Key low = 0;
  Key high = 0;
  Key mask = kAllBits;
  unsigned shift = 0;
  std::vector<Piece> pieces;
  const char* why = "";

  bool operator==(const Value&) const = default;
};

}  // namespace causeway::firewall
