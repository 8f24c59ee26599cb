// The request as an origin gets it. Pure: text in, text out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/http1_incoming.hpp"
#include "edge/config.hpp"
#include "edge/header_filter.hpp"
#include "edge/reply.hpp"

namespace causeway::edge {

struct OriginRequest {
  const codec::RequestHead& head;
  const Visitor& visitor;
  const Headers& headers;
  const HeaderFilters& filters;
  std::string_view host_header;  // empty: the visitor's
  std::string_view ray;
  bool trusted = false;  // the peer is an edge of our own
};

// Appends the head with its empty line, written anew from what was understood: nothing of the
// visitor's framing passes.
void write_origin_head(const OriginRequest& request, std::string& out);

// The same for HTTP/2: appends the lines of all fields but Host and framing, which HTTP/2 says
// otherwise.
void write_origin_fields(const OriginRequest& request, std::string& out);
// Lines that were written so, as fields: views into them.
void split_lines(std::string_view lines, std::vector<codec::HeaderField>& out);

// "Host" or ":authority".
std::string_view origin_authority(const OriginRequest& request);

// Who the visitor is: the peer, or whom a trusted peer names.
IpAddress client_address(const codec::RequestHead& head, const Visitor& visitor,
                         const Headers& headers, bool trusted);

// Whether the peer is one whose word about the visitor is taken.
bool is_trusted(const Visitor& visitor, const Headers& headers);

// "http" or "https": how the visitor came, or how a trusted peer says it did.
std::string_view effective_scheme(const codec::RequestHead& head, const Visitor& visitor,
                                  const Headers& headers, bool trusted);

// How often CDN-Loop names this edge (RFC 8586).
int loops(const codec::RequestHead& head, std::string_view cdn);

}  // namespace causeway::edge
