#include "zone/api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "zone/limits.hpp"
#include "zone/record_json.hpp"

namespace causeway::zone {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kTooMany = 429;
constexpr int kServerFault = 500;
constexpr int kHttpGood = 200;
constexpr int kHttpGoodEnd = 300;
constexpr std::size_t kChainDepth = 8;

std::string text_field(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

int number_field(const Json& json, const char* key, int otherwise) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<int>() : otherwise;
}

// Before it is cut to a length, so that no part of it is left either.
std::string without_token(std::string text, std::string_view token) {
  constexpr std::string_view kInstead = "[the token]";
  if (token.empty()) return text;
  for (auto at = text.find(token); at != std::string::npos;
       at = text.find(token, at + kInstead.size()))
    text.replace(at, token.size(), kInstead);
  return text;
}

// "1004 DNS Validation Error: 9005 Content for A record must be a valid IPv4 address."
std::string chain_text(const Json& errors, std::size_t depth, std::string_view token) {
  std::vector<std::string> parts;
  if (!errors.is_array() || depth > kChainDepth) return {};
  for (const auto& entry : errors) {
    if (!entry.is_object()) continue;
    std::string part = fmt::format(
        "{} {}", number_field(entry, "code", 0),
        printable(without_token(text_field(entry, "message"), token), limits::kTextKept));
    const auto chain = entry.find("error_chain");
    if (chain != entry.end()) {
      const std::string deeper = chain_text(*chain, depth + 1, token);
      if (!deeper.empty()) part += ": " + deeper;
    }
    parts.push_back(std::move(part));
  }
  return join(parts, "; ");
}

// What to do about it, where the code alone tells (edge documentation, error tables).
std::string_view advice(int status, int code) {
  switch (code) {
    case 6003: return "the token has the wrong form: is it whole, without quotes or blanks?";
    case 9109:
    case 10000:
    case 9106:
      return "the token is wrong, expired, or may not do this: it needs Zone.DNS (Edit to "
             "change, Read to look) for this zone";
    case 7000:
    case 7003: return "there is no such zone or record under this token";
    case 81044: return "the record is gone: take a new snapshot and look again";
    case 81053:
      return "a record of another type holds this name: --replace removes it in the same "
             "transaction";
    case 81057:
    case 81058: return "this record exists already";
    default: break;
  }
  if (status == kTooMany) return "the limit of requests is reached; it is lifted within 5 minutes";
  if (status >= kServerFault) return "the provider has trouble of its own: try again later";
  return {};
}

ApiFailure failure(int status, int code, std::string text) {
  const auto what = advice(status, code);
  if (!what.empty()) text += fmt::format(" ({})", what);
  return {.status = status, .code = code, .text = std::move(text), .unknown_outcome = false};
}

template <class Use>
auto reading(std::string_view text, const char* what, Use use)
    -> Parsed<decltype(use(std::declval<const Json&>()))> {
  try {
    return use(Json::parse(text));
  } catch (const Json::exception& broken) {
    return error(fmt::format("the provider's {} cannot be read: {}", what,
                             printable(broken.what(), limits::kTextKept)));
  }
}

}  // namespace

std::string text_of(const ApiCall& call) {
  return call.body.empty() ? fmt::format("{} {}", call.method, call.path)
                           : fmt::format("{} {} {}", call.method, call.path, call.body);
}

ApiResult<ApiAnswer> read_answer(int status, std::string_view body, std::string_view token) {
  Json json;
  try {
    json = Json::parse(body);
  } catch (const Json::exception&) {
    return std::unexpected(failure(
        status, 0,
        fmt::format("HTTP {} without the provider's JSON: {}", status,
                    body.empty() ? "an empty answer"
                                 : printable(without_token(std::string{body}, token), 100))));
  }
  const bool good = status >= kHttpGood && status < kHttpGoodEnd;
  const auto success = json.is_object() ? json.find("success") : json.end();
  const bool told = success != json.end() && success->is_boolean() && success->get<bool>();
  if (!told || !good) {
    const Json errors = json.is_object() ? json.value("errors", Json::array()) : Json::array();
    const int code = errors.is_array() && !errors.empty() && errors[0].is_object()
                         ? number_field(errors[0], "code", 0)
                         : 0;
    const std::string chain = chain_text(errors, 0, token);
    return std::unexpected(
        failure(status, code,
                fmt::format("HTTP {}: {}", status, chain.empty() ? "no reason was given" : chain)));
  }
  ApiAnswer out;
  out.result =
      json.value("result", Json(nullptr)).dump(-1, ' ', false, Json::error_handler_t::replace);
  const auto info = json.find("result_info");
  if (info != json.end() && info->is_object()) {
    ApiPage page{.page = number_field(*info, "page", 1),
                 .total_pages = number_field(*info, "total_pages", 1),
                 .total_count = number_field(*info, "total_count", -1)};
    out.page = page;
  }
  return out;
}

Parsed<std::vector<ZoneEntry>> read_zones(std::string_view result) {
  return reading(result, "list of zones", [](const Json& json) {
    std::vector<ZoneEntry> out;
    for (const auto& zone : json) {
      ZoneEntry entry{.id = zone.at("id").get<std::string>(),
                      .name = zone.at("name").get<std::string>(),
                      .status = text_field(zone, "status"),
                      .kind = text_field(zone, "type"),
                      .paused = zone.value("paused", false),
                      .name_servers = {}};
      const auto servers = zone.find("name_servers");
      if (servers != zone.end() && servers->is_array()) servers->get_to(entry.name_servers);
      out.push_back(std::move(entry));
    }
    return out;
  });
}

Parsed<std::vector<Record>> read_records(std::string_view result) {
  return reading(result, "list of records", [](const Json& json) {
    std::vector<Record> out;
    for (const auto& record : json) out.push_back(provider_record(record));
    return out;
  });
}

Parsed<Record> read_record(std::string_view result) {
  return reading(result, "record", [](const Json& json) { return provider_record(json); });
}

Parsed<std::string> read_setting(std::string_view result) {
  return reading(result, "setting", [](const Json& json) {
    const auto& value = json.at("value");
    return value.is_string() ? value.get<std::string>() : value.dump();
  });
}

std::string writable_json(const Record& record) {
  constexpr std::array<const char*, 10> kKeys{"type", "name",    "content",  "data",    "priority",
                                              "ttl",  "proxied", "settings", "comment", "tags"};
  Json from = Json::object();
  if (!record.raw.empty()) from = Json::parse(record.raw, nullptr, false);
  if (!from.is_object() || from.empty()) {
    from = {{"type", record.type},
            {"name", record.name},
            {"content", record.content},
            {"ttl", record.ttl}};
    if (record.priority) from["priority"] = *record.priority;
    if (record.proxied) from["proxied"] = *record.proxied;
  }
  Json out = Json::object();
  for (const char* key : kKeys) {
    const auto found = from.find(key);
    if (found == from.end()) continue;
    // Inside, the order is the provider's mood: nlohmann::json sorts.
    out[key] =
        found->is_object() ? Json::parse(nlohmann::json::parse(found->dump()).dump()) : *found;
  }
  // Where a record has structured data, its content is only their text (SRV, CAA ...).
  if (out.contains("data")) out.erase("content");
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Duration> read_retry_after(std::string_view text, WallTime now) {
  text = trim(text);
  long seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (read.ec == std::errc{} && read.ptr == text.data() + text.size() && seconds >= 0) {
    return std::chrono::seconds{seconds};
  }
  std::tm parts{};
  const std::string copy{text};
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return {};
  const WallTime at{std::chrono::seconds{timegm(&parts)}};
  return std::max<Duration>(at - now, Duration{});
}

std::optional<Duration> wait_before_retry(const RetryQuestion& question) {
  const bool limited = question.status == kTooMany;
  const bool trouble = question.status == 0 || question.status >= kServerFault;
  if (!limited && !(trouble && question.repeatable)) return {};
  if (question.tries >= limits::kApiTries) return {};
  Duration wait = std::chrono::seconds{1LL << (question.tries - 1)};  // 1, 2, 4 s
  if (question.retry_after) wait = std::max(wait, *question.retry_after);
  if (question.waited + wait > limits::kApiPatience) return {};
  return wait;
}

}  // namespace causeway::zone
