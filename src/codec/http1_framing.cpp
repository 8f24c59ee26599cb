#include "codec/http1_framing.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/text.hpp"

namespace causeway::codec {
namespace {

constexpr std::uint64_t kMostLength = std::uint64_t{1} << 60U;

constexpr std::string_view kLength = "content-length";
constexpr std::string_view kCoding = "transfer-encoding";

// Length first: nearly every name differs in it.
bool is_named(const HeaderField& field, std::string_view name) {
  return field.name.size() == name.size() && equals_ignoring_case(field.name, name);
}

// "5" or, from careless gateways, "5, 5".
bool add_length(std::string_view value, AnnouncedFraming& out) {
  if (std::uint64_t number = 0; !out.length) {  // once, digits alone
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error == std::errc{} && stop == end && number <= kMostLength) {
      out.length = number;
      return true;
    }
  }
  for (const auto part : split(value, ',')) {
    const auto text = trim(part);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() ||
        number > kMostLength) {
      out.fault = HttpFault::bad_length;
      out.detail = fmt::format("{} (\"{}\")", sentence(out.fault), printable(value, 60));
      return false;
    }
    if (out.length && *out.length != number) {
      out.fault = HttpFault::conflicting_length;
      out.detail = fmt::format("{} ({} and {})", sentence(out.fault), *out.length, number);
      return false;
    }
    out.length = number;
  }
  return true;
}

}  // namespace

AnnouncedFraming read_length(std::span<const HeaderField> fields) {
  AnnouncedFraming out;
  for (const auto& field : fields) {
    if (is_named(field, kLength) && !add_length(field.value, out)) break;
  }
  return out;
}

AnnouncedFraming read_framing(std::span<const HeaderField> fields) {
  AnnouncedFraming out = read_length(fields);
  if (out.fault != HttpFault::none) return out;
  int codings = 0;
  int chunked = 0;
  for (const auto& field : fields) {
    if (!is_named(field, kCoding)) continue;
    for (const auto part : split(field.value, ',')) {
      const auto coding = trim(part);
      if (coding.empty()) continue;
      ++codings;
      if (equals_ignoring_case(coding, "chunked")) ++chunked;
    }
  }
  out.coded = codings > 0;
  out.chunked = codings == 1 && chunked == 1;
  if (out.coded && !out.chunked) out.fault = HttpFault::unknown_coding;
  if (out.chunked && out.length) out.fault = HttpFault::length_with_coding;
  return out;
}

}  // namespace causeway::codec
