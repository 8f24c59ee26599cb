// What changed between two views of a zone. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zone/snapshot.hpp"

namespace causeway::zone {

struct RecordChange {
  std::optional<Record> before;     // absent: added
  std::optional<Record> after;      // absent: removed
  std::vector<std::string> fields;  // of a changed record: content, ttl, proxied, priority

  const Record& either() const { return after ? *after : *before; }
};

struct StateChange {  // of the provider's settings, name servers, serials
  std::string what;
  std::string before;
  std::string after;
};

struct Diff {
  std::vector<RecordChange> records;  // in the order of sort_records
  std::vector<StateChange> states;

  bool empty() const { return records.empty() && states.empty(); }
};

// By name and type: records that say the same are equal, those left over are paired (same id first,
// then in order), the rest was added or removed. An id alone is no difference.
std::vector<RecordChange> diff_records(const std::vector<Record>& before,
                                       const std::vector<Record>& after);
Diff diff(const Snapshot& before, const Snapshot& after);

// "+ www.example.net 300 A 203.0.113.10", "- ...", "~ ... (content 203.0.113.9 -> 203.0.113.10)"
std::string text_of(const RecordChange& change);
// schema causeway.zone-diff/1
std::string to_json(const Diff& diff, const Snapshot& before, const Snapshot& after);

}  // namespace causeway::zone
