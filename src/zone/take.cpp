#include "zone/take.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/id.hpp"
#include "base/limits.hpp"

namespace causeway::zone {
namespace {

// Settings that decide how the edge speaks to an origin. A mode that nobody changed may change by
// itself (ssl_automatic_mode), so both belong into every snapshot.
constexpr std::array<const char*, 8> kSettings{
    "ssl",  "ssl_automatic_mode", "always_use_https",  "min_tls_version", "tls_client_auth",
    "ipv6", "development_mode",   "proxy_read_timeout"};

net::Task<Parsed<bool>> take_provider(Cloudflare& provider, Snapshot& into) {
  const auto zone = co_await provider.find_zone(into.zone);
  if (!zone) co_return error(zone.error().text);
  ProviderState state{.name = "cloudflare",
                      .api = provider.base(),
                      .zone_id = zone->id,
                      .status = zone->status,
                      .kind = zone->kind,
                      .paused = zone->paused,
                      .name_servers = zone->name_servers,
                      .settings = {},
                      .missing = {}};
  into.zone = zone->name;
  auto records = co_await provider.records(zone->id);
  if (!records) co_return error(records.error().text);
  for (const char* setting : kSettings) {
    const auto value = co_await provider.setting(zone->id, setting);
    if (value) {
      state.settings[setting] = *value;
    } else {
      state.missing.push_back(fmt::format("{}: {}", setting, value.error().text));
      constexpr int kForbidden = 403;
      if (value.error().status == kForbidden) break;  // the others would only say the same
    }
  }
  into.provider = std::move(state);
  into.records = std::move(*records);
  into.source = "cloudflare";
  into.complete = true;
  co_return true;
}

}  // namespace

net::Task<Parsed<Snapshot>> take_snapshot(Cloudflare* provider, TakeQuestion question) {
  Snapshot out;
  out.id = random_id();
  out.taken = wall_now();
  out.zone = question.servers.zone;
  if (provider != nullptr) {
    const auto taken = co_await take_provider(*provider, out);
    if (!taken) co_return std::unexpected(taken.error());
  }
  if (question.ask_servers) {
    question.servers.zone = out.zone;
    if (provider != nullptr) question.servers.expected = out.records;
    Served served = co_await ask_servers(question.servers);
    out.servers = std::move(served.servers);
    std::ranges::move(served.notes, std::back_inserter(out.notes));
    if (provider != nullptr) {
      compare_with_provider(out.servers, served.records, out.records, out.zone);
    } else {
      out.records = std::move(served.records);
      out.source = served.transferred ? "transfer" : "queries";
      out.complete = served.transferred;
      if (!served.transferred && !out.records.empty()) {
        out.notes.emplace_back(
            "no server gives the zone as a whole: only names that were asked for are here");
      }
    }
  }
  sort_records(out.records);
  if (out.records.empty()) {
    std::string why = out.notes.empty() ? "no server answers for it" : out.notes.front();
    co_return error(fmt::format("nothing of {} could be read: {}", out.zone, why));
  }
  co_return out;
}

}  // namespace causeway::zone
