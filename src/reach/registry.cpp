#include "reach/registry.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "reach/redirects.hpp"

namespace causeway::reach {
namespace {

constexpr std::chrono::seconds kWait{10};
constexpr std::size_t kMostStatuses = 20;
constexpr int kGood = 200;
constexpr int kRedirect = 300;
constexpr int kRedirectEnd = 400;
constexpr int kUnknown = 404;

std::unexpected<RegistryFailure> failed(std::string text, bool unknown = false) {
  return std::unexpected(RegistryFailure{unknown, std::move(text)});
}

}  // namespace

bool holds_back(std::string_view status) {
  return contains_ignoring_case(status, "hold") || equals_ignoring_case(status, "inactive") ||
         contains_ignoring_case(status, "redemption");
}

Parsed<Registration> read_rdap(std::string_view text, std::string source) {
  using Json = nlohmann::json;
  try {
    const Json json = Json::parse(text);
    if (!json.is_object() || json.value("objectClassName", "") != "domain") {
      return error("the registry's answer is about no domain");
    }
    Registration out;
    out.source = std::move(source);
    for (const auto& event : json.value("events", Json::array())) {
      const std::string action = event.value("eventAction", "");
      const auto at = parse_rfc3339(event.value("eventDate", ""));
      if (at && action == "expiration") out.expires = *at;
      if (at && action == "registration") out.registered = *at;
    }
    for (const auto& status : json.value("status", Json::array())) {
      if (status.is_string() && out.status.size() < kMostStatuses) {
        out.status.push_back(printable(status.get<std::string>(), limits::kTextKept));
      }
    }
    return out;
  } catch (const Json::exception& broken) {
    return error(fmt::format("the registry's answer cannot be read: {}",
                             printable(broken.what(), limits::kTextKept)));
  }
}

net::Task<RegistryAnswer> ask_registry(net::Outbound& outbound, std::string base,
                                       std::string domain, std::string ca_file) {
  std::string url = fmt::format("{}/domain/{}", base, domain);
  for (int hop = 0; hop <= limits::kRedirects; ++hop) {
    net::OutboundRequest request{.url = url,
                                 .fields = {{"Accept", "application/rdap+json"}},
                                 .body = {},
                                 .wait = kWait,
                                 .ca_file = ca_file};
    const net::OutboundReply reply = co_await outbound.send(std::move(request));
    if (reply.end != net::OutboundEnd::answered) {
      co_return failed(fmt::format("the registry could not be asked: {}", reply.why));
    }
    if (reply.status == kGood) {
      auto read = read_rdap(reply.body, url);
      if (!read) co_return failed(read.error().text);
      read->domain = std::move(domain);
      co_return std::move(*read);
    }
    const auto location = reply.field("Location");
    const bool redirected = reply.status >= kRedirect && reply.status < kRedirectEnd;
    if (!redirected || location.empty()) {
      co_return failed(fmt::format("the registry answers {} for {}", reply.status, domain),
                       reply.status == kUnknown);
    }
    url = resolve_url(url, location);
  }
  co_return failed("the registry redirects without end");
}

}  // namespace causeway::reach
