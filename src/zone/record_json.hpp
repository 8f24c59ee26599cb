// One record as JSON: the provider's own words, and what is kept of a record in snapshots and
// changes, have the same keys. One reader and one writer for all of them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "zone/record.hpp"

namespace causeway::zone {

// {"name", "type", "content", "ttl", "proxied", "priority", "id"}, and in what is kept "raw", the
// provider's own JSON as text. Throws Json::exception.
Record record_from(const nlohmann::ordered_json& json);
// The same, where `json` itself is the provider's own.
Record provider_record(const nlohmann::ordered_json& json);

// As a snapshot keeps it.
nlohmann::ordered_json json_of(const Record& record);

}  // namespace causeway::zone
