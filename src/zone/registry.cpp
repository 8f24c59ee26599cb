#include "zone/registry.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "reach/redirects.hpp"
#include "zone/limits.hpp"

namespace causeway::zone {

Parsed<RegistryView> read_rdap(std::string_view text, std::string source) {
  using Json = nlohmann::json;
  try {
    const Json json = Json::parse(text);
    if (!json.is_object() || json.value("objectClassName", "") != "domain") {
      return error("the registry's answer is about no domain");
    }
    RegistryView out;
    out.source = std::move(source);
    for (const auto& event : json.value("events", Json::array())) {
      if (event.value("eventAction", "") != "expiration") continue;
      const auto at = parse_rfc3339(event.value("eventDate", ""));
      if (at) out.expires = *at;
    }
    for (const auto& status : json.value("status", Json::array())) {
      if (status.is_string()) {
        out.status.push_back(printable(status.get<std::string>(), limits::kTextKept));
      }
    }
    return out;
  } catch (const Json::exception& broken) {
    return error(fmt::format("the registry's answer cannot be read: {}",
                             printable(broken.what(), limits::kTextKept)));
  }
}

net::Task<Parsed<RegistryView>> ask_registry(net::Outbound& outbound, std::string base,
                                             std::string domain, std::string ca_file) {
  std::string url = fmt::format("{}/domain/{}", base, domain);
  for (int hop = 0; hop <= limits::kRedirects; ++hop) {
    net::OutboundRequest request{.url = url,
                                 .fields = {{"Accept", "application/rdap+json"}},
                                 .body = {},
                                 .wait = limits::kRegistryWait,
                                 .ca_file = ca_file};
    const net::OutboundReply reply = co_await outbound.send(std::move(request));
    if (reply.end != net::OutboundEnd::answered) {
      co_return error(fmt::format("the registry could not be asked: {}", reply.why));
    }
    constexpr int kGood = 200;
    constexpr int kRedirect = 300;
    constexpr int kRedirectEnd = 400;
    if (reply.status == kGood) co_return read_rdap(reply.body, url);
    const auto location = reply.field("Location");
    const bool redirected = reply.status >= kRedirect && reply.status < kRedirectEnd;
    if (!redirected || location.empty()) {
      co_return error(fmt::format("the registry answers {} for {}", reply.status, domain));
    }
    url = reach::resolve_url(url, location);
  }
  co_return error("the registry redirects without end");
}

}  // namespace causeway::zone
