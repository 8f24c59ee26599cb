#include "zone/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "zone/limits.hpp"
#include "zone/record_json.hpp"

namespace causeway::zone {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const ProviderState& provider) {
  return {{"name", provider.name},
          {"api", provider.api},
          {"zone_id", provider.zone_id},
          {"status", provider.status},
          {"type", provider.kind},
          {"paused", provider.paused},
          {"name_servers", provider.name_servers},
          {"settings", provider.settings},
          {"missing", provider.missing}};
}

Json json_of(const ServerState& server) {
  Json differs = Json::array();
  for (const auto& answers : server.differs) {
    differs.push_back(
        {{"name", answers.name}, {"type", answers.type}, {"contents", answers.contents}});
  }
  Json out{{"name", server.name}};
  out["address"] = server.address ? Json(server.address->text()) : Json(nullptr);
  out["outcome"] = server.outcome;
  out["serial"] = server.serial ? Json(*server.serial) : Json(nullptr);
  out["transfer"] = server.transfer;
  out["differs"] = std::move(differs);
  return out;
}

ProviderState provider_from(const Json& json) {
  ProviderState out;
  json.at("name").get_to(out.name);
  json.at("api").get_to(out.api);
  json.at("zone_id").get_to(out.zone_id);
  json.at("status").get_to(out.status);
  json.at("type").get_to(out.kind);
  json.at("paused").get_to(out.paused);
  json.at("name_servers").get_to(out.name_servers);
  json.at("settings").get_to(out.settings);
  json.at("missing").get_to(out.missing);
  return out;
}

ServerState server_from(const Json& json) {
  ServerState out;
  json.at("name").get_to(out.name);
  if (json.at("address").is_string()) {
    const auto address = IpAddress::parse(json.at("address").get<std::string>());
    if (address) out.address = *address;
  }
  json.at("outcome").get_to(out.outcome);
  if (json.at("serial").is_number_unsigned()) out.serial = json.at("serial").get<std::uint32_t>();
  json.at("transfer").get_to(out.transfer);
  for (const auto& answers : json.at("differs")) {
    out.differs.push_back({.name = answers.at("name").get<std::string>(),
                           .type = answers.at("type").get<std::string>(),
                           .contents = answers.at("contents").get<std::vector<std::string>>()});
  }
  return out;
}

Snapshot snapshot_from(const Json& json) {
  Snapshot out;
  json.at("id").get_to(out.id);
  json.at("zone").get_to(out.zone);
  json.at("source").get_to(out.source);
  json.at("complete").get_to(out.complete);
  json.at("notes").get_to(out.notes);
  if (json.at("provider").is_object()) out.provider = provider_from(json.at("provider"));
  for (const auto& server : json.at("servers")) out.servers.push_back(server_from(server));
  for (const auto& record : json.at("records")) out.records.push_back(record_from(record));
  return out;
}

}  // namespace

std::optional<std::uint32_t> Snapshot::serial() const {
  std::optional<std::uint32_t> out;
  for (const auto& server : servers) {
    if (server.serial && (!out || *server.serial > *out)) out = server.serial;
  }
  return out;
}

std::string to_json(const Snapshot& snapshot) {
  Json out{{"schema", kZoneSchema}, {"id", snapshot.id},         {"taken", rfc3339(snapshot.taken)},
           {"zone", snapshot.zone}, {"source", snapshot.source}, {"complete", snapshot.complete}};
  out["serial"] = snapshot.serial() ? Json(*snapshot.serial()) : Json(nullptr);
  out["provider"] = snapshot.provider ? json_of(*snapshot.provider) : Json(nullptr);
  out["servers"] = Json::array();
  for (const auto& server : snapshot.servers) out["servers"].push_back(json_of(server));
  out["records"] = Json::array();
  for (const auto& record : snapshot.records) out["records"].push_back(json_of(record));
  out["notes"] = snapshot.notes;
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Parsed<Snapshot> parse_snapshot(std::string_view text, std::string_view name) {
  const auto refuse = [&](std::string_view what) {
    return error(fmt::format("{}: {}", name, printable(what, limits::kTextKept)));
  };
  if (text.size() > limits::kDocumentBytes) return refuse("is too large to be a snapshot");
  try {
    const Json json = Json::parse(text);
    if (!json.is_object() || json.value("schema", "") != kZoneSchema) {
      return refuse("is not a snapshot of a zone; expected \"schema\": \"causeway.zone/1\"");
    }
    const auto taken = parse_rfc3339(json.at("taken").get<std::string>());
    if (!taken) return refuse("taken: " + taken.error().text);
    Snapshot out = snapshot_from(json);
    out.taken = *taken;
    if (out.records.size() > limits::kZoneRecords) return refuse("holds too many records");
    return out;
  } catch (const Json::exception& broken) {
    return refuse(broken.what());
  }
}

std::vector<std::string> names_of(const std::vector<Record>& records) {
  std::set<std::string> names;
  for (const auto& record : records) names.insert(record.name);
  return {names.begin(), names.end()};
}

std::vector<std::string> contents_of(const std::vector<Record>& records, std::string_view name,
                                     std::string_view type) {
  std::vector<std::string> out;
  for (const auto& record : records) {
    if (record.name != name || record.type != type) continue;
    const std::string content = canonical_content(record.type, record.content);
    out.push_back(record.priority ? fmt::format("{} {}", *record.priority, content) : content);
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace causeway::zone
