// What a person may write into a record of each type: refused here, with the form that is expected,
// before a provider refuses it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "zone/record.hpp"

namespace causeway::zone {

struct Written {
  std::string content;  // as Record::content has it: without the priority
  std::optional<int> priority;
};

// `given` is --priority. SRV may hold its priority in the content as well ("10 5 5060
// sip.example").
Parsed<Written> written_content(std::string_view type, std::string_view content,
                                std::optional<int> given);

// Whether `name` can have a record of this type at all ("_service._proto" for SRV).
Parsed<bool> check_name(std::string_view type, std::string_view name);

// The provider keeps some types as data, and takes no text for them: its JSON ("data"), or empty.
// `record` went through written_content().
std::string structured_data(const Record& record);

bool has_priority(std::string_view type);    // MX, SRV, URI
bool can_be_proxied(std::string_view type);  // A, AAAA, CNAME

}  // namespace causeway::zone
