// Uptime Kuma's backup: Settings, Backup, Export (version 1; {"monitorList": [...]}).
#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "model/target_url.hpp"
#include "watch/import_reader.hpp"

namespace causeway::watch {
namespace {

using config::Node;

// What a monitor has and is taken over, told of above or only about Uptime Kuma itself.
constexpr auto kRead = std::to_array<std::string_view>({"id",
                                                        "name",
                                                        "type",
                                                        "url",
                                                        "hostname",
                                                        "port",
                                                        "active",
                                                        "interval",
                                                        "retryInterval",
                                                        "maxretries",
                                                        "timeout",
                                                        "keyword",
                                                        "invertKeyword",
                                                        "jsonPath",
                                                        "jsonPathOperator",
                                                        "expectedValue",
                                                        "method",
                                                        "ignoreTls",
                                                        "upsideDown",
                                                        "accepted_statuscodes",
                                                        "parent",
                                                        "tags",
                                                        "dns_resolve_type",
                                                        "dns_resolve_server",
                                                        "dns_last_result",
                                                        "pushToken",
                                                        "weight",
                                                        "userId",
                                                        "user_id",
                                                        "created_date",
                                                        "pathName",
                                                        "childrenIDs",
                                                        "forceInactive",
                                                        "maintenance",
                                                        "screenshot",
                                                        "includeSensitiveData",
                                                        "expiryNotification",
                                                        "httpBodyEncoding",
                                                        "maxredirects",
                                                        "packetSize",
                                                        "notificationIDList",
                                                        "gamedigGivenPortOnly",
                                                        "kafkaProducerSaslOptions",
                                                        "kafkaProducerBrokers",
                                                        "conditions"});

Parsed<Target> subject(const Node& monitor, const std::string& type) {
  const std::string host = text_in(monitor, "hostname");
  const auto port = whole_in(monitor, "port", 0);
  const bool v6 = host.find(':') != std::string::npos;
  const std::string shown = v6 ? "[" + host + "]" : host;
  if (type == "port") return target_of(fmt::format("tcp://{}:{}", shown, port));
  if (type == "ping") return target_of("ping://" + shown);
  if (type == "dns") return target_of("dns://" + host);
  if (type == "push") {
    Target out;
    out.kind = CheckKind::heartbeat;
    return out;
  }
  return target_of(text_in(monitor, "url"));
}

void read_http(const Node& monitor, const std::string& type, Target& out, ImportReader& notes) {
  const std::string name = out.name;
  if (type == "keyword") {
    const bool inverted = truth_in(monitor, "invertKeyword", false);
    (inverted ? out.expect.absent : out.expect.text) = text_in(monitor, "keyword");
  }
  if (type == "json-query") {
    // "data.status" and "$.data.status": the rest of JSONata has no counterpart.
    std::string path = text_in(monitor, "jsonPath");
    if (path.starts_with("$.")) path.erase(0, 2);
    const bool plain = std::ranges::all_of(path, [](char letter) {
      return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' ||
             letter == '.' || letter == '-';
    });
    const std::string sign = text_in(monitor, "jsonPathOperator");
    if (plain && !path.empty() && (sign.empty() || sign == "==")) {
      std::ranges::replace(path, '.', '/');
      out.expect.json.emplace_back("/" + path, text_in(monitor, "expectedValue"));
    } else {
      notes.note(monitor, name, "its JSON query has no counterpart; only the status is checked");
    }
  }
  std::vector<std::string> codes;
  for (const Node& code : list_in(monitor, "accepted_statuscodes")) codes.push_back(code.text);
  if (codes.empty()) codes.emplace_back("200-299");  // its default
  const bool below_400 = codes.size() == 1 && (codes[0] == "200-399" || codes[0] == "100-399");
  if (codes.size() == 1 && codes.front().find('-') == std::string::npos) {
    out.expect.status = std::atoi(codes.front().c_str());
  } else if (!below_400) {
    notes.note(monitor, name, fmt::format("statuses {} became: any below 400", join(codes, ", ")));
  }
  const std::string method = text_in(monitor, "method");
  if (!method.empty() && method != "GET") {
    notes.note(monitor, name, fmt::format("it asks with {}; GET is asked instead", method));
  }
  if (truth_in(monitor, "ignoreTls", false)) {
    notes.note(monitor, name, "it ignored certificates; here they are checked (or give ca_file)");
  }
}

void read_monitor(const Node& monitor, const std::map<std::int64_t, std::string>& groups,
                  ImportReader& out) {
  const std::string name = text_in(monitor, "name");
  const std::string type = text_in(monitor, "type");
  if (type == "group") return;
  constexpr std::array kKnown{"http", "keyword", "json-query", "port", "ping", "dns", "push"};
  if (std::ranges::find(kKnown, type) == kKnown.end()) {
    out.note(
        monitor, name,
        fmt::format("left out: monitors of type '{}' have no counterpart", printable(type, 40)));
    return;
  }
  auto target = subject(monitor, type);
  if (!target) {
    out.note(monitor, name, "left out: " + target.error().text);
    return;
  }
  if (truth_in(monitor, "upsideDown", false)) {
    out.note(monitor, name, "left out: 'upside down' has no counterpart");
    return;
  }
  target->id.clear();
  target->name = name;
  if (type == "http" || type == "keyword" || type == "json-query") {
    read_http(monitor, type, *target, out);
  }
  if (type == "dns") {
    target->record = text_in(monitor, "dns_resolve_type");
    if (target->record.empty()) target->record = "A";
    const std::string server = text_in(monitor, "dns_resolve_server");
    if (const auto resolver = Endpoint::parse(server, 53)) target->resolver = *resolver;
  }
  const auto seconds = [&](const char* key, Duration& into) {
    const auto given = whole_in(monitor, key, 0);
    if (given > 0) into = std::chrono::seconds{given};
  };
  seconds("interval", target->interval);
  seconds("retryInterval", target->retry);
  seconds("timeout", target->timeout);
  // Without retries one miss is an outage.
  const auto failures = std::clamp<std::int64_t>(whole_in(monitor, "maxretries", 0) + 1, 1, 16);
  target->confirm.open_failures = target->confirm.open_of = static_cast<int>(failures);
  target->paused = !truth_in(monitor, "active", true);
  const auto group = groups.find(whole_in(monitor, "parent", -1));
  if (group != groups.end()) target->team = group->second;
  for (const Node& tag : list_in(monitor, "tags")) {
    const std::string value = text_in(tag, "value");
    target->tags.push_back(text_in(tag, "name") + (value.empty() ? "" : ":" + value));
  }
  const std::string id = out.add(monitor, std::move(*target));
  if (id.empty()) return;
  if (type == "push") out.note_beats(monitor, name, id, "its push URL with the token");
  out.note_others(monitor, monitor, name, kRead);
}

}  // namespace

void read_kuma(const Node& root, ImportReader& out) {
  std::map<std::int64_t, std::string> groups;
  for (const Node& monitor : list_in(root, "monitorList")) {
    if (text_in(monitor, "type") == "group") {
      groups[whole_in(monitor, "id", -2)] = text_in(monitor, "name");
    }
  }
  for (const Node& monitor : list_in(root, "monitorList")) read_monitor(monitor, groups, out);
  if (!list_in(root, "notificationList").empty()) {
    out.note(*root.find("notificationList"), "notifications",
             "not imported, they hold secrets; write [[watch.channel]] (docs/watch.md)");
  }
}

}  // namespace causeway::watch
