#include "zone/export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/limits.hpp"
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

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"_-.*"}.contains(c);
}
bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A provider may send anything as a name or a type. In a zone file it stays one word of one line
// (RFC 1035 section 5.1).
std::string master_name(std::string_view name) {
  std::string out;
  for (const char c : absolute(name)) {
    if (is_plain(c) || c == '\\' || c == '/') {
      out += c;
    } else {
      out += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// Words and quoted strings: what would end the line, open a group or begin a comment is escaped.
std::string master_words(std::string_view content) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const char c = content[i];
    if (c == '\\' && i + 1 < content.size() && !is_control(content[i + 1])) {
      (out += c) += content[++i];
    } else if (is_control(c) || static_cast<unsigned char>(c) >= 0x80 ||
               (!quoted && std::string_view{";()"}.contains(c))) {
      out += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    } else if (c != '\\') {
      quoted = quoted != (c == '"');
      out += c;
    }
  }
  return quoted ? out + '"' : out;
}

bool is_type(std::string_view type) {
  return !type.empty() && std::ranges::all_of(type, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
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
  if (record.type != "TXT") content = master_words(content);
  return record.priority ? fmt::format("{} {}", *record.priority, content) : content;
}

// One scalar on one line: between single quotes (YAML 1.2 section 7.3.2), or between double ones
// with escapes where there are bytes that YAML does not take as they are (section 7.3.1).
std::string yaml(std::string_view text) {
  if (std::ranges::none_of(text, is_control)) {
    std::string out = "'";
    for (const char c : text) {
      out += c;
      if (c == '\'') out += c;
    }
    return out + "'";
  }
  std::string out = "\"";
  for (const char c : text) {
    if (is_control(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

// Plain where nothing in it means anything to YAML.
std::string yaml_word(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, is_plain) && text.front() != '-' &&
                     text.front() != '*';
  const bool number =
      !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
  return plain && (!number || std::ranges::count(text, '.') == 3) ? std::string{text} : yaml(text);
}

std::string relative(const std::string& name, const std::string& zone) {
  if (name == zone) return "";
  const bool inside = codec::dns_within(name, zone);
  return inside ? name.substr(0, name.size() - zone.size() - 1) : absolute(name);
}

// The first two words and all that is left.
std::vector<std::string> fields_of(const std::string& content) {
  std::vector<std::string> out;
  std::string_view rest = trim(content);
  while (!rest.empty() && out.size() < 2) {
    const auto end = std::min(rest.find(' '), rest.size());
    out.emplace_back(rest.substr(0, end));
    rest = trim(rest.substr(end));
  }
  if (!rest.empty()) out.emplace_back(rest);
  return out;
}

// One value as octoDNS wants it, lines below "values:"; empty when the type is not known there.
std::string octodns_value(const Record& record) {
  const auto words = fields_of(record.content);
  if (record.is_address()) {
    const auto address = record.address();
    return address ? fmt::format("- {}\n", address->text()) : std::string{};
  }
  if (record.type == "CNAME" || record.type == "NS" || record.type == "PTR") {
    return fmt::format("- {}\n", yaml_word(absolute(record.content)));
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
    return fmt::format("- exchange: {}\n      preference: {}\n",
                       yaml_word(absolute(record.content)), record.priority.value_or(0));
  }
  if (record.type == "SRV" && words.size() == 3 && is_number(words[0]) && is_number(words[1])) {
    return fmt::format("- port: {}\n      priority: {}\n      target: {}\n      weight: {}\n",
                       words[1], record.priority.value_or(0), yaml_word(absolute(words[2])),
                       words[0]);
  }
  if (record.type == "CAA" && words.size() == 3 && is_number(words[0])) {
    return fmt::format("- flags: {}\n      tag: {}\n      value: {}\n", words[0],
                       yaml_word(words[1]), yaml(canonical_content("TXT", words[2])));
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
  const auto words = fields_of(record.content);
  if (record.is_address()) return script(record.content);
  if (record.type == "CNAME" || record.type == "NS" || record.type == "PTR")
    return script(absolute(record.content));
  if (record.type == "TXT") return script(canonical_content("TXT", record.content));
  if (record.type == "MX")
    return fmt::format("{}, {}", record.priority.value_or(0), script(absolute(record.content)));
  if (record.type == "SRV" && words.size() == 3 && is_number(words[0]) && is_number(words[1])) {
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
    out += fmt::format("    value: {}\n", yaml_word(absolute(record.content)));
  } else {
    out += "    values:\n" + values;
  }
}

}  // namespace

std::string to_bind(const Snapshot& snapshot) {
  std::string out = fmt::format(
      "; {}, taken {} from {} (snapshot {})\n$ORIGIN {}\n$TTL {}\n",
      printable(snapshot.zone, limits::kTextKept), rfc3339(snapshot.taken),
      printable(snapshot.source, limits::kTextKept), printable(snapshot.id, limits::kTextKept),
      master_name(snapshot.zone), kAutomaticSeconds);
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
    if (!is_type(record->type)) {
      out += fmt::format("; left out, no record type: {}\n", text_of(*record));
      continue;
    }
    out += fmt::format("{} {} IN {} {}{}\n", master_name(record->name), seconds_of(record->ttl),
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
  std::string out =
      fmt::format("---\n# {}, taken {} from {}\n", printable(snapshot.zone, limits::kTextKept),
                  rfc3339(snapshot.taken), printable(snapshot.source, limits::kTextKept));
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
      printable(snapshot.zone, limits::kTextKept), rfc3339(snapshot.taken),
      printable(snapshot.source, limits::kTextKept), script(snapshot.zone));
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
