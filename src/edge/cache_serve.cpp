// What a visitor gets of a stored answer: all of it, a part, or the word that theirs still holds.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "edge/cache_control.hpp"
#include "edge/cache_policy.hpp"

namespace causeway::edge {
namespace {

std::string_view without_weak(std::string_view tag) {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

// RFC 9110 13.1.2: weak comparison, "*" takes all.
bool lists_tag(std::string_view list, std::string_view etag) {
  for (const auto part : split(list, ',')) {
    const auto tag = trim(part);
    if (tag == "*") return true;
    if (!etag.empty() && without_weak(tag) == without_weak(etag)) return true;
  }
  return false;
}

bool not_modified(const StoredAnswer& stored, const CacheRequest& request) {
  if (stored.status != 200) return false;
  const auto tags = joined_field(request.fields, "if-none-match");
  if (!tags.empty()) return lists_tag(tags, stored.etag);
  const auto since = codec::find_field(request.fields, "if-modified-since");
  if (!since || stored.last_modified.empty()) return false;
  const auto theirs = parse_http_date(*since);
  const auto ours = parse_http_date(stored.last_modified);
  return theirs && ours && *ours <= *theirs;
}

// RFC 9110 13.1.5: a strong validator, else the whole.
bool range_holds(const StoredAnswer& stored, const CacheRequest& request) {
  const auto condition = codec::find_field(request.fields, "if-range");
  if (!condition) return true;
  const auto text = trim(*condition);
  if (text.starts_with('"')) return text == stored.etag;
  return !text.starts_with("W/") && !stored.last_modified.empty() && text == stored.last_modified;
}

enum class RangeAnswer : std::uint8_t { whole, part, unsatisfiable };

std::optional<std::size_t> digits(std::string_view text) {
  std::size_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// One range; several, another unit and nonsense mean the whole answer, which is always allowed
// (RFC 9110 14.2).
RangeAnswer read_range(std::string_view text, std::size_t size, ByteRange& out) {
  const auto spec = trim(text);
  if (spec.size() < 6 || !equals_ignoring_case(spec.substr(0, 6), "bytes=")) {
    return RangeAnswer::whole;
  }
  const auto one = trim(spec.substr(6));
  const auto dash = one.find('-');
  if (dash == std::string_view::npos || one.contains(',')) return RangeAnswer::whole;
  const auto first = one.substr(0, dash);
  const auto last = one.substr(dash + 1);
  if (first.empty()) {  // the last so many bytes
    const auto count = digits(last);
    if (!count) return RangeAnswer::whole;
    if (*count == 0 || size == 0) return RangeAnswer::unsatisfiable;
    out = {size - std::min(*count, size), std::min(*count, size)};
    return RangeAnswer::part;
  }
  const auto from = digits(first);
  const auto to = last.empty() ? std::optional{size == 0 ? 0 : size - 1} : digits(last);
  if (!from || !to || (!last.empty() && *to < *from)) return RangeAnswer::whole;
  if (*from >= size) return RangeAnswer::unsatisfiable;
  out = {*from, std::min(*to, size - 1) - *from + 1};
  return RangeAnswer::part;
}

}  // namespace

Serving serve(const StoredAnswer& stored, const CacheRequest& request, Instant now,
              std::string cache_status) {
  Serving out;
  out.status = stored.status;
  out.fields = stored.fields;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(age_of(stored, now)).count();
  out.fields.emplace_back("age", fmt::format("{}", age));
  out.fields.emplace_back("cache-status", std::move(cache_status));
  out.body = request.method != "HEAD";
  if (not_modified(stored, request)) {
    out.status = 304;
    out.body = false;
    // RFC 9110 15.4.5: what describes the body stays with the visitor's own copy.
    std::erase_if(out.fields, [](const auto& each) {
      return each.first.starts_with("content-") && each.first != "content-location";
    });
    return out;
  }
  const auto wanted = codec::find_field(request.fields, "range");
  if (!wanted || request.method != "GET" || stored.status != 200 || !range_holds(stored, request)) {
    return out;
  }
  ByteRange range;
  switch (read_range(*wanted, stored.body_bytes(), range)) {
    case RangeAnswer::whole: break;
    case RangeAnswer::part:
      out.status = 206;
      out.range = range;
      out.fields.emplace_back("content-range",
                              fmt::format("bytes {}-{}/{}", range.from, range.from + range.size - 1,
                                          stored.body_bytes()));
      break;
    case RangeAnswer::unsatisfiable:
      out.status = 416;
      out.body = false;
      out.fields.emplace_back("content-range", fmt::format("bytes */{}", stored.body_bytes()));
      break;
  }
  return out;
}

}  // namespace causeway::edge
