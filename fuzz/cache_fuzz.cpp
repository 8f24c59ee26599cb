// A request and an answer, line by line, through the whole policy of the cache: what is stored was
// allowed, keys tell requests apart, and a served range lies inside the body.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "edge/accept.hpp"
#include "edge/cache_control.hpp"
#include "edge/cache_policy.hpp"

namespace {

using causeway::codec::HeaderField;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

std::vector<HeaderField> fields(std::string_view text) {
  std::vector<HeaderField> out;
  for (const auto line : causeway::split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) continue;
    out.push_back({line.substr(0, colon), causeway::trim(line.substr(colon + 1))});
  }
  return out;
}

}  // namespace

// The first line is the target; an empty line parts the request's fields from the answer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace edge = causeway::edge;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto line = text.find('\n');
  const auto gap = text.find("\n\n");
  if (line == std::string_view::npos || gap == std::string_view::npos) return 0;
  const auto asked = fields(text.substr(line, gap - line));
  const auto got = fields(text.substr(gap));
  const edge::CacheRequest request{.method = "GET",
                                   .secure = true,
                                   .authority = "www.example.net",
                                   .target = text.substr(0, line),
                                   .fields = asked};
  const causeway::Instant now{std::chrono::seconds{1'000'000}};
  const edge::CacheResponse response{
      .status = 200, .fields = got, .asked = now, .received = now, .wall = {}};
  static_cast<void>(edge::negotiate(edge::joined_field(asked, "accept")));
  const auto key = edge::cache_key(request);
  require(key.starts_with("https://www.example.net"));
  const auto storing = edge::may_store(request, response, {});
  if (storing.refusal != edge::Refusal::none) return 0;
  require(!causeway::codec::find_field(got, "set-cookie"));
  require(storing.lifetime.fresh >= causeway::Duration{});
  auto stored = edge::stored_form(request, response, storing.lifetime);
  stored.body = "0123456789";
  require(edge::vary_key(stored.vary, request) == stored.vary_key);
  static_cast<void>(edge::use_of(stored, now));
  const auto served = edge::serve(stored, request, now, "causeway; hit");
  if (served.range) require(served.range->from + served.range->size <= stored.body.size());
  const auto fresh = edge::freshened(stored, request, response, {});
  require(fresh.body == stored.body);
  return 0;
}
