// Gatus' configuration (github.com/TwiN/gatus, README: "Configuration", "Conditions").
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "watch/import_reader.hpp"

namespace causeway::watch {
namespace {

using config::Node;

struct Condition {  // "[BODY].status == UP"
  std::string left;
  std::string sign;
  std::string right;
};

Condition split_condition(const std::string& text) {
  for (const char* sign : {" == ", " != ", " <= ", " >= ", " < ", " > "}) {
    const auto at = text.find(sign);
    if (at == std::string::npos) continue;
    const auto after = at + std::string_view{sign}.size();
    return {std::string{trim(text.substr(0, at))}, std::string{trim(sign)},
            std::string{trim(text.substr(after))}};
  }
  return {.left = text};
}

// "pat(*Basket*)": what stands between the stars, when nothing else is a pattern.
std::optional<std::string> text_of_pattern(const std::string& text) {
  if (text.size() < 8 || !text.starts_with("pat(*") || !text.ends_with("*)")) return std::nullopt;
  std::string inner = text.substr(5, text.size() - 7);
  if (inner.empty() || inner.find('*') != std::string::npos) return std::nullopt;
  return inner;
}

bool read_condition(const Condition& one, Target& out) {
  const bool equal = one.sign == "==";
  if (one.left == "[STATUS]") {
    if (equal && one.right.size() == 3) {
      out.expect.status = std::atoi(one.right.c_str());
      return out.expect.status >= 100;
    }
    return (one.sign == "<" && one.right == "400") || (one.sign == "<=" && one.right == "399");
  }
  if (one.left == "[CONNECTED]" || one.left == "[DNS_RCODE]") {
    return equal && (one.right == "true" || one.right == "NOERROR");
  }
  if (one.left == "[BODY]") {
    if (out.kind == CheckKind::dns && equal) {
      out.expect.values.push_back(one.right);
      return true;
    }
    const auto text = text_of_pattern(one.right);
    if (!text || (!equal && one.sign != "!=")) return false;
    (equal ? out.expect.text : out.expect.absent) = *text;
    return true;
  }
  if (one.left.starts_with("[BODY].") && equal &&
      one.left.find_first_of("[(", 7) == std::string::npos) {
    std::string pointer = "/" + one.left.substr(7);
    std::ranges::replace(pointer, '.', '/');
    out.expect.json.emplace_back(pointer, one.right);
    return true;
  }
  return false;  // [RESPONSE_TIME], [CERTIFICATE_EXPIRATION], functions
}

Parsed<Target> subject(const Node& endpoint) {
  std::string url = text_in(endpoint, "url");
  if (const Node* dns = table_in(endpoint, "dns")) {
    std::string name = text_in(*dns, "query-name");
    while (name.ends_with('.')) name.pop_back();
    auto out = target_of("dns://" + name);
    if (!out) return out;
    const std::string record = text_in(*dns, "query-type");
    if (!record.empty()) out->record = record;
    if (const auto resolver = Endpoint::parse(url, 53)) out->resolver = *resolver;
    return out;
  }
  if (url.starts_with("icmp://")) url = "ping://" + url.substr(7);
  return target_of(url);
}

void read_client(const Node& endpoint, Target& out, ImportReader& notes) {
  const Node* client = table_in(endpoint, "client");
  if (client == nullptr) return;
  if (const Duration timeout = span_in(*client, "timeout"); timeout > Duration::zero()) {
    out.timeout = timeout;
  }
  if (truth_in(*client, "insecure", false)) {
    notes.note(*client, out.name,
               "it ignored certificates; here they are checked (or give ca_file)");
  }
  constexpr auto kRead = std::to_array<std::string_view>({"timeout", "insecure", "dns-resolver"});
  notes.note_others(*client, *client, out.name, kRead);
  std::string resolver = text_in(*client, "dns-resolver");
  if (const auto scheme = resolver.find("://"); scheme != std::string::npos) {
    resolver.erase(0, scheme + 3);
  }
  if (resolver.empty()) return;
  if (const auto place = Endpoint::parse(resolver, 53)) out.resolver = *place;
}

void read_endpoint(const Node& endpoint, ImportReader& out) {
  const std::string name = text_in(endpoint, "name");
  auto target = subject(endpoint);
  if (!target) {
    out.note(endpoint, name, "left out: " + target.error().text);
    return;
  }
  const std::string group = text_in(endpoint, "group");
  target->id = group.empty() ? name : group + "-" + name;
  target->name = name;
  target->team = group;
  target->paused = !truth_in(endpoint, "enabled", true);
  if (const Duration interval = span_in(endpoint, "interval"); interval > Duration::zero()) {
    target->interval = interval;
  }
  read_client(endpoint, *target, out);
  for (const Node& condition : list_in(endpoint, "conditions")) {
    const Condition one = split_condition(condition.text);
    const bool below_300 =
        (one.sign == "<" && one.right == "300") || (one.sign == "<=" && one.right == "299");
    if (one.left == "[STATUS]" && below_300) {
      out.note(condition, name,
               fmt::format("'{}' became: any below 400", printable(condition.text, 80)));
      continue;
    }
    if (!read_condition(one, *target)) {
      out.note(condition, name,
               fmt::format("'{}' has no counterpart", printable(condition.text, 80)));
    }
  }
  const std::string method = text_in(endpoint, "method");
  if (!method.empty() && method != "GET") {
    out.note(endpoint, name, fmt::format("it asks with {}; GET is asked instead", method));
  }
  constexpr auto kRead =
      std::to_array<std::string_view>({"name", "group", "url", "enabled", "interval", "method",
                                       "conditions", "alerts", "client", "dns", "ui"});
  out.note_others(endpoint, endpoint, name, kRead);
  const auto& alerts = list_in(endpoint, "alerts");
  if (!alerts.empty()) {
    const auto count = [&](const char* key, std::int64_t usual) {
      return static_cast<int>(
          std::clamp<std::int64_t>(whole_in(alerts.front(), key, usual), 1, 16));
    };
    target->confirm.open_failures = target->confirm.open_of = count("failure-threshold", 3);
    target->confirm.close_successes = target->confirm.close_of = count("success-threshold", 2);
  }
  out.add(endpoint, std::move(*target));
}

}  // namespace

void read_gatus(const Node& root, ImportReader& out) {
  for (const Node& endpoint : list_in(root, "endpoints")) read_endpoint(endpoint, out);
  for (const Node& endpoint : list_in(root, "external-endpoints")) {
    Target target;
    target.kind = CheckKind::heartbeat;
    target.name = text_in(endpoint, "name");
    target.team = text_in(endpoint, "group");
    target.id = target.team.empty() ? target.name : target.team + "-" + target.name;
    target.paused = !truth_in(endpoint, "enabled", true);
    if (const Node* beat = table_in(endpoint, "heartbeat")) {
      if (const Duration interval = span_in(*beat, "interval"); interval > Duration::zero()) {
        target.interval = interval;
      }
    }
    const std::string name = target.name;
    const std::string id = out.add(endpoint, std::move(target));
    if (id.empty()) continue;
    out.note_beats(endpoint, name, id, "its URL with the token");
    constexpr auto kRead = std::to_array<std::string_view>(
        {"name", "group", "token", "enabled", "heartbeat", "alerts"});
    out.note_others(endpoint, endpoint, name, kRead);
  }
  for (const char* key : {"maintenance", "suites", "remote", "connectivity", "tunneling"}) {
    if (const Node* node = root.find(key)) out.note(*node, key, "not imported");
  }
  if (const Node* alerting = root.find("alerting")) {
    out.note(*alerting, "alerting",
             "not imported, it holds secrets; write [[watch.channel]] (docs/watch.md)");
  }
}

}  // namespace causeway::watch
