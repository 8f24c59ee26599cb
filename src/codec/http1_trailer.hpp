// The fields behind a body: the lines that BodyReader hands out, and which of them may be passed on
// (RFC 9110 section 6.5). Pure.
#pragma once

#include <string_view>
#include <vector>

#include "codec/http1.hpp"

namespace causeway::codec {

// Appends the fields of `lines` ("A: b" CR LF ... and the empty line), views into it. False when
// one of them is no field: a name that is no token, a control byte in a value, a folded line. The
// others are appended all the same.
bool read_trailer(std::string_view lines, std::vector<HeaderField>& out);

// What must never come behind a body, because it says how the message is to be read, who may have
// it or where it goes (RFC 9110 6.5.1): false for framing, routing, conditions, credentials,
// cookies, control data and the description of the content.
bool may_trail(std::string_view name);

// Whether any TE field lists "trailers": the client takes what follows a body.
bool takes_trailers(std::string_view te);

}  // namespace causeway::codec
