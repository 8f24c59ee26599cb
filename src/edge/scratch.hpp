// The memory one request is served with. A connection holds it only from the first byte of a
// request to the end of its answer: an idle one owns no buffer.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http1_incoming.hpp"
#include "codec/http1_response.hpp"
#include "edge/story.hpp"

namespace causeway::edge {

struct Scratch {
  std::vector<char> in;  // what came from the visitor and is not used up: [begin, end)
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<char> body_in;  // parts of a body beyond what came with the head
  std::size_t body_begin = 0;
  std::size_t body_end = 0;
  codec::RequestHead request;
  codec::ResponseReader response;
  std::vector<codec::HeaderField> fields;  // of the answer
  std::string out;                         // towards the visitor, what could not be sent yet
  std::size_t out_sent = 0;
  std::string origin_out;                    // towards the origin
  std::string joined;                        // pieces of a body that came in one read
  std::string trailer;                       // of the request, its lines as they came
  std::vector<codec::HeaderField> trailers;  // of the request, views into `trailer`
  Story story;

  std::string_view unread() const { return {in.data() + begin, end - begin}; }
};

struct GiveScratch {
  void operator()(Scratch* scratch) const noexcept;
};
using ScratchPtr = std::unique_ptr<Scratch, GiveScratch>;

ScratchPtr take_scratch();  // from this thread's free list

// One a thread, for reads whose bytes are passed on before anything else runs.
std::span<std::byte> shared_buffer();

}  // namespace causeway::edge
