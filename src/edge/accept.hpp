// Which form of an answer the client asked for (RFC 9110 section 12.5.1).
#pragma once

#include <cstdint>
#include <string_view>

namespace causeway::edge {

enum class BodyForm : std::uint8_t { html, problem_json, json, markdown, text };

// The media type of a form, with its charset.
std::string_view media_type(BodyForm form);

// `accept`: the Accept field's value, several fields joined by commas; empty when there is none.
// The highest weight wins, then the more specific range, then the order of the client. A client
// that takes none of the forms (an image was asked for) gets text: a refusal would hide the error.
BodyForm negotiate(std::string_view accept);

}  // namespace causeway::edge
