#include "reach/exchange_outcome.hpp"

#include <cerrno>

namespace causeway::reach {

using codec::HttpFault;
using net::ReadEnd;

std::string_view outcome_of_fault(HttpFault fault) {
  switch (fault) {
    case HttpFault::none: return "complete";
    case HttpFault::nothing: return "closed";
    case HttpFault::head_cut: return "headers-truncated";
    case HttpFault::body_cut: return "body-truncated";
    case HttpFault::head_too_large:
    case HttpFault::too_many_lines: return "headers-too-large";
    case HttpFault::conflicting_length:
    case HttpFault::length_with_coding:
    case HttpFault::extra_bytes: return "length-mismatch";
    case HttpFault::bad_chunk_size:
    case HttpFault::bad_chunk_end:
    case HttpFault::chunk_line_too_long:
    case HttpFault::bad_trailer: return "bad-chunking";
    case HttpFault::too_many_interim: return "endless-interim";
    default: return "malformed";
  }
}

std::string_view outcome_of_silence(const net::Stream& stream, bool head_begun, int interim) {
  if (interim >= kManyInterim) return "endless-interim";
  if (head_begun) return "slow-headers";
  // Also what a closed window holds back: nobody there to open it (a SYN proxy, a tarpit).
  if (interim == 0 && stream.facts().unacked_bytes > 0) return "unacked";
  return "silent";
}

std::string_view outcome_of_end(const net::ReadResult& read, const net::Stream& stream,
                                const AnswerSoFar& so_far) {
  const bool alert = read.end == ReadEnd::alert;
  if (read.end == ReadEnd::timeout || read.os_code == ETIMEDOUT) {
    return so_far.head_complete ? "stalled-body"
                                : outcome_of_silence(stream, so_far.head_begun, so_far.interim);
  }
  if (so_far.head_complete) return alert ? "body-truncated" : "body-reset";
  if (so_far.head_begun || so_far.interim > 0) return "headers-truncated";
  return alert ? "tls-alert" : "reset";
}

std::string_view outcome_of_write_stall(std::size_t bytes_written, const net::Stream& stream) {
  return bytes_written > stream.facts().unacked_bytes ? "write-stalled" : "unacked";
}

}  // namespace causeway::reach
