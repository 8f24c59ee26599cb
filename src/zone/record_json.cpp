#include "zone/record_json.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "codec/dns_name.hpp"

namespace causeway::zone {

using Json = nlohmann::ordered_json;

Record record_from(const Json& json) {
  const auto text = [&](const char* key) {
    const auto at = json.find(key);
    const auto* found = at == json.end() ? nullptr : at->get_ptr<const std::string*>();
    return found == nullptr ? std::string{} : *found;
  };
  Record out;
  json.at("type").get_to(out.type);
  const auto written = json.at("name").get<std::string>();
  const auto name = codec::dns_name(written);
  out.name = name ? *name : lower(written);
  out.content = text("content");
  out.ttl = json.value("ttl", kAutomaticTtl);
  if (const auto at = json.find("proxied"); at != json.end() && at->is_boolean())
    out.proxied = at->get<bool>();
  if (const auto at = json.find("priority"); at != json.end() && at->is_number_integer())
    out.priority = at->get<int>();
  out.id = text("id");
  out.raw = text("raw");
  return out;
}

Record provider_record(const Json& json) {
  Record out = record_from(json);
  out.raw = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return out;
}

Json json_of(const Record& record) {
  Json out{{"name", record.name},
           {"type", record.type},
           {"content", record.content},
           {"ttl", record.ttl}};
  if (record.proxied) out["proxied"] = *record.proxied;
  if (record.priority) out["priority"] = *record.priority;
  if (!record.id.empty()) out["id"] = record.id;
  if (!record.raw.empty()) out["raw"] = record.raw;
  return out;
}

}  // namespace causeway::zone
