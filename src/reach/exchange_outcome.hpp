// The readings of how an exchange ended (model/kinds.def, http.outcome): the same for a diagnosis
// and for live traffic. failure_of(outcome) in reach/exchange.hpp turns them into failures.
#pragma once

#include <cstddef>
#include <string_view>

#include "codec/http1.hpp"
#include "net/stream.hpp"

namespace causeway::reach {

// Interim answers after which silence is no longer a slow answer but a server that never comes to
// one: a real server sends 100 and, rarely, some 103.
inline constexpr int kManyInterim = 4;

struct AnswerSoFar {
  bool head_complete = false;
  bool head_begun = false;
  int interim = 0;
};

// Of an answer that breaks the rules; "complete" for none.
std::string_view outcome_of_fault(codec::HttpFault fault);

// Of a wait that ended without a complete head.
std::string_view outcome_of_silence(const net::Stream& stream, bool head_begun, int interim);

// Of a connection or wait that ended otherwise than by FIN (which is the reader's to judge).
std::string_view outcome_of_end(const net::ReadResult& read, const net::Stream& stream,
                                const AnswerSoFar& so_far);

// Of a request that could not be written in time.
std::string_view outcome_of_write_stall(std::size_t bytes_written, const net::Stream& stream);

}  // namespace causeway::reach
