#include "zone/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>
#include <tuple>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"

namespace causeway::zone {
namespace {

constexpr std::array<std::string_view, 22> kTypes{
    "A",    "AAAA", "CNAME",  "MX",   "NS",    "TXT",   "SRV", "CAA", "SOA",  "PTR",    "HTTPS",
    "SVCB", "DS",   "DNSKEY", "TLSA", "NAPTR", "SSHFP", "URI", "LOC", "CERT", "SMIMEA", "DNAME"};

bool names_a_host(std::string_view type) {
  return type == "CNAME" || type == "NS" || type == "PTR" || type == "DNAME" || type == "MX";
}

std::string plain_name(std::string_view text) {
  const auto name = codec::dns_name(text);
  return name ? *name : lower(text);
}

// "a" "b" and ab are the same text (RFC 1035 section 5.1, RFC 7208 section 3.3).
std::string plain_text(std::string_view content) {
  if (!content.starts_with('"')) return std::string{content};
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const char c = content[i];
    if (c == '\\' && i + 1 < content.size()) {
      out += content[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      out += c;
    }
  }
  return out;
}

// The last word of SRV's and the name in HTTPS are names too.
std::string plain_words(std::string_view content) {
  std::vector<std::string> out;
  for (const auto word : split(content, ' ')) {
    if (word.empty()) continue;
    out.push_back(word.ends_with('.') && word.size() > 1 ? plain_name(word) : std::string{word});
  }
  return join(out, " ");
}

std::string reversed(const std::string& name) {
  std::string out;
  for (const auto& label : codec::dns_labels(name) | std::views::reverse) out += label + "\x01";
  return out;
}

}  // namespace

std::optional<IpAddress> Record::address() const {
  if (!is_address()) return {};
  const auto parsed = IpAddress::parse(content);
  return parsed ? std::optional{*parsed} : std::nullopt;
}

std::string canonical_content(std::string_view type, std::string_view content) {
  content = trim(content);
  if (type == "A" || type == "AAAA") {
    const auto address = IpAddress::parse(content);
    return address ? address->text() : std::string{content};
  }
  if (type == "TXT" || type == "SPF") return plain_text(content);
  if (names_a_host(type)) return plain_name(content);
  if (type == "CAA") return plain_words(content);
  return lower(plain_words(content));
}

bool same_statement(const Record& a, const Record& b) {
  return a.name == b.name && a.type == b.type && a.priority == b.priority &&
         canonical_content(a.type, a.content) == canonical_content(b.type, b.content);
}

bool same_record(const Record& a, const Record& b) {
  return same_statement(a, b) && a.ttl == b.ttl && a.proxied == b.proxied;
}

void sort_records(std::vector<Record>& records) {
  const auto key = [](const Record& record) {
    return std::tuple{reversed(record.name), record.type, record.priority.value_or(-1),
                      record.content, record.id};
  };
  std::ranges::sort(records, {}, key);
}

std::string ttl_text(std::uint32_t ttl) {
  return ttl == kAutomaticTtl ? "automatic" : fmt::format("{} s", ttl);
}

std::string text_of(const Record& record) {
  std::string content = record.content;
  if (record.priority) content = fmt::format("{} {}", *record.priority, content);
  const bool automatic = record.ttl == kAutomaticTtl;
  return fmt::format(
      "{} {} {} {}{}", printable(record.name, limits::kTextKept),
      automatic ? "auto" : fmt::format("{}", record.ttl), printable(record.type, limits::kTextKept),
      printable(content, limits::kTextKept), record.proxied.value_or(false) ? " (proxied)" : "");
}

Record record_of(const codec::DnsRecord& answer) {
  Record out{.name = answer.owner,
             .type = codec::name(answer.type),
             .content = answer.data,
             .ttl = answer.ttl,
             .proxied = {},
             .priority = {},
             .id = {},
             .raw = {}};
  if (out.type == "MX" || out.type == "SRV") {
    int priority = 0;
    const char* end = out.content.data() + out.content.size();
    const auto read = std::from_chars(out.content.data(), end, priority);
    if (read.ec == std::errc{}) {
      out.priority = priority;
      out.content = trim(std::string_view{read.ptr, end});
    }
  }
  if (out.type != "TXT" && out.content.ends_with('.') && out.content.size() > 1) {
    out.content.pop_back();
  }
  return out;
}

Parsed<std::string> record_type(std::string_view text) {
  std::string upper;
  for (const char c : text) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (std::ranges::count(kTypes, upper) > 0 || upper.starts_with("TYPE")) return upper;
  const std::string near = nearest(upper, {kTypes.begin(), kTypes.end()});
  return error(fmt::format("'{}' is no record type; expected A, AAAA, CNAME, MX, TXT ...{}",
                           printable(text, limits::kTextKept),
                           near.empty() ? "" : fmt::format(" (did you mean {}?)", near)));
}

Parsed<std::string> checked_content(std::string_view type, std::string_view content) {
  if (type == "A" || type == "AAAA") {
    const auto address = IpAddress::parse(content);
    if (!address) return error(address.error().text);
    if (address->is_v4() != (type == "A")) {
      return error(fmt::format("'{}' is {} address; a record of type {} holds an {} address",
                               content, address->is_v4() ? "an IPv4" : "an IPv6", type,
                               type == "A" ? "IPv4" : "IPv6"));
    }
    return address->text();
  }
  if (names_a_host(type)) return codec::dns_name(content);
  if (content.empty()) return error("a record needs a value");
  return std::string{content};
}

}  // namespace causeway::zone
