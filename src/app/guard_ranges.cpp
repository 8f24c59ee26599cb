#include "app/guard_ranges.hpp"

#include <fmt/format.h>

#include "app/interrupt.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "net/loop.hpp"
#include "net/outbound.hpp"

namespace causeway::app {

Parsed<guard::Published> fetch_ranges(const std::string& api) {
  net::Loop loop;
  const InterruptOnSignal interrupt{loop};
  net::Outbound outbound;
  const auto url = api + "/ips";
  const auto reply =
      loop.run(outbound.send({.url = url, .fields = {{"Accept", "application/json"}}}));
  const auto shown = printable(url, limits::kTextKept);
  if (reply.end != net::OutboundEnd::answered) {
    return error(fmt::format("{}: {}", shown, reply.why));
  }
  if (reply.status != 200) return error(fmt::format("{}: answered {}", shown, reply.status));
  auto published = guard::parse_cloudflare_ips(reply.body);
  if (!published) return error(fmt::format("{}: {}", shown, published.error().text));
  return published;
}

}  // namespace causeway::app
