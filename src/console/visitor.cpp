#include "console/visitor.hpp"

#include <optional>

#include "base/text.hpp"

namespace causeway::console {
namespace {

constexpr unsigned kSite = 64;

// "203.0.113.7", "203.0.113.7:4711", "[2001:db8::1]:4711".
std::optional<IpAddress> hop(std::string_view text) {
  if (const auto bare = IpAddress::parse(text)) return *bare;
  if (const auto with_port = Endpoint::parse(text, 1)) return with_port->address;
  return std::nullopt;
}

}  // namespace

Visitor visitor_of(const std::vector<Prefix>& trusted, const net::HttpRequest& request) {
  Visitor out{request.peer.address, request.secure};
  if (!contains(trusted, out.address)) return out;
  const auto scheme = request.field("x-forwarded-proto").value_or("");
  if (equals_ignoring_case(trim(scheme.substr(0, scheme.find(','))), "https")) out.secure = true;
  std::vector<std::string_view> hops;
  for (const auto& field : request.fields) {
    if (!equals_ignoring_case(field.name, "x-forwarded-for")) continue;
    for (const auto one : split(field.value, ',')) hops.push_back(trim(one));
  }
  while (!hops.empty() && contains(trusted, out.address)) {
    const auto before = hop(hops.back());
    if (!before) break;
    out.address = *before;
    hops.pop_back();
  }
  return out;
}

std::string limit_key(const IpAddress& address) {
  return address.is_v4() ? address.text() : Prefix{address, kSite}.text();
}

}  // namespace causeway::console
