#include "zone/export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/text.hpp"
#include "codec/dns_name.hpp"

namespace causeway::zone {
namespace {

constexpr std::uint32_t kAutomaticSeconds = 300;  // Cloudflare's meaning of "automatic"
constexpr std::size_t kStringBytes = 255;         // one character string, RFC 1035 section 3.3

std::uint32_t seconds_of(std::uint32_t ttl) {
  return ttl == kAutomaticTtl ? kAutomaticSeconds : ttl;
}

std::string absolute(std::string_view name) {
  return name.ends_with('.') ? std::string{name} : std::string{name} + ".";
}

std::string quoted_strings(std::string_view text) {
  std::string out;
  do {
    const std::string_view piece = text.substr(0, kStringBytes);
    text.remove_prefix(piece.size());
    out += out.empty() ? "\"" : " \"";
    for (const char c : piece) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') out += '\\';
      if (byte < 0x20 || byte >= 0x7f) {
        out += fmt::format("\\{:03}", byte);
      } else {
        out += c;
      }
    }
    out += '"';
  } while (!text.empty());
  return out;
}

// The last word of these is a name.
bool ends_in_name(std::string_view type) {
  constexpr std::array<std::string_view, 6> kTypes{"CNAME", "NS", "PTR", "DNAME", "MX", "SRV"};
  return std::ranges::count(kTypes, type) > 0;
}

std::string master_data(const Record& record) {
  std::string content = record.content;
  if (record.type == "TXT") content = quoted_strings(canonical_content("TXT", content));
  if (ends_in_name(record.type)) content = absolute(content);
  return record.priority ? fmt::format("{} {}", *record.priority, content) : content;
}

// A value between single quotes (YAML 1.2 section 7.3.2).
std::string yaml(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

std::string relative(const std::string& name, const std::string& zone) {
  if (name == zone) return "";
  const bool inside = codec::dns_within(name, zone);
  return inside ? name.substr(0, name.size() - zone.size() - 1) : absolute(name);
}

std::vector<std::string> words_of(const std::string& content) {
  std::vector<std::string> out;
  for (const auto word : split(content, ' ')) {
    if (!word.empty()) out.emplace_back(word);
  }
  return out;
}

// One value as octoDNS wants it, lines below "values:"; empty when the type is not known there.
std::string octodns_value(const Record& record) {
  const auto words = words_of(record.content);
  if (record.is_address()) return fmt::format("- {}\n", record.content);
  if (record.type == "CNAME" || record.type == "NS" || record.type == "PTR") {
    return fmt::format("- {}\n", absolute(record.content));
  }
  if (record.type == "TXT") {
    std::string text;
    for (const char c : canonical_content("TXT", record.content)) {
      if (c == ';') text += '\\';  // octoDNS wants semicolons escaped
      text += c;
    }
    return fmt::format("- {}\n", yaml(text));
  }
  if (record.type == "MX") {
    return fmt::format("- exchange: {}\n      preference: {}\n", absolute(record.content),
                       record.priority.value_or(0));
  }
  if (record.type == "SRV" && words.size() == 3) {
    return fmt::format("- port: {}\n      priority: {}\n      target: {}\n      weight: {}\n",
                       words[1], record.priority.value_or(0), absolute(words[2]), words[0]);
  }
  if (record.type == "CAA" && words.size() == 3) {
    return fmt::format("- flags: {}\n      tag: {}\n      value: {}\n", words[0], words[1],
                       yaml(canonical_content("TXT", words[2])));
  }
  return {};
}

// A JavaScript string. Bytes beyond ASCII stay: the file is UTF-8.
std::string script(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

// The arguments of DNSControl's function for a type, behind the name; empty when there is none.
std::string dnscontrol_values(const Record& record) {
  const auto words = words_of(record.content);
  if (record.is_address()) return script(record.content);
  if (record.type == "CNAME" || record.type == "NS" || record.type == "PTR")
    return script(absolute(record.content));
  if (record.type == "TXT") return script(canonical_content("TXT", record.content));
  if (record.type == "MX")
    return fmt::format("{}, {}", record.priority.value_or(0), script(absolute(record.content)));
  if (record.type == "SRV" && words.size() == 3) {
    return fmt::format("{}, {}, {}, {}", record.priority.value_or(0), words[0], words[1],
                       script(absolute(words[2])));
  }
  if (record.type == "CAA" && words.size() == 3) {
    return fmt::format("{}, {}{}", script(words[1]), script(canonical_content("TXT", words[2])),
                       words[0] == "128" ? ", CAA_CRITICAL" : "");
  }
  return {};
}

void octodns_set(std::string& out, const std::vector<const Record*>& set, std::string& unknown) {
  const Record& record = *set.front();
  std::string values;
  for (const Record* each : set) {
    const std::string value = octodns_value(*each);
    if (value.empty()) {
      unknown += fmt::format("# {}\n", text_of(*each));
      continue;
    }
    values += "    " + value;
  }
  if (values.empty()) return;
  const bool alias = record.type == "CNAME";
  out += fmt::format("  - type: {}\n", record.type);
  out += fmt::format("    ttl: {}\n", seconds_of(record.ttl));
  if (record.proxied) {
    out += fmt::format("    octodns:\n      cloudflare:\n        proxied: {}\n",
                       *record.proxied ? "true" : "false");
    if (record.ttl == kAutomaticTtl) out += "        auto-ttl: true\n";
  }
  if (alias) {
    out += fmt::format("    value: {}\n", absolute(record.content));
  } else {
    out += "    values:\n" + values;
  }
}

}  // namespace

std::string to_bind(const Snapshot& snapshot) {
  std::string out = fmt::format("; {}, taken {} from {} (snapshot {})\n$ORIGIN {}.\n$TTL {}\n",
                                snapshot.zone, rfc3339(snapshot.taken), snapshot.source,
                                snapshot.id, snapshot.zone, kAutomaticSeconds);
  std::vector<const Record*> ordered;
  for (const bool soa : {true, false}) {  // the SOA leads
    for (const auto& record : snapshot.records) {
      if ((record.type == "SOA") == soa) ordered.push_back(&record);
    }
  }
  if (ordered.empty() || ordered.front()->type != "SOA") {
    out += "; the source has no SOA record: a server that loads this file needs one\n";
  }
  for (const Record* record : ordered) {
    std::string note;
    if (record->ttl == kAutomaticTtl) note = " ; automatic TTL";
    if (record->proxied) note += *record->proxied ? " ; proxied" : " ; not proxied";
    out += fmt::format("{} {} IN {} {}{}\n", absolute(record->name), seconds_of(record->ttl),
                       record->type, master_data(*record), note);
  }
  return out;
}

std::string to_octodns(const Snapshot& snapshot) {
  std::map<std::string, std::map<std::string, std::vector<const Record*>>> names;
  for (const auto& record : snapshot.records) {
    if (record.type == "SOA") continue;  // octoDNS leaves it to the provider
    names[relative(record.name, snapshot.zone)][record.type].push_back(&record);
  }
  std::string out = fmt::format("---\n# {}, taken {} from {}\n", snapshot.zone,
                                rfc3339(snapshot.taken), snapshot.source);
  std::string unknown;
  for (const auto& [name, types] : names) {
    std::string body;
    for (const auto& [type, set] : types) octodns_set(body, set, unknown);
    if (!body.empty()) out += yaml(name) + ":\n" + body;
  }
  if (!unknown.empty()) out += "# types that octoDNS does not know:\n" + unknown;
  return out;
}

std::string to_dnscontrol(const Snapshot& snapshot) {
  std::string out = fmt::format(
      "// {}, taken {} from {}\nvar REG_NONE = NewRegistrar(\"none\");\n"
      "var DSP_CLOUDFLARE = NewDnsProvider(\"cloudflare\");\n\n"
      "D({}, REG_NONE, DnsProvider(DSP_CLOUDFLARE),\n",
      snapshot.zone, rfc3339(snapshot.taken), snapshot.source, script(snapshot.zone));
  std::string unknown;
  for (const auto& record : snapshot.records) {
    const bool own = record.name == snapshot.zone;
    if (record.type == "SOA" || (record.type == "NS" && own)) continue;
    const std::string values = dnscontrol_values(record);
    if (values.empty()) {
      unknown += fmt::format("// {}\n", text_of(record));
      continue;
    }
    // TTL(1) is "automatic" to DNSControl's Cloudflare provider, too.
    std::string more = fmt::format(", TTL({})", record.ttl);
    if (record.proxied) more += *record.proxied ? ", CF_PROXY_ON" : ", CF_PROXY_OFF";
    out += fmt::format("  {}({}, {}{}),\n", record.type,
                       script(own ? "@" : relative(record.name, snapshot.zone)), values, more);
  }
  out += "END);\n";
  if (!unknown.empty()) out += "// types without a function of their own:\n" + unknown;
  return out;
}

}  // namespace causeway::zone
