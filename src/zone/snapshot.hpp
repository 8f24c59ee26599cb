// A zone as it was at one moment, from the provider that keeps it and from the servers that serve
// it. JSON form: causeway.zone/1 (docs/schema/zone.schema.json).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "zone/record.hpp"

namespace causeway::zone {

inline constexpr std::string_view kZoneSchema = "causeway.zone/1";

struct ProviderState {
  std::string name;  // "cloudflare"
  std::string api;   // where it was asked, without secrets
  std::string zone_id;
  std::string status;                           // active | pending ...
  std::string kind;                             // full | partial | secondary
  bool paused = false;                          // the whole zone is DNS-only
  std::vector<std::string> name_servers;        // that the zone should be delegated to
  std::map<std::string, std::string> settings;  // ssl, ssl_automatic_mode ...
  std::vector<std::string> missing;             // what the token may not read, in words
};

// One name and type as a server answers it.
struct Answers {
  std::string name;
  std::string type;
  std::vector<std::string> contents;  // canonical, sorted, MX and SRV with priority; empty: none

  bool operator==(const Answers&) const = default;
};

struct ServerState {
  std::string name;  // empty when only its address was given
  std::optional<IpAddress> address;
  std::string outcome;  // model/kinds.def, dns.outcome; "no-address"; "not-authoritative"
  std::optional<std::uint32_t> serial;
  std::string transfer;  // done | refused | failed | not-tried
  // What it answers otherwise than the snapshot's records say, where both can be compared.
  std::vector<Answers> differs;
};

struct Snapshot {
  std::string id;
  WallTime taken;
  std::string zone;
  std::string source;     // "cloudflare" | "transfer" | "queries": where the records are from
  bool complete = false;  // every record of the zone is here: false when names had to be guessed
  std::optional<ProviderState> provider;
  std::vector<ServerState> servers;
  std::vector<Record> records;     // sorted
  std::vector<std::string> notes;  // what could not be seen, in words

  std::optional<std::uint32_t> serial() const;  // the highest of the servers'
};

std::string to_json(const Snapshot& snapshot);
// `name` leads every error. Bounded by limits::kDocumentBytes and kZoneRecords.
Parsed<Snapshot> parse_snapshot(std::string_view text, std::string_view name);

// The names of the zone's records, sorted, each once.
std::vector<std::string> names_of(const std::vector<Record>& records);

// What `records` say about a name and type, in the form of Answers::contents.
std::vector<std::string> contents_of(const std::vector<Record>& records, std::string_view name,
                                     std::string_view type);

}  // namespace causeway::zone
