// Drift that caches hold: a resolver with an answer from before a change, an edge with a page from
// before.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "zone/drift_rules.hpp"

namespace causeway::zone {
namespace {

struct PublicResolver {
  std::string_view address;
  std::string_view flush;  // where anybody may have a name forgotten
};

constexpr std::array kPublicResolvers{
    PublicResolver{"1.1.1.1", "https://one.one.one.one/purge-cache/"},
    PublicResolver{"1.0.0.1", "https://one.one.one.one/purge-cache/"},
    PublicResolver{"2606:4700:4700::1111", "https://one.one.one.one/purge-cache/"},
    PublicResolver{"8.8.8.8", "https://developers.google.com/speed/public-dns/cache"},
    PublicResolver{"8.8.4.4", "https://developers.google.com/speed/public-dns/cache"},
    PublicResolver{"2001:4860:4860::8888", "https://developers.google.com/speed/public-dns/cache"},
};

std::string how_to_flush(const KeptView& kept, const std::string& name) {
  const auto address = kept.resolver.address.text();
  const auto* const found = std::ranges::find(kPublicResolvers, address, &PublicResolver::address);
  if (found != kPublicResolvers.end())
    return fmt::format("have it forgotten at {}, or wait", found->flush);
  return fmt::format(
      "have it forgotten on {} (unbound-control flush {}; rndc flushname {}), or wait; every other "
      "resolver that was asked before the change keeps it as long",
      address, name, name);
}

std::string said(const std::vector<std::string>& contents) {
  return contents.empty() ? std::string{"none"} : join(contents, ", ");
}

void find_kept(const HostView& host, const KeptView& kept, std::vector<Finding>& out) {
  const std::string how_long =
      kept.ttl > 0 ? fmt::format("for at most {} s more", kept.ttl) : "for a while";
  out.push_back({.id = "dns.stale-cache",
                 .severity = Severity::warning,
                 .name = host.name,
                 .sentence = fmt::format(
                     "The resolver {} still has an old {} answer, {}: its users are not led where "
                     "the zone leads now",
                     kept.resolver.address.text(), kept.type, how_long),
                 .evidence = {fmt::format("{} says: {}", kept.resolver.text(), said(kept.contents)),
                              fmt::format("the zone says: {}", said(kept.right))},
                 .advice = how_to_flush(kept, host.name),
                 .fix = {}});
}

// The origin as it should be: a known address first, else one of the records.
const AddressView* serving(const HostView& host) {
  for (const auto* views : {&host.known, &host.addresses}) {
    for (const auto& seen : *views) {
      if (seen.serves_host() && seen.steady && !seen.body_hash.empty()) return &seen;
    }
  }
  return nullptr;
}

}  // namespace

bool EdgeView::stored() const {
  // cf-cache-status and x-cache: "HIT", "STALE", "UPDATING", "TCP_HIT", "Hit from cloudfront"
  constexpr std::array<std::string_view, 3> kWords{"hit", "stale", "updating"};
  return std::ranges::any_of(
      kWords, [&](std::string_view word) { return contains_ignoring_case(cache, word); });
}

void find_in_caches(const HostView& host, std::vector<Finding>& out) {
  for (const auto& kept : host.kept) find_kept(host, kept, out);
  if (!host.edge || !host.edge->stored() || host.edge->body_hash.empty()) return;
  const auto* origin = serving(host);
  if (origin == nullptr || origin->body_hash == host.edge->body_hash) return;
  const auto titled = [](std::string_view who, const std::string& title) {
    return fmt::format("{} serves: {}", who, title.empty() ? "a page without a title" : title);
  };
  out.push_back(
      {.id = "zone.edge-cache",
       .severity = Severity::warning,
       .name = host.name,
       .sentence = "The edge serves a stored page that is not the origin's any more",
       .evidence = {titled(fmt::format("the edge ({})", host.edge->cache), host.edge->title),
                    titled(origin->address.text(), origin->title)},
       .advice = "purge it; 'causeway dns fix' does",
       .fix = {},
       .purge = true});
}

}  // namespace causeway::zone
