#include "zone/record_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"

namespace causeway::zone {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint32_t kMost16 = 65'535;
constexpr std::uint32_t kMost8 = 255;
constexpr std::size_t kTextBytes = 2048;  // of one TXT record (Cloudflare, DNS record types)

// One word of a type's content, and its key in the provider's "data".
struct Part {
  enum class Kind : std::uint8_t { number, name, word, hex, text };
  std::string_view key;
  Kind kind = Kind::word;
  std::uint32_t most = 0;  // of a number
};

struct Form {
  std::string_view type;
  std::string_view example;
  std::array<Part, 4> parts;  // those without a key are not there
};

// RFC 2782, 8659, 9460, 7553, 6698, 4255, 4034.
constexpr std::array kForms{
    Form{"SRV",
         "WEIGHT PORT TARGET with --priority, such as '5 5060 sip.example.net'",
         {{{"weight", Part::Kind::number, kMost16},
           {"port", Part::Kind::number, kMost16},
           {"target", Part::Kind::name, 0}}}},
    Form{"CAA",
         "FLAGS TAG VALUE, such as '0 issue letsencrypt.org'",
         {{{"flags", Part::Kind::number, kMost8},
           {"tag", Part::Kind::word, 0},
           {"value", Part::Kind::text, 0}}}},
    Form{"HTTPS",
         "PRIORITY TARGET PARAMETERS, such as '1 . alpn=\"h3,h2\"'",
         {{{"priority", Part::Kind::number, kMost16},
           {"target", Part::Kind::name, 0},
           {"value", Part::Kind::text, 0}}}},
    Form{"SVCB",
         "PRIORITY TARGET PARAMETERS, such as '1 svc.example.net alpn=h2'",
         {{{"priority", Part::Kind::number, kMost16},
           {"target", Part::Kind::name, 0},
           {"value", Part::Kind::text, 0}}}},
    Form{"URI",
         "WEIGHT TARGET with --priority, such as '1 https://www.example.net/'",
         {{{"weight", Part::Kind::number, kMost16}, {"target", Part::Kind::text, 0}}}},
    Form{"TLSA",
         "USAGE SELECTOR MATCHING CERTIFICATE, such as '3 1 1 0123...'",
         {{{"usage", Part::Kind::number, kMost8},
           {"selector", Part::Kind::number, kMost8},
           {"matching_type", Part::Kind::number, kMost8},
           {"certificate", Part::Kind::hex, 0}}}},
    Form{"SSHFP",
         "ALGORITHM TYPE FINGERPRINT, such as '4 2 0123...'",
         {{{"algorithm", Part::Kind::number, kMost8},
           {"type", Part::Kind::number, kMost8},
           {"fingerprint", Part::Kind::hex, 0}}}},
    Form{"DS",
         "TAG ALGORITHM DIGEST-TYPE DIGEST, such as '2371 13 2 0123...'",
         {{{"key_tag", Part::Kind::number, kMost16},
           {"algorithm", Part::Kind::number, kMost8},
           {"digest_type", Part::Kind::number, kMost8},
           {"digest", Part::Kind::hex, 0}}}},
};

const Form* form_of(std::string_view type) {
  const auto found = std::ranges::find(kForms, type, &Form::type);
  return found == kForms.end() ? nullptr : &*found;
}

std::size_t parts_in(const Form& form) {
  return static_cast<std::size_t>(
      std::ranges::count_if(form.parts, [](const Part& part) { return !part.key.empty(); }));
}

std::optional<std::uint32_t> number_in(std::string_view text, std::uint32_t most) {
  std::uint32_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size() || out > most)
    return {};
  return out;
}

bool is_hex(std::string_view text) {
  return !text.empty() && text.size() % 2 == 0 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

// At most `most` words; the last one is all that is left.
std::vector<std::string_view> words_in(std::string_view text, std::size_t most) {
  std::vector<std::string_view> out;
  text = trim(text);
  while (!text.empty() && out.size() + 1 < most) {
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    out.push_back(text.substr(0, end));
    text = trim(text.substr(end));
  }
  if (!text.empty()) out.push_back(text);
  return out;
}

std::string_view without_quotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.starts_with('"') && text.ends_with('"');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

Parsed<std::string> host_name(std::string_view type, std::string_view text) {
  if (IpAddress::parse(text)) {
    return error(fmt::format("'{}' is an address; a record of type {} holds a host name",
                             printable(text, limits::kTextKept), type));
  }
  return codec::dns_name(text);
}

Parsed<std::string> checked_part(const Form& form, const Part& part, std::string_view word) {
  switch (part.kind) {
    case Part::Kind::number:
      if (!number_in(word, part.most)) {
        return error(fmt::format("'{}' is no {}: expected 0 to {}; a {} is {}",
                                 printable(word, limits::kTextKept), part.key, part.most, form.type,
                                 form.example));
      }
      return std::string{word};
    case Part::Kind::name: return host_name(form.type, word);
    case Part::Kind::hex:
      if (!is_hex(word)) {
        return error(fmt::format("'{}' is no {}: expected pairs of hexadecimal digits; a {} is {}",
                                 printable(word, limits::kTextKept), part.key, form.type,
                                 form.example));
      }
      return lower(word);
    case Part::Kind::word:
    case Part::Kind::text: break;
  }
  return std::string{part.kind == Part::Kind::text ? without_quotes(word) : word};
}

Parsed<Written> structured(const Form& form, std::string_view content, std::optional<int> given) {
  Written out{.content = {}, .priority = given};
  const auto parts = parts_in(form);
  auto words = words_in(content, parts);
  if (has_priority(form.type) && !given) {
    // "10 5 5060 sip.example.net", as a zone file has it.
    words = words_in(content, parts + 1);
    const auto first = words.empty() ? std::nullopt : number_in(words.front(), kMost16);
    if (words.size() != parts + 1 || !first) {
      return error(fmt::format("a record of type {} needs a priority: expected {}", form.type,
                               form.example));
    }
    out.priority = static_cast<int>(*first);
    words.erase(words.begin());
  }
  const bool mode_alone = (form.type == "HTTPS" || form.type == "SVCB") && words.size() == 2;
  if (words.size() != parts && !mode_alone) {
    return error(fmt::format("'{}' is no {}: expected {}", printable(content, limits::kTextKept),
                             form.type, form.example));
  }
  std::vector<std::string> told;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto part = checked_part(form, form.parts.at(i), words[i]);
    if (!part) return std::unexpected(part.error());
    const bool quoted = form.type == "CAA" && i + 1 == parts;
    told.push_back(quoted ? fmt::format("\"{}\"", *part) : std::move(*part));
  }
  out.content = join(told, " ");
  return out;
}

}  // namespace

bool has_priority(std::string_view type) { return type == "MX" || type == "SRV" || type == "URI"; }

bool can_be_proxied(std::string_view type) {
  return type == "A" || type == "AAAA" || type == "CNAME";
}

Parsed<bool> check_name(std::string_view type, std::string_view name) {
  if (type != "SRV") return true;
  const auto labels = codec::dns_labels(name);
  if (labels.size() > 2 && labels[0].starts_with('_') && labels[1].starts_with('_')) return true;
  return error(
      fmt::format("'{}' is no name of an SRV record: expected _service._protocol.name, "
                  "such as _sip._tcp.example.net (RFC 2782)",
                  name));
}

Parsed<Written> written_content(std::string_view type, std::string_view content,
                                std::optional<int> given) {
  content = trim(content);
  if (given && !has_priority(type))
    return error(
        fmt::format("--priority: a record of type {} has none (MX, SRV and URI do)", type));
  if (std::ranges::any_of(content, [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    return error("a value holds no control characters");
  if (const auto* form = form_of(type)) return structured(*form, content, given);
  Written out{.content = {}, .priority = given};
  Parsed<std::string> checked{std::string{content}};
  if (type == "A" || type == "AAAA") {
    checked = checked_content(type, content);
  } else if (type == "MX") {
    auto words = words_in(content, 2);
    if (!given && words.size() == 2 && number_in(words[0], kMost16)) {
      out.priority = static_cast<int>(*number_in(words[0], kMost16));
      words.erase(words.begin());
    }
    if (!out.priority)
      return error("a record of type MX needs a priority: --priority 10, or '10 mail.example.net'");
    if (words.size() != 1) return error("expected one host name, such as mail.example.net");
    checked = host_name(type, words[0]);
  } else if (type == "CNAME" || type == "NS" || type == "PTR") {
    checked = host_name(type, content);
  } else if (type == "TXT") {
    if (content.empty()) return error("a record needs a value");
    if (content.size() > kTextBytes)
      return error(fmt::format("a TXT record holds {} bytes at most; this is {}", kTextBytes,
                               content.size()));
  } else if (type == "SOA") {
    return error("the provider itself writes the SOA record");
  } else {
    return error(
        fmt::format("records of type {} are not written by 'dns set'; use the provider's own "
                    "pages (expected A, AAAA, CNAME, MX, NS, PTR, TXT, SRV, CAA, HTTPS, "
                    "SVCB, URI, TLSA, SSHFP or DS)",
                    type));
  }
  if (!checked) return std::unexpected(checked.error());
  out.content = std::move(*checked);
  return out;
}

std::string structured_data(const Record& record) {
  const auto* form = form_of(record.type);
  if (form == nullptr) return {};
  Json out = Json::object();
  if (record.type == "SRV") out["priority"] = record.priority.value_or(0);
  const auto words = words_in(record.content, parts_in(*form));
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& part = form->parts.at(i);
    const auto number =
        part.kind == Part::Kind::number ? number_in(words[i], part.most) : std::nullopt;
    if (number) {
      out[std::string{part.key}] = *number;
    } else {
      out[std::string{part.key}] = without_quotes(words[i]);
    }
  }
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace causeway::zone
