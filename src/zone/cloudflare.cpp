#include "zone/cloudflare.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "codec/dns_name.hpp"
#include "net/loop.hpp"
#include "zone/limits.hpp"

namespace causeway::zone {
namespace {

ApiFailure unreadable(const Error& wrong) {
  return {.status = 0, .code = 0, .text = wrong.text, .unknown_outcome = false};
}

}  // namespace

Cloudflare::Cloudflare(net::Outbound& outbound, ApiAccess access,
                       std::function<void(std::string)> says)
    : outbound_(outbound), access_(std::move(access)), says_(std::move(says)) {
  while (access_.base.ends_with('/')) access_.base.pop_back();
}

net::Task<ApiResult<ApiAnswer>> Cloudflare::call(ApiCall call) {
  RetryQuestion retry{.repeatable = call.method != "POST", .retry_after = {}};
  for (retry.tries = 1;; ++retry.tries) {
    net::OutboundRequest request{
        .method = call.method,
        .url = access_.base + call.path,
        .fields = {{"Authorization", "Bearer " + access_.token}, {"Accept", "application/json"}},
        .body = call.body,
        .wait = limits::kOutboundWait,
        .most_bytes = limits::kOutboundBytes,
        .ca_file = access_.ca_file};
    if (!call.body.empty()) request.fields.emplace_back("Content-Type", "application/json");
    ++calls_;
    const net::OutboundReply reply = co_await outbound_.send(std::move(request));
    ApiResult<ApiAnswer> answer = std::unexpected(ApiFailure{});
    if (reply.end == net::OutboundEnd::answered) {
      answer = read_answer(reply.status, reply.body, access_.token);
      if (answer) co_return answer;
      constexpr int kNotFound = 404;
      constexpr int kServerFault = 500;
      // The first try did it, and its answer was lost.
      const bool gone = call.method == "DELETE" && retry.tries > 1 && reply.status == kNotFound;
      if (gone) co_return ApiAnswer{.result = "null", .page = {}};
      answer.error().unknown_outcome = call.method != "GET" && reply.status >= kServerFault;
    } else {
      const bool left =
          reply.end == net::OutboundEnd::cut || reply.end == net::OutboundEnd::timeout;
      answer = std::unexpected(ApiFailure{.status = 0,
                                          .code = 0,
                                          .text = fmt::format("{}: {}", access_.base, reply.why),
                                          .unknown_outcome = left && call.method != "GET"});
    }
    const bool hopeless = reply.end == net::OutboundEnd::interrupted ||
                          reply.end == net::OutboundEnd::bad_request ||
                          reply.end == net::OutboundEnd::secure;
    retry.status = answer.error().status;
    retry.retry_after = read_retry_after(reply.field("Retry-After"), wall_now());
    const auto wait = hopeless ? std::nullopt : wait_before_retry(retry);
    if (!wait) co_return answer;
    if (says_) {
      says_(fmt::format("{}; waits {:.0f} s", answer.error().text, milliseconds(*wait) / 1e3));
    }
    retry.waited += *wait;
    if (!co_await net::Loop::current().sleep_until(Clock::now() + *wait)) co_return answer;
  }
}

net::Task<ApiResult<std::vector<ZoneEntry>>> Cloudflare::zones_named(std::string name) {
  const auto answer = co_await call({.path = fmt::format("/zones?name={}&per_page=50", name)});
  if (!answer) co_return std::unexpected(answer.error());
  auto zones = read_zones(answer->result);
  if (!zones) co_return std::unexpected(unreadable(zones.error()));
  co_return std::move(*zones);
}

net::Task<ApiResult<ZoneEntry>> Cloudflare::find_zone(std::string name) {
  for (std::string zone = name; zone.contains('.'); zone = codec::dns_parent(zone)) {
    const auto zones = co_await zones_named(zone);
    if (!zones) co_return std::unexpected(zones.error());
    const auto match = std::ranges::find(*zones, zone, &ZoneEntry::name);
    if (match != zones->end()) co_return *match;
  }
  // The API gives an empty list, and no error, to a token that may not see the zone.
  co_return std::unexpected(ApiFailure{
      .status = 0,
      .code = 0,
      .text = fmt::format("the token sees no zone that {} is in: is it another account's, or does "
                          "the token lack Zone.Zone Read for it?",
                          name),
      .unknown_outcome = false});
}

net::Task<ApiResult<std::vector<Record>>> Cloudflare::records(std::string zone_id) {
  std::vector<Record> out;
  for (int page = 1; page <= limits::kApiPages; ++page) {
    const auto answer =
        co_await call({.path = fmt::format("/zones/{}/dns_records?page={}&per_page={}&order=name",
                                           zone_id, page, limits::kApiPerPage)});
    if (!answer) co_return std::unexpected(answer.error());
    auto records = read_records(answer->result);
    if (!records) co_return std::unexpected(unreadable(records.error()));
    const bool empty = records->empty();
    std::ranges::move(*records, std::back_inserter(out));
    if (out.size() > limits::kZoneRecords) break;
    if (empty || !answer->page || page >= answer->page->total_pages) {
      // Records that come and go while the pages are read move others across pages.
      const auto expected = answer->page ? answer->page->total_count : -1;
      if (expected >= 0 && static_cast<std::size_t>(expected) != out.size()) {
        co_return std::unexpected(ApiFailure{
            .status = 0,
            .code = 0,
            .text =
                fmt::format("the provider counts {} records and gave {}: the zone changed while "
                            "it was read; try again",
                            expected, out.size()),
            .unknown_outcome = false});
      }
      sort_records(out);
      co_return out;
    }
  }
  co_return std::unexpected(ApiFailure{.status = 0,
                                       .code = 0,
                                       .text = "the zone has more records than can be read",
                                       .unknown_outcome = false});
}

net::Task<ApiResult<std::string>> Cloudflare::setting(std::string zone_id, std::string setting) {
  const auto answer =
      co_await call({.path = fmt::format("/zones/{}/settings/{}", zone_id, setting)});
  if (!answer) co_return std::unexpected(answer.error());
  auto value = read_setting(answer->result);
  if (!value) co_return std::unexpected(unreadable(value.error()));
  co_return std::move(*value);
}

}  // namespace causeway::zone
