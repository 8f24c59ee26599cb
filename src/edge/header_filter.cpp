#include "edge/header_filter.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "codec/http1_trailer.hpp"

namespace causeway::edge {

void NameSet::add(std::string_view name) {
  if (name.empty()) return;
  lengths_ |= std::uint64_t{1} << std::min<std::size_t>(name.size(), 63);
  names_.push_back(lower(name));
}

bool NameSet::found(std::string_view name) const {
  return std::ranges::any_of(
      names_, [&](const std::string& known) { return equals_ignoring_case(known, name); });
}

HeaderFilters::HeaderFilters(const Headers& headers) {
  for (const auto* hop : {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding",
                          "upgrade", "proxy-authenticate", "proxy-authorization"}) {
    request.add(hop);
    response.add(hop);
  }
  for (const auto* own : {"host", "content-length", "expect", "cdn-loop", "http2-settings"}) {
    request.add(own);
  }
  // Ours even when they are not sent on: what a visitor says about itself is no knowledge.
  for (const auto* own :
       {&headers.client_address, &headers.client_address_too, &headers.forwarded_for,
        &headers.forwarded_proto, &headers.forwarded_host, &headers.visitor}) {
    request.add(*own);
  }
  // The usual names of such claims, whatever ours are called: servers believe them unasked.
  for (const auto* claim :
       {"forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
        "x-forwarded-scheme", "x-forwarded-ssl", "x-forwarded-protocol", "x-url-scheme",
        "front-end-https", "x-real-ip", "true-client-ip", "cf-connecting-ip", "cf-visitor"}) {
    request_untrusted.add(claim);
  }
  for (const auto* hop :
       {"connection", "te", "upgrade", "cdn-loop", "if-none-match", "if-modified-since"}) {
    varying.add(hop);
  }
  for (const auto* own : {&headers.client_address, &headers.client_address_too,
                          &headers.forwarded_for, &headers.ray}) {
    varying.add(*own);
  }
  request.add(headers.ray);
  for (const auto& name : headers.remove_on_request) request.add(name);
  for (const auto& [name, value] : headers.set_on_request) request.add(name);

  for (const auto* own : {"content-length", "x-accel-buffering", "x-accel-charset",
                          "x-accel-limit-rate", "x-accel-redirect"}) {
    response.add(own);
  }
  response.add(headers.ray);
  for (const auto& name : headers.remove_on_response) response.add(name);
  for (const auto& [name, value] : headers.set_on_response) response.add(name);
}

namespace {

constexpr auto kPlainBytes = [] {
  std::array<bool, 256> out{};
  for (unsigned c = '0'; c <= '9'; ++c) out.at(c) = true;
  for (unsigned c = 'a'; c <= 'z'; ++c) out.at(c) = out.at(c - 'a' + 'A') = true;
  out.at('-') = true;
  return out;
}();

}  // namespace

bool is_ambiguous_name(std::string_view name) {
  return !std::ranges::all_of(name,
                              [](char c) { return kPlainBytes[static_cast<unsigned char>(c)]; });
}

bool passes_to_origin(const HeaderFilters& filters, bool trusted,
                      std::span<const codec::HeaderField> fields, std::string_view name) {
  if (filters.request.has(name)) return false;
  if (!trusted && filters.request_untrusted.has(name)) return false;
  // A field that Connection names is for this hop alone (RFC 9110 7.6.1).
  return !is_ambiguous_name(name) && !codec::field_lists(fields, "connection", name);
}

// What a head may not say is not to be said behind a body either, whoever the visitor is: a name
// that is trusted in a head is not one in a trailer.
bool may_trail_request(const HeaderFilters& filters, std::string_view name) {
  return codec::may_trail(name) && !is_ambiguous_name(name) && !filters.request.has(name) &&
         !filters.request_untrusted.has(name);
}

bool may_trail_answer(const HeaderFilters& filters, std::string_view name) {
  return codec::may_trail(name) && !filters.response.has(name);
}

}  // namespace causeway::edge
