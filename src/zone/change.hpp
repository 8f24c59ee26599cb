// Changes of records: what would be sent, what undoes it, and whether what is there is still what
// was left. Pure. A change is kept as causeway.zone-change/1 (docs/schema/zone-change.schema.json).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "zone/api.hpp"
#include "zone/record.hpp"

namespace causeway::zone {

inline constexpr std::string_view kChangeSchema = "causeway.zone-change/1";

// What a name shall hold of one type, all of it.
struct Wish {
  std::string name;
  std::string type;
  std::vector<std::string> contents;  // empty: no record of this type
  std::optional<std::uint32_t> ttl;   // absent: as it is; automatic for a new one
  std::optional<bool> proxied;  // absent: as it is; like the name's other records for a new one
  std::optional<int> priority;
  std::vector<int> priorities;  // of each of the contents, where they differ
  bool replace = false;  // also remove what may not stand beside it (CNAME against all others)
};

struct RecordEdit {
  std::optional<Record> before;  // absent: made anew
  std::optional<Record> after;   // absent: removed
};

// An error names what is in the way, and what to say to mean it.
Parsed<std::vector<RecordEdit>> plan_wish(const std::vector<Record>& records, const Wish& wish);

// One call for one edit; several go as one transaction (dns_records/batch: all or nothing).
std::vector<ApiCall> calls_for(std::string_view zone_id, const std::vector<RecordEdit>& edits);

struct Change {
  std::string id;
  WallTime at;
  std::string zone;
  std::string zone_id;
  std::string api;
  std::string kind;                        // "set" | "fix" | "pause" | "undo"
  std::string state;                       // planned | done | failed | unknown | undone
  std::vector<RecordEdit> edits;           // with the ids that the provider gave
  std::optional<bool> zone_paused_before;  // of a pause of the whole zone
  std::optional<WallTime> until;           // of a pause: when it shall end
};

std::string to_json(const Change& change);
Parsed<Change> parse_change(std::string_view text, std::string_view name);

// The edits that lead back, given what is there now. An error when a record is no longer as the
// change left it, unless `force`.
Parsed<std::vector<RecordEdit>> plan_undo(const Change& change, const std::vector<Record>& now,
                                          bool force);

// Which of the records that `change` replaced are not there again, byte for byte (writable_json),
// and which of those it added still are.
std::vector<std::string> not_restored(const Change& change, const std::vector<Record>& now);

}  // namespace causeway::zone
