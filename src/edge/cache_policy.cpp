#include "edge/cache_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "edge/cache_control.hpp"
#include "edge/limits.hpp"

namespace causeway::edge {
namespace {

using std::chrono::seconds;
using Fields = std::span<const codec::HeaderField>;

std::optional<std::string_view> field(Fields fields, std::string_view name) {
  return codec::find_field(fields, name);
}

// Statuses that are stored when the origin says how long. 206 and 304 never are; 5xx could be, and
// would keep an outage alive.
constexpr std::array kStored{200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 302, 307};

// They make frameworks answer something else than the URL says, and stand in no key.
constexpr std::array<std::string_view, 13> kShaping{
    "x-forwarded-host",   "forwarded",          "x-host",
    "x-forwarded-prefix", "x-forwarded-port",   "x-http-method-override",
    "x-http-method",      "x-method-override",  "x-original-url",
    "x-rewrite-url",      "x-forwarded-scheme", "x-original-host",
    "x-forwarded-server"};

// Not end to end, or only true for one visitor.
constexpr std::array<std::string_view, 16> kNotStored{"connection",
                                                      "keep-alive",
                                                      "proxy-authenticate",
                                                      "proxy-authentication-info",
                                                      "te",
                                                      "trailer",
                                                      "transfer-encoding",
                                                      "upgrade",
                                                      "proxy-connection",
                                                      "age",
                                                      "set-cookie",
                                                      "set-cookie2",
                                                      "content-length",
                                                      "cache-status",
                                                      "proxy-status",
                                                      "alt-svc"};

struct TypeOf {
  std::string_view extension;
  std::string_view type;  // prefix of the media type it must have
};

// Extensions people believe to be static, and what they must then be.
constexpr std::array kStaticTypes{
    TypeOf{"css", "text/css"},
    TypeOf{"js", "text/javascript"},
    TypeOf{"js", "application/"},
    TypeOf{"mjs", "text/javascript"},
    TypeOf{"mjs", "application/"},
    TypeOf{"png", "image/"},
    TypeOf{"jpg", "image/"},
    TypeOf{"jpeg", "image/"},
    TypeOf{"gif", "image/"},
    TypeOf{"webp", "image/"},
    TypeOf{"avif", "image/"},
    TypeOf{"svg", "image/"},
    TypeOf{"ico", "image/"},
    TypeOf{"bmp", "image/"},
    TypeOf{"woff", "font/"},
    TypeOf{"woff", "application/"},
    TypeOf{"woff2", "font/"},
    TypeOf{"woff2", "application/"},
    TypeOf{"ttf", "font/"},
    TypeOf{"ttf", "application/"},
    TypeOf{"otf", "font/"},
    TypeOf{"otf", "application/"},
    TypeOf{"mp4", "video/"},
    TypeOf{"webm", "video/"},
    TypeOf{"mp3", "audio/"},
    TypeOf{"pdf", "application/pdf"},
    TypeOf{"zip", "application/"},
    TypeOf{"gz", "application/"},
    TypeOf{"map", "application/json"},
};

// The extension as a person reads it: of the whole path, with everything after a delimiter that
// servers cut at, plain or encoded, still there. "/account;x.css", "/account%2fx.css".
std::string_view extension(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  const auto dot = path.rfind('.');
  if (dot == std::string_view::npos) return {};
  const auto out = path.substr(dot + 1);
  return out.size() <= 8 && !out.contains('/') ? out : std::string_view{};
}

// A page that calls itself a style sheet was asked for by a stranger, to have it stored
// ("web cache deception").
bool deceptive(const CacheRequest& request, Fields fields) {
  const auto wanted = extension(request.target);
  if (wanted.empty()) return false;
  const auto type = lower(trim(field(fields, "content-type").value_or("")));
  bool known = false;
  for (const auto& row : kStaticTypes) {
    if (!equals_ignoring_case(row.extension, wanted)) continue;
    known = true;
    if (type.starts_with(row.type) && !type.contains("html") &&
        (!type.starts_with("application/json") || row.type == "application/json")) {
      return false;
    }
  }
  return known;
}

Duration age_value(Fields fields) {
  const auto text = field(fields, "age");
  if (!text) return {};
  std::int64_t value = 0;
  for (const char c : trim(*text)) {
    if (c < '0' || c > '9') return limits::kAgeMost;  // not readable: old
    value = std::min<std::int64_t>(value * 10 + (c - '0'), limits::kAgeMost.count());
  }
  return seconds{value};
}

// Before it becomes nanoseconds, of which there are 292 years.
Duration bounded(seconds span) { return std::clamp(span, seconds{0}, seconds{limits::kAgeMost}); }

// RFC 9111 4.2.3.
Duration initial_age(const CacheResponse& response) {
  const auto date = parse_http_date(field(response.fields, "date").value_or(""));
  Duration apparent{};
  if (date) apparent = bounded(response.wall - *date);
  const Duration corrected = age_value(response.fields) + (response.received - response.asked);
  return std::clamp<Duration>(std::max(apparent, corrected), Duration{}, limits::kAgeMost);
}

std::optional<Duration> explicit_lifetime(const CacheControl& control, bool targeted,
                                          const CacheResponse& response) {
  if (control.s_maxage && !targeted) return *control.s_maxage;
  if (control.max_age) return *control.max_age;
  if (targeted) return std::nullopt;
  const auto expires = field(response.fields, "expires");
  if (!expires) return std::nullopt;
  const auto end = parse_http_date(*expires);
  if (!end) return Duration{};  // "0", "-1": already over (RFC 9111 5.3)
  const auto date = parse_http_date(field(response.fields, "date").value_or(""));
  return bounded(*end - date.value_or(response.wall));
}

Lifetime lifetime_of(const CacheControl& control, std::optional<Duration> fresh, bool said_s_maxage,
                     const CacheResponse& response, const CacheRules& rules) {
  Lifetime out;
  out.initial_age = initial_age(response);
  out.fresh = control.no_cache ? Duration{} : fresh.value_or(Duration{});
  // s-maxage implies proxy-revalidate (RFC 9111 5.2.2.10).
  out.must_revalidate =
      control.must_revalidate || control.proxy_revalidate || said_s_maxage || control.no_cache;
  if (out.must_revalidate) return out;
  out.while_revalidate = control.stale_while_revalidate.value_or(seconds{0});
  out.if_error = control.stale_if_error ? Duration{*control.stale_if_error} : rules.stale_if_error;
  return out;
}

std::vector<std::string> vary_names(Fields fields) {
  std::vector<std::string> out;
  for (const auto part : split(joined_field(fields, "vary"), ',')) {
    if (const auto name = trim(part); !name.empty()) out.push_back(lower(name));
  }
  std::ranges::sort(out);
  const auto [first, last] = std::ranges::unique(out);
  out.erase(first, last);
  return out;
}

}  // namespace

std::size_t StoredAnswer::bytes() const {
  constexpr std::size_t kObject = 512;  // nodes, pointers and the rest, measured roughly
  std::size_t out = kObject + body.size() + vary_key.size() + etag.size();
  for (const auto& [name, value] : fields) out += name.size() + value.size() + 64;
  return out;
}

std::string cache_key(const CacheRequest& request) {
  return fmt::format("{}://{}{}", request.secure ? "https" : "http", lower(request.authority),
                     request.target);
}

std::string_view key_without_scheme(std::string_view key) {
  const auto at = key.find("://");
  return at == std::string_view::npos ? key : key.substr(at + 3);
}

std::string vary_key(std::span<const std::string> vary, const CacheRequest& request) {
  std::string out;
  for (const auto& name : vary) {
    const bool passes = request.filters == nullptr ||
                        passes_to_origin(*request.filters, request.trusted, request.fields, name);
    const auto value = passes ? joined_field(request.fields, name) : std::string{};
    // Lengths part the values: no value can be written so that it reads as two.
    out += fmt::format("{}:{}={};", name, value.size(), value);
  }
  return out;
}

std::string_view name(Refusal refusal) {
  constexpr std::array<std::string_view, 16> kNames{
      "",         "method",   "has-body",  "authorization", "shaping-header", "range",
      "upgrade",  "no-store", "private",   "set-cookie",    "status",         "not-allowed",
      "vary-all", "partial",  "deceptive", "too-large"};
  return kNames.at(static_cast<std::size_t>(refusal));
}

Refusal refuse_request(const CacheRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") return Refusal::method;
  if (request.has_body) return Refusal::has_body;
  if (field(request.fields, "upgrade")) return Refusal::upgrade;
  for (const auto& each : request.fields) {
    const auto is = [&](std::string_view name) { return equals_ignoring_case(each.name, name); };
    if (std::ranges::any_of(kShaping, is)) return Refusal::shaping_header;
  }
  return Refusal::none;
}

bool may_be_stored(int status) { return std::ranges::find(kStored, status) != kStored.end(); }

bool field_may_be_stored(std::string_view name) {
  return std::ranges::find(kNotStored, name) == kNotStored.end();
}

Storing may_store(const CacheRequest& request, const CacheResponse& response,
                  const CacheRules& rules) {
  Storing out;
  const auto refuse = [&](Refusal why) {
    out.refusal = why;
    return out;
  };
  if (const auto why = refuse_request(request); why != Refusal::none) return refuse(why);
  if (request.method == "HEAD") return refuse(Refusal::method);
  if (field(request.fields, "range")) return refuse(Refusal::range);
  if (parse_cache_control(request.fields).no_store) return refuse(Refusal::no_store);
  if (!may_be_stored(response.status)) return refuse(Refusal::status);
  if (field(response.fields, "content-range")) return refuse(Refusal::partial);

  // Targeted fields win as a whole over Cache-Control and Expires (RFC 9213 section 2.1).
  const auto targeted = parse_cache_control(response.fields, "cdn-cache-control");
  const auto control = targeted.present ? targeted : parse_cache_control(response.fields);
  if (control.no_store) return refuse(Refusal::no_store);
  if (control.is_private) return refuse(Refusal::is_private);
  if (field(response.fields, "set-cookie")) return refuse(Refusal::set_cookie);
  if (field(request.fields, "authorization") && !control.is_public && !control.s_maxage &&
      !control.must_revalidate) {
    return refuse(Refusal::authorization);
  }
  for (const auto& name : vary_names(response.fields)) {
    const bool ours = request.filters != nullptr && request.filters->varying.has(name);
    if (name == "*" || ours) return refuse(Refusal::vary_all);
  }
  const auto fresh = explicit_lifetime(control, targeted.present, response);
  const bool validator = field(response.fields, "etag") || field(response.fields, "last-modified");
  if (!fresh && !(control.no_cache && validator)) return refuse(Refusal::not_allowed);
  if (fresh && fresh->count() == 0 && !validator) return refuse(Refusal::not_allowed);
  if (deceptive(request, response.fields)) return refuse(Refusal::deceptive);
  out.lifetime =
      lifetime_of(control, fresh, control.s_maxage && !targeted.present, response, rules);
  return out;
}

StoredAnswer stored_form(const CacheRequest& request, const CacheResponse& response,
                         const Lifetime& lifetime) {
  StoredAnswer out;
  out.status = response.status;
  out.lifetime = lifetime;
  out.stored_at = response.received;
  const auto connection = joined_field(response.fields, "connection");
  for (const auto& each : response.fields) {
    auto name = lower(each.name);
    if (!field_may_be_stored(name)) continue;
    if (contains_ignoring_case(connection, name)) continue;  // hop by hop, by its own word
    out.fields.emplace_back(std::move(name), std::string{each.value});
  }
  out.etag = field(response.fields, "etag").value_or("");
  out.last_modified = field(response.fields, "last-modified").value_or("");
  out.vary = vary_names(response.fields);
  out.vary_key = vary_key(out.vary, request);
  for (const auto& part : split(joined_field(response.fields, "cache-tag"), ',')) {
    const auto tag = trim(part);
    if (!tag.empty() && out.tags.size() < limits::kCacheTags) out.tags.emplace_back(tag);
  }
  return out;
}

Duration age_of(const StoredAnswer& stored, Instant now) {
  return stored.lifetime.initial_age + (now - stored.stored_at);
}

Duration ttl_of(const StoredAnswer& stored, Instant now) {
  return stored.lifetime.fresh - age_of(stored, now);
}

Use use_of(const StoredAnswer& stored, Instant now) {
  const auto ttl = ttl_of(stored, now);
  if (ttl > Duration{}) return Use::fresh;
  if (-ttl < stored.lifetime.while_revalidate) return Use::stale_while_revalidate;
  return Use::must_ask;
}

bool may_serve_stale(const StoredAnswer& stored, Instant now, const CacheRules& rules,
                     std::optional<model::FailureId> failure, int status) {
  const auto stale_for = -ttl_of(stored, now);
  if (stale_for < stored.lifetime.if_error) {
    // RFC 5861 section 4: an error is 500, 502, 503, 504, or no answer at all.
    if (failure || status == 500 || (status >= 502 && status <= 504)) return true;
  }
  if (!rules.always_online || !failure) return false;
  const int code = model::row(*failure).code;
  const bool edge_made = code >= 520 && code <= 530;
  return edge_made && !stored.lifetime.must_revalidate;
}

StoredFields conditional_fields(const StoredAnswer& stored) {
  StoredFields out;
  if (!stored.etag.empty()) out.emplace_back("if-none-match", stored.etag);
  if (!stored.last_modified.empty()) out.emplace_back("if-modified-since", stored.last_modified);
  return out;
}

StoredAnswer freshened(const StoredAnswer& stored, const CacheRequest& request,
                       const CacheResponse& response, const CacheRules& rules) {
  StoredAnswer out = stored;
  for (const auto& each : response.fields) {
    const auto name = lower(each.name);
    if (!field_may_be_stored(name)) continue;
    // These describe the body that is kept (RFC 9111 3.2).
    if (name.starts_with("content-")) continue;
    std::erase_if(out.fields, [&](const auto& old) { return old.first == name; });
  }
  std::vector<codec::HeaderField> whole;
  auto fresh = stored_form(request, response, {});
  for (auto& [name, value] : fresh.fields) {
    if (!name.starts_with("content-")) out.fields.emplace_back(std::move(name), std::move(value));
  }
  whole.reserve(out.fields.size());
  for (const auto& [name, value] : out.fields) whole.push_back({name, value});
  CacheResponse as_whole = response;
  as_whole.status = stored.status;
  as_whole.fields = whole;
  const auto storing = may_store(request, as_whole, rules);
  out.lifetime = storing.lifetime;  // nothing to say how long: used once, then asked again
  out.stored_at = response.received;
  if (!fresh.etag.empty()) out.etag = fresh.etag;
  if (!fresh.last_modified.empty()) out.last_modified = fresh.last_modified;
  return out;
}

bool invalidates(std::string_view method, int status) {
  const bool safe = method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "TRACE";
  return !safe && status >= 200 && status < 400;
}

}  // namespace causeway::edge
